//! The arguments of the methods off the hot path, class by class (spec 1.3 to 1.8). The leading
//! `be_u16` of many is the access ticket of earlier versions, which nobody reads.

use nom::Parser;
use nom::combinator::map;
use nom::number::complete::{be_u16, be_u32};

use super::field::{Decoded, bits, long_octets, short_octets, short_str, table};
use super::method::Method;
use crate::amqp::method::MethodId;

/// Decodes what a client may send; `None` for any other id.
pub(super) fn decode(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    match id.class {
        10 => connection(id, input),
        20 => channel(id, input),
        30 => access(id, input),
        40 => exchange(id, input),
        50 => queue(id, input),
        60 => basic(id, input),
        85 => confirm(id, input),
        90 => tx(id, input),
        _ => None,
    }
}

fn connection(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    Some(match id {
        MethodId::CONNECTION_START_OK => map(
            (table, short_str, long_octets, short_str),
            |(client_properties, mechanism, response, locale)| Method::ConnectionStartOk {
                client_properties,
                mechanism,
                response,
                locale,
            },
        )
        .parse(input),
        MethodId::CONNECTION_SECURE_OK => {
            map(long_octets, |response| Method::ConnectionSecureOk { response }).parse(input)
        }
        MethodId::CONNECTION_TUNE_OK => {
            map((be_u16, be_u32, be_u16), |(channel_max, frame_max, heartbeat)| {
                Method::ConnectionTuneOk { channel_max, frame_max, heartbeat }
            })
            .parse(input)
        }
        MethodId::CONNECTION_OPEN => {
            map((short_str, short_octets, bits), |(vhost, _, _)| Method::ConnectionOpen { vhost })
                .parse(input)
        }
        MethodId::CONNECTION_CLOSE => map(close, |(reply_code, reply_text, cause)| {
            Method::ConnectionClose { reply_code, reply_text, cause }
        })
        .parse(input),
        MethodId::CONNECTION_CLOSE_OK => Ok((input, Method::ConnectionCloseOk)),
        MethodId::CONNECTION_UPDATE_SECRET => map((long_octets, short_str), |(secret, reason)| {
            Method::ConnectionUpdateSecret { secret, reason }
        })
        .parse(input),
        _ => return None,
    })
}

fn close(input: &[u8]) -> Decoded<'_, (u16, &str, MethodId)> {
    map((be_u16, short_str, be_u16, be_u16), |(code, text, class, method)| {
        (code, text, MethodId::new(class, method))
    })
    .parse(input)
}

fn channel(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    Some(match id {
        MethodId::CHANNEL_OPEN => map(short_octets, |_| Method::ChannelOpen).parse(input),
        MethodId::CHANNEL_FLOW => {
            map(bits, |bits| Method::ChannelFlow { active: bits.has(0) }).parse(input)
        }
        MethodId::CHANNEL_FLOW_OK => {
            map(bits, |bits| Method::ChannelFlowOk { active: bits.has(0) }).parse(input)
        }
        MethodId::CHANNEL_CLOSE => map(close, |(reply_code, reply_text, cause)| {
            Method::ChannelClose { reply_code, reply_text, cause }
        })
        .parse(input),
        MethodId::CHANNEL_CLOSE_OK => Ok((input, Method::ChannelCloseOk)),
        _ => return None,
    })
}

fn access(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    Some(match id {
        MethodId::ACCESS_REQUEST => {
            map((short_octets, bits), |_| Method::AccessRequest).parse(input)
        }
        _ => return None,
    })
}

fn exchange(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    Some(match id {
        MethodId::EXCHANGE_DECLARE => map(
            (be_u16, short_str, short_str, bits, table),
            |(_, exchange, kind, bits, arguments)| Method::ExchangeDeclare {
                exchange,
                kind,
                passive: bits.has(0),
                durable: bits.has(1),
                auto_delete: bits.has(2),
                internal: bits.has(3),
                no_wait: bits.has(4),
                arguments,
            },
        )
        .parse(input),
        MethodId::EXCHANGE_DELETE => map((be_u16, short_str, bits), |(_, exchange, bits)| {
            Method::ExchangeDelete { exchange, if_unused: bits.has(0), no_wait: bits.has(1) }
        })
        .parse(input),
        MethodId::EXCHANGE_BIND => map(
            (be_u16, short_str, short_str, short_str, bits, table),
            |(_, destination, source, routing_key, bits, arguments)| Method::ExchangeBind {
                destination,
                source,
                routing_key,
                no_wait: bits.has(0),
                arguments,
            },
        )
        .parse(input),
        MethodId::EXCHANGE_UNBIND => map(
            (be_u16, short_str, short_str, short_str, bits, table),
            |(_, destination, source, routing_key, bits, arguments)| Method::ExchangeUnbind {
                destination,
                source,
                routing_key,
                no_wait: bits.has(0),
                arguments,
            },
        )
        .parse(input),
        _ => return None,
    })
}

