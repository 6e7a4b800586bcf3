//! What a policy sets: keys with values, checked.

use std::collections::BTreeMap;

use serde_json::Value;

use super::checked::{Issuer, Target};
use super::key::{self, Queues, find, missing_feature, number};
use super::term::{Pairs, Term};

/// Settings by key, all of them known and each with a value that its key takes. The empty one is
/// what no policy sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition(BTreeMap<String, Value>);

impl Definition {
    /// Checks key by key (RabbitMQ: `rabbit_policy:validation/3`).
    ///
    /// # Errors
    /// Nothing in it, a value that does not fit, what the broker does not have, or unknown keys.
    pub fn parse(issuer: Issuer, settings: &Value) -> Result<Self, String> {
        let definition = Self(fields(issuer, settings)?);
        let mut unknown = Vec::new();
        for (name, value) in &definition.0 {
            match find(name).filter(|key| issuer == Issuer::User || key.operator.is_some()) {
                Some(key) if (key.takes)(value) => {}
                Some(key) => return Err(format!("{} {}", Term(value), key.complaint)),
                None => {
                    if let Some(feature) = missing_feature(name) {
                        return Err(format!(
                            "{name} is not supported: this broker has no {feature}"
                        ));
                    }
                    unknown.push((name.as_str(), value));
                }
            }
        }
        if !unknown.is_empty() {
            return Err(format!("{} are not recognised policy settings", Pairs(&unknown)));
        }
        definition.check_delayed_retry()?;
        Ok(definition)
    }

    /// RabbitMQ: `rabbit_quorum_queue:validate_delayed_retry_constraints/1`.
    fn check_delayed_retry(&self) -> Result<(), String> {
        let min = self.number("delayed-retry-min");
        match (self.text("delayed-retry-type"), min, self.number("delayed-retry-max")) {
            (Some(kind), None, _) if kind != "disabled" => {
                Err(format!("delayed-retry-min is required when delayed-retry-type is {kind}"))
            }
            (_, Some(min), Some(max)) if max < min => Err(format!(
                "delayed-retry-max ({max}) must not be smaller than delayed-retry-min ({min})"
            )),
            _ => Ok(()),
        }
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All settings, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The setting of that key, a number; one that no `i64` holds is the largest that it does.
    pub fn number(&self, key: &str) -> Option<i64> {
        number(self.0.get(key)?)
    }

    /// The setting of that key, a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.as_str()
    }

    /// Whether all of it is supported there (RabbitMQ: `rabbit_queue_type:is_policy_applicable/2`).
    pub(super) fn is_applicable(&self, target: Target) -> bool {
        self.0.keys().filter_map(|name| find(name)).all(|key| match target {
            Target::Exchange => true,
            Target::ClassicQueue => key.queues != Queues::Quorum,
            Target::QuorumQueue => key.queues != Queues::Classic,
        })
    }

    /// What it is within the bounds that an operator policy sets (RabbitMQ:
    /// `rabbit_policy:merge_operator_definitions/2`).
    pub(super) fn bounded_by(mut self, operator: &Self) -> Self {
        for (name, bound) in &operator.0 {
            let merged = match (self.0.get(name), find(name).and_then(|key| key.operator)) {
                (Some(own), Some(merge)) => key::merged(merge, own, bound).clone(),
                _ => bound.clone(),
            };
            self.0.insert(name.clone(), merged);
        }
        self
    }
}

/// The lower of two limits, where a negative one is none (RabbitMQ:
/// `rabbit_quorum_queue:resolve_delivery_limit/2`).
pub fn lower_limit(a: i64, b: i64) -> i64 {
    if a < 0 || b < 0 { a.max(b) } else { a.min(b) }
}

/// The settings, if there are any.
fn fields(issuer: Issuer, settings: &Value) -> Result<BTreeMap<String, Value>, String> {
    let validator = match issuer {
        Issuer::User => "policy_validator",
        Issuer::Operator => "operator_policy_validator",
    };
    let none = || Err("no policy provided".to_owned());
    match settings {
        Value::Object(fields) if fields.is_empty() => none(),
        Value::Object(fields) => Ok(fields.clone().into_iter().collect()),
        Value::Array(items) if items.is_empty() => none(),
        Value::Array(_) => Err(format!("definition must be a dictionary: {}", Term(settings))),
        other => Err(format!(
            "parse error while reading policy definition: {}. Validator: {validator}.",
            Term(other)
        )),
    }
}
