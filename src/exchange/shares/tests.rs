//! How keys spread over destinations, and which move when destinations come and go.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::amqp::exception::Exception;
use crate::amqp::name::{ExchangeName, QueueName};
use crate::amqp::table::TableRef;

const KEYS: usize = 100_000;

fn queue(name: &str) -> Destination {
    Destination::Queue(QueueName::parse(name).unwrap())
}

fn binding(name: &str, weight: u16) -> Binding {
    let key = BindingKey::parse(weight.to_string()).unwrap();
    Binding::new(queue(name), key, TableRef::default())
}

fn shares<'n>(bindings: impl IntoIterator<Item = (&'n str, u16)>) -> Shares {
    let mut shares = Shares::default();
    for (name, weight) in bindings {
        shares.add(&binding(name, weight), 0).unwrap();
    }
    shares
}

fn chosen(shares: &Shares, key: &str) -> Option<String> {
    shares.choose(hash(&[key.as_bytes()])).map(|destination| match destination {
        Destination::Queue(name) => name.to_string(),
        Destination::Exchange(name) => format!("exchange {name}"),
    })
}

fn keys() -> impl Iterator<Item = String> {
    (0..KEYS).map(|number| number.to_string())
}

fn spread(shares: &Shares) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for key in keys() {
        *counts.entry(chosen(shares, &key).unwrap()).or_default() += 1;
    }
    counts
}

#[track_caller]
fn assert_within(percent: usize, count: usize, expected: usize) {
    let off = 100 * count.abs_diff(expected);
    assert!(off < percent * expected, "{count} instead of {expected}");
}

#[test]
fn ten_queues_of_equal_weight_get_the_same_within_five_percent() {
    let names: Vec<_> = (0..10).map(|number| format!("queue-{number}")).collect();
    for weight in [1, 7, 10_000] {
        let counts = spread(&shares(names.iter().map(|name| (&**name, weight))));

        assert_eq!(counts.len(), 10);
        for count in counts.values() {
            assert_within(5, *count, KEYS / 10);
        }
    }
}

#[test]
fn a_weight_is_a_share() {
    let weights = [("a", 1), ("b", 2), ("c", 3), ("d", 10), ("e", 34)];

    let counts = spread(&shares(weights));

    for (name, weight) in weights {
        assert_within(10, counts[name], KEYS * usize::from(weight) / 50);
    }
    let counts = spread(&shares([("small", 100), ("large", 10_000)]));
    assert_within(10, counts["small"], KEYS / 101);
}

#[test]
fn a_queue_and_an_exchange_of_one_name_are_two_destinations() {
    let mut shares = shares([("x", 1)]);
    let exchange = Destination::Exchange(ExchangeName::parse("x").unwrap());
    let key = BindingKey::parse("1").unwrap();
    shares.add(&Binding::new(exchange, key, TableRef::default()), 0).unwrap();

    let counts = spread(&shares);

    assert_within(5, counts["x"], KEYS / 2);
    assert_within(5, counts["exchange x"], KEYS / 2);
}

/// Where keys were with the first version that had this type of exchange, as a program of a few
/// lines in another language finds them too.
#[test]
fn a_key_finds_its_queue_with_every_version() {
    let keys = ["", "k", "order-1", "order-2", "order-3", "größe", "0", "1", "2", "3"];
    for (weights, expected) in [
        ([1, 1, 1, 1], "bdbbcddcad"),
        ([1, 1, 2, 4], "dddbcddcdd"),
        ([100, 10_000, 5_000, 3_000], "bbbbcddccb"),
    ] {
        let shares = shares(["a", "b", "c", "d"].into_iter().zip(weights));

        let found = keys.map(|key| chosen(&shares, key).unwrap());

        assert_eq!(found.concat(), expected, "{weights:?}");
    }
}

#[test]
fn only_the_oldest_binding_of_a_destination_counts() {
    let once = shares([("a", 1), ("b", 1)]);
    let twice = shares([("a", 1), ("b", 1), ("a", 9), ("a", 5)]);
    let route = |shares: &Shares| keys().take(1000).map(|key| chosen(shares, &key)).collect();
    let before: Vec<_> = route(&once);
    assert_eq!(route(&twice), before);

    let mut fewer = twice.clone();
    fewer.remove(&binding("a", 9));
    assert_eq!(route(&fewer), before, "a later one makes no difference");
    fewer.remove(&binding("a", 1));
    assert_eq!(route(&fewer), route(&shares([("a", 5), ("b", 1)])), "the next one counts");
    fewer.remove(&binding("a", 5));
    assert_eq!(route(&fewer), route(&shares([("b", 1)])));
    fewer.remove(&binding("b", 1));
    assert_eq!(chosen(&fewer, "k"), None);
    assert_eq!(route(&twice), before, "a clone is untouched");
}

