//! Dead letters' headers, each rule by itself.

mod any;
mod model;

use std::collections::BTreeMap;
use std::time::Duration;

use amq_protocol::protocol::BasicProperties;
use amq_protocol::types::{AMQPValue, FieldTable};

use super::rewrite::{header, with_table};
use crate::amqp::message::{HiddenKeys, MessageRef};
use crate::amqp::table::{TableRef, Value};
use crate::amqp::testing::table;
use crate::codec::death::{Buried, Death, DeathReason, History, bury};
use crate::codec::header::{HeaderError, parse_header};

/// The headers that are the broker's.
const OURS: [&str; 7] = [
    "x-death",
    "x-first-death-exchange",
    "x-first-death-queue",
    "x-first-death-reason",
    "x-last-death-exchange",
    "x-last-death-queue",
    "x-last-death-reason",
];

fn address(exchange: &str, key: &str) -> Vec<u8> {
    let short = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [short(exchange), short(key)].concat()
}

fn message<'a>(address: &'a [u8], header: &'a [u8]) -> MessageRef<'a> {
    MessageRef::new(address, header, b"body")
}

fn death(queue: &str, reason: DeathReason) -> Death<'_> {
    Death { queue: queue.as_bytes(), reason, at: Duration::from_millis(12_999), routing_key: None }
}

fn headers(header: &[u8]) -> TableRef<'_> {
    parse_header(header).unwrap().properties.headers().unwrap()
}

fn deaths(header: &[u8]) -> Vec<TableRef<'_>> {
    match headers(header).get("x-death") {
        Some(Value::Array(deaths)) => {
            deaths.iter().map(|death| death.as_table().unwrap()).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Whether the header is text, and which.
fn text<'a>(header: &'a [u8], name: &str) -> Option<&'a str> {
    headers(header).get(name).and_then(Value::as_long_str).map(|t| std::str::from_utf8(t).unwrap())
}

