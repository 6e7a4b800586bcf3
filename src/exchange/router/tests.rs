//! Bindings, keys and headers as a publisher sees them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::hash::mix;
use super::*;
use crate::amqp::exception::Exception;
use crate::amqp::name::{BindingKey, ExchangeName, QueueName};
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{Table, Value};
use crate::amqp::testing::table;

fn queue(name: &str) -> Destination {
    Destination::Queue(QueueName::parse(name).unwrap())
}

fn binding(name: &str, key: &str, arguments: &Table) -> Binding {
    Binding::new(queue(name), BindingKey::parse(key).unwrap(), arguments.as_ref())
}

fn new(kind: ExchangeKind) -> Router {
    Router::new(kind, TableRef::default())
}

/// A router with a queue for each key, named like it.
fn keyed(kind: ExchangeKind, keys: &[&str]) -> Router {
    let mut router = new(kind);
    for key in keys {
        router.bind(binding(key, key, &Table::default())).unwrap();
    }
    router
}

fn routed(router: &Router, key: &str, headers: Option<&Table>) -> BTreeSet<Destination> {
    let headers = headers.map(Table::as_ref);
    routed_message(router, &Message { key: key.as_bytes(), headers, ..Message::default() })
}

fn routed_message(router: &Router, message: &Message<'_>) -> BTreeSet<Destination> {
    let mut found = BTreeSet::new();
    router.route(message, &mut |destination| {
        found.insert(destination.clone());
    });
    found
}

fn queues(names: &[&str]) -> BTreeSet<Destination> {
    names.iter().map(|name| queue(name)).collect()
}

#[track_caller]
fn assert_refused(result: Result<Change, InvalidBinding>, text: &str) {
    let exception = Exception::from(result.unwrap_err());
    assert_eq!((exception.code, &*exception.text), (ReplyCode::PreconditionFailed, text));
}

#[test]
fn a_direct_exchange_routes_by_the_exact_key() {
    let router = keyed(ExchangeKind::Direct, &["", "a", "a.b", "#", "*"]);

    for key in ["", "a", "a.b", "#", "*"] {
        assert_eq!(routed(&router, key, None), queues(&[key]));
    }
    assert_eq!(routed(&router, "A", None), queues(&[]));
    assert_eq!(routed(&router, "a.", None), queues(&[]));
}

#[test]
fn a_fanout_exchange_routes_to_every_binding_whatever_the_key() {
    let router = keyed(ExchangeKind::Fanout, &["a", "b", ""]);

    assert_eq!(routed(&router, "z", None), queues(&["a", "b", ""]));
}

#[test]
fn a_routing_key_that_is_not_utf8_is_matched_as_octets() {
    for (kind, key) in [(ExchangeKind::Direct, "a"), (ExchangeKind::Topic, "#")] {
        let router = keyed(kind, &[key]);
        let mut found = 0;

        let message = Message { key: b"\xff.\xfe", ..Message::default() };
        router.route(&message, &mut |_| found += 1);

        assert_eq!(found, usize::from(kind == ExchangeKind::Topic), "{kind}");
    }
}

#[test]
fn the_same_binding_twice_is_one_whatever_the_order_of_its_arguments() {
    let (one, two) = (("a", Value::Int(b'I', 1)), ("b", Value::LongStr(b"x")));
    let mut router = new(ExchangeKind::Direct);

    let first = router.bind(binding("q", "k", &table(&[one, two])));
    let second = router.bind(binding("q", "k", &table(&[two, one])));

    assert_eq!((first, second, router.len()), (Ok(Change::Done), Ok(Change::Nothing), 1));
    assert_eq!(router.unbind(&binding("q", "k", &table(&[one]))), Change::Nothing);
    assert_eq!(router.unbind(&binding("q", "k", &table(&[two, one]))), Change::Done);
    assert!(router.is_empty());
}

