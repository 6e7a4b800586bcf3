//! What an exchange knows of the messages that went through it, where its type has to.

use std::sync::Arc;

use crate::amqp::exception::Exception;
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::TableRef;

use super::deduplication::Deduplication;
use super::kind::ExchangeKind;
use super::recent_history::RecentHistory;
use super::seen::SIZE_MAX;

/// What belongs to one incarnation of an exchange, beside its bindings. All versions of the
/// exchange share it; an exchange that is declared again begins anew, as does one after a restart
/// unless it is given back what it had.
#[derive(Clone, Debug)]
pub enum Past {
    /// Of type `x-recent-history`: the last messages.
    RecentHistory(Arc<RecentHistory>),
    /// Of type `x-message-deduplication`: the values that were seen.
    Deduplication(Arc<Deduplication>),
}

/// Why an exchange of such a type cannot have these arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidPast {
    /// `x-recent-history-length` has this value, as RabbitMQ prints it.
    HistoryLength(String),
    /// `x-cache-size` is missing, or no positive integer.
    CacheSize,
    /// `x-cache-size` is too large.
    CacheSizeMax,
    /// `x-cache-ttl` is no positive integer.
    CacheTtl,
    /// `x-cache-persistence` has another value.
    Persistence,
    /// `x-deduplication-fallback` has another value.
    Fallback,
}

impl Past {
    /// That of a new exchange, if its type has one. `key` is that of its durable entry, if it has
    /// one.
    ///
    /// # Errors
    /// The type does not take these arguments.
    pub fn of(
        kind: ExchangeKind,
        arguments: TableRef<'_>,
        key: Option<Vec<u8>>,
    ) -> Result<Option<Self>, InvalidPast> {
        Ok(match kind {
            ExchangeKind::RecentHistory => {
                Some(Self::RecentHistory(Arc::new(RecentHistory::of(arguments)?)))
            }
            ExchangeKind::MessageDeduplication => {
                Some(Self::Deduplication(Arc::new(Deduplication::of(arguments, key)?)))
            }
            _ => None,
        })
    }

    /// The values that were seen, where there are any.
    pub const fn deduplication(&self) -> Option<&Arc<Deduplication>> {
        match self {
            Self::Deduplication(it) => Some(it),
            Self::RecentHistory(_) => None,
        }
    }
}

/// RabbitMQ: `validate/1` of the two plug-ins.
impl From<InvalidPast> for Exception {
    fn from(invalid: InvalidPast) -> Self {
        let text = match invalid {
            InvalidPast::HistoryLength(value) => format!(
                "Invalid argument {value}, 'x-recent-history-length' must be a positive integer"
            ),
            InvalidPast::CacheSize => "Missing or invalid argument, 'x-cache-size' must be an \
                                       integer greater than 0"
                .to_owned(),
            InvalidPast::CacheSizeMax => {
                format!("Invalid argument, 'x-cache-size' must not exceed {SIZE_MAX}")
            }
            InvalidPast::CacheTtl => {
                "Invalid argument, 'x-cache-ttl' must be an integer greater than 0".to_owned()
            }
            InvalidPast::Persistence => {
                "Invalid argument, 'x-cache-persistence' must be either 'disk' or 'memory'"
                    .to_owned()
            }
            InvalidPast::Fallback => {
                "Invalid argument, 'x-deduplication-fallback' must be 'message-id'".to_owned()
            }
        };
        Self::new(ReplyCode::PreconditionFailed, text)
    }
}
