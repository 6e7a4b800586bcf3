//! What is a duplicate, and which arguments say so.

use super::*;
use crate::amqp::table::Table;
use crate::amqp::testing::table;

const SIZE: (&str, Value<'_>) = (CACHE_SIZE, Value::Int(b'I', 100));

fn with(arguments: &[(&str, Value<'_>)]) -> Deduplication {
    Deduplication::of(table(arguments).as_ref(), None).unwrap()
}

/// What messages with these headers are at these times, in milliseconds: new ones, or not.
fn new(deduplication: &Deduplication, messages: &[(u64, Table)]) -> Vec<bool> {
    let check = |(at, headers): &(u64, Table)| {
        let message = Message { headers: Some(headers.as_ref()), ..Message::default() };
        deduplication.check(&message, Duration::from_millis(*at))
    };
    messages.iter().map(|it| matches!(check(it), Verdict::New(_))).collect()
}

fn valued(value: Value<'_>) -> Table {
    table(&[(HEADER, value)])
}

#[test]
fn the_second_with_a_value_of_any_type_is_a_duplicate_and_counted() {
    let deduplication = with(&[SIZE]);
    let values = [Value::LongStr(b"1"), Value::Int(b'I', 1), Value::Bool(true), Value::Void];

    for value in values {
        assert_eq!(new(&deduplication, &[(0, valued(value)), (0, valued(value))]), [true, false]);
    }

    assert_eq!((deduplication.duplicates(), deduplication.remembered()), (4, 4));
}

#[test]
fn a_message_without_the_header_is_not_checked() {
    let deduplication = with(&[SIZE]);
    let message = Message { message_id: Some(b"1"), ..Message::default() };

    for _ in 0..2 {
        assert_eq!(deduplication.check(&message, Duration::ZERO), Verdict::Unchecked);
    }
}

#[test]
fn the_message_id_counts_where_the_exchange_falls_back_on_it() {
    let deduplication = with(&[SIZE, (FALLBACK, Value::LongStr(b"message-id"))]);
    let check = |id, headers: Option<&Table>| {
        let headers = headers.map(Table::as_ref);
        let message = Message { headers, message_id: id, ..Message::default() };
        deduplication.check(&message, Duration::ZERO)
    };
    let a = Fingerprint::of_octets(b"a");

    assert_eq!(check(None, None), Verdict::Unchecked);
    assert_eq!(check(Some(b"a"), None), Verdict::New(a));
    assert_eq!(check(Some(b"a"), Some(&Table::default())), Verdict::DuplicateOfOpen(a));
    deduplication.accept(&[a], |_, _| panic!("nothing to be logged"));
    assert_eq!(check(Some(b"b"), Some(&valued(Value::LongStr(b"a")))), Verdict::Duplicate);
    deduplication.forget(&[a]);
    assert_eq!(check(Some(b"a"), None), Verdict::New(a));
}

#[test]
fn a_value_is_remembered_for_the_messages_own_time_else_for_the_exchanges() {
    let deduplication = with(&[SIZE, (CACHE_TTL, Value::Int(b'I', 10))]);
    let own = |ttl| table(&[(HEADER, Value::LongStr(b"own")), (CACHE_TTL, ttl)]);
    let plain = valued(Value::LongStr(b"plain"));

    let plain = new(&deduplication, &[(0, plain.clone()), (9, plain.clone()), (10, plain)]);
    let long = Value::Int(b'l', 50);
    let longer = new(&deduplication, &[(10, own(long)), (59, own(long)), (60, own(long))]);

    assert_eq!(plain, [true, false, true]);
    assert_eq!(longer, [true, false, true]);
    for none in [Value::Int(b'I', 0), Value::Int(b'I', -1)] {
        assert_eq!(new(&deduplication, &[(200, own(none)), (200, own(none))]), [true, true]);
    }
    let text = Value::LongStr(b"50");
    let ignored = new(&deduplication, &[(300, own(text)), (309, own(text)), (310, own(text))]);
    assert_eq!(ignored, [true, false, true]);
}

#[test]
fn a_value_is_remembered_for_ever_where_no_time_is_given() {
    let deduplication = with(&[SIZE]);
    let value = valued(Value::LongStr(b"a"));

    assert_eq!(new(&deduplication, &[(0, value.clone()), (FOR_EVER - 1, value)]), [true, false]);
}

#[test]
fn arguments_are_taken_as_numbers_or_as_text_and_refused_otherwise() {
    for size in [Value::Int(b'b', 1), Value::Int(b'l', 1 << 30), Value::LongStr(b"1000")] {
        with(&[
            (CACHE_SIZE, size),
            (CACHE_TTL, size),
            (CACHE_PERSISTENCE, Value::LongStr(b"memory")),
        ]);
    }
    let refused = |arguments: &[(&str, Value<'_>)]| {
        Deduplication::of(table(arguments).as_ref(), None).unwrap_err()
    };

    assert_eq!(refused(&[]), InvalidPast::CacheSize);
    for bad in [Value::Int(b'I', 0), Value::Int(b'I', -1), Value::LongStr(b"x"), Value::Bool(true)]
    {
        assert_eq!(refused(&[(CACHE_SIZE, bad)]), InvalidPast::CacheSize, "{bad:?}");
        assert_eq!(refused(&[SIZE, (CACHE_TTL, bad)]), InvalidPast::CacheTtl, "{bad:?}");
        assert_eq!(refused(&[SIZE, (CACHE_PERSISTENCE, bad)]), InvalidPast::Persistence);
        assert_eq!(refused(&[SIZE, (FALLBACK, bad)]), InvalidPast::Fallback);
    }
    let large = Value::Int(b'l', (1 << 30) + 1);
    assert_eq!(refused(&[(CACHE_SIZE, large)]), InvalidPast::CacheSizeMax);
}

const DISK: (&str, Value<'_>) = (CACHE_PERSISTENCE, Value::LongStr(b"disk"));

fn kept(size: i64) -> Deduplication {
    let arguments = [(CACHE_SIZE, Value::Int(b'I', size)), DISK];
    Deduplication::of(table(&arguments).as_ref(), Some(b"key".to_vec())).unwrap()
}

fn sighting(value: &[u8]) -> Sighting {
    Sighting { value: Fingerprint::of_octets(value), until: FOR_EVER }
}

#[test]
fn what_is_accepted_is_logged_and_comes_back_what_is_open_or_forgotten_is_not() {
    let deduplication = kept(10);
    let values = [b"a", b"b", b"c"].map(|value| valued(Value::LongStr(value)));
    assert_eq!(new(&deduplication, &values.clone().map(|it| (0, it))), [true; 3]);
    let mut logged = Vec::new();

    let [a, b, _] = [b"a", b"b", b"c"].map(|value| Fingerprint::of_octets(value));
    deduplication.forget(&[a]);
    deduplication.accept(&[a, b], |key, seen| logged.push((key.to_vec(), seen)));
    let restarted = kept(10);
    restarted.restore(deduplication.accepted(Duration::ZERO), Duration::ZERO);

    assert_eq!(logged, [(b"key".to_vec(), vec![sighting(b"b")])]);
    assert_eq!(new(&restarted, &values.map(|it| (0, it))), [true, false, true]);
    assert_eq!(deduplication.accepted(Duration::ZERO), [sighting(b"b")]);
}

#[test]
fn no_more_comes_back_than_there_is_room_for_and_nothing_that_has_had_its_time() {
    let (old, young) = (Sighting { until: 5, ..sighting(b"a") }, sighting(b"d"));

    let restarted = kept(2);
    let accepted = vec![old, sighting(b"b"), sighting(b"c"), young];
    restarted.restore(accepted, Duration::from_millis(5));

    assert_eq!(restarted.accepted(Duration::ZERO), [sighting(b"c"), young]);
}

#[test]
fn nothing_is_kept_of_an_exchange_that_is_not_durable_or_gone() {
    let transient = Deduplication::of(table(&[SIZE, DISK]).as_ref(), None).unwrap();
    let gone = kept(10);
    gone.delete();

    for deduplication in [transient, gone] {
        assert_eq!(new(&deduplication, &[(0, valued(Value::LongStr(b"a")))]), [true]);
        deduplication.accept(&[Fingerprint::of_octets(b"a")], |_, _| panic!("logged"));
    }
}

#[test]
fn who_sends_a_duplicate_of_what_is_open_hears_what_becomes_of_it() {
    let deduplication = with(&[SIZE]);
    let (sender, told) = std::sync::mpsc::channel();
    let wait = |value| {
        let sender = sender.clone();
        deduplication.when_known(value, Box::new(move |accepted| sender.send(accepted).unwrap()));
    };
    let values = [b"a", b"b"].map(|value| Fingerprint::of_octets(value));
    for value in [b"a", b"b"] {
        assert_eq!(new(&deduplication, &[(0, valued(Value::LongStr(value)))]), [true]);
    }

    values.into_iter().for_each(wait);
    assert!(told.try_recv().is_err());
    deduplication.accept(&values[..1], |_, _| {});
    deduplication.forget(&values[1..]);
    values.into_iter().for_each(wait);

    assert_eq!(told.try_iter().collect::<Vec<_>>(), [true, false, true, false]);
}