#[test]
fn bindings_that_differ_in_one_part_are_different_ones() {
    let plain = Table::default();
    let mut router = keyed(ExchangeKind::Topic, &["q"]);
    let exchange = Destination::Exchange(ExchangeName::parse("q").unwrap());

    for other in [
        binding("other", "q", &plain),
        binding("q", "other", &plain),
        binding("q", "q", &table(&[("a", Value::Void)])),
        Binding::new(exchange, BindingKey::parse("q").unwrap(), plain.as_ref()),
    ] {
        assert_eq!(router.bind(other), Ok(Change::Done));
    }

    assert_eq!(router.len(), 5);
    assert_eq!(router.unbind(&binding("q", "q", &plain)), Change::Done);
    assert!(routed(&router, "q", None).contains(&queue("q")), "its twin with arguments is left");
}

#[test]
fn a_clone_keeps_its_bindings_when_the_original_changes() {
    for kind in [ExchangeKind::Direct, ExchangeKind::Topic] {
        let mut router = keyed(kind, &["a", "b"]);
        let snapshot = router.clone();

        router.unbind(&binding("a", "a", &Table::default()));
        router.bind(binding("c", "c", &Table::default())).unwrap();

        assert_eq!(routed(&snapshot, "a", None), queues(&["a"]));
        assert_eq!(routed(&snapshot, "c", None), queues(&[]));
        assert_eq!(routed(&router, "a", None), queues(&[]));
        assert_eq!(routed(&router, "c", None), queues(&["c"]));
    }
}

/// Binding key, routing keys that it matches, routing keys that it does not.
const TOPIC_ROWS: [(&str, &[&str], &[&str]); 23] = [
    ("#", &["", "a", ".", "a.b", "#", "*"], &[]),
    ("#.#", &["", "a", ".", "a.b", "a.b.c"], &[]),
    ("*", &["a", "*", "a#", "#"], &["", "a.b", "."]),
    ("*.*", &["a.b", ".", "a.", ".a", "a.#"], &["a", ".."]),
    ("a.#", &["a", "a.", "a.b", "a..b", "a.b.c"], &["b.a", "a#", "A"]),
    ("#.a", &["a", ".a", "b.a"], &["a.", "a.b"]),
    ("a.*", &["a.", "a.b", "a.#"], &["a", "a.b.c"]),
    ("*.#", &["a", ".", "a.b", "a.b.c"], &[""]),
    ("#.*", &["a", ".", "a.b", "a.b.c"], &[""]),
    ("*.#.*", &[".", "a.", "a.b", "a..b"], &["a", ""]),
    ("a.#.b", &["a.b", "a..b", "a.x.b"], &["a.b.c"]),
    ("#.b.#", &["b", "a.b", "b.a", "a.b.c", "a..b"], &["a"]),
    ("", &[""], &["a", ".", "#"]),
    (".", &["."], &["", "..", "a."]),
    ("..", &[".."], &["", "."]),
    ("a.", &["a."], &["a", "a.b", "a.."]),
    (".a", &[".a"], &["a", "..a"]),
    ("a#", &["a#"], &["a", "ab", "a.b"]),
    ("**", &["**"], &["a", "ab", "*"]),
    ("+", &["+"], &["a"]),
    ("#a", &["#a"], &["a", "ba"]),
    ("Kern.*", &["Kern.warn"], &["kern.warn"]),
    ("kern.warn", &["kern.warn"], &["kern", "kern.warn.x", "kern.war"]),
];

#[test]
fn topic_keys_match_as_rabbitmq_matches_them() {
    for (pattern, matching, others) in TOPIC_ROWS {
        let alone = keyed(ExchangeKind::Topic, &[pattern]);
        for key in matching {
            assert_eq!(routed(&alone, key, None), queues(&[pattern]), "{pattern:?} {key:?}");
        }
        for key in others {
            assert_eq!(routed(&alone, key, None), queues(&[]), "{pattern:?} {key:?}");
        }
    }
}

#[test]
fn topic_keys_do_not_disturb_one_another() {
    let router = keyed(ExchangeKind::Topic, &TOPIC_ROWS.map(|(pattern, ..)| pattern));

    for (pattern, matching, others) in TOPIC_ROWS {
        for key in matching {
            assert!(routed(&router, key, None).contains(&queue(pattern)), "{pattern:?} {key:?}");
        }
        for key in others {
            assert!(!routed(&router, key, None).contains(&queue(pattern)), "{pattern:?} {key:?}");
        }
    }
}

