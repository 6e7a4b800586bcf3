//! What a worker does once in a cycle.

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::channel;
use amq_protocol::types::FieldTable;

use super::{Churn, What};
use crate::amqp::id::ChannelId;
use crate::amqp::method::MethodId;
use crate::perf::declare::{self, Owner};
use crate::perf::error::PerfError;
use crate::perf::session::Session;
use crate::perf::target::Target;

/// The channel that comes and goes, beside the session's own.
const OTHER: ChannelId = ChannelId(2);

/// One of those that make and unmake; `name` is its own alone.
#[derive(Debug)]
pub(super) enum Worker<'a> {
    Connections { target: &'a Target<'a>, name: String },
    Channels { session: Session },
    Queues { session: Session, owner: Owner, exchange: &'a str, name: String },
    Bindings { session: Session, exchange: &'a str, name: String },
}

impl<'a> Worker<'a> {
    /// Opens its session, if it has one throughout.
    pub(super) fn open(
        options: &'a Churn,
        target: &'a Target<'a>,
        exchange: &'a str,
        name: String,
    ) -> Result<Self, PerfError> {
        if options.what == What::Connections {
            return Ok(Self::Connections { target, name });
        }
        let mut session = Session::open(target, &name)?;
        Ok(match options.what {
            What::Connections | What::Channels => Self::Channels { session },
            What::Queues => {
                let owner = if options.exclusive { Owner::Connection } else { Owner::Everybody };
                Self::Queues { session, owner, exchange, name }
            }
            What::Bindings => {
                declare::declare_queue(&mut session, &name, Owner::Connection)?;
                Self::Bindings { session, exchange, name }
            }
        })
    }

    /// Makes and unmakes once.
    pub(super) fn cycle(&mut self, number: u64) -> Result<(), PerfError> {
        match self {
            Self::Connections { target, name } => Session::open(target, name)?.try_close(),
            Self::Channels { session } => {
                let open = AMQPClass::Channel(channel::AMQPMethod::Open(channel::Open {}));
                session.call(OTHER, open, MethodId::CHANNEL_OPEN_OK)?;
                let close = channel::Close {
                    reply_code: 200,
                    reply_text: "done".into(),
                    class_id: 0,
                    method_id: 0,
                };
                let close = AMQPClass::Channel(channel::AMQPMethod::Close(close));
                session.call(OTHER, close, MethodId::CHANNEL_CLOSE_OK)
            }
            Self::Queues { session, owner, exchange, name } => {
                let queue = numbered(name, number);
                declare::declare_queue(session, &queue, *owner)?;
                declare::bind(session, &queue, exchange, &queue, FieldTable::default())?;
                declare::delete_queue(session, &queue)
            }
            Self::Bindings { session, exchange, name } => {
                let key = numbered(name, number);
                declare::bind(session, name, exchange, &key, FieldTable::default())?;
                declare::unbind(session, name, exchange, &key)
            }
        }
    }

    /// The queue that a failed cycle may have left behind.
    pub(super) fn leftover(&self, number: u64) -> Option<String> {
        match self {
            Self::Queues { owner: Owner::Everybody, name, .. } => Some(numbered(name, number)),
            _ => None,
        }
    }

    /// Closes its session.
    pub(super) fn close(self) {
        match self {
            Self::Connections { .. } => {}
            Self::Channels { session }
            | Self::Queues { session, .. }
            | Self::Bindings { session, .. } => session.close(),
        }
    }
}

fn numbered(name: &str, number: u64) -> String {
    format!("{name}.{number}")
}
