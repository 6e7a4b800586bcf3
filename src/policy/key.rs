//! The table of all keys that a definition may have: their values, which queues support them, and
//! what becomes of them when an operator policy has them too (RabbitMQ: `rabbit_policies`,
//! `rabbit_quorum_queue`, and `unsupported_policies` of each type of queue).

use serde_json::Value;

use super::definition::lower_limit;

/// A key of definitions.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Whether a value is one that the key takes.
    pub(super) takes: fn(&Value) -> bool,
    /// What is said of any other.
    pub(super) complaint: &'static str,
    /// The queues that support it.
    pub(super) queues: Queues,
    /// How values of both kinds of policies are merged; `None`: no operator policy has the key.
    pub(super) operator: Option<Merge>,
}

/// Types of queues.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Queues {
    All,
    Classic,
    Quorum,
}

/// How the values of a policy and an operator policy are merged.
#[derive(Clone, Copy)]
pub(super) enum Merge {
    Least,
    Greatest,
    /// The least, where a negative one is no limit.
    Limit,
    Operator,
}

impl Key {
    const fn new(name: &'static str, takes: fn(&Value) -> bool, complaint: &'static str) -> Self {
        Self { name, takes, complaint, queues: Queues::All, operator: None }
    }

    const fn only(mut self, queues: Queues) -> Self {
        self.queues = queues;
        self
    }

    const fn operator(mut self, merge: Merge) -> Self {
        self.operator = Some(merge);
        self
    }

    /// A key of mirrored queues. Definitions of RabbitMQ 3 have it; it means nothing any more.
    const fn of_mirrors(name: &'static str) -> Self {
        Self::new(name, |_| true, "").only(Queues::Classic).operator(Merge::Operator)
    }
}

/// All keys that are supported.
pub(super) static KEYS: &[Key] = &[
    Key::new("alternate-exchange", is_name, "is not a valid alternate exchange name"),
    Key::new(
        "consumer-disconnected-timeout",
        is_number,
        "is not a valid consumer disconnected timeout",
    ),
    Key::new("consumer-timeout", is_number, "is not a valid consumer timeout"),
    Key::new("dead-letter-exchange", is_name, "is not a valid dead letter exchange name"),
    Key::new("dead-letter-routing-key", is_name, "is not a valid dead letter routing key"),
    Key::new(
        "dead-letter-strategy",
        |value| is_one_of(value, &["at-most-once", "at-least-once"]),
        "is not a valid dead letter strategy",
    )
    .only(Queues::Quorum),
    Key::new(
        "delayed-retry-max",
        is_positive,
        "is not a valid delayed retry maximum delay. Must be a positive integer",
    )
    .operator(Merge::Least),
    Key::new(
        "delayed-retry-min",
        is_positive,
        "is not a valid delayed retry minimum delay. Must be a positive integer",
    )
    .operator(Merge::Greatest),
    Key::new(
        "delayed-retry-type",
        |value| is_one_of(value, &["all", "failed", "returned", "disabled"]),
        "is not a valid delayed retry type. Must be one of: all, failed, returned, disabled",
    )
    .operator(Merge::Operator),
    Key::new("delivery-limit", is_integer, "is not a valid delivery limit")
        .only(Queues::Quorum)
        .operator(Merge::Limit),
    Key::new("expires", is_positive, "is not a valid queue expiry").operator(Merge::Least),
    Key::of_mirrors("ha-mode"),
    Key::of_mirrors("ha-params"),
    Key::of_mirrors("ha-promote-on-failure"),
    Key::of_mirrors("ha-promote-on-shutdown"),
    Key::of_mirrors("ha-sync-batch-size"),
    Key::of_mirrors("ha-sync-mode"),
    Key::new("max-in-memory-bytes", is_number, "is not a valid maximum memory in bytes")
        .only(Queues::Quorum)
        .operator(Merge::Least),
    Key::new("max-in-memory-length", is_number, "is not a valid maximum memory in bytes")
        .only(Queues::Quorum)
        .operator(Merge::Least),
    Key::new("max-length", is_number, "is not a valid maximum length").operator(Merge::Least),
    Key::new("max-length-bytes", is_number, "is not a valid maximum length in bytes")
        .operator(Merge::Least),
    Key::new("message-ttl", is_number, "is not a valid message TTL").operator(Merge::Least),
    Key::new(
        "overflow",
        |value| is_one_of(value, &["drop-head", "reject-publish", "reject-publish-dlx"]),
        "is not a valid overflow value",
    )
    .operator(Merge::Operator),
    Key::new(
        "queue-leader-locator",
        |value| is_one_of(value, &["client-local", "balanced", "random", "least-leaders"]),
        "is not a valid queue leader locator value",
    ),
    Key::new(
        "queue-master-locator",
        |value| {
            is_one_of(
                value,
                &["client-local", "balanced", "random", "least-leaders", "min-masters"],
            )
        },
        "is not a valid master locator",
    )
    .only(Queues::Classic)
    .operator(Merge::Operator),
    Key::new(
        "queue-mode",
        |value| is_one_of(value, &["default", "lazy"]),
        "is not a valid queue-mode value",
    )
    .only(Queues::Classic),
    Key::new(
        "queue-version",
        |value| matches!(value.as_u64(), Some(1 | 2)),
        "is not a valid queue-version value",
    )
    .operator(Merge::Operator),
    Key::new("target-group-size", is_positive, "is not a valid qq target count value")
        .only(Queues::Quorum)
        .operator(Merge::Greatest),
];

/// Keys that RabbitMQ knows, with what they belong to, which the broker does not have.
const MISSING: [(&str, &str); 8] = [
    ("federation-upstream", "federation"),
    ("federation-upstream-pattern", "federation"),
    ("federation-upstream-set", "federation"),
    ("initial-cluster-size", "streams"),
    ("max-age", "streams"),
    ("member-placement-tag", "placement of replicas"),
    ("stream-filter-size-bytes", "streams"),
    ("stream-max-segment-size-bytes", "streams"),
];

/// The key of that name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// What a key belongs to that the broker does not have.
pub(super) fn missing_feature(name: &str) -> Option<&'static str> {
    MISSING.iter().find(|(key, _)| *key == name).map(|(_, feature)| *feature)
}

/// A number that was checked. Those that no `i64` holds are as good as its largest.
pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.is_u64().then_some(i64::MAX))
}

/// What both kinds of policies say together.
pub(super) fn merged<'v>(merge: Merge, policy: &'v Value, operator: &'v Value) -> &'v Value {
    let (Some(own), Some(bound)) = (number(policy), number(operator)) else { return operator };
    let is_policys = match merge {
        Merge::Least => own < bound,
        Merge::Greatest => own > bound,
        Merge::Limit => lower_limit(own, bound) == own,
        Merge::Operator => false,
    };
    if is_policys { policy } else { operator }
}

/// Names and routing keys have at most 255 octets.
fn is_name(value: &Value) -> bool {
    value.as_str().is_some_and(|name| name.len() <= 255)
}

fn is_integer(value: &Value) -> bool {
    number(value).is_some()
}

fn is_number(value: &Value) -> bool {
    number(value).is_some_and(|number| number >= 0)
}

fn is_positive(value: &Value) -> bool {
    number(value).is_some_and(|number| number > 0)
}

fn is_one_of(value: &Value, words: &[&str]) -> bool {
    value.as_str().is_some_and(|word| words.contains(&word))
}
