//! The methods that a client may send, and how they are decoded (spec 1.3 to 1.8).

use nom::Parser;
use nom::number::complete::{be_u16, be_u64};

use super::arguments;
use super::erlang::{Numbers, Snippet};
use super::field::{Decoded, FieldError, bits, short_octets};
use super::frame::{FrameError, FrameKind};
use crate::amqp::exception::Exception;
use crate::amqp::id::DeliveryTag;
use crate::amqp::method::MethodId;
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{InvalidTable, TableRef};

/// Octets of arguments that an error text keeps: as numbers they exceed any reply text.
const SHOWN_MAX: usize = 128;

/// A method that a client may send, borrowed from its frame. Reserved arguments are read and
/// left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants and their fields are the spec's, by its names")]
pub enum Method<'a> {
    ConnectionStartOk {
        client_properties: TableRef<'a>,
        mechanism: &'a str,
        response: &'a [u8],
        locale: &'a str,
    },
    ConnectionSecureOk {
        response: &'a [u8],
    },
    ConnectionTuneOk {
        channel_max: u16,
        frame_max: u32,
        heartbeat: u16,
    },
    ConnectionOpen {
        vhost: &'a str,
    },
    ConnectionClose {
        reply_code: u16,
        reply_text: &'a str,
        cause: MethodId,
    },
    ConnectionCloseOk,
    ConnectionUpdateSecret {
        secret: &'a [u8],
        reason: &'a str,
    },
    ChannelOpen,
    ChannelFlow {
        active: bool,
    },
    ChannelFlowOk {
        active: bool,
    },
    ChannelClose {
        reply_code: u16,
        reply_text: &'a str,
        cause: MethodId,
    },
    ChannelCloseOk,
    AccessRequest,
    ExchangeDeclare {
        exchange: &'a str,
        kind: &'a str,
        passive: bool,
        durable: bool,
        auto_delete: bool,
        internal: bool,
        no_wait: bool,
        arguments: TableRef<'a>,
    },
    ExchangeDelete {
        exchange: &'a str,
        if_unused: bool,
        no_wait: bool,
    },
    ExchangeBind {
        destination: &'a str,
        source: &'a str,
        routing_key: &'a str,
        no_wait: bool,
        arguments: TableRef<'a>,
    },
    ExchangeUnbind {
        destination: &'a str,
        source: &'a str,
        routing_key: &'a str,
        no_wait: bool,
        arguments: TableRef<'a>,
    },
    QueueDeclare {
        queue: &'a str,
        passive: bool,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
        no_wait: bool,
        arguments: TableRef<'a>,
    },
    QueueBind {
        queue: &'a str,
        exchange: &'a str,
        routing_key: &'a str,
        no_wait: bool,
        arguments: TableRef<'a>,
    },
    QueuePurge {
        queue: &'a str,
        no_wait: bool,
    },
    QueueDelete {
        queue: &'a str,
        if_unused: bool,
        if_empty: bool,
        no_wait: bool,
    },
    QueueUnbind {
        queue: &'a str,
        exchange: &'a str,
        routing_key: &'a str,
        arguments: TableRef<'a>,
    },
    BasicQos {
        prefetch_size: u32,
        prefetch_count: u16,
        global: bool,
    },
    BasicConsume {
        queue: &'a str,
        consumer_tag: &'a str,
        no_local: bool,
        no_ack: bool,
        exclusive: bool,
        no_wait: bool,
        arguments: TableRef<'a>,
    },
    BasicCancel {
        consumer_tag: &'a str,
        no_wait: bool,
    },
    BasicCancelOk {
        consumer_tag: &'a str,
    },
    BasicPublish(Publish<'a>),
    BasicGet {
        queue: &'a str,
        no_ack: bool,
    },
    BasicAck {
        delivery_tag: DeliveryTag,
        multiple: bool,
    },
    BasicReject {
        delivery_tag: DeliveryTag,
        requeue: bool,
    },
    BasicNack {
        delivery_tag: DeliveryTag,
        multiple: bool,
        requeue: bool,
    },
    BasicRecover {
        requeue: bool,
    },
    BasicRecoverAsync {
        requeue: bool,
    },
    ConfirmSelect {
        no_wait: bool,
    },
    TxSelect,
    TxCommit,
    TxRollback,
    /// A method that AMQP has, but that only a server sends; its arguments are not read.
    Unexpected(MethodId),
}

