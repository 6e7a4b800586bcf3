//! Random methods of a client, made with `amq-protocol`.

use amq_protocol::protocol::{AMQPClass, basic, channel, confirm, connection};
use amq_protocol::protocol::{exchange, queue, tx};
use proptest::prelude::*;

use super::{long_string, short_string, table};

fn connection_methods() -> impl Strategy<Value = AMQPClass> {
    prop_oneof![
        (table(), short_string(), long_string(), short_string()).prop_map(
            |(client_properties, mechanism, response, locale)| class!(
                Connection,
                connection,
                StartOk { client_properties, mechanism, response, locale }
            )
        ),
        long_string().prop_map(|response| class!(Connection, connection, SecureOk { response })),
        any::<(u16, u32, u16)>().prop_map(|(channel_max, frame_max, heartbeat)| class!(
            Connection,
            connection,
            TuneOk { channel_max, frame_max, heartbeat }
        )),
        short_string().prop_map(|virtual_host| class!(
            Connection,
            connection,
            Open { virtual_host }
        )),
        (any::<(u16, u16, u16)>(), short_string()).prop_map(
            |((reply_code, class_id, method_id), reply_text)| class!(
                Connection,
                connection,
                Close { reply_code, reply_text, class_id, method_id }
            )
        ),
        Just(class!(Connection, connection, CloseOk {})),
        (long_string(), short_string()).prop_map(|(new_secret, reason)| class!(
            Connection,
            connection,
            UpdateSecret { new_secret, reason }
        )),
    ]
}

fn channel_methods() -> impl Strategy<Value = AMQPClass> {
    prop_oneof![
        Just(class!(Channel, channel, Open {})),
        any::<bool>().prop_map(|active| class!(Channel, channel, Flow { active })),
        any::<bool>().prop_map(|active| class!(Channel, channel, FlowOk { active })),
        (any::<(u16, u16, u16)>(), short_string()).prop_map(
            |((reply_code, class_id, method_id), reply_text)| class!(
                Channel,
                channel,
                Close { reply_code, reply_text, class_id, method_id }
            )
        ),
        Just(class!(Channel, channel, CloseOk {})),
    ]
}

fn exchange_methods() -> impl Strategy<Value = AMQPClass> {
    let names = || (short_string(), short_string(), short_string());
    prop_oneof![
        (short_string(), short_string(), any::<[bool; 5]>(), table()).prop_map(
            |(exchange, kind, [passive, durable, auto_delete, internal, nowait], arguments)| {
                class!(
                    Exchange,
                    exchange,
                    Declare {
                        exchange,
                        kind,
                        passive,
                        durable,
                        auto_delete,
                        internal,
                        nowait,
                        arguments
                    }
                )
            }
        ),
        (short_string(), any::<[bool; 2]>()).prop_map(|(exchange, [if_unused, nowait])| class!(
            Exchange,
            exchange,
            Delete { exchange, if_unused, nowait }
        )),
        (names(), any::<bool>(), table()).prop_map(
            |((destination, source, routing_key), nowait, arguments)| class!(
                Exchange,
                exchange,
                Bind { destination, source, routing_key, nowait, arguments }
            )
        ),
        (names(), any::<bool>(), table()).prop_map(
            |((destination, source, routing_key), nowait, arguments)| class!(
                Exchange,
                exchange,
                Unbind { destination, source, routing_key, nowait, arguments }
            )
        ),
    ]
}

fn queue_methods() -> impl Strategy<Value = AMQPClass> {
    let names = || (short_string(), short_string(), short_string());
    prop_oneof![
        (short_string(), any::<[bool; 5]>(), table()).prop_map(
            |(queue, [passive, durable, exclusive, auto_delete, nowait], arguments)| class!(
                Queue,
                queue,
                Declare { queue, passive, durable, exclusive, auto_delete, nowait, arguments }
            )
        ),
        (names(), any::<bool>(), table()).prop_map(
            |((queue, exchange, routing_key), nowait, arguments)| class!(
                Queue,
                queue,
                Bind { queue, exchange, routing_key, nowait, arguments }
            )
        ),
        (short_string(), any::<bool>()).prop_map(|(queue, nowait)| class!(
            Queue,
            queue,
            Purge { queue, nowait }
        )),
        (short_string(), any::<[bool; 3]>()).prop_map(|(queue, [if_unused, if_empty, nowait])| {
            class!(Queue, queue, Delete { queue, if_unused, if_empty, nowait })
        }),
        (names(), table()).prop_map(|((queue, exchange, routing_key), arguments)| class!(
            Queue,
            queue,
            Unbind { queue, exchange, routing_key, arguments }
        )),
    ]
}

fn basic_methods() -> impl Strategy<Value = AMQPClass> {
    prop_oneof![
        any::<(u16, bool)>().prop_map(|(prefetch_count, global)| class!(
            Basic,
            basic,
            Qos { prefetch_count, global }
        )),
        (short_string(), short_string(), any::<[bool; 4]>(), table()).prop_map(
            |(queue, consumer_tag, [no_local, no_ack, exclusive, nowait], arguments)| class!(
                Basic,
                basic,
                Consume { queue, consumer_tag, no_local, no_ack, exclusive, nowait, arguments }
            )
        ),
        (short_string(), any::<bool>()).prop_map(|(consumer_tag, nowait)| class!(
            Basic,
            basic,
            Cancel { consumer_tag, nowait }
        )),
        short_string().prop_map(|consumer_tag| class!(Basic, basic, CancelOk { consumer_tag })),
        (short_string(), any::<bool>()).prop_map(|(queue, no_ack)| class!(
            Basic,
            basic,
            Get { queue, no_ack }
        )),
        any::<bool>().prop_map(|requeue| class!(Basic, basic, Recover { requeue })),
        any::<bool>().prop_map(|requeue| class!(Basic, basic, RecoverAsync { requeue })),
    ]
}

fn hot_methods() -> impl Strategy<Value = AMQPClass> {
    prop_oneof![
        (short_string(), short_string(), any::<[bool; 2]>()).prop_map(
            |(exchange, routing_key, [mandatory, immediate])| class!(
                Basic,
                basic,
                Publish { exchange, routing_key, mandatory, immediate }
            )
        ),
        any::<(u64, bool)>().prop_map(|(delivery_tag, multiple)| class!(
            Basic,
            basic,
            Ack { delivery_tag, multiple }
        )),
        any::<(u64, bool)>().prop_map(|(delivery_tag, requeue)| class!(
            Basic,
            basic,
            Reject { delivery_tag, requeue }
        )),
        any::<(u64, bool, bool)>().prop_map(|(delivery_tag, multiple, requeue)| class!(
            Basic,
            basic,
            Nack { delivery_tag, multiple, requeue }
        )),
    ]
}

fn other_methods() -> impl Strategy<Value = AMQPClass> {
    prop_oneof![
        any::<bool>().prop_map(|nowait| class!(Confirm, confirm, Select { nowait })),
        Just(class!(Tx, tx, Select {})),
        Just(class!(Tx, tx, Commit {})),
        Just(class!(Tx, tx, Rollback {})),
    ]
}

/// Any method that a client may send.
pub(super) fn client_methods() -> impl Strategy<Value = AMQPClass> {
    prop_oneof![
        connection_methods(),
        channel_methods(),
        exchange_methods(),
        queue_methods(),
        basic_methods(),
        hot_methods(),
        other_methods(),
    ]
}
