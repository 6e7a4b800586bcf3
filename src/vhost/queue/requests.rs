//! What connections and operators ask of a queue.

use std::sync::Arc;

use super::Queue;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ChannelId, ConnectionId, ConsumerId, MessageIndex, Timestamp};
use crate::queue::command::{ChannelLimit, Settlement};
use crate::queue::waiting::Rank;
use crate::vhost::batch::{Leaving, PublishBatch, Task};
use crate::vhost::delays::DelayedMessage;
use crate::vhost::session::{Consumer, Session};
use crate::vhost::worker::{Counts, NotAttached, QueueWorker, Terms};

impl Queue {
    /// Takes in a batch.
    pub fn publish(self: &Arc<Self>, mut batch: PublishBatch) {
        if self.is_quorum() {
            batch.messages.iter_mut().for_each(|message| message.persistent = true);
        }
        self.submit(Task::Publish(batch));
    }

    /// Settles deliveries.
    pub fn settle(self: &Arc<Self>, settled: Vec<(MessageIndex, Settlement)>) {
        self.submit(Task::Settle(settled));
    }

    /// Goes on delivering to the consumers of a session that has room or credit again.
    pub fn resume(self: &Arc<Self>, session: ConnectionId) {
        self.submit(Task::Resume(session));
    }

    /// Ready messages and consumers.
    pub fn counts(self: &Arc<Self>) -> Counts {
        self.with(|worker| worker.counts())
    }

    /// How many duplicates were published to it since it was declared or the broker started.
    pub fn duplicates(self: &Arc<Self>) -> u64 {
        self.with(|worker| worker.duplicates)
    }

    /// Starts a consumer. `announce` runs once it is certain to start and before its first
    /// delivery.
    ///
    /// # Errors
    /// The queue is, or would have to be, in exclusive use; or it was deleted meanwhile.
    pub fn attach(
        self: &Arc<Self>,
        consumer: Consumer,
        terms: Terms,
        announce: impl FnOnce(),
    ) -> Result<(), NotAttached> {
        self.with(|worker| worker.attach(consumer, terms, announce))
    }

    /// Ends a consumer; what it has not settled stays with its channel. Returns whether it was
    /// the last one.
    pub fn detach(self: &Arc<Self>, consumer: ConsumerId) -> bool {
        self.with(|worker| worker.detach(consumer))
    }

    /// Stops deliveries to a consumer, which is about to [leave](Self::leave).
    pub fn silence(self: &Arc<Self>, consumer: ConsumerId) {
        self.with(|worker| worker.silence(consumer));
    }

    /// Ends consumers and requeues what was theirs, all before anybody else is served. Returns
    /// whether the last consumer has gone.
    pub fn leave(self: &Arc<Self>, leaving: &Leaving) -> bool {
        self.with(|worker| worker.leave(leaving))
    }

    /// Hands the next ready message to `session`; `false` when there is none.
    pub fn get(
        self: &Arc<Self>,
        session: &Arc<dyn Session>,
        channel: ChannelId,
        acks: AckMode,
    ) -> bool {
        self.with(|worker| worker.get(&**session, channel, acks))
    }

    /// Drops all ready messages; returns how many.
    pub fn purge(self: &Arc<Self>) -> u64 {
        self.with(QueueWorker::purge)
    }

    /// The first `limit` messages that wait for their time behind `after`. It may read from the
    /// disk.
    pub fn list_delayed(self: &Arc<Self>, after: Rank, limit: usize) -> Vec<DelayedMessage> {
        self.with(|worker| worker.list_delayed(after, limit))
    }

    /// Removes the messages that wait with that `message-id`; returns how many.
    pub fn cancel_delayed(self: &Arc<Self>, message_id: &[u8]) -> usize {
        self.with(|worker| worker.cancel_delayed(message_id))
    }

    /// Has the messages that wait with that `message-id` become ready at `due`; returns how many.
    pub fn retime_delayed(self: &Arc<Self>, message_id: &[u8], due: Timestamp) -> usize {
        self.with(|worker| worker.retime_delayed(self, message_id, due))
    }

    /// Changes the prefetch regime of a session's consumers on one channel.
    pub fn limit_channel(
        self: &Arc<Self>,
        session: ConnectionId,
        channel: ChannelId,
        limit: ChannelLimit,
    ) {
        self.with(|worker| worker.limit_channel(session, channel, limit));
    }
}