/// The arguments of `basic.publish`. Exchange and routing key are octets, each 255 at most: they
/// are routed and delivered as they came, UTF-8 or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish<'a> {
    /// The exchange's name; empty for the default exchange.
    pub exchange: &'a [u8],
    /// The routing key.
    pub routing_key: &'a [u8],
    /// Whether the message comes back when no queue takes it.
    pub mandatory: bool,
    /// Whether the message may only go to a consumer at once; RabbitMQ refuses it.
    pub immediate: bool,
}

/// Why a method frame's payload is not a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MethodError {
    /// Too short for class and method ids.
    NoId(Snippet),
    /// A class or method that AMQP 0-9-1 does not have.
    Unknown(MethodId),
    /// The arguments end too soon, or octets are left behind them.
    Undecodable {
        /// The method.
        method: MethodId,
        /// The arguments; the first 128 octets of long ones.
        arguments: Box<[u8]>,
    },
    /// A name that is not UTF-8.
    NotUtf8,
    /// A table argument that is no table.
    InvalidTable {
        /// The method.
        method: MethodId,
        /// What is wrong with the table.
        why: InvalidTable,
    },
}

/// Decodes the payload of a method frame, all of it.
///
/// # Errors
/// 501 for arguments that are too short, too long or not UTF-8, 502 for a table that is none,
/// 540 for an unknown class or method.
pub fn decode_method(payload: &[u8]) -> Result<Method<'_>, MethodError> {
    let Some((&[class_high, class_low, method_high, method_low], arguments)) =
        payload.split_first_chunk()
    else {
        return Err(MethodError::NoId(Snippet::of(payload)));
    };
    let id = MethodId::new(
        u16::from_be_bytes([class_high, class_low]),
        u16::from_be_bytes([method_high, method_low]),
    );
    let decoded = match id {
        MethodId::BASIC_PUBLISH => publish(arguments),
        MethodId::BASIC_ACK => ack(arguments),
        MethodId::BASIC_NACK => nack(arguments),
        MethodId::BASIC_REJECT => reject(arguments),
        _ => match arguments::decode(id, arguments) {
            Some(decoded) => decoded,
            None if id.name().is_some() => return Ok(Method::Unexpected(id)),
            None => return Err(MethodError::Unknown(id)),
        },
    };
    match decoded {
        Ok(([], method)) => Ok(method),
        Err(nom::Err::Error(why) | nom::Err::Failure(why)) => {
            Err(MethodError::new(id, arguments, why))
        }
        Ok(_) | Err(nom::Err::Incomplete(_)) => {
            Err(MethodError::new(id, arguments, FieldError::Truncated))
        }
    }
}

fn publish(input: &[u8]) -> Decoded<'_, Method<'_>> {
    let (rest, (_, exchange, routing_key, bits)) =
        (be_u16, short_octets, short_octets, bits).parse(input)?;
    let (mandatory, immediate) = (bits.has(0), bits.has(1));
    Ok((rest, Method::BasicPublish(Publish { exchange, routing_key, mandatory, immediate })))
}

fn ack(input: &[u8]) -> Decoded<'_, Method<'_>> {
    let (rest, (tag, bits)) = (be_u64, bits).parse(input)?;
    Ok((rest, Method::BasicAck { delivery_tag: DeliveryTag(tag), multiple: bits.has(0) }))
}

fn nack(input: &[u8]) -> Decoded<'_, Method<'_>> {
    let (rest, (tag, bits)) = (be_u64, bits).parse(input)?;
    let (multiple, requeue) = (bits.has(0), bits.has(1));
    Ok((rest, Method::BasicNack { delivery_tag: DeliveryTag(tag), multiple, requeue }))
}

fn reject(input: &[u8]) -> Decoded<'_, Method<'_>> {
    let (rest, (tag, bits)) = (be_u64, bits).parse(input)?;
    Ok((rest, Method::BasicReject { delivery_tag: DeliveryTag(tag), requeue: bits.has(0) }))
}

