//! Policies in a configuration file: tables `[[policies]]` and `[[operator_policies]]`.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::error::{ConfigError, Place, Problem, Unfit};
use super::file::{File, in_order, to_value};
use crate::policy::checked::{Issuer, Policy, Source};
use crate::policy::draft::Draft;

/// The keys of a table.
const KEYS: [&str; 6] = ["vhost", "name", "pattern", "apply-to", "priority", "definition"];

/// Those that it cannot be without.
const NEEDED: [&str; 3] = ["name", "pattern", "definition"];

/// A policy of a virtual host.
#[derive(Clone, Debug, PartialEq)]
pub struct VhostPolicy {
    /// Where its table begins.
    pub place: Place,
    /// The virtual host.
    pub vhost: String,
    /// What was checked.
    pub policy: Arc<Policy>,
}

/// The name of the tables for policies of that issuer.
pub const fn table_name(issuer: Issuer) -> &'static str {
    match issuer {
        Issuer::User => "policies",
        Issuer::Operator => "operator_policies",
    }
}

/// Whose policies tables of that name hold.
pub(super) fn issuer_of(section: &str) -> Option<Issuer> {
    [Issuer::User, Issuer::Operator].into_iter().find(|issuer| table_name(*issuer) == section)
}

impl File<'_> {
    /// Adds the policies of all tables of one name.
    pub(super) fn read_policies(
        &self,
        issuer: Issuer,
        tables: &Spanned<DeValue<'_>>,
        config: &mut Config,
    ) -> Result<(), ConfigError> {
        let section = table_name(issuer);
        let expected = || format!("tables [[{section}]]");
        let DeValue::Array(items) = tables.get_ref() else {
            let unfit = Unfit { expected: expected(), found: "something else".to_owned() };
            return Err(self.error(tables.span().start, section, Problem::Value(unfit)));
        };
        for item in items {
            let at = item.span().start;
            let DeValue::Table(table) = item.get_ref() else {
                let unfit = Unfit { expected: expected(), found: "something else".to_owned() };
                return Err(self.error(at, section, Problem::Value(unfit)));
            };
            let policy = self.read_policy(issuer, at, table)?;
            if config.policies.iter().any(|other| other.is_same(&policy)) {
                let problem = Problem::Policy("there is another of that name".to_owned());
                return Err(self.error(at, &format!("{section}.name"), problem));
            }
            config.policies.push(policy);
        }
        Ok(())
    }

    fn read_policy(
        &self,
        issuer: Issuer,
        at: usize,
        table: &DeTable<'_>,
    ) -> Result<VhostPolicy, ConfigError> {
        let path = |key: &str| format!("{}.{key}", table_name(issuer));
        if let Some(key) = NEEDED.into_iter().find(|key| !table.contains_key(*key)) {
            return Err(self.error(at, &path(key), Problem::MissingKey));
        }
        let mut vhost = "/".to_owned();
        let mut draft = Draft::new("", "", Json::Null);
        for (key, value) in in_order(table) {
            let (offset, key) = (key.span().start, key.get_ref().as_ref());
            if !KEYS.contains(&key) {
                return Err(self.error(offset, &path(key), Problem::UnknownKey(KEYS.to_vec())));
            }
            take(key, value.get_ref(), &mut vhost, &mut draft)
                .map_err(|unfit| self.error(offset, &path(key), Problem::Value(unfit)))?;
        }
        let policy = Policy::new(issuer, Source::File, &draft).map_err(|invalid| {
            let part = invalid.faults.first().map_or("", |fault| fault.part.key());
            let offset = table.get_key_value(part).map_or(at, |(key, _)| key.span().start);
            self.error(offset, &path(part), Problem::Policy(invalid.line()))
        })?;
        let place = self.place(at);
        Ok(VhostPolicy { place, vhost, policy: Arc::new(policy) })
    }
}

impl VhostPolicy {
    fn is_same(&self, other: &Self) -> bool {
        let of = |it: &Self| (it.vhost.clone(), it.policy.issuer(), it.policy.name().clone());
        of(self) == of(other)
    }
}

/// Takes the value of one of [`KEYS`] over.
fn take(
    key: &str,
    value: &DeValue<'_>,
    vhost: &mut String,
    draft: &mut Draft,
) -> Result<(), Unfit> {
    match key {
        "vhost" => *vhost = text(value)?,
        "name" => draft.name = text(value)?,
        "pattern" => draft.pattern = text(value)?,
        "apply-to" => draft.apply_to = text(value)?,
        "priority" => draft.priority = to_value(value).integer(i64::MIN..=i64::MAX)?,
        _ => {
            draft.definition = json(value).ok_or_else(|| Unfit {
                expected: "settings such as { max-length = 1000 }".to_owned(),
                found: "what JSON does not have".to_owned(),
            })?;
        }
    }
    Ok(())
}

