//! Arguments of consumers.

use super::*;

fn consumer(fields: &[(&str, Value<'_>)]) -> Result<(), Error> {
    check_consumer(resource, QueueType::Classic, table(fields).as_ref())
}

#[test]
fn consumer_arguments_that_cannot_be_had_are_refused() {
    assert_refused(
        consumer(&[("x-priority", text("high"))]),
        "invalid arg 'x-priority' for queue 'q' in vhost '/': \"expected integer, got longstr\"",
    );
    assert_refused(
        consumer(&[("x-consumer-timeout", int(-1))]),
        "invalid arg 'x-consumer-timeout' for queue 'q' in vhost '/': {value_negative,-1}",
    );
}

#[test]
fn consumer_arguments_of_streams_are_refused_with_the_type() {
    for key in ["x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered"] {
        for queue_type in [QueueType::Classic, QueueType::Quorum] {
            assert_refused(
                check_consumer(resource, queue_type, table(&[(key, text("first"))]).as_ref()),
                &format!(
                    "invalid arg '{key}' for queue 'q' in vhost '/' of queue type {}",
                    queue_type.module()
                ),
            );
        }
    }
}

#[test]
fn a_consumers_priority_is_any_integer_and_0_by_default() {
    let priorities = [
        int(0),
        int(10),
        int(-1),
        int(i64::MAX),
        int(i64::MIN),
        Value::Int(b'b', -7),
        Value::Int(b'i', 4_294_967_295),
    ];
    for priority in priorities {
        let arguments = [(PRIORITY, priority)];

        assert_eq!(consumer(&arguments), Ok(()));
        let read = consumer_priority(table(&arguments).as_ref());
        assert!(matches!(priority, Value::Int(_, it) if it == read));
    }
    assert_eq!(consumer_priority(TableRef::default()), 0);
}

#[test]
fn a_consumers_timeout_is_any_time_and_absent_by_default() {
    for (value, timeout) in [(int(0), 0), (Value::Int(b'B', 5), 5), (int(i64::MAX), i64::MAX)] {
        let arguments = [("x-consumer-timeout", value)];

        assert_eq!(consumer(&arguments), Ok(()));
        let read = consumer_timeout(table(&arguments).as_ref());
        assert_eq!(read, u64::try_from(timeout).ok());
    }
    assert_eq!(consumer_timeout(TableRef::default()), None);
}

#[test]
fn consumer_arguments_that_change_nothing_are_accepted() {
    let harmless = [("x-cancel-on-ha-failover", Value::Bool(true)), ("x-anything", Value::Void)];

    assert_eq!(consumer(&harmless), Ok(()));
}
