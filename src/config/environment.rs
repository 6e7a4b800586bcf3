//! Environment variables over a [`Config`]: `LEVERET_<SECTION>_<KEY>` for every setting, and the
//! few of RabbitMQ's that containers are started with.

use super::Config;
use super::error::{ConfigError, Place, Problem};
use super::setting::SETTINGS;
use super::value::Value;

/// Variables that the program reads elsewhere.
const OTHERS: [&str; 1] = ["LEVERET_CONFIG"];

impl Config {
    /// Takes over what `variables` set. Variables without a value count as absent, save those
    /// that hold a list. Returns the `LEVERET_…` variables that set nothing, for a warning: an
    /// error would be too much, because others make variables up by rules of their own.
    ///
    /// # Errors
    /// A value that does not fit.
    pub fn overlay(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Vec<String>, ConfigError> {
        let variables: Vec<_> = variables.into_iter().collect();
        for setting in SETTINGS {
            let own = setting.variable();
            // The own name comes last and wins.
            for name in setting.aliases.iter().copied().chain([own.as_str()]) {
                let Some((_, value)) = variables.iter().find(|(key, _)| key == name) else {
                    continue;
                };
                if value.is_empty() && !is_list(&own) {
                    continue;
                }
                (setting.set)(self, &Value::Word(value)).map_err(|unfit| ConfigError {
                    place: Place::Variable(name.to_owned()),
                    key: setting.path(),
                    problem: Problem::Value(unfit),
                })?;
            }
        }
        let names = variables.into_iter().map(|(name, _)| name);
        Ok(names.filter(|name| is_unknown(name)).collect())
    }
}

/// An empty `LEVERET_AUTH_LOOPBACK_USERS` lifts the rule, as `loopback_users = []` does.
fn is_list(variable: &str) -> bool {
    variable == "LEVERET_AUTH_LOOPBACK_USERS"
}

fn is_unknown(name: &str) -> bool {
    name.starts_with("LEVERET_")
        && !is_of_kubernetes(name)
        && !OTHERS.contains(&name)
        && !SETTINGS
            .iter()
            .any(|setting| setting.variable() == name || setting.aliases.contains(&name))
}

/// Whether it is one of those that Kubernetes sets for a service, such as one called `leveret`.
fn is_of_kubernetes(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || (name.contains("_PORT_") && (name.contains("_TCP") || name.contains("_UDP")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlay(variables: &[(&str, &str)]) -> Result<(Config, Vec<String>), String> {
        let mut config = Config::default();
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let outcome = config.overlay(pairs);
        outcome.map(|unknown| (config, unknown)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_setting_has_a_variable() {
        for setting in SETTINGS {
            let value = match setting.path().as_str() {
                "amqp.listen" => "5673",
                "amqp.handshake_timeout" | "amqp.consumer_timeout" => "7s",
                "auth.mechanisms" => "PLAIN",
                "log.level" => "debug",
                "store.confirm" => "written",
                "log.exchange" => "true",
                "events.exchange" => "false",
                _ => "5000",
            };

            let (config, unknown) = overlay(&[(&setting.variable(), value)]).unwrap();

            assert_ne!(config, Config::default(), "{}", setting.variable());
            assert!(unknown.is_empty());
        }
    }

    #[test]
    fn rabbitmqs_variables_name_the_first_user_unless_ours_do() {
        let (config, _) = overlay(&[
            ("LEVERET_BOOTSTRAP_USER", "bob"),
            ("RABBITMQ_DEFAULT_USER", "alice"),
            ("RABBITMQ_DEFAULT_PASS", "pw"),
            ("RABBITMQ_DEFAULT_VHOST", "shop"),
        ])
        .unwrap();

        assert_eq!(config.bootstrap.user, "bob");
        assert_eq!(config.bootstrap.password.expose(), "pw");
        assert_eq!(config.bootstrap.vhost, "shop");
    }

    #[test]
    fn an_empty_variable_counts_as_absent_but_for_loopback_users() {
        let (config, _) =
            overlay(&[("LEVERET_LOG_LEVEL", ""), ("LEVERET_AUTH_LOOPBACK_USERS", "")]).unwrap();

        assert_eq!(config.log, Config::default().log);
        assert!(config.auth.loopback_users.is_empty());
    }

    #[test]
    fn an_error_names_the_variable() {
        let error = overlay(&[("LEVERET_AMQP_HEARTBEAT", "soon")]).unwrap_err();

        assert_eq!(
            error,
            "LEVERET_AMQP_HEARTBEAT: amqp.heartbeat: expected a whole number from 0 to 65535, \
             found \"soon\""
        );
    }

    #[test]
    fn variables_that_set_nothing_are_reported() {
        let variables = [
            ("LEVERET_AMQP_HARTBEAT", "5"),
            ("LEVERET_CONFIG", "x"),
            ("HOME", "/"),
            ("LEVERET_SERVICE_HOST", "10.0.0.7"),
            ("LEVERET_PORT_5672_TCP_ADDR", "10.0.0.7"),
        ];

        let (_, unknown) = overlay(&variables).unwrap();

        assert_eq!(unknown, ["LEVERET_AMQP_HARTBEAT"]);
    }
}
