//! Which policies are refused, which of them count, and what they say together.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::checked::{Issuer, Policy, Source, Target};
use super::definition::Definition;
use super::draft::Draft;
use super::policies::Policies;
use Issuer::{Operator, User};
use Target::{ClassicQueue, Exchange, QuorumQueue};

fn draft(definition: Value) -> Draft {
    Draft::new("p", ".*", definition)
}

fn refusal(issuer: Issuer, draft: &Draft) -> String {
    Policy::new(issuer, Source::Stored, draft).unwrap_err().to_string()
}

#[track_caller]
fn assert_refused(issuer: Issuer, definition: Value, text: &str) {
    let refusal = refusal(issuer, &draft(definition));
    assert_eq!(refusal, format!("Validation failed\n\n{text}\n"));
}

fn is_accepted(issuer: Issuer, definition: Value) -> bool {
    Policy::new(issuer, Source::Stored, &draft(definition)).is_ok()
}

fn policies<const N: usize>(all: [(Issuer, Draft); N]) -> Policies {
    let mut policies = Policies::default();
    for (issuer, draft) in all {
        let policy = Policy::new(issuer, Source::Stored, &draft).unwrap();
        assert_eq!(policies.set(Arc::new(policy)), None);
    }
    policies
}

fn chosen(policies: &Policies, target: Target, name: &str) -> Option<String> {
    policies.select(User, target, name).map(|policy| policy.name().to_string())
}

fn settings(definition: &Definition) -> Value {
    Value::Object(definition.iter().map(|(key, value)| (key.to_owned(), value.clone())).collect())
}

#[test]
fn a_value_that_does_not_fit_is_refused_in_rabbitmqs_words() {
    for (definition, text) in [
        (json!({"alternate-exchange": 1}), "1 is not a valid alternate exchange name"),
        (json!({"consumer-timeout": -1}), "-1 is not a valid consumer timeout"),
        (
            json!({"consumer-disconnected-timeout": "1"}),
            "<<\"1\">> is not a valid consumer disconnected timeout",
        ),
        (json!({"dead-letter-exchange": null}), "null is not a valid dead letter exchange name"),
        (json!({"dead-letter-routing-key": []}), "[] is not a valid dead letter routing key"),
        (json!({"dead-letter-strategy": "x"}), "<<\"x\">> is not a valid dead letter strategy"),
        (json!({"message-ttl": -1}), "-1 is not a valid message TTL"),
        (json!({"expires": 0}), "0 is not a valid queue expiry"),
        (json!({"max-length": -1}), "-1 is not a valid maximum length"),
        (json!({"max-length": "a"}), "<<\"a\">> is not a valid maximum length"),
        (json!({"max-length": 1.5}), "1.5 is not a valid maximum length"),
        (json!({"max-length-bytes": true}), "true is not a valid maximum length in bytes"),
        (json!({"max-in-memory-length": -1}), "-1 is not a valid maximum memory in bytes"),
        (json!({"max-in-memory-bytes": -1}), "-1 is not a valid maximum memory in bytes"),
        (json!({"overflow": "drop"}), "<<\"drop\">> is not a valid overflow value"),
        (json!({"delivery-limit": "1"}), "<<\"1\">> is not a valid delivery limit"),
        (json!({"queue-mode": "eager"}), "<<\"eager\">> is not a valid queue-mode value"),
        (json!({"queue-version": 3}), "3 is not a valid queue-version value"),
        (
            json!({"queue-leader-locator": "x"}),
            "<<\"x\">> is not a valid queue leader locator value",
        ),
        (json!({"queue-master-locator": "x"}), "<<\"x\">> is not a valid master locator"),
        (json!({"target-group-size": 0}), "0 is not a valid qq target count value"),
        (
            json!({"delayed-retry-type": "some"}),
            "<<\"some\">> is not a valid delayed retry type. Must be one of: all, failed, \
             returned, disabled",
        ),
        (
            json!({"delayed-retry-min": 0}),
            "0 is not a valid delayed retry minimum delay. Must be a positive integer",
        ),
        (
            json!({"delayed-retry-max": "x"}),
            "<<\"x\">> is not a valid delayed retry maximum delay. Must be a positive integer",
        ),
        (
            json!({"delayed-retry-type": "all"}),
            "delayed-retry-min is required when delayed-retry-type is all",
        ),
        (
            json!({"delayed-retry-min": 2, "delayed-retry-max": 1}),
            "delayed-retry-max (1) must not be smaller than delayed-retry-min (2)",
        ),
    ] {
        assert_refused(User, definition, text);
    }
}

