//! A configuration file's text to a [`Config`].

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::error::{ConfigError, Place, Problem};
use super::policies::issuer_of;
use super::setting::{SETTINGS, keys, sections};
use super::value::Value;

impl Config {
    /// Takes over what `text`, the content of the file `name`, sets; the rest stays as it is.
    ///
    /// # Errors
    /// Not TOML, an unknown section or key, or a value that does not fit: the first of them in the
    /// file's order.
    pub fn read(&mut self, text: &str, name: &Path) -> Result<(), ConfigError> {
        let file = File { text, name };
        let document = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            file.error(offset, "", Problem::Syntax(message))
        })?;
        for (section, value) in in_order(document.get_ref()) {
            let offset = section.span().start;
            let section = section.get_ref().as_ref();
            if let Some(issuer) = issuer_of(section) {
                file.read_policies(issuer, value, self)?;
                continue;
            }
            if !sections().contains(&section) {
                return Err(file.error(offset, section, Problem::UnknownSection(sections())));
            }
            let DeValue::Table(table) = value.get_ref() else {
                return Err(file.error(offset, section, Problem::NotASection));
            };
            file.read_section(section, table, self)?;
        }
        self.files.push(name.to_owned());
        Ok(())
    }
}

pub(super) struct File<'a> {
    text: &'a str,
    name: &'a Path,
}

impl File<'_> {
    fn read_section(
        &self,
        section: &str,
        table: &DeTable<'_>,
        config: &mut Config,
    ) -> Result<(), ConfigError> {
        for (key, value) in in_order(table) {
            let path = format!("{section}.{}", key.get_ref());
            let known = SETTINGS.iter().find(|setting| setting.path() == path);
            let setting = known.ok_or_else(|| {
                self.error(key.span().start, &path, Problem::UnknownKey(keys(section)))
            })?;
            (setting.set)(config, &to_value(value.get_ref()))
                .map_err(|unfit| self.error(key.span().start, &path, Problem::Value(unfit)))?;
        }
        Ok(())
    }

    pub(super) fn error(&self, offset: usize, key: &str, problem: Problem) -> ConfigError {
        ConfigError { place: self.place(offset), key: key.to_owned(), problem }
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        Place::File(self.name.to_owned(), 1 + before.matches('\n').count())
    }
}

pub(super) type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

/// The entries as they follow one another in the file.
pub(super) fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

pub(super) fn to_value<'a>(value: &'a DeValue<'_>) -> Value<'a> {
    match value {
        DeValue::String(text) => Value::Text(text.as_ref().into()),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
            .map_or(Value::Other("number out of range"), Value::Integer),
        DeValue::Float(float) => {
            float.as_str().parse().map_or(Value::Other("number out of range"), Value::Float)
        }
        DeValue::Array(items) => {
            Value::List(items.iter().map(|item| to_value(item.get_ref())).collect())
        }
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(_) => Value::Other("date"),
        DeValue::Table(_) => Value::Other("table"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{LogLevel, Watermark};

    fn read(text: &str) -> Result<Config, String> {
        let mut config = Config::default();
        let outcome = config.read(text, Path::new("leveret.toml"));
        outcome.map(|()| config).map_err(|error| error.to_string())
    }

    #[test]
    fn a_file_sets_what_it_names_and_leaves_the_rest() {
        let text = r#"
            [amqp]
            listen = ["127.0.0.1:0"]
            frame_max = 0x1000
            handshake_timeout = "500ms"
            [memory]
            high_watermark = 0.4
            [log]
            level = "debug"
            [auth]
            loopback_users = []
        "#;

        let config = read(text).unwrap();

        assert_eq!(config.amqp.listen, ["127.0.0.1:0".parse().unwrap()]);
        assert_eq!(config.amqp.frame_max, 4096);
        assert_eq!(config.amqp.handshake_timeout, Duration::from_millis(500));
        assert_eq!(config.amqp.heartbeat, 60);
        assert_eq!(config.memory.high_watermark, Watermark::Fraction(0.4));
        assert_eq!(config.log.level, LogLevel::Debug);
        assert!(config.auth.loopback_users.is_empty());
        assert_eq!(config.files, [Path::new("leveret.toml")]);
    }

    #[test]
    fn an_error_names_file_line_and_key() {
        for (text, expected) in [
            (
                "[amqp]\n\nhartbeat = 5\n",
                "leveret.toml:3: amqp.hartbeat: unknown key; the section has listen, heartbeat, \
                 frame_max, channel_max, handshake_timeout, consumer_timeout, announce_product, \
                 announce_version",
            ),
            (
                "\n[amqq]\n",
                "leveret.toml:2: amqq: unknown section; there are node, amqp, auth, bootstrap, \
                 limits, memory, store, disk, log, events, ctl, policies, operator_policies",
            ),
            ("amqp = 1", "leveret.toml:1: amqp: expected a section with keys, found a value"),
            (
                "[amqp]\nheartbeat = \"a\"",
                "leveret.toml:2: amqp.heartbeat: expected a whole number from 0 to 65535, \
                 found \"a\"",
            ),
            (
                "[amqp]\nheartbeat = true",
                "leveret.toml:2: amqp.heartbeat: expected a whole number from 0 to 65535, \
                 found a boolean",
            ),
            (
                "[bootstrap]\npassword = 1234",
                "leveret.toml:2: bootstrap.password: expected a text, found something else",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected);
        }
    }

    #[test]
    fn text_that_is_not_toml_is_reported_on_one_line_with_its_place() {
        for (text, line) in [("[amqp]\nlisten = [", 2), ("[log]\nlevel = \"info", 2), ("a b", 1)] {
            let error = read(text).unwrap_err();

            assert!(error.starts_with(&format!("leveret.toml:{line}: ")), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
        assert!(read("[log]\nlevel = \"info\"\nlevel = \"info\"").is_err());
    }

    #[test]
    fn the_first_fault_in_the_file_is_reported() {
        let error = read("[log]\nzebra = 1\naardvark = 1\n[amqp]\nbee = 1").unwrap_err();

        assert!(error.starts_with("leveret.toml:2: log.zebra: "), "{error}");
    }
}
