//! The last messages of an exchange of type `x-recent-history` (RabbitMQ:
//! `rabbit_exchange_type_recent_history`).

use std::collections::VecDeque;

use bytes::Bytes;
use parking_lot::Mutex;

use crate::amqp::table::{TableRef, Value};
use crate::amqp::term::Term;

use super::message::Message;
use super::past::InvalidPast;

/// The argument of `exchange.declare`: how many messages are kept.
const LENGTH: &str = "x-recent-history-length";

/// What it is by default (RabbitMQ: `KEEP_NB`).
const LENGTH_DEFAULT: usize = 20;

/// The header of messages that are not to be kept.
const NO_STORE: &str = "x-recent-history-no-store";

/// The last messages, for whoever is bound next.
///
/// Shared by all versions of its exchange.
#[derive(Debug)]
pub struct RecentHistory {
    length: usize,
    kept: Mutex<VecDeque<Kept>>,
}

/// A message that is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// As it rests ([`crate::amqp::message`]), in a buffer of its own.
    pub record: Bytes,
    /// Whether it is to survive a restart where its queue does.
    pub persistent: bool,
    /// Reads what exchanges look at.
    pub read: ReadHeader,
}

/// Reads what exchanges may look at out of a content header. The routing key is left empty.
pub type ReadHeader = fn(&[u8]) -> Message<'_>;

impl RecentHistory {
    /// One without messages, as long as the arguments of its exchange have it.
    ///
    /// # Errors
    /// The length is no positive integer.
    pub fn of(arguments: TableRef<'_>) -> Result<Self, InvalidPast> {
        let length = match arguments.get(LENGTH) {
            None => Some(LENGTH_DEFAULT),
            Some(Value::Int(_, length)) => usize::try_from(length).ok().filter(|it| *it > 0),
            Some(_) => None,
        };
        let invalid = || {
            let value = arguments.get(LENGTH).unwrap_or(Value::Void);
            InvalidPast::HistoryLength(Term(value).to_string())
        };
        Ok(Self { length: length.ok_or_else(invalid)?, kept: Mutex::default() })
    }

    /// Whether the message is to be kept.
    pub fn takes(message: &Message<'_>) -> bool {
        let no_store = message.headers.and_then(|headers| headers.get(NO_STORE));
        no_store != Some(Value::Bool(true))
    }

    /// Keeps a message, in the place of the oldest when there is no room.
    pub fn keep(&self, message: Kept) {
        let mut kept = self.kept.lock();
        if kept.len() >= self.length {
            kept.pop_front();
        }
        kept.push_back(message);
    }

    /// What is kept, oldest first.
    pub fn kept(&self) -> Vec<Kept> {
        self.kept.lock().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::testing::table;

    fn message(text: &'static str) -> Kept {
        Kept { record: Bytes::from(text), persistent: false, read: |_| Message::default() }
    }

    fn texts(history: &RecentHistory) -> Vec<Bytes> {
        history.kept().into_iter().map(|kept| kept.record).collect()
    }

    #[test]
    fn the_last_messages_are_kept_in_order() {
        let arguments = table(&[(LENGTH, Value::Int(b'I', 2))]);
        let history = RecentHistory::of(arguments.as_ref()).unwrap();

        assert_eq!(texts(&history), [""; 0]);
        for text in ["1", "2", "3"] {
            history.keep(message(text));
        }

        assert_eq!(texts(&history), ["2", "3"]);
    }

    #[test]
    fn twenty_are_kept_by_default() {
        let history = RecentHistory::of(TableRef::default()).unwrap();

        (0..30).for_each(|_| history.keep(message("x")));

        assert_eq!(texts(&history).len(), 20);
    }

    #[test]
    fn a_length_that_is_no_positive_integer_is_refused() {
        for (value, text) in [
            (Value::Int(b'I', 0), "0"),
            (Value::Int(b'l', -1), "-1"),
            (Value::LongStr(b"5"), "<<\"5\">>"),
            (Value::Bool(true), "true"),
        ] {
            let refused = RecentHistory::of(table(&[(LENGTH, value)]).as_ref()).unwrap_err();

            assert_eq!(refused, InvalidPast::HistoryLength(text.to_owned()));
        }
    }

    #[test]
    fn a_message_is_not_kept_if_its_header_says_true() {
        for (value, takes) in [
            (Value::Bool(true), false),
            (Value::Bool(false), true),
            (Value::LongStr(b"true"), true),
            (Value::Int(b'I', 1), true),
        ] {
            let headers = table(&[(NO_STORE, value)]);
            let message = Message { headers: Some(headers.as_ref()), ..Message::default() };

            assert_eq!(RecentHistory::takes(&message), takes, "{value:?}");
        }
        assert!(RecentHistory::takes(&Message::default()));
    }
}
