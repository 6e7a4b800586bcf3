//! What a connection's core tells its owner.

use crate::amqp::id::ChannelId;
use crate::codec::method::Method;

/// What became of the protocol header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderOutcome {
    /// Fewer than eight octets have come.
    Incomplete,
    /// Its eight octets are used, and `connection.start` is written.
    Accepted,
    /// The header that is understood is written; then the socket has to be closed.
    Refused,
}

/// What the owner has to do about a frame. Where it has to answer, it does so before it hands in
/// another frame.
#[derive(Clone, Copy, Debug)]
pub enum Event<'f> {
    /// Nothing.
    Handled,
    /// Check the login, and answer with `login_accepted`, `login_refused` or `fail`. The client's
    /// properties have been read.
    Login {
        /// The SASL mechanism, as sent.
        mechanism: &'f str,
        /// Its initial response.
        response: &'f [u8],
    },
    /// Look for the virtual host, and answer with `opened` or `fail`.
    Open {
        /// Its name; may be empty.
        vhost: &'f str,
    },
    /// The channel has been opened, and is in the table.
    ChannelOpened(ChannelId),
    /// Carry the method out: one of class exchange, queue, basic, confirm or tx, on an open
    /// channel.
    Method {
        /// The channel that it came on.
        channel: ChannelId,
        /// The method.
        method: Method<'f>,
    },
    /// A message is whole, and waits in the channel's assembly.
    Published {
        /// The channel that it came on.
        channel: ChannelId,
    },
    /// The client closes the channel: release what it holds, then answer with `channel_closed`.
    CloseChannel {
        /// The channel.
        channel: ChannelId,
        /// The client's reason.
        code: u16,
        /// The client's words for it.
        text: &'f str,
    },
    /// The client closes the connection: release all, then answer with `closed`.
    Close {
        /// The client's reason.
        code: u16,
        /// The client's words for it.
        text: &'f str,
    },
    /// Both sides have closed: drop the socket.
    Finished,
    /// The client's token is renewed: answer with `secret_updated`, or `fail`.
    UpdateSecret {
        /// The new secret.
        secret: &'f [u8],
    },
}

/// What the time has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Nothing, or a heartbeat, which is written.
    Nothing,
    /// The handshake took too long: drop the socket.
    HandshakeTooSlow,
    /// Two heartbeat intervals without an octet: drop the socket.
    PeerSilent,
    /// Closing has taken as long as it may: drop the socket.
    CloseExpired,
}

/// Whether silence of the peer is noticed. It is not while the socket is not being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveCheck {
    /// It is.
    Running,
    /// It is not.
    Paused,
}