#[test]
fn a_topic_key_with_more_than_two_hash_words_is_refused() {
    let mut router = keyed(ExchangeKind::Topic, &["#.a.#", "#a.#.#b.#.c#"]);

    assert_refused(
        router.bind(binding("q", "#.#.#", &Table::default())),
        "Topic binding key '#.#.#' uses 3 '#' wildcards, at most 2 are allowed",
    );
    assert_eq!(keyed(ExchangeKind::Direct, &["#.#.#"]).len(), 1);
}

#[test]
fn unbinding_leaves_nothing_of_a_topic_key() {
    let keys = ["a.b.c", "a.b.*", "a", "", ".", "a..b", "#.a", "x.#.y.#"];
    let mut router = keyed(ExchangeKind::Topic, &keys);

    for key in keys {
        router.unbind(&binding(key, key, &Table::default()));
    }

    assert_eq!((router.len(), router.prefixes.len()), (0, 0));
}

#[test]
fn the_longest_keys_are_matched_within_bounded_work() {
    let long = ["a"; 128].join(".");
    let router = keyed(ExchangeKind::Topic, &["#.a.#", "#.b.#.c", &long, &["*"; 128].join(".")]);

    let found = routed(&router, &long, None);

    assert_eq!(found, queues(&["#.a.#", &long, &["*"; 128].join(".")]));
    assert_eq!(routed(&router, &"a".repeat(255), None), queues(&[]));
    assert_eq!(routed(&router, &".".repeat(255), None), queues(&[]));
}