fn queue(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    Some(match id {
        MethodId::QUEUE_DECLARE => {
            map((be_u16, short_str, bits, table), |(_, queue, bits, arguments)| {
                Method::QueueDeclare {
                    queue,
                    passive: bits.has(0),
                    durable: bits.has(1),
                    exclusive: bits.has(2),
                    auto_delete: bits.has(3),
                    no_wait: bits.has(4),
                    arguments,
                }
            })
            .parse(input)
        }
        MethodId::QUEUE_BIND => map(
            (be_u16, short_str, short_str, short_str, bits, table),
            |(_, queue, exchange, routing_key, bits, arguments)| Method::QueueBind {
                queue,
                exchange,
                routing_key,
                no_wait: bits.has(0),
                arguments,
            },
        )
        .parse(input),
        MethodId::QUEUE_PURGE => map((be_u16, short_str, bits), |(_, queue, bits)| {
            Method::QueuePurge { queue, no_wait: bits.has(0) }
        })
        .parse(input),
        MethodId::QUEUE_DELETE => {
            map((be_u16, short_str, bits), |(_, queue, bits)| Method::QueueDelete {
                queue,
                if_unused: bits.has(0),
                if_empty: bits.has(1),
                no_wait: bits.has(2),
            })
            .parse(input)
        }
        MethodId::QUEUE_UNBIND => map(
            (be_u16, short_str, short_str, short_str, table),
            |(_, queue, exchange, routing_key, arguments)| Method::QueueUnbind {
                queue,
                exchange,
                routing_key,
                arguments,
            },
        )
        .parse(input),
        _ => return None,
    })
}

fn basic(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    Some(match id {
        MethodId::BASIC_QOS => {
            map((be_u32, be_u16, bits), |(prefetch_size, prefetch_count, bits)| Method::BasicQos {
                prefetch_size,
                prefetch_count,
                global: bits.has(0),
            })
            .parse(input)
        }
        MethodId::BASIC_CONSUME => map(
            (be_u16, short_str, short_str, bits, table),
            |(_, queue, consumer_tag, bits, arguments)| Method::BasicConsume {
                queue,
                consumer_tag,
                no_local: bits.has(0),
                no_ack: bits.has(1),
                exclusive: bits.has(2),
                no_wait: bits.has(3),
                arguments,
            },
        )
        .parse(input),
        MethodId::BASIC_CANCEL => map((short_str, bits), |(consumer_tag, bits)| {
            Method::BasicCancel { consumer_tag, no_wait: bits.has(0) }
        })
        .parse(input),
        MethodId::BASIC_CANCEL_OK => {
            map(short_str, |consumer_tag| Method::BasicCancelOk { consumer_tag }).parse(input)
        }
        MethodId::BASIC_GET => map((be_u16, short_str, bits), |(_, queue, bits)| {
            Method::BasicGet { queue, no_ack: bits.has(0) }
        })
        .parse(input),
        MethodId::BASIC_RECOVER => {
            map(bits, |bits| Method::BasicRecover { requeue: bits.has(0) }).parse(input)
        }
        MethodId::BASIC_RECOVER_ASYNC => {
            map(bits, |bits| Method::BasicRecoverAsync { requeue: bits.has(0) }).parse(input)
        }
        _ => return None,
    })
}

fn confirm(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    Some(match id {
        MethodId::CONFIRM_SELECT => {
            map(bits, |bits| Method::ConfirmSelect { no_wait: bits.has(0) }).parse(input)
        }
        _ => return None,
    })
}

fn tx(id: MethodId, input: &[u8]) -> Option<Decoded<'_, Method<'_>>> {
    Some(match id {
        MethodId::TX_SELECT => Ok((input, Method::TxSelect)),
        MethodId::TX_COMMIT => Ok((input, Method::TxCommit)),
        MethodId::TX_ROLLBACK => Ok((input, Method::TxRollback)),
        _ => return None,
    })
}
