//! Where a connection stands.

use std::time::Instant;

/// Named for what may come next.
///
/// ```text
///   AwaitHeader --header / start--> AwaitStartOk --start-ok--> AwaitLogin
///                                                                  | accepted / tune
///   Open <--/ open-ok-- AwaitVhost <--open-- AwaitOpen <--tune-ok-- AwaitTuneOk
///    |
///    |--close--> AwaitRelease --/ close-ok--> AwaitEof
///    `--error / close--> AwaitCloseOk --close-ok--> (finished)
///
///   until tune-ok:  --error / close--> Held           from there on as in Open
///   any:            --broken frame / close--> Held
/// ```
#[derive(Clone, Debug)]
pub(super) enum State {
    /// The protocol header.
    AwaitHeader,
    /// `start-ok`.
    AwaitStartOk,
    /// The owner checks the login.
    AwaitLogin {
        /// The SASL mechanism, which a refusal names.
        mechanism: String,
    },
    /// `tune-ok`.
    AwaitTuneOk,
    /// `open`.
    AwaitOpen,
    /// The owner looks for the virtual host.
    AwaitVhost,
    /// Anything.
    Open,
    /// The client closes, and the owner releases what the connection holds.
    AwaitRelease,
    /// The client's end of the socket, after `close-ok` for its `close`.
    AwaitEof {
        /// How long it has.
        until: Instant,
    },
    /// `close-ok` for the server's `close`.
    AwaitCloseOk {
        /// How long it has.
        until: Instant,
    },
    /// Nothing any more. The socket is held so that guessing passwords takes its time, and so
    /// that the client can read why.
    Held {
        /// How long it is.
        until: Instant,
    },
}

impl State {
    /// RabbitMQ's name for the state, as its error texts have it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::AwaitHeader | Self::AwaitStartOk | Self::AwaitLogin { .. } => "starting",
            Self::AwaitTuneOk => "tuning",
            Self::AwaitOpen | Self::AwaitVhost => "opening",
            Self::Open => "running",
            Self::AwaitRelease | Self::AwaitCloseOk { .. } => "closing",
            Self::AwaitEof { .. } | Self::Held { .. } => "closed",
        }
    }

    /// Whether either side has begun to close.
    pub(super) const fn is_closing(&self) -> bool {
        match self {
            Self::AwaitHeader
            | Self::AwaitStartOk
            | Self::AwaitLogin { .. }
            | Self::AwaitTuneOk
            | Self::AwaitOpen
            | Self::AwaitVhost
            | Self::Open => false,
            Self::AwaitRelease
            | Self::AwaitEof { .. }
            | Self::AwaitCloseOk { .. }
            | Self::Held { .. } => true,
        }
    }
}
