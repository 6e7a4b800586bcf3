//! The inbound half of a channel: what its client has said, as far as later methods depend on it.

use std::collections::BTreeMap;
use std::fmt;

use super::assembly::Assembly;
use super::mode::{Mode, ModeError};
use super::replies::Replies;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::exception::Exception;
use crate::amqp::id::{ConsumerId, PublishTag, QueueId};
use crate::amqp::method::MethodId;
use crate::amqp::name::{ConsumerTag, QueueName};
use crate::amqp::reply_code::ReplyCode;

/// A consumer of a channel, under its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its id within the node.
    pub id: ConsumerId,
    /// The queue that it consumes from.
    pub queue: QueueId,
    /// Whether it settles what it is sent.
    pub acks: AckMode,
    /// How long it may take for that, in milliseconds, 0 for without end; the queue says if
    /// absent.
    pub timeout: Option<u64>,
}

/// What a channel's client asked for that its state does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChannelError {
    /// `basic.consume` with a tag that another consumer of the channel has.
    ConsumerTagInUse(ConsumerTag),
    /// An empty queue name stands for the queue declared last, and there is none.
    NoQueueDeclared,
}

impl fmt::Display for ChannelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConsumerTagInUse(tag) => write!(f, "attempt to reuse consumer tag '{tag}'"),
            Self::NoQueueDeclared => f.write_str("no previously declared queue"),
        }
    }
}

impl std::error::Error for ChannelError {}

impl From<ChannelError> for Exception {
    fn from(error: ChannelError) -> Self {
        let text = error.to_string();
        match error {
            ChannelError::ConsumerTagInUse(_) => {
                Self::new(ReplyCode::NotAllowed, text).caused_by(MethodId::BASIC_CONSUME)
            }
            ChannelError::NoQueueDeclared => Self::new(ReplyCode::NotFound, text),
        }
    }
}

/// One open channel.
#[derive(Debug)]
pub struct Channel {
    /// The message that is being published.
    pub assembly: Assembly,
    /// The consumer of direct replies.
    pub replies: Replies,
    mode: Mode,
    prefetch: u16,
    last_declared: Option<QueueName>,
    published: u64,
    consumers: BTreeMap<ConsumerTag, Consumer>,
}

impl Channel {
    /// A channel that has just been opened, and takes bodies of up to `max_message_size` bytes.
    pub fn new(max_message_size: u64) -> Self {
        Self {
            assembly: Assembly::new(max_message_size),
            replies: Replies::default(),
            mode: Mode::Plain,
            prefetch: 0,
            last_declared: None,
            published: 0,
            consumers: BTreeMap::new(),
        }
    }

    /// Confirms, transactions or neither.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Carries out `confirm.select`.
    ///
    /// # Errors
    /// 406 on a transactional channel.
    pub fn select_confirm(&mut self) -> Result<(), ModeError> {
        self.mode = self.mode.select_confirm()?;
        Ok(())
    }

    /// Carries out `tx.select`.
    ///
    /// # Errors
    /// 406 on a confirming channel.
    pub fn select_transaction(&mut self) -> Result<(), ModeError> {
        self.mode = self.mode.select_transaction()?;
        Ok(())
    }

    /// Begins `tx.commit`; until [`Channel::end_commit`] no other method is lawful.
    ///
    /// # Errors
    /// 406 unless transactional.
    pub fn begin_commit(&mut self) -> Result<(), ModeError> {
        self.mode = self.mode.commit()?;
        Ok(())
    }

    /// Ends `tx.commit`, when commit-ok has been written.
    pub fn end_commit(&mut self) {
        if self.mode == Mode::Committing {
            self.mode = Mode::Transactional;
        }
    }

    /// Checks that `tx.rollback` is lawful.
    ///
    /// # Errors
    /// 406 unless transactional.
    pub fn check_rollback(&self) -> Result<(), ModeError> {
        self.mode.rollback().map(|_| ())
    }

    /// Whether a publish with a body of so many octets may come now, whole.
    #[inline]
    pub fn admits(&self, body_size: usize) -> bool {
        self.mode != Mode::Committing && self.assembly.admits(body_size)
    }

    /// Numbers a publish, if somebody waits until it is accepted: the client for a confirm, or a
    /// commit for all that it publishes.
    pub fn number_publish(&mut self) -> Option<PublishTag> {
        if !matches!(self.mode, Mode::Confirming | Mode::Committing) {
            return None;
        }
        self.published += 1;
        Some(PublishTag(self.published))
    }

    /// The prefetch limit of consumers to come; 0 is no limit.
    pub const fn prefetch(&self) -> u16 {
        self.prefetch
    }

    /// Sets the prefetch limit of consumers to come (`basic.qos` without `global`).
    pub fn set_prefetch(&mut self, prefetch: u16) {
        self.prefetch = prefetch;
    }

    /// Notes the queue that was declared, which an empty queue name stands for from now on.
    pub fn declared(&mut self, queue: QueueName) {
        self.last_declared = Some(queue);
    }

