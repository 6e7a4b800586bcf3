//! What a client sent that the state of its connection or channel does not allow.

use std::fmt;

use crate::amqp::exception::Exception;
use crate::amqp::method::MethodId;
use crate::amqp::reply_code::ReplyCode;

/// A method that was not due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unexpected {
    /// A method on channel 0 that the connection's state does not allow.
    ConnectionMethod {
        /// The method.
        method: MethodId,
        /// RabbitMQ's name for the state.
        state: &'static str,
    },
    /// Another method than `channel.open` on a channel that is not open.
    ChannelNotOpen(MethodId),
    /// `channel.open` on an open channel.
    ChannelOpenedTwice,
    /// A method that has no place on a channel, or that only servers send.
    Unimplemented(MethodId),
    /// `channel.flow` that stops the server.
    FlowOff,
    /// More channels than agreed on.
    TooManyChannels {
        /// How many there are.
        open: usize,
        /// How many there may be.
        max: u16,
    },
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionMethod { state, .. } => {
                write!(f, "unexpected method in connection state {state}")
            }
            Self::ChannelNotOpen(_) => f.write_str("expected 'channel.open'"),
            Self::ChannelOpenedTwice => f.write_str("second 'channel.open' seen"),
            Self::Unimplemented(_) => f.write_str("unimplemented method"),
            Self::FlowOff => f.write_str("active=false"),
            Self::TooManyChannels { open, max } => write!(
                f,
                "number of channels opened ({open}) has reached the negotiated channel_max ({max})"
            ),
        }
    }
}

impl std::error::Error for Unexpected {}

impl From<Unexpected> for Exception {
    fn from(error: Unexpected) -> Self {
        let (code, method) = match error {
            Unexpected::ConnectionMethod { method, .. } | Unexpected::ChannelNotOpen(method) => {
                (ReplyCode::ChannelError, Some(method))
            }
            Unexpected::ChannelOpenedTwice => {
                (ReplyCode::ChannelError, Some(MethodId::CHANNEL_OPEN))
            }
            Unexpected::Unimplemented(method) => (ReplyCode::CommandInvalid, Some(method)),
            Unexpected::FlowOff => (ReplyCode::NotImplemented, Some(MethodId::CHANNEL_FLOW)),
            Unexpected::TooManyChannels { .. } => (ReplyCode::NotAllowed, None),
        };
        Self { code, text: error.to_string(), method }
    }
}