#[test]
fn values_at_their_bounds_are_taken() {
    for definition in [
        json!({"message-ttl": 0, "expires": 1, "max-length": 0, "max-length-bytes": 0}),
        json!({"max-length": u64::MAX}),
        json!({"delivery-limit": -1}),
        json!({"dead-letter-exchange": "", "dead-letter-routing-key": ""}),
        json!({"delayed-retry-type": "disabled"}),
        json!({"delayed-retry-type": "failed", "delayed-retry-min": 1, "delayed-retry-max": 1}),
        json!({"alternate-exchange": "x".repeat(255)}),
    ] {
        assert!(is_accepted(User, definition.clone()), "{definition}");
    }
    assert!(!is_accepted(User, json!({"alternate-exchange": "x".repeat(256)})));
}

#[test]
fn a_definition_without_settings_or_with_unknown_ones_is_refused() {
    for (definition, text) in [
        (json!({}), "no policy provided"),
        (json!([]), "no policy provided"),
        (json!([1]), "definition must be a dictionary: [1]"),
        (
            json!("max-length"),
            "parse error while reading policy definition: <<\"max-length\">>. Validator: \
             policy_validator.",
        ),
        (json!({"foo": 1}), "[{<<\"foo\">>,1}] are not recognised policy settings"),
        (
            json!({"max-length": 1, "zoo": "x", "foo": {"a": []}}),
            "[{<<\"foo\">>,#{<<\"a\">> => []}},{<<\"zoo\">>,<<\"x\">>}] are not recognised policy \
             settings",
        ),
        (json!({"foo": 1, "max-length": -1}), "-1 is not a valid maximum length"),
    ] {
        assert_refused(User, definition, text);
    }
}

#[test]
fn what_the_broker_does_not_have_is_refused_by_name() {
    for (key, feature) in [
        ("federation-upstream", "federation"),
        ("federation-upstream-set", "federation"),
        ("federation-upstream-pattern", "federation"),
        ("max-age", "streams"),
        ("stream-max-segment-size-bytes", "streams"),
        ("stream-filter-size-bytes", "streams"),
        ("initial-cluster-size", "streams"),
    ] {
        let text = format!("{key} is not supported: this broker has no {feature}");
        assert_refused(User, json!({key: "all"}), &text);
    }
}

#[test]
fn an_operator_policy_has_the_keys_that_bound_others_and_no_more() {
    for key in [
        "expires",
        "message-ttl",
        "max-length",
        "max-length-bytes",
        "max-in-memory-length",
        "max-in-memory-bytes",
        "delivery-limit",
        "target-group-size",
        "delayed-retry-min",
        "delayed-retry-max",
    ] {
        assert!(is_accepted(Operator, json!({key: 1})), "{key}");
    }
    assert!(is_accepted(Operator, json!({"overflow": "reject-publish", "queue-version": 2})));
    for key in ["dead-letter-exchange", "alternate-exchange", "queue-mode", "queue-leader-locator"]
    {
        let text = format!("[{{<<\"{key}\">>,<<\"x\">>}}] are not recognised policy settings");
        assert_refused(Operator, json!({key: "x"}), &text);
    }
    let text = "[{<<\"consumer-timeout\">>,1}] are not recognised policy settings";
    assert_refused(Operator, json!({"consumer-timeout": 1}), text);
}