fn headers(arguments: &[(&str, Value<'_>)]) -> Router {
    let mut router = new(ExchangeKind::Headers);
    router.bind(binding("q", "ignored", &table(arguments))).unwrap();
    router
}

fn with_mode<'a>(mode: &'a str, rest: &[(&'a str, Value<'a>)]) -> Vec<(&'a str, Value<'a>)> {
    let mut fields = vec![("x-match", Value::LongStr(mode.as_bytes()))];
    fields.extend(rest);
    fields
}

#[track_caller]
fn assert_headers(arguments: &[(&str, Value<'_>)], message: &[(&str, Value<'_>)], matches: bool) {
    let found = routed(&headers(arguments), "k", Some(&table(message)));
    assert_eq!(!found.is_empty(), matches, "{arguments:?} {message:?}");
}

const A: (&str, Value<'_>) = ("a", Value::Int(b'I', 1));
const B: (&str, Value<'_>) = ("b", Value::LongStr(b"two"));
const X: (&str, Value<'_>) = ("x-c", Value::Bool(true));

#[test]
fn all_asks_for_every_argument_and_any_for_one() {
    for mode in ["all", "all-with-x"] {
        assert_headers(&with_mode(mode, &[A, B]), &[B, A, X], true);
        assert_headers(&with_mode(mode, &[A, B]), &[A], false);
        assert_headers(&with_mode(mode, &[]), &[A], true);
        assert!(!routed(&headers(&with_mode(mode, &[])), "", None).is_empty());
    }
    for mode in ["any", "any-with-x"] {
        assert_headers(&with_mode(mode, &[A, B]), &[B], true);
        assert_headers(&with_mode(mode, &[A, B]), &[X], false);
        assert_headers(&with_mode(mode, &[]), &[A], false);
        assert!(routed(&headers(&with_mode(mode, &[])), "", None).is_empty());
    }
}

#[test]
fn without_x_match_all_arguments_are_asked_for() {
    assert_headers(&[A, B], &[A, B], true);
    assert_headers(&[A, B], &[A], false);
    assert_headers(&[], &[], true);
}

#[test]
fn arguments_that_begin_with_x_count_only_with_x() {
    assert_headers(&with_mode("all", &[A, X]), &[A], true);
    assert_headers(&with_mode("all-with-x", &[A, X]), &[A], false);
    assert_headers(&with_mode("all-with-x", &[A, X]), &[A, X], true);
    assert_headers(&with_mode("any", &[A, X]), &[X], false);
    assert_headers(&with_mode("any-with-x", &[A, X]), &[X], true);
    let any_with_x = with_mode("any-with-x", &[A]);
    assert_headers(&any_with_x, &any_with_x[..1], false);
}

#[test]
fn header_values_compare_by_what_they_hold() {
    let array = table(&[("k", Value::Int(b'I', 1))]);
    let other = table(&[("k", Value::Int(b'l', 1))]);
    let equal = [
        (Value::Void, Value::LongStr(b"anything")),
        (Value::Void, Value::Void),
        (Value::Int(b'I', 1), Value::Int(b'l', 1)),
        (Value::Int(b'b', 1), Value::Int(b'I', 1)),
        (Value::Double(1.5), Value::Float(1.5)),
        (Value::Float(1.5), Value::Double(1.5)),
        (Value::LongStr(b"s"), Value::Binary(b"s")),
        (Value::Timestamp(100), Value::Timestamp(100)),
        (Value::Decimal(2, 314), Value::Decimal(2, 314)),
        (Value::Table(array.as_ref()), Value::Table(array.as_ref())),
        (Value::Bool(true), Value::Bool(true)),
    ];
    let different = [
        (Value::Int(b'I', 1), Value::Double(1.0)),
        (Value::Double(0.0), Value::Double(-0.0)),
        (Value::LongStr(b"1"), Value::Int(b'I', 1)),
        (Value::Bool(true), Value::Int(b'I', 1)),
        (Value::Bool(true), Value::LongStr(b"true")),
        (Value::Decimal(1, 15), Value::Double(1.5)),
        (Value::Timestamp(100), Value::Int(b'l', 100)),
        (Value::Table(array.as_ref()), Value::Table(other.as_ref())),
        (Value::LongStr(b"a"), Value::Void),
    ];

    for (wanted, sent) in equal {
        assert_headers(&[("h", wanted)], &[("h", sent)], true);
    }
    for (wanted, sent) in different {
        assert_headers(&[("h", wanted)], &[("h", sent)], false);
    }
}

#[test]
fn header_names_are_case_sensitive() {
    assert_headers(&[("a", Value::Void)], &[("A", Value::Void)], false);
}

#[test]
fn many_headers_match_like_few_and_the_first_of_a_name_counts() {
    let names: Vec<_> = (0..40).map(|n| format!("h{n}")).collect();
    let mut fields: Vec<_> =
        names.iter().zip(0..).map(|(name, n)| (&**name, Value::Int(b'I', n))).collect();
    fields.push(("h7", Value::Int(b'I', 99)));

    assert_headers(&[("h7", Value::Int(b'I', 7)), ("h39", Value::Void)], &fields, true);
    assert_headers(&[("h7", Value::Int(b'I', 99))], &fields, false);
    assert_headers(&[("h40", Value::Void)], &fields, false);
}

#[test]
fn an_unknown_x_match_is_refused() {
    let mut router = new(ExchangeKind::Headers);
    let mut bind = |value| router.bind(binding("q", "", &table(&[("x-match", value)])));

    assert_refused(
        bind(Value::LongStr(b"foo")),
        "Invalid x-match field value <<\"foo\">>; expected all, any, all-with-x, or any-with-x",
    );
    assert_refused(
        bind(Value::Int(b'I', 5)),
        "Invalid x-match field type signedint (value 5); expected longstr",
    );
    assert_eq!(keyed(ExchangeKind::Topic, &["x"]).len(), 1);
}

/// The queues of a router with a binding for each name, found by so many chances.
fn drawn(kind: ExchangeKind, names: &[&str], chances: u64) -> BTreeMap<String, usize> {
    let mut router = new(kind);
    for name in names {
        router.bind(binding(name, "", &Table::default())).unwrap();
    }
    let mut found = BTreeMap::new();
    for number in 0..chances {
        let message = Message { key: b"k", chance: mix(number), ..Message::default() };
        for destination in routed_message(&router, &message) {
            *found.entry(format!("{destination:?}")).or_default() += 1;
        }
    }
    found
}

#[test]
fn a_random_exchange_gives_each_message_to_one_binding_and_all_bindings_alike() {
    for kind in [ExchangeKind::Random, ExchangeKind::LocalRandom] {
        let found = drawn(kind, &["a", "b", "c"], 30_000);

        assert_eq!(found.len(), 3);
        assert!(found.values().all(|count| (9_500..10_500).contains(count)), "{found:?}");
        assert_eq!(found.values().sum::<usize>(), 30_000, "one destination each");
        assert_eq!(drawn(kind, &[], 10), BTreeMap::new());
    }
}

#[test]
fn a_local_random_exchange_takes_queues_without_a_key_only() {
    let mut router = new(ExchangeKind::LocalRandom);
    let inner = Destination::Exchange(ExchangeName::parse("x").unwrap());
    let to_exchange =
        |key| Binding::new(inner.clone(), BindingKey::parse(key).unwrap(), TableRef::default());

    let with_key = "Non empty binding 'k' key not permitted";
    assert_refused(router.bind(binding("q", "k", &Table::default())), with_key);
    assert_refused(router.bind(to_exchange("k")), with_key);
    assert_refused(router.bind(to_exchange("")), "Destination not found");
    assert_eq!(router.bind(binding("q", "", &Table::default())), Ok(Change::Done));
    assert_eq!(new(ExchangeKind::Random).bind(to_exchange("k")), Ok(Change::Done));
}

#[test]
fn a_modulus_hash_exchange_sends_a_key_to_the_same_binding_of_many() {
    let router = keyed(ExchangeKind::ModulusHash, &["a", "b", "c", "d"]);
    let mut counts = BTreeMap::new();

    for number in 0..40_000 {
        let key = number.to_string();
        let found = routed(&router, &key, None);
        assert_eq!(found.len(), 1);
        *counts.entry(found).or_insert(0) += 1;
    }

    assert_eq!(counts.len(), 4);
    assert!(counts.values().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    assert_eq!(routed(&router, "order-1", None), routed(&router.clone(), "order-1", None));
    assert_eq!(routed(&new(ExchangeKind::ModulusHash), "k", None), queues(&[]));
}

/// A consistent hash with these arguments, and four queues of equal weight.
fn hashing(arguments: &[(&str, Value<'_>)]) -> Router {
    let mut router = Router::new(ExchangeKind::ConsistentHash, table(arguments).as_ref());
    for name in ["a", "b", "c", "d"] {
        router.bind(binding(name, "1", &Table::default())).unwrap();
    }
    router
}

/// A message that has a text somewhere.
type WithText = fn(&str) -> Message<'_>;

/// How many destinations the messages with those texts find.
fn spread(router: &Router, message: WithText, texts: &[String]) -> usize {
    let found = texts.iter().flat_map(|text| routed_message(router, &message(text)));
    found.collect::<BTreeSet<_>>().len()
}

#[test]
fn a_consistent_hash_goes_by_what_its_arguments_name_and_nothing_else() {
    let texts: Vec<_> = (0..100).map(|number| format!("text {number}")).collect();
    let cases: [(&str, WithText); 4] = [
        ("", |text| Message { key: text.as_bytes(), ..Message::default() }),
        ("correlation_id", |text| Message {
            correlation_id: Some(text.as_bytes()),
            ..Message::default()
        }),
        ("message_id", |text| Message { message_id: Some(text.as_bytes()), ..Message::default() }),
        ("timestamp", |text| Message {
            timestamp: text.split(' ').nth(1).and_then(|number| number.parse().ok()),
            ..Message::default()
        }),
    ];
    for (property, _) in cases {
        let arguments = [("hash-property", Value::LongStr(property.as_bytes()))];
        let router = hashing(if property.is_empty() { &[] } else { &arguments });
        for (other, message) in cases {
            let expected = if property == other { 4 } else { 1 };
            assert_eq!(spread(&router, message, &texts), expected, "{property} {other}");
        }
        assert_eq!(router.routes_by_key(), property.is_empty());
    }
}

#[test]
fn a_consistent_hash_on_a_header_goes_by_its_value() {
    let router = hashing(&[("hash-header", Value::LongStr(b"h"))]);
    let to = |value| routed(&router, "k", Some(&table(&[("other", Value::Void), ("h", value)])));
    let numbers: BTreeSet<_> = (0..100).flat_map(|number| to(Value::Int(b'I', number))).collect();

    assert_eq!(numbers.len(), 4);
    assert!(!router.routes_by_key());
    assert_eq!(to(Value::Int(b'I', 7)), to(Value::Int(b'l', 7)));
    assert_eq!(to(Value::LongStr(b"seven")), to(Value::Binary(b"seven")));
    let doubles: BTreeSet<_> =
        (0..100).flat_map(|number| to(Value::Double(f64::from(number)))).collect();
    assert_eq!(doubles.len(), 4);
    let without = routed(&router, "k", None);
    assert_eq!(without.len(), 1);
    assert_eq!(routed(&router, "other", Some(&table(&[A, B]))), without);
    assert_eq!(to(Value::Void), without);
}

#[test]
fn a_consistent_hash_says_what_is_wrong_with_its_arguments() {
    let header = ("hash-header", Value::LongStr(b"h"));
    let property = |name| ("hash-property", Value::LongStr(name));
    for (arguments, text) in [
        (&[header, property(b"foo")][..], "hash-header and hash-property are mutually exclusive"),
        (&[property(b"foo")], "Unsupported property: foo"),
        (&[property(b"")], "Unsupported property: "),
        (&[("hash-header", Value::Int(b'I', 1))], "invalid type 'signedint' for arg 'hash-header'"),
        (&[("hash-property", Value::Void)], "invalid type 'void' for arg 'hash-property'"),
    ] {
        let exception = Exception::from(HashOn::of(table(arguments).as_ref()).unwrap_err());
        assert_eq!((exception.code, &*exception.text), (ReplyCode::PreconditionFailed, text));
    }
}

/// Matching as it is told: word by word, trying every length for `#`.
fn naive(pattern: &[&str], key: &[&str]) -> bool {
    match (pattern.split_first(), key.split_first()) {
        (None, key) => key.is_none(),
        (Some((&"#", rest)), _) => (0..=key.len()).any(|taken| naive(rest, &key[taken..])),
        (Some(_), None) => false,
        (Some((word, pattern)), Some((sent, key))) => {
            (*word == "*" || word == sent) && naive(pattern, key)
        }
    }
}

fn words(key: &str) -> Vec<&str> {
    if key.is_empty() { Vec::new() } else { key.split('.').collect() }
}

fn key() -> impl Strategy<Value = String> {
    let word = prop_oneof![4 => "[ab]", 2 => Just("*".to_owned()), 2 => Just("#".to_owned()),
        1 => Just(String::new()), 1 => Just("a-".to_owned())];
    prop::collection::vec(word, 0..6).prop_map(|words| words.join("."))
}

proptest! {
    #[test]
    fn topic_routing_agrees_with_a_naive_matcher(
        bound in prop::collection::vec(key(), 0..30),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        published in prop::collection::vec(key(), 1..10),
    ) {
        let mut patterns: BTreeSet<_> = bound.iter().map(String::as_str)
            .filter(|pattern| words(pattern).iter().filter(|word| **word == "#").count() <= 2)
            .collect();
        let mut router =
            keyed(ExchangeKind::Topic, &patterns.iter().copied().collect::<Vec<_>>());
        for pattern in gone.iter().filter(|_| !bound.is_empty()).map(|index| index.get(&bound)) {
            router.unbind(&binding(pattern, pattern, &Table::default()));
            patterns.remove(pattern.as_str());
        }

        for key in published {
            let expected = patterns.iter()
                .filter(|pattern| naive(&words(pattern), &words(&key)))
                .map(|pattern| queue(pattern))
                .collect::<BTreeSet<_>>();
            prop_assert_eq!(routed(&router, &key, None), expected, "{:?}", key);
        }
    }
}
