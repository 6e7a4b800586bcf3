//! How a broker ends a channel or a connection.

use std::fmt;

use super::method::{CHANNEL_CLOSE, CONNECTION_CLOSE, MethodId};
use super::wire::Frame;

/// What is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Channel,
    Connection,
}

/// A channel.close or connection.close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    pub scope: Scope,
    pub code: u16,
    pub text: String,
    pub method: MethodId,
}

impl Close {
    pub fn new(scope: Scope, code: u16, text: &str, method: MethodId) -> Self {
        Self { scope, code, text: text.to_owned(), method }
    }

    /// Reads a frame that closes something.
    pub fn read(frame: &Frame) -> Option<Self> {
        let scope = match frame.method_id()? {
            CHANNEL_CLOSE => Scope::Channel,
            CONNECTION_CLOSE => Scope::Connection,
            _ => return None,
        };
        let mut arguments = frame.arguments();
        let (code, text) = (arguments.short(), arguments.short_str());
        let method = (arguments.short(), arguments.short());
        Some(Self { scope, code, text, method })
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = if self.scope == Scope::Channel { "channel" } else { "connection" };
        write!(f, "{scope} {} {:?} {:?}", self.code, self.text, self.method)
    }
}

/// What came of a provocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A close with code and text.
    Closed(Close),
    /// The socket ended without a word.
    Dropped,
    /// Nothing was wrong.
    Accepted,
    /// No answer before the deadline.
    Silence,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(close) => close.fmt(f),
            Self::Dropped => f.write_str("socket dropped"),
            Self::Accepted => f.write_str("accepted"),
            Self::Silence => f.write_str("no answer"),
        }
    }
}