#[test]
fn all_parts_of_a_policy_are_checked_and_named_in_rabbitmqs_order() {
    let draft = Draft { pattern: "^[a".to_owned(), ..draft(json!({})).apply_to("queue") };

    assert_eq!(
        refusal(User, &draft),
        "Validation failed\n\n\
         no policy provided\n\
         apply-to 'queue' unrecognised; should be one of: 'queues', 'classic_queues',  \
         'quorum_queues', 'streams', 'exchanges', or 'all'\n\
         pattern should be regular expression but is invalid: {\"missing terminating ] for \
         character class\",3}\n"
    );
    let long = Draft { name: "n".repeat(256), ..draft };
    assert!(refusal(User, &long).ends_with("\na name has at most 255 octets\n"));
}

#[test]
fn settings_of_mirrored_queues_are_taken_and_mean_nothing_to_classic_queues() {
    let mirrors = json!({"ha-mode": "exactly", "ha-params": 2, "ha-sync-mode": "automatic",
        "ha-promote-on-shutdown": "always", "ha-promote-on-failure": "always"});
    let policies = policies([(User, draft(mirrors))]);

    assert_eq!(chosen(&policies, ClassicQueue, "q").as_deref(), Some("p"));
    assert_eq!(chosen(&policies, QuorumQueue, "q"), None);
}

#[test]
fn the_matching_policy_of_highest_priority_counts_alone() {
    let of = |name: &str, pattern: &str, key: &str, priority| {
        (User, Draft::new(name, pattern, json!({key: 1})).priority(priority))
    };
    let policies = policies([
        of("low", "", "max-length", -1),
        of("b", "^orders", "expires", 5),
        of("a", "eu$", "message-ttl", 5),
        of("high", "^orders.*vip", "max-length-bytes", 9),
    ]);

    for (name, expected, setting) in [
        ("orders", "b", "expires"),
        ("orders.eu", "a", "message-ttl"),
        ("orders.vip.eu", "high", "max-length-bytes"),
        ("other", "low", "max-length"),
    ] {
        assert_eq!(chosen(&policies, ClassicQueue, name).as_deref(), Some(expected), "{name}");
        let definition = policies.definition(ClassicQueue, name);
        assert_eq!(settings(&definition), json!({setting: 1}), "{name}");
    }
}

#[test]
fn a_policy_applies_to_what_it_is_for() {
    for (apply_to, expected) in [
        ("all", [true, true, true]),
        ("queues", [true, true, false]),
        ("exchanges", [false, false, true]),
        ("classic_queues", [true, false, false]),
        ("quorum_queues", [false, true, false]),
        ("streams", [false, false, false]),
    ] {
        let policies = policies([(User, draft(json!({"max-length": 1})).apply_to(apply_to))]);

        let found = [ClassicQueue, QuorumQueue, Exchange].map(|it| chosen(&policies, it, "x"));

        assert_eq!(found.map(|it| it.is_some()), expected, "{apply_to}");
    }
}

#[test]
fn a_policy_with_a_key_that_a_queue_does_not_support_leaves_it_to_the_next() {
    for (key, value, classic, quorum) in [
        ("delivery-limit", json!(3), "low", "high"),
        ("dead-letter-strategy", json!("at-least-once"), "low", "high"),
        ("max-in-memory-length", json!(3), "low", "high"),
        ("max-in-memory-bytes", json!(3), "low", "high"),
        ("target-group-size", json!(3), "low", "high"),
        ("queue-mode", json!("lazy"), "high", "low"),
        ("queue-master-locator", json!("client-local"), "high", "low"),
        ("ha-mode", json!("all"), "high", "low"),
        ("alternate-exchange", json!("x"), "high", "high"),
        ("expires", json!(3), "high", "high"),
        ("message-ttl", json!(3), "high", "high"),
        ("max-length-bytes", json!(3), "high", "high"),
        ("overflow", json!("drop-head"), "high", "high"),
        ("dead-letter-exchange", json!("x"), "high", "high"),
        ("dead-letter-routing-key", json!("x"), "high", "high"),
        ("consumer-timeout", json!(3), "high", "high"),
        ("queue-version", json!(2), "high", "high"),
        ("queue-leader-locator", json!("balanced"), "high", "high"),
    ] {
        let both = json!({key: value, "max-length": 3});
        let policies = policies([
            (User, Draft::new("high", "", both).priority(2)),
            (User, Draft::new("low", "", json!({"max-length": 5})).priority(1)),
        ]);

        assert_eq!(chosen(&policies, ClassicQueue, "q").as_deref(), Some(classic), "{key}");
        assert_eq!(chosen(&policies, QuorumQueue, "q").as_deref(), Some(quorum), "{key}");
        assert_eq!(chosen(&policies, Exchange, "q").as_deref(), Some("high"), "{key}");
    }
}

