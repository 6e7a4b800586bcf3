//! Our methods as `amq-protocol` has them, to compare with.

use amq_protocol::protocol::{AMQPClass, basic, channel, confirm, connection};
use amq_protocol::protocol::{exchange, queue, tx};

use super::field_table;
use crate::codec::method::{Method, Publish};

/// The method as `amq-protocol` has it.
pub(super) fn as_class(method: Method<'_>) -> AMQPClass {
    match method.id().class {
        10 => connection_class(method),
        20 => channel_class(method),
        40 => exchange_class(method),
        50 => queue_class(method),
        60 => basic_class(method),
        _ => other_class(method),
    }
}

fn connection_class(method: Method<'_>) -> AMQPClass {
    match method {
        Method::ConnectionStartOk { client_properties, mechanism, response, locale } => class!(
            Connection,
            connection,
            StartOk {
                client_properties: field_table(client_properties),
                mechanism: mechanism.into(),
                response: response.into(),
                locale: locale.into(),
            }
        ),
        Method::ConnectionSecureOk { response } => {
            class!(Connection, connection, SecureOk { response: response.into() })
        }
        Method::ConnectionTuneOk { channel_max, frame_max, heartbeat } => {
            class!(Connection, connection, TuneOk { channel_max, frame_max, heartbeat })
        }
        Method::ConnectionOpen { vhost } => {
            class!(Connection, connection, Open { virtual_host: vhost.into() })
        }
        Method::ConnectionClose { reply_code, reply_text, cause } => class!(
            Connection,
            connection,
            Close {
                reply_code,
                reply_text: reply_text.into(),
                class_id: cause.class,
                method_id: cause.method,
            }
        ),
        Method::ConnectionCloseOk => class!(Connection, connection, CloseOk {}),
        Method::ConnectionUpdateSecret { secret, reason } => class!(
            Connection,
            connection,
            UpdateSecret { new_secret: secret.into(), reason: reason.into() }
        ),
        other => panic!("{other:?}"),
    }
}

fn channel_class(method: Method<'_>) -> AMQPClass {
    match method {
        Method::ChannelOpen => class!(Channel, channel, Open {}),
        Method::ChannelFlow { active } => class!(Channel, channel, Flow { active }),
        Method::ChannelFlowOk { active } => class!(Channel, channel, FlowOk { active }),
        Method::ChannelClose { reply_code, reply_text, cause } => class!(
            Channel,
            channel,
            Close {
                reply_code,
                reply_text: reply_text.into(),
                class_id: cause.class,
                method_id: cause.method,
            }
        ),
        Method::ChannelCloseOk => class!(Channel, channel, CloseOk {}),
        other => panic!("{other:?}"),
    }
}

