//! Arguments of quorum queues.

use super::*;

fn quorum(fields: &[(&str, Value<'_>)]) -> Result<(), Error> {
    let fields = [&[(queue_type::KEY, text("quorum"))][..], fields].concat();
    check_queue(resource, table(&fields).as_ref())
}

#[test]
fn the_type_is_read_from_its_argument() {
    for (value, expected) in [
        (text("quorum"), QueueType::Quorum),
        (text("classic"), QueueType::Classic),
        (text("undefined"), QueueType::Classic),
        (text(""), QueueType::Classic),
    ] {
        assert_eq!(QueueType::of(table(&[("x-queue-type", value)]).as_ref()), expected);
    }
    assert_eq!(QueueType::of(TableRef::default()), QueueType::Classic);
}

#[test]
fn arguments_that_a_quorum_queue_cannot_have_are_refused_with_its_type() {
    for (key, value) in [
        ("x-max-priority", int(1)),
        ("x-queue-mode", text("lazy")),
        ("x-queue-version", int(2)),
        ("x-queue-master-locator", text("min-masters")),
        ("x-max-age", text("1D")),
        (CONFIRM, text("written")),
    ] {
        assert_refused(
            quorum(&[(key, value)]),
            &format!(
                "invalid arg '{key}' for queue 'q' in vhost '/' of queue type rabbit_quorum_queue"
            ),
        );
    }
}

#[test]
fn values_that_a_quorum_queue_cannot_have_are_refused_with_rabbitmqs_detail() {
    for (key, value, detail) in [
        ("x-dead-letter-strategy", text("foo"), "invalid_dlx_strategy"),
        ("x-dead-letter-strategy", int(1), "{unacceptable_type,long}"),
        ("x-quorum-initial-group-size", int(0), "{value_zero,0}"),
        ("x-quorum-initial-group-size", int(-1), "{value_negative,-1}"),
        ("x-quorum-target-group-size", int(0), "{value_zero,0}"),
        ("x-max-in-memory-length", int(-1), "{value_negative,-1}"),
        ("x-max-in-memory-bytes", text("1"), "\"expected integer, got longstr\""),
        ("x-consumer-timeout", int(-1), "{value_negative,-1}"),
        ("x-consumer-disconnected-timeout", int(-1), "{value_negative,-1}"),
        ("x-queue-leader-locator", text("foo"), "invalid_queue_locator_arg"),
        ("x-member-placement-tag", text(""), "invalid_member_placement_tag_arg"),
        ("x-message-ttl", int(-1), "{value_negative,-1}"),
        ("x-overflow", text("foo"), "invalid_overflow"),
    ] {
        let expected = format!("invalid arg '{key}' for queue 'q' in vhost '/': {detail}");
        assert_refused(quorum(&[(key, value)]), &expected);
    }
}

#[test]
fn what_a_quorum_queue_can_have_is_accepted_meaning_or_not() {
    for (key, value) in [
        ("x-quorum-initial-group-size", int(3)),
        ("x-quorum-target-group-size", int(5)),
        ("x-max-in-memory-length", int(0)),
        ("x-max-in-memory-bytes", int(1_000)),
        ("x-consumer-disconnected-timeout", int(0)),
        ("x-queue-leader-locator", text("balanced")),
        ("x-member-placement-tag", text("zone")),
        (SINGLE_ACTIVE_CONSUMER, Value::Bool(true)),
        ("x-delivery-limit", int(2)),
        ("x-delivery-limit", int(-1)),
        ("x-delivery-limit", text("5")),
    ] {
        assert_eq!(quorum(&[(key, value)]), Ok(()), "{key}");
    }
}