#[test]
fn ranks_say_which_binding_of_a_destination_is_older() {
    let mut before = shares([("a", 9), ("b", 1), ("a", 5), ("a", 1)]);
    let ranks = |shares: &Shares, weights: &[u16]| -> Vec<_> {
        weights.iter().map(|weight| shares.rank(&binding("a", *weight))).collect()
    };
    assert_eq!(ranks(&before, &[9, 5, 1]), [0, 1, 2]);
    assert_eq!(before.rank(&binding("b", 1)), 0);
    before.remove(&binding("a", 9));
    before.add(&binding("a", 9), 0).unwrap();
    assert_eq!(ranks(&before, &[5, 1, 9]), [1, 2, 3]);

    let mut after = shares([("b", 1)]);
    for weight in [5, 1, 9] {
        let binding = binding("a", weight);
        after.add(&binding, before.rank(&binding)).unwrap();
    }

    assert_eq!(ranks(&after, &[5, 1, 9]), [1, 2, 3]);
    assert!(keys().take(1000).all(|key| chosen(&after, &key) == chosen(&before, &key)));
}

#[test]
fn a_key_is_a_weight_where_erlang_reads_an_integer() {
    let parse = |key: &str| {
        let parsed = weight(&BindingKey::parse(key).unwrap());
        parsed.map_err(|invalid| Exception::from(invalid).text)
    };
    for (key, expected) in [("1", 1), ("+5", 5), ("007", 7), ("10000", 10_000), ("+00010", 10)] {
        assert_eq!(parse(key), Ok(expected));
    }
    let digits = "9".repeat(200);
    for (key, text) in [
        ("0", "The binding key must be greater than 0"),
        ("-0", "The binding key must be greater than 0"),
        ("-3", "The binding key must be greater than 0"),
        ("10001", "The binding key must not exceed 10000"),
        ("65537", "The binding key must not exceed 10000"),
        (&digits, "The binding key must not exceed 10000"),
        ("x", "The binding key must be an integer: <<\"x\">>"),
        ("", "The binding key must be an integer: <<>>"),
        ("+", "The binding key must be an integer: <<\"+\">>"),
        ("--1", "The binding key must be an integer: <<\"--1\">>"),
        (" 1", "The binding key must be an integer: <<\" 1\">>"),
        ("1.0", "The binding key must be an integer: <<\"1.0\">>"),
        ("ü", "The binding key must be an integer: <<\"ü\"/utf8>>"),
    ] {
        assert_eq!(parse(key).unwrap_err(), text, "{key:?}");
    }
}

proptest! {
    #[test]
    fn the_logarithm_is_one(number in any::<u64>(), shift in 0..64_u32) {
        let number = (number >> shift) | 1;

        #[allow(clippy::cast_precision_loss, reason = "nine digits are asked for")]
        let expected = 64.0 * std::f64::consts::LN_2 - (number as f64).ln();

        prop_assert!((minus_ln(number) - expected).abs() < 1e-8, "{number}");
    }

    #[test]
    fn a_destination_that_comes_takes_keys_for_itself_and_moves_no_other(
        weights in prop::collection::btree_map("[a-z]{1,3}", 1..=WEIGHT_MAX, 1..20),
        new in 1..=WEIGHT_MAX,
        seen in prop::collection::vec(".{0,8}", 200),
    ) {
        let before = shares(weights.iter().map(|(name, weight)| (&**name, *weight)));
        let mut after = before.clone();
        after.add(&binding("NEW", new), 0).unwrap();

        for key in &seen {
            let (old, now) = (chosen(&before, key), chosen(&after, key));
            prop_assert!(old == now || now.as_deref() == Some("NEW"), "{old:?} {now:?}");
        }
        after.remove(&binding("NEW", new));
        for key in &seen {
            prop_assert_eq!(chosen(&before, key), chosen(&after, key));
        }
    }

    #[test]
    fn the_order_of_bindings_makes_no_difference(
        weights in prop::collection::btree_map("[a-z]{1,3}", 1..=WEIGHT_MAX, 1..20),
        seen in prop::collection::vec(".{0,8}", 50),
    ) {
        let forward = shares(weights.iter().map(|(name, weight)| (&**name, *weight)));
        let backward = shares(weights.iter().rev().map(|(name, weight)| (&**name, *weight)));

        for key in &seen {
            prop_assert_eq!(chosen(&forward, key), chosen(&backward, key));
        }
    }
}