    /// The queue that was declared last.
    ///
    /// # Errors
    /// 404 when there is none; the caller says which method is to blame.
    pub fn last_declared(&self) -> Result<&QueueName, ChannelError> {
        self.last_declared.as_ref().ok_or(ChannelError::NoQueueDeclared)
    }

    /// Notes a consumer.
    ///
    /// # Errors
    /// 530 when the tag is in use.
    pub fn add_consumer(
        &mut self,
        tag: ConsumerTag,
        consumer: Consumer,
    ) -> Result<(), ChannelError> {
        self.check_consumer_tag(tag.as_bytes())?;
        self.consumers.insert(tag, consumer);
        Ok(())
    }

    /// Checks that a consumer may take the tag.
    ///
    /// # Errors
    /// 530 when the tag is in use.
    pub fn check_consumer_tag(&self, tag: &[u8]) -> Result<(), ChannelError> {
        let of_queues = self.consumers.get_key_value(tag).map(|(tag, _)| tag);
        match of_queues.or_else(|| self.replies.tag().filter(|own| own.as_bytes() == tag)) {
            Some(tag) => Err(ChannelError::ConsumerTagInUse(tag.clone())),
            None => Ok(()),
        }
    }

    /// The consumer with that tag.
    pub fn consumer(&self, tag: &[u8]) -> Option<&Consumer> {
        self.consumers.get(tag)
    }

    /// Forgets the consumer with that tag.
    pub fn remove_consumer(&mut self, tag: &[u8]) -> Option<Consumer> {
        self.consumers.remove(tag)
    }

    /// Forgets a consumer that the server cancelled, and says its tag.
    pub fn remove_consumer_id(&mut self, id: ConsumerId) -> Option<ConsumerTag> {
        let (tag, _) = self.consumers.iter().find(|(_, consumer)| consumer.id == id)?;
        let tag = tag.clone();
        self.consumers.remove(tag.as_bytes());
        Some(tag)
    }

    /// The consumers in the order of their tags.
    pub fn consumers(&self) -> impl Iterator<Item = (&ConsumerTag, &Consumer)> {
        self.consumers.iter()
    }

    /// How many consumers there are.
    pub fn consumer_count(&self) -> usize {
        self.consumers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(error: impl Into<Exception>) -> String {
        error.into().reply_text()
    }

    fn consumer(id: u64) -> Consumer {
        Consumer { id: ConsumerId(id), queue: QueueId(1), acks: AckMode::Manual, timeout: None }
    }

    #[test]
    fn confirms_and_transactions_exclude_each_other() {
        let mut confirming = Channel::new(0);
        confirming.select_confirm().unwrap();
        confirming.select_confirm().unwrap();
        let mut transactional = Channel::new(0);
        transactional.select_transaction().unwrap();
        transactional.select_transaction().unwrap();

        assert_eq!(
            text(confirming.select_transaction().unwrap_err()),
            "PRECONDITION_FAILED - cannot switch from confirm to tx mode"
        );
        assert_eq!(
            text(transactional.select_confirm().unwrap_err()),
            "PRECONDITION_FAILED - cannot switch from tx to confirm mode"
        );
        let refused = "PRECONDITION_FAILED - channel is not transactional";
        assert_eq!(text(confirming.begin_commit().unwrap_err()), refused);
        assert_eq!(text(Channel::new(0).check_rollback().unwrap_err()), refused);
    }

    #[test]
    fn nothing_is_lawful_while_a_commit_is_pending() {
        let mut channel = Channel::new(0);
        channel.select_transaction().unwrap();

        channel.begin_commit().unwrap();
        let error = channel.begin_commit().unwrap_err();
        channel.end_commit();

        assert_eq!(text(error), "CHANNEL_ERROR - unexpected command while processing 'tx.commit'");
        assert_eq!(channel.mode(), Mode::Transactional);
    }

    #[test]
    fn a_consumer_tag_is_used_once_at_a_time() {
        let mut channel = Channel::new(0);
        let tag = ConsumerTag::parse("a").unwrap();
        channel.add_consumer(tag.clone(), consumer(1)).unwrap();

        let error = Exception::from(channel.add_consumer(tag.clone(), consumer(2)).unwrap_err());

        assert_eq!(error.reply_text(), "NOT_ALLOWED - attempt to reuse consumer tag 'a'");
        assert_eq!(error.method, Some(MethodId::BASIC_CONSUME));
        assert_eq!(channel.remove_consumer_id(ConsumerId(1)), Some(tag.clone()));
        channel.add_consumer(tag, consumer(2)).unwrap();
        assert_eq!(channel.consumer_count(), 1);
    }

    #[test]
    fn the_queue_declared_last_is_remembered() {
        let mut channel = Channel::new(0);

        let error = channel.last_declared().unwrap_err();
        channel.declared(QueueName::parse("q").unwrap());

        assert_eq!(text(error), "NOT_FOUND - no previously declared queue");
        assert_eq!(channel.last_declared().unwrap().as_str(), "q");
    }
}