fn routing_keys(death: TableRef<'_>) -> Vec<Value<'_>> {
    match death.get("routing-keys") {
        Some(Value::Array(keys)) => keys.iter().collect(),
        other => panic!("{other:?}"),
    }
}

/// An array's octets with their length in front.
fn sized(octets: &[u8]) -> Vec<u8> {
    [&u32::try_from(octets.len()).unwrap().to_be_bytes()[..], octets].concat()
}

#[test]
fn a_message_without_headers_gets_a_table_with_its_death_in_rabbitmqs_order() {
    let address = address("logs", "kern.warn");
    let before =
        header(BasicProperties::default().with_delivery_mode(2).with_content_type("t".into()));

    let buried =
        bury(&message(&address, &before), History::Foreign, &death("q", DeathReason::MaxLen));

    let entry = [
        &b"\x05countl\0\0\0\0\0\0\0\x01\x06reasonS\0\0\0\x06maxlen\x05queueS\0\0\0\x01q"[..],
        b"\x04timeT\0\0\0\0\0\0\0\x0c\x08exchangeS\0\0\0\x04logs",
        b"\x0crouting-keysA\0\0\0\x0eS\0\0\0\x09kern.warn",
    ]
    .concat();
    let deaths = sized(&[b"F", &sized(&entry)[..]].concat());
    let table = [
        &[b"\x07x-deathA", &deaths[..]].concat()[..],
        b"\x16x-first-death-exchangeS\0\0\0\x04logs\x13x-first-death-queueS\0\0\0\x01q",
        b"\x14x-first-death-reasonS\0\0\0\x06maxlen",
        b"\x15x-last-death-exchangeS\0\0\0\x04logs\x12x-last-death-queueS\0\0\0\x01q",
        b"\x13x-last-death-reasonS\0\0\0\x06maxlen",
    ]
    .concat();
    let front = b"\0\x3c\0\0\0\0\0\0\0\0\0\x05\xb0\0\x01t";
    assert_eq!(buried.unwrap().header, [front, &sized(&table)[..], b"\x02"].concat());
}

#[test]
fn the_expiration_goes_from_the_properties_to_the_front_of_the_entry() {
    let address = address("", "q");
    for (expiration, told) in [("60000", "60000"), ("+5", "5"), ("010", "10"), ("00", "0")] {
        let expiring = BasicProperties::default().with_expiration(expiration.into());
        let before = header(expiring.with_message_id("m".into()));

        let buried =
            bury(&message(&address, &before), History::Foreign, &death("q", DeathReason::Expired));

        let header = buried.unwrap().header;
        let properties = parse_header(&header).unwrap().properties;
        assert_eq!(properties.expiration(), None);
        assert_eq!(properties.message_id(), Some(&b"m"[..]));
        let first = deaths(&header)[0].iter().next();
        assert_eq!(first, Some((&b"original-expiration"[..], Value::LongStr(told.as_bytes()))));
    }
}

#[test]
fn a_repeat_moves_to_the_front_and_changes_nothing_but_the_count() {
    let (first, second) = (address("logs", "a"), address("dlx", "b"));
    let expiring = header(BasicProperties::default().with_expiration("9".into()));
    let expired = death("q", DeathReason::Expired);
    let one = bury(&message(&first, &expiring), History::Foreign, &expired).unwrap().header;
    let other = death("q", DeathReason::Rejected);
    let two = bury(&message(&second, &one), History::Own, &other).unwrap().header;

    let later = Death { at: Duration::from_secs(99), ..expired };
    let three = bury(&message(&second, &two), History::Own, &later).unwrap().header;

    let mut counted = deaths(&one)[0].as_bytes().to_vec();
    let count = counted.windows(7).position(|octets| octets == b"\x05countl").unwrap() + 14;
    counted[count] = 2;
    let now: Vec<_> = deaths(&three).into_iter().map(TableRef::as_bytes).collect();
    assert_eq!(now, [&counted[..], deaths(&two)[0].as_bytes()]);
    assert_eq!(deaths(&two)[1], deaths(&one)[0]);
}

#[test]
fn the_first_death_is_told_for_good_and_the_last_each_time() {
    let (first, second) = (address("logs", "a"), address("dlx", "b"));
    let plain = header(BasicProperties::default());
    let expired = death("q1", DeathReason::Expired);
    let one = bury(&message(&first, &plain), History::Foreign, &expired).unwrap().header;

    let limited = death("q2", DeathReason::DeliveryLimit);
    let two = bury(&message(&second, &one), History::Own, &limited).unwrap().header;

    let told: Vec<_> = OURS[1..].iter().map(|name| text(&two, name).unwrap()).collect();
    assert_eq!(told, ["logs", "q1", "expired", "dlx", "q2", "delivery_limit"]);
}

#[test]
fn what_a_publisher_set_is_replaced_wherever_it_stands() {
    let address = address("", "q");
    let entry = table(&[
        ("count", Value::Int(b'l', 7)),
        ("reason", Value::LongStr(b"rejected")),
        ("queue", Value::LongStr(b"q")),
    ]);
    let array = [b"F", &sized(entry.as_ref().as_bytes())[..]].concat();
    let array = [b"\x01aA", &sized(&array)[..]].concat();
    let array = TableRef::parse(&array).unwrap().get("a").unwrap();
    let kept = [("a", Value::Bool(true)), ("x-first-death", Value::Void), ("z", Value::Void)];
    let plain = with_table(&kept);
    let mut set = kept.to_vec();
    set.insert(1, ("x-first-death-queue", Value::LongStr(b"elsewhere")));
    set.insert(0, ("x-last-death-reason", Value::Int(b'I', 1)));
    let rejected = death("q", DeathReason::Rejected);
    let expected = bury(&message(&address, &plain), History::Foreign, &rejected).unwrap().header;

    for value in [array, Value::LongStr(b"nonsense"), Value::Void, Value::Int(b'l', 3)] {
        let mut set = set.clone();
        set.extend([("x-death", value), ("x-death", Value::Void)]);
        let header = with_table(&set);
        let buried = bury(&message(&address, &header), History::Foreign, &rejected).unwrap();

        assert_eq!(buried.header, expected);
    }
}

#[test]
fn the_keys_of_cc_are_told_and_routed_by_until_another_key_is_given() {
    let by = address("logs", "a");
    let cc = ["b", "c"].map(|key| AMQPValue::LongString(key.into())).to_vec();
    let cc = BTreeMap::from([("CC".into(), AMQPValue::FieldArray(cc.into()))]);
    let with_cc = header(BasicProperties::default().with_headers(FieldTable::from(cc)));
    let expired = death("q1", DeathReason::Expired);
    let keys = |buried: &Buried<'_>| {
        buried.keys.iter().map(|key| String::from_utf8_lossy(key).into_owned()).collect::<Vec<_>>()
    };

    let one = bury(&message(&by, &with_cc), History::Foreign, &expired).unwrap();
    let dlx = address("dlx", "a");
    let rekeyed = Death { routing_key: Some(b"d"), ..death("q2", DeathReason::Expired) };
    let two = bury(&message(&dlx, &one.header), History::Own, &rekeyed).unwrap();
    let dlx = address("dlx", "d");
    let three = bury(&message(&dlx, &two.header), History::Own, &death("q3", DeathReason::Expired));
    let three = three.unwrap();
    let dlx = address("dlx", "a");
    let back = bury(&message(&dlx, &three.header), History::Own, &death("q4", DeathReason::MaxLen));

    assert_eq!(keys(&one), ["a", "b", "c"]);
    assert_eq!(keys(&two), ["d"]);
    assert_eq!(keys(&three), ["d"]);
    assert_eq!(keys(back.as_ref().unwrap()), ["a"]);
    let [a, b, c, d] = [b"a", b"b", b"c", b"d"].map(|key| Value::LongStr(key));
    let header = back.unwrap().header;
    let told: Vec<_> = deaths(&header).into_iter().map(routing_keys).collect();
    assert_eq!(told, [vec![a], vec![d], vec![a, b, c], vec![a, b, c]]);
    assert_eq!(headers(&header).get("CC"), headers(&with_cc).get("CC"));
}

