//! Messages that wait get another time: each is published to its queue once more as if it had been
//! accepted at another time, so that the new time outlives a restart, and the one before is
//! cancelled.

use std::sync::Arc;

use super::batch::{Placed, PublishBatch, octets};
use super::delays::due_at;
use super::internal_publisher::Nobody;
use super::queue::Queue;
use super::worker::QueueWorker;
use crate::amqp::id::{ChannelId, Timestamp};
use crate::queue::command::Command;

impl QueueWorker {
    /// Has the messages that wait with that `message-id` become ready at `due`; returns how many.
    pub(super) fn retime_delayed(
        &mut self,
        queue: &Arc<Queue>,
        message_id: &[u8],
        due: Timestamp,
    ) -> usize {
        let found = self.find_delayed(message_id);
        let mut count = 0;
        for (waiting, before) in found {
            let then = due_at(&before, due, self.core.settings());
            let Some((octets_then, persistent)) = then else { continue };
            let placed = Placed {
                segment: 0,
                offset: 0,
                body_len: waiting.bytes,
                channel: ChannelId::CONNECTION,
                confirm: None,
                persistent,
                marked: true,
            };
            let octets = octets([octets_then].into_iter(), persistent, [queue].into_iter());
            let publisher = Arc::new(Nobody);
            let batch = PublishBatch { octets, messages: vec![placed], publisher, fate: None };
            self.identify(&batch);
            self.enqueue(&batch);
            let (index, due) = (waiting.index, waiting.due);
            self.commands.push(Command::CancelDelayed { index, due });
            self.run();
            count += 1;
        }
        count
    }
}