/// Any text, the empty one too: as a pattern, that is found everywhere.
fn text(value: &DeValue<'_>) -> Result<String, Unfit> {
    match value {
        DeValue::String(text) => Ok(Cow::clone(text).into_owned()),
        other => to_value(other).text(),
    }
}

/// The same in JSON, which has no dates and no infinite numbers.
fn json(value: &DeValue<'_>) -> Option<Json> {
    Some(match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok()?.into()
        }
        DeValue::Float(number) => Json::Number(Number::from_f64(number.as_str().parse().ok()?)?),
        DeValue::Boolean(value) => (*value).into(),
        DeValue::Array(items) => {
            items.iter().map(|item| json(item.get_ref())).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(table) => {
            let field = |(key, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                Some((key.get_ref().to_string(), json(value.get_ref())?))
            };
            Json::Object(table.iter().map(field).collect::<Option<Map<_, _>>>()?)
        }
        DeValue::Datetime(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Vec<VhostPolicy>, String> {
        let mut config = Config::default();
        let outcome = config.read(text, Path::new("f.toml"));
        outcome.map(|()| config.policies).map_err(|error| error.to_string())
    }

    #[test]
    fn tables_are_policies_of_their_kind() {
        let text = r#"
            [[policies]]
            name = "p"
            pattern = ""
            definition = { max-length = 0x10, ha-params = ["a", 1.5, true, { b = 2 }] }
            [[operator_policies]]
            vhost = "shop"
            name = "p"
            pattern = "^(?!amq)"
            apply-to = "quorum_queues"
            priority = -3
            [operator_policies.definition]
            expires = 1
        "#;

        let policies = read(text).unwrap();

        let expected = [
            Draft::new("p", "", json!({"max-length": 16, "ha-params": ["a", 1.5, true, {"b": 2}]})),
            Draft::new("p", "^(?!amq)", json!({"expires": 1}))
                .apply_to("quorum_queues")
                .priority(-3),
        ];
        for (((found, issuer), draft), (vhost, line)) in policies
            .iter()
            .zip([Issuer::User, Issuer::Operator])
            .zip(expected)
            .zip([("/", 2), ("shop", 6)])
        {
            let policy = Policy::new(issuer, Source::File, &draft).unwrap();
            assert_eq!(*found.policy, policy);
            assert_eq!(found.vhost, vhost);
            assert_eq!(found.place, Place::File("f.toml".into(), line));
        }
        assert_eq!(policies.len(), 2);
    }

    #[test]
    fn an_error_names_file_line_and_key() {
        let table = "[[policies]]\nname = \"p\"\npattern = \"x\"\n";
        let whole = format!("{table}definition = {{ expires = 1 }}\n");
        let operators = whole.replace("policies", "operator_policies");
        for (text, expected) in [
            (table.to_owned(), "1: policies.definition: the key is missing"),
            (format!("{whole}prio = 1"), "5: policies.prio: unknown key; the section has vhost, "),
            (format!("{whole}apply-to = 1"), "5: policies.apply-to: expected a text, found 1"),
            (
                format!("{whole}apply-to = \"queue\""),
                "5: policies.apply-to: apply-to 'queue' unrecognised; should be one of: 'queues'",
            ),
            (format!("{whole}priority = 1.5"), "5: policies.priority: expected a whole number"),
            (
                whole.replace("\"x\"", "\"(\""),
                "3: policies.pattern: pattern should be regular expression but is invalid: ",
            ),
            (
                whole.replace("expires", "expire"),
                "4: policies.definition: [{<<\"expire\">>,1}] are",
            ),
            (whole.replace('1', "0"), "4: policies.definition: 0 is not a valid queue expiry"),
            (whole.replace('1', "2020-02-02"), "4: policies.definition: expected settings such as"),
            (whole.replace("expires = 1", ""), "4: policies.definition: no policy provided"),
            (whole.repeat(2), "5: policies.name: there is another of that name"),
            (
                operators.replace("expires", "queue-mode"),
                "4: operator_policies.definition: [{<<\"queue-mode\">>,1}] are not recognised",
            ),
            (operators.replace("\"p\"", "5"), "2: operator_policies.name: expected a text"),
            ("policies = 1".to_owned(), "1: policies: expected tables [[policies]]"),
            ("policies = [1]".to_owned(), "1: policies: expected tables [[policies]]"),
            ("[policies]\nx = 1".to_owned(), ": policies: expected tables [[policies]]"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.starts_with("f.toml:") && error.contains(expected), "{error}");
        }
        assert_eq!(read(&format!("{whole}{operators}")).unwrap().len(), 2);
    }
}
