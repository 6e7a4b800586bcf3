//! A channel's consumer of direct replies: there is one at most, and what is published on the
//! channel may name it as reply-to (RabbitMQ: `rabbit_channel`, `reply_consumer`).

use std::fmt;

use crate::amqp::ack_mode::AckMode;
use crate::amqp::exception::Exception;
use crate::amqp::name::{ConsumerTag, QueueName};
use crate::amqp::reply_code::ReplyCode;

/// What a channel's client asked of direct replies that cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// To settle replies, which no queue holds.
    Acknowledging,
    /// A second consumer.
    AlreadySet,
    /// To have a reply sent, without consuming any.
    NoConsumer,
}

/// The consumer of replies, if there is one.
#[derive(Debug, Default)]
pub struct Replies(Option<Consumer>);

#[derive(Debug)]
struct Consumer {
    tag: ConsumerTag,
    /// What a reply is published to.
    name: QueueName,
}

impl Replies {
    /// Checks that a consumer may come.
    ///
    /// # Errors
    /// It would settle what it gets, or there is one: 406.
    pub const fn check(&self, acks: AckMode) -> Result<(), ReplyError> {
        match (acks, &self.0) {
            (AckMode::Manual, _) => Err(ReplyError::Acknowledging),
            (AckMode::Automatic, Some(_)) => Err(ReplyError::AlreadySet),
            (AckMode::Automatic, None) => Ok(()),
        }
    }

    /// Notes the consumer, and the name that replies to it are published to.
    pub fn set(&mut self, tag: ConsumerTag, name: QueueName) {
        self.0 = Some(Consumer { tag, name });
    }

    /// The name that replies are published to.
    ///
    /// # Errors
    /// There is no consumer: 406.
    pub fn name(&self) -> Result<&QueueName, ReplyError> {
        self.0.as_ref().map(|consumer| &consumer.name).ok_or(ReplyError::NoConsumer)
    }

    /// The consumer's tag.
    pub fn tag(&self) -> Option<&ConsumerTag> {
        self.0.as_ref().map(|consumer| &consumer.tag)
    }

    /// Forgets the consumer if that is its tag, and says the name that is dead now.
    pub fn cancel(&mut self, tag: &[u8]) -> Option<QueueName> {
        let is_it = |consumer: &mut Consumer| consumer.tag.as_bytes() == tag;
        self.0.take_if(is_it).map(|consumer| consumer.name)
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acknowledging => "reply consumer cannot acknowledge",
            Self::AlreadySet => "reply consumer already set",
            Self::NoConsumer => "fast reply consumer does not exist",
        })
    }
}

impl std::error::Error for ReplyError {}

impl From<ReplyError> for Exception {
    fn from(error: ReplyError) -> Self {
        Self::new(ReplyCode::PreconditionFailed, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_consumer_until_it_is_cancelled_by_its_tag() {
        let mut replies = Replies::default();
        let name = QueueName::parse("amq.rabbitmq.reply-to.x").unwrap();

        assert_eq!(replies.name(), Err(ReplyError::NoConsumer));
        assert_eq!(replies.check(AckMode::Manual), Err(ReplyError::Acknowledging));
        assert_eq!(replies.check(AckMode::Automatic), Ok(()));
        replies.set(ConsumerTag::parse("c").unwrap(), name.clone());
        assert_eq!(replies.check(AckMode::Automatic), Err(ReplyError::AlreadySet));
        assert_eq!(replies.check(AckMode::Manual), Err(ReplyError::Acknowledging));
        assert_eq!(replies.cancel(b"d"), None);
        assert_eq!(replies.name(), Ok(&name));
        assert_eq!(replies.cancel(b"c"), Some(name));
        assert_eq!(replies.check(AckMode::Automatic), Ok(()));
    }
}
