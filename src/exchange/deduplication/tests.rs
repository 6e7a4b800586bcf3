//! What is a duplicate, and which arguments say so.

use super::*;
use crate::amqp::table::Table;
use crate::amqp::testing::table;

const SIZE: (&str, Value<'_>) = (CACHE_SIZE, Value::Int(b'I', 100));

fn with(arguments: &[(&str, Value<'_>)]) -> Deduplication {
    Deduplication::of(table(arguments).as_ref()).unwrap()
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
    assert_eq!(check(Some(b"a"), Some(&Table::default())), Verdict::Duplicate);
    assert_eq!(check(Some(b"b"), Some(&valued(Value::LongStr(b"a")))), Verdict::Duplicate);
    deduplication.forget(a);
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
    let refused =
        |arguments: &[(&str, Value<'_>)]| Deduplication::of(table(arguments).as_ref()).unwrap_err();

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
    assert_eq!(refused(&[SIZE, (CACHE_PERSISTENCE, Value::LongStr(b"disk"))]), InvalidPast::OnDisk);
}