fn exchange_class(method: Method<'_>) -> AMQPClass {
    match method {
        Method::ExchangeDeclare {
            exchange,
            kind,
            passive,
            durable,
            auto_delete,
            internal,
            no_wait: nowait,
            arguments,
        } => {
            let (exchange, kind) = (exchange.into(), kind.into());
            let arguments = field_table(arguments);
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
        Method::ExchangeDelete { exchange, if_unused, no_wait: nowait } => {
            class!(Exchange, exchange, Delete { exchange: exchange.into(), if_unused, nowait })
        }
        Method::ExchangeBind { destination, source, routing_key, no_wait: nowait, arguments } => {
            let (destination, source) = (destination.into(), source.into());
            let (routing_key, arguments) = (routing_key.into(), field_table(arguments));
            class!(Exchange, exchange, Bind { destination, source, routing_key, nowait, arguments })
        }
        Method::ExchangeUnbind { destination, source, routing_key, no_wait: nowait, arguments } => {
            let (destination, source) = (destination.into(), source.into());
            let (routing_key, arguments) = (routing_key.into(), field_table(arguments));
            class!(
                Exchange,
                exchange,
                Unbind { destination, source, routing_key, nowait, arguments }
            )
        }
        other => panic!("{other:?}"),
    }
}

fn queue_class(method: Method<'_>) -> AMQPClass {
    match method {
        Method::QueueDeclare {
            queue,
            passive,
            durable,
            exclusive,
            auto_delete,
            no_wait: nowait,
            arguments,
        } => {
            let (queue, arguments) = (queue.into(), field_table(arguments));
            class!(
                Queue,
                queue,
                Declare { queue, passive, durable, exclusive, auto_delete, nowait, arguments }
            )
        }
        Method::QueueBind { queue, exchange, routing_key, no_wait: nowait, arguments } => {
            let (queue, exchange) = (queue.into(), exchange.into());
            let (routing_key, arguments) = (routing_key.into(), field_table(arguments));
            class!(Queue, queue, Bind { queue, exchange, routing_key, nowait, arguments })
        }
        Method::QueuePurge { queue, no_wait: nowait } => {
            class!(Queue, queue, Purge { queue: queue.into(), nowait })
        }
        Method::QueueDelete { queue, if_unused, if_empty, no_wait: nowait } => {
            class!(Queue, queue, Delete { queue: queue.into(), if_unused, if_empty, nowait })
        }
        Method::QueueUnbind { queue, exchange, routing_key, arguments } => {
            let (queue, exchange) = (queue.into(), exchange.into());
            let (routing_key, arguments) = (routing_key.into(), field_table(arguments));
            class!(Queue, queue, Unbind { queue, exchange, routing_key, arguments })
        }
        other => panic!("{other:?}"),
    }
}

fn basic_class(method: Method<'_>) -> AMQPClass {
    match method {
        Method::BasicQos { prefetch_size: 0, prefetch_count, global } => {
            class!(Basic, basic, Qos { prefetch_count, global })
        }
        Method::BasicConsume {
            queue,
            consumer_tag,
            no_local,
            no_ack,
            exclusive,
            no_wait: nowait,
            arguments,
        } => {
            let (queue, consumer_tag) = (queue.into(), consumer_tag.into());
            let arguments = field_table(arguments);
            class!(
                Basic,
                basic,
                Consume { queue, consumer_tag, no_local, no_ack, exclusive, nowait, arguments }
            )
        }
        Method::BasicCancel { consumer_tag, no_wait: nowait } => {
            class!(Basic, basic, Cancel { consumer_tag: consumer_tag.into(), nowait })
        }
        Method::BasicCancelOk { consumer_tag } => {
            class!(Basic, basic, CancelOk { consumer_tag: consumer_tag.into() })
        }
        Method::BasicPublish(Publish { exchange, routing_key, mandatory, immediate }) => {
            let exchange = std::str::from_utf8(exchange).unwrap().into();
            let routing_key = std::str::from_utf8(routing_key).unwrap().into();
            class!(Basic, basic, Publish { exchange, routing_key, mandatory, immediate })
        }
        Method::BasicGet { queue, no_ack } => {
            class!(Basic, basic, Get { queue: queue.into(), no_ack })
        }
        Method::BasicAck { delivery_tag, multiple } => {
            class!(Basic, basic, Ack { delivery_tag: delivery_tag.0, multiple })
        }
        Method::BasicReject { delivery_tag, requeue } => {
            class!(Basic, basic, Reject { delivery_tag: delivery_tag.0, requeue })
        }
        Method::BasicNack { delivery_tag, multiple, requeue } => {
            class!(Basic, basic, Nack { delivery_tag: delivery_tag.0, multiple, requeue })
        }
        Method::BasicRecover { requeue } => class!(Basic, basic, Recover { requeue }),
        Method::BasicRecoverAsync { requeue } => class!(Basic, basic, RecoverAsync { requeue }),
        other => panic!("{other:?}"),
    }
}

fn other_class(method: Method<'_>) -> AMQPClass {
    match method {
        Method::ConfirmSelect { no_wait: nowait } => class!(Confirm, confirm, Select { nowait }),
        Method::TxSelect => class!(Tx, tx, Select {}),
        Method::TxCommit => class!(Tx, tx, Commit {}),
        Method::TxRollback => class!(Tx, tx, Rollback {}),
        other => panic!("{other:?}"),
    }
}