#[test]
fn an_operator_policy_bounds_what_a_policy_sets() {
    for (key, policy, operator, expected) in [
        ("message-ttl", json!(1000), json!(2000), json!(1000)),
        ("message-ttl", json!(3000), json!(2000), json!(2000)),
        ("expires", json!(3), json!(2), json!(2)),
        ("max-length", json!(0), json!(1), json!(0)),
        ("max-length-bytes", json!(9), json!(1), json!(1)),
        ("delivery-limit", json!(9), json!(1), json!(1)),
        ("delivery-limit", json!(-1), json!(5), json!(5)),
        ("delivery-limit", json!(5), json!(-1), json!(5)),
        ("delivery-limit", json!(-2), json!(-1), json!(-1)),
        ("overflow", json!("drop-head"), json!("reject-publish"), json!("reject-publish")),
        ("queue-version", json!(2), json!(1), json!(1)),
        ("target-group-size", json!(3), json!(5), json!(5)),
        ("delayed-retry-min", json!(3), json!(5), json!(5)),
        ("delayed-retry-max", json!(3), json!(5), json!(3)),
        ("max-in-memory-length", json!(3), json!(5), json!(3)),
        ("max-length", json!(u64::MAX), json!(7), json!(7)),
    ] {
        let policies = policies([
            (User, draft(json!({key: policy}))),
            (Operator, draft(json!({key: operator}))),
        ]);

        let definition = policies.definition(QuorumQueue, "q");

        assert_eq!(settings(&definition), json!({key: expected}), "{policy} {operator}");
    }
}

#[test]
fn what_only_one_of_the_two_sets_stays() {
    let policies = policies([
        (User, draft(json!({"message-ttl": 1000, "dead-letter-exchange": "x"}))),
        (Operator, draft(json!({"max-length": 3, "message-ttl": 2000}))),
    ]);

    assert_eq!(
        settings(&policies.definition(ClassicQueue, "q")),
        json!({"message-ttl": 1000, "dead-letter-exchange": "x", "max-length": 3})
    );
}

#[test]
fn an_operator_policy_is_chosen_for_itself() {
    let policies = policies([
        (Operator, Draft::new("p", "^q", json!({"max-length": 3}))),
        (Operator, Draft::new("first", "^q", json!({"max-length": 4})).priority(1)),
        (User, Draft::new("p", "^other", json!({"max-length": 1}))),
    ]);

    assert_eq!(settings(&policies.definition(ClassicQueue, "q")), json!({"max-length": 4}));
    assert_eq!(settings(&policies.definition(ClassicQueue, "other")), json!({"max-length": 1}));
    assert!(policies.definition(ClassicQueue, "none").is_empty());
}

proptest! {
    #[test]
    fn what_policies_say_does_not_depend_on_the_order_in_which_they_came(
        all in prop::collection::btree_map("[a-c]{1,2}", (0..3_i64, 1..9_u64), 0..6),
    ) {
        let drafts: Vec<_> = all
            .into_iter()
            .map(|(name, (priority, length))| {
                Draft::new(name, "", json!({"max-length": length})).priority(priority)
            })
            .collect();
        let gather = |drafts: &mut dyn Iterator<Item = &Draft>| {
            let mut policies = Policies::default();
            for draft in drafts {
                let policy = Policy::new(User, Source::Stored, draft).unwrap();
                policies.set(Arc::new(policy));
            }
            chosen(&policies, ClassicQueue, "q")
        };

        let forward = gather(&mut drafts.iter());

        prop_assert_eq!(&forward, &gather(&mut drafts.iter().rev()));
        let highest = drafts.iter().map(|draft| draft.priority).max();
        let found = drafts.iter().find(|draft| Some(&draft.name) == forward.as_ref());
        prop_assert_eq!(found.map(|draft| draft.priority), highest);
    }
}