impl Method<'_> {
    /// Whether it settles deliveries by their tags; it has no reply.
    pub const fn is_settlement(&self) -> bool {
        matches!(self, Self::BasicAck { .. } | Self::BasicNack { .. } | Self::BasicReject { .. })
    }

    /// The method's class and method ids.
    pub const fn id(&self) -> MethodId {
        match self {
            Self::ConnectionStartOk { .. } => MethodId::CONNECTION_START_OK,
            Self::ConnectionSecureOk { .. } => MethodId::CONNECTION_SECURE_OK,
            Self::ConnectionTuneOk { .. } => MethodId::CONNECTION_TUNE_OK,
            Self::ConnectionOpen { .. } => MethodId::CONNECTION_OPEN,
            Self::ConnectionClose { .. } => MethodId::CONNECTION_CLOSE,
            Self::ConnectionCloseOk => MethodId::CONNECTION_CLOSE_OK,
            Self::ConnectionUpdateSecret { .. } => MethodId::CONNECTION_UPDATE_SECRET,
            Self::ChannelOpen => MethodId::CHANNEL_OPEN,
            Self::ChannelFlow { .. } => MethodId::CHANNEL_FLOW,
            Self::ChannelFlowOk { .. } => MethodId::CHANNEL_FLOW_OK,
            Self::ChannelClose { .. } => MethodId::CHANNEL_CLOSE,
            Self::ChannelCloseOk => MethodId::CHANNEL_CLOSE_OK,
            Self::AccessRequest => MethodId::ACCESS_REQUEST,
            Self::ExchangeDeclare { .. } => MethodId::EXCHANGE_DECLARE,
            Self::ExchangeDelete { .. } => MethodId::EXCHANGE_DELETE,
            Self::ExchangeBind { .. } => MethodId::EXCHANGE_BIND,
            Self::ExchangeUnbind { .. } => MethodId::EXCHANGE_UNBIND,
            Self::QueueDeclare { .. } => MethodId::QUEUE_DECLARE,
            Self::QueueBind { .. } => MethodId::QUEUE_BIND,
            Self::QueuePurge { .. } => MethodId::QUEUE_PURGE,
            Self::QueueDelete { .. } => MethodId::QUEUE_DELETE,
            Self::QueueUnbind { .. } => MethodId::QUEUE_UNBIND,
            Self::BasicQos { .. } => MethodId::BASIC_QOS,
            Self::BasicConsume { .. } => MethodId::BASIC_CONSUME,
            Self::BasicCancel { .. } => MethodId::BASIC_CANCEL,
            Self::BasicCancelOk { .. } => MethodId::BASIC_CANCEL_OK,
            Self::BasicPublish(_) => MethodId::BASIC_PUBLISH,
            Self::BasicGet { .. } => MethodId::BASIC_GET,
            Self::BasicAck { .. } => MethodId::BASIC_ACK,
            Self::BasicReject { .. } => MethodId::BASIC_REJECT,
            Self::BasicNack { .. } => MethodId::BASIC_NACK,
            Self::BasicRecover { .. } => MethodId::BASIC_RECOVER,
            Self::BasicRecoverAsync { .. } => MethodId::BASIC_RECOVER_ASYNC,
            Self::ConfirmSelect { .. } => MethodId::CONFIRM_SELECT,
            Self::TxSelect => MethodId::TX_SELECT,
            Self::TxCommit => MethodId::TX_COMMIT,
            Self::TxRollback => MethodId::TX_ROLLBACK,
            Self::Unexpected(id) => *id,
        }
    }
}

impl MethodError {
    #[cold]
    fn new(method: MethodId, arguments: &[u8], why: FieldError) -> Self {
        match why {
            FieldError::NotUtf8 => Self::NotUtf8,
            FieldError::Table(why) => Self::InvalidTable { method, why },
            FieldError::Truncated => Self::Undecodable {
                method,
                arguments: arguments.get(..SHOWN_MAX).unwrap_or(arguments).into(),
            },
        }
    }
}

/// RabbitMQ: `rabbit_misc:frame_error/2`, `rabbit_binary_parser:assert_utf8/1`. It drops the
/// socket for unknown methods and bad tables; a reason is kinder, and no client relies on the
/// drop.
impl From<MethodError> for Exception {
    fn from(error: MethodError) -> Self {
        match error {
            MethodError::NoId(payload) => {
                FrameError::Unknown { kind: FrameKind::Method as u8, payload }.into()
            }
            MethodError::Unknown(id) => Self::new(
                ReplyCode::NotImplemented,
                format!("unknown method ({}, {})", id.class, id.method),
            )
            .caused_by(id),
            MethodError::Undecodable { method, arguments } => {
                Self::new(ReplyCode::FrameError, format!("cannot decode {}", Numbers(&arguments)))
                    .caused_by(method)
            }
            MethodError::NotUtf8 => Self::new(ReplyCode::FrameError, "Malformed UTF-8 in shortstr"),
            MethodError::InvalidTable { method, why } => {
                Self::new(ReplyCode::SyntaxError, why.to_string()).caused_by(method)
            }
        }
    }
}
