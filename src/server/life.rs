//! How connections end, and the log lines of their lives.

use std::fmt;
use std::net::SocketAddr;

use tracing::{debug, error, info, warn};

use super::input::Input;
use super::peer::Peer;
use crate::amqp::exception::Exception;
use crate::amqp::id::ChannelId;
use crate::amqp::reply_code::Scope;

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// Both sides agreed.
    Closed,
    /// It did not speak AMQP 0-9-1, and was told so.
    Refused,
    /// The client went without a word.
    Disconnected,
    /// The client took too long.
    TimedOut(&'static str),
    /// The socket failed.
    Failed(std::io::Error),
}

/// The two ends of a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} -> {})", self.client, self.server)
    }
}

impl Ends {
    /// The connection's name among RabbitMQ's.
    pub(super) fn name(&self) -> String {
        format!("{} -> {}", self.client, self.server)
    }
}

impl Peer {
    /// Logs the end, and gives back what the connection held.
    pub(super) fn ended(&mut self, end: &End) {
        let (id, ends, name) = (self.id, self.ends, self.client_name());
        match (end, &self.closing) {
            // As load balancers do to see whether somebody listens.
            (End::Disconnected | End::Failed(_), None) if self.input == Input::Header => {
                debug!(connection = %id, "connection {ends} closed before a protocol header");
            }
            (End::Refused, _) => {
                error!(connection = %id, "connection {ends} refused: not AMQP 0-9-1");
            }
            (_, Some(why)) => info!(connection = %id, "closed connection {ends}{name}: {why}"),
            (End::Closed, None) => info!(connection = %id, "closed connection {ends}{name}"),
            (End::Disconnected, None) => warn!(
                connection = %id,
                "closed connection {ends}{name}: client unexpectedly closed TCP connection"
            ),
            (End::TimedOut(why), None) => {
                error!(connection = %id, "closed connection {ends}{name}: {why}");
            }
            (End::Failed(error), None) => {
                warn!(connection = %id, "closed connection {ends}{name}: {error}");
            }
        }
        self.release();
    }

    pub(super) fn log_exception(&self, exception: &Exception, at: ChannelId) {
        let scope = match self.core.scope(exception, at) {
            Scope::Channel => format!("channel {at} of connection"),
            Scope::Connection => "connection".to_owned(),
        };
        let user = self.user.as_ref().map_or("none", |user| &user.name);
        let vhost = self.service.as_ref().map_or("none", |service| service.vhost.name().as_str());
        let method = exception.method.map_or_else(|| "none".to_owned(), |id| id.to_string());
        error!(
            connection = %self.id,
            "error on {scope} {}{}, vhost '{vhost}', user '{user}', method {method}: {} {}",
            self.ends,
            self.client_name(),
            exception.code.code(),
            exception.reply_text(),
        );
    }

    pub(super) fn client_name(&self) -> String {
        let name = self.core.client().connection_name.as_ref();
        name.map_or_else(String::new, |name| format!(" - {name}"))
    }
}
