//! Reply codes and how far each of them reaches (spec 1.2.1; RabbitMQ's departures from it).

use std::fmt;

/// What an exception closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The channel (a "soft error").
    Channel,
    /// The connection (a "hard error").
    Connection,
}

/// A reply code of AMQP 0-9-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum ReplyCode {
    /// An orderly close.
    Success = 200,
    /// Content larger than can be taken.
    ContentTooLarge = 311,
    /// No queue for a mandatory message.
    NoRoute = 312,
    /// No consumer for an immediate message.
    NoConsumers = 313,
    /// The operator closed the connection.
    ConnectionForced = 320,
    /// An unknown virtual host.
    InvalidPath = 402,
    /// Not permitted.
    AccessRefused = 403,
    /// No such entity.
    NotFound = 404,
    /// An exclusive entity of another connection.
    ResourceLocked = 405,
    /// A condition of the method does not hold.
    PreconditionFailed = 406,
    /// A frame that cannot be decoded.
    FrameError = 501,
    /// A field with an illegal value.
    SyntaxError = 502,
    /// A method that makes no sense here.
    CommandInvalid = 503,
    /// A channel that is not open.
    ChannelError = 504,
    /// A frame that was not due.
    UnexpectedFrame = 505,
    /// The server is out of resources.
    ResourceError = 506,
    /// Refused whoever asks.
    NotAllowed = 530,
    /// A method or option that the server does not have.
    NotImplemented = 540,
    /// A fault of the server.
    InternalError = 541,
}

impl ReplyCode {
    /// The code on the wire.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// What an exception with this code closes.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Success
            | Self::ContentTooLarge
            | Self::NoRoute
            | Self::NoConsumers
            | Self::AccessRefused
            | Self::NotFound
            | Self::ResourceLocked
            | Self::PreconditionFailed => Scope::Channel,
            Self::ConnectionForced
            | Self::InvalidPath
            | Self::FrameError
            | Self::SyntaxError
            | Self::CommandInvalid
            | Self::ChannelError
            | Self::UnexpectedFrame
            | Self::ResourceError
            | Self::NotAllowed
            | Self::NotImplemented
            | Self::InternalError => Scope::Connection,
        }
    }

    /// The name that opens a reply text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::ContentTooLarge => "CONTENT_TOO_LARGE",
            Self::NoRoute => "NO_ROUTE",
            Self::NoConsumers => "NO_CONSUMERS",
            Self::ConnectionForced => "CONNECTION_FORCED",
            Self::InvalidPath => "INVALID_PATH",
            Self::AccessRefused => "ACCESS_REFUSED",
            Self::NotFound => "NOT_FOUND",
            Self::ResourceLocked => "RESOURCE_LOCKED",
            Self::PreconditionFailed => "PRECONDITION_FAILED",
            Self::FrameError => "FRAME_ERROR",
            Self::SyntaxError => "SYNTAX_ERROR",
            Self::CommandInvalid => "COMMAND_INVALID",
            Self::ChannelError => "CHANNEL_ERROR",
            Self::UnexpectedFrame => "UNEXPECTED_FRAME",
            Self::ResourceError => "RESOURCE_ERROR",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::NotImplemented => "NOT_IMPLEMENTED",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