#[test]
fn hidden_keys_are_routed_by_and_not_told() {
    let (by, plain) = (address("logs", "a"), header(BasicProperties::default()));
    let mut keys = HiddenKeys::default();
    keys.push(b"b");
    let hiding = MessageRef { hidden: keys.as_bytes(), ..message(&by, &plain) };
    let expired = death("q1", DeathReason::Expired);
    let rekeyed = Death { routing_key: Some(b"d"), ..expired };

    let one = bury(&hiding, History::Foreign, &expired).unwrap();
    let other = bury(&hiding, History::Foreign, &rekeyed).unwrap();

    assert!(one.keys.iter().eq([b"a", b"b"]) && one.keys.hidden == keys.as_bytes());
    assert!(other.keys.iter().eq([b"d"]) && other.keys.hidden.is_empty());
    for header in [one.header, other.header] {
        assert_eq!(routing_keys(deaths(&header)[0]), [Value::LongStr(b"a")]);
    }
}

#[test]
fn a_queue_where_it_died_is_a_cycle_unless_it_was_rejected_since() {
    use DeathReason::{DeliveryLimit, Expired, MaxLen, Rejected};
    type Case<'a> = (&'a [(&'a str, DeathReason)], &'a [&'a str], &'a [&'a str]);
    let cases: [Case<'_>; 7] = [
        (&[("a", Expired)], &["a"], &["a"]),
        (&[("a", MaxLen), ("b", DeliveryLimit)], &["a", "b"], &["b", "a"]),
        (&[("a", Rejected)], &[], &["a"]),
        (&[("a", Expired), ("b", Rejected)], &[], &["b", "a"]),
        (&[("a", Rejected), ("b", Expired)], &["b"], &["b", "a"]),
        (&[("a", Rejected), ("a", Expired)], &["a"], &["a", "a"]),
        (&[("a", Expired), ("b", Rejected), ("a", Expired)], &["a"], &["a", "b"]),
    ];

    for (died, cycles, path) in cases {
        let address = address("", "k");
        let (mut octets, mut history) = (header(BasicProperties::default()), History::Foreign);
        let (last, earlier) = died.split_last().unwrap();
        for (queue, reason) in earlier {
            octets =
                bury(&message(&address, &octets), history, &death(queue, *reason)).unwrap().header;
            history = History::Own;
        }

        let buried = bury(&message(&address, &octets), history, &death(last.0, last.1)).unwrap();

        let queues: Vec<_> = buried.queues().map(|queue| str::from_utf8(queue).unwrap()).collect();
        let seen = ["a", "b", "c"].into_iter().filter(|queue| buried.is_cycle(queue.as_bytes()));
        assert_eq!(queues, path, "{died:?}");
        assert!(seen.eq(cycles.iter().copied()), "{died:?}");
    }
}

#[test]
fn the_header_is_allocated_once() {
    let name = "n".repeat(255);
    let address = address(&name, &name);
    let expiring = BasicProperties::default().with_expiration("315360000000".into());
    let before = header(expiring);
    let limited = death(&name, DeathReason::DeliveryLimit);

    let header = bury(&message(&address, &before), History::Foreign, &limited).unwrap().header;

    assert!(header.capacity() < header.len() + 100, "{} {}", header.capacity(), header.len());
}

#[test]
fn what_is_no_content_header_is_an_error() {
    let address = address("", "q");

    let buried = bury(&message(&address, b"x"), History::Own, &death("q", DeathReason::Expired));

    assert_eq!(buried.unwrap_err(), HeaderError::Truncated);
}
