//! An outbox's channels: what is outstanding on them, and how much may be.

use std::time::Instant;

use super::Outbox;
use super::sending::Sending;
use crate::amqp::id::{ChannelId, DeliveryTag};
use crate::channel::deliveries::{Reach, Unacked, UnknownDeliveryTag};
use crate::queue::command::ChannelLimit;

/// When settled deliveries stop to count against the channel's own prefetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Freed {
    /// At once.
    Now,
    /// With the transaction's commit.
    Later,
}

impl Outbox {
    pub(in crate::server) fn open_channel(&self, channel: ChannelId) {
        self.state.lock().channels.insert(channel, Sending::default());
    }

    /// Ends a channel; returns what it had not settled.
    pub(in crate::server) fn close_channel(&self, channel: ChannelId) -> Vec<Unacked> {
        let mut unacked = Vec::new();
        if let Some(mut sending) = self.state.lock().channels.remove(&channel) {
            sending.deliveries.take_all(&mut unacked);
        }
        unacked
    }

    /// Takes what a settlement names, appending it to `out`, which is empty.
    ///
    /// # Errors
    /// The tag is not outstanding.
    pub(in crate::server) fn take(
        &self,
        channel: ChannelId,
        (tag, reach): (DeliveryTag, Reach),
        freed: Freed,
        out: &mut Vec<Unacked>,
    ) -> Result<(), UnknownDeliveryTag> {
        let mut state = self.state.lock();
        let sending = state.channels.get_mut(&channel).ok_or(UnknownDeliveryTag(tag))?;
        sending.deliveries.take(tag, reach, out)?;
        if freed == Freed::Now {
            sending.free(&*out);
        }
        Ok(())
    }

    /// Gives back the channel-wide credit of deliveries that a transaction settled.
    pub(in crate::server) fn freed<'a>(
        &self,
        channel: ChannelId,
        settled: impl IntoIterator<Item = &'a Unacked>,
    ) {
        if let Some(sending) = self.state.lock().channels.get_mut(&channel) {
            sending.free(settled);
        }
    }

    /// Undoes a [`Self::take`].
    pub(in crate::server) fn restore(
        &self,
        channel: ChannelId,
        taken: impl IntoIterator<Item = Unacked>,
    ) {
        if let Some(sending) = self.state.lock().channels.get_mut(&channel) {
            sending.deliveries.restore(taken);
        }
    }

    /// Takes note of the time on every channel, and asks `overdue` about what is outstanding, oldest
    /// first; returns the channels on which it found something, with that.
    pub(in crate::server) fn look<T>(
        &self,
        now: Instant,
        mut overdue: impl FnMut(ChannelId, &mut dyn Iterator<Item = (Unacked, Instant)>) -> Option<T>,
    ) -> Vec<(ChannelId, T)> {
        let mut state = self.state.lock();
        let look = |(channel, sending): (&ChannelId, &mut Sending)| {
            sending.deliveries.look(now);
            Some((*channel, overdue(*channel, &mut sending.deliveries.aged())?))
        };
        state.channels.iter_mut().filter_map(look).collect()
    }

    /// Sets the limit on unacked deliveries of the whole channel, 0 for none; returns what it
    /// was.
    pub(in crate::server) fn limit_channel(&self, channel: ChannelId, limit: u16) -> ChannelLimit {
        let mut state = self.state.lock();
        let Some(sending) = state.channels.get_mut(&channel) else { return ChannelLimit::Absent };
        let before = sending.limit();
        sending.credit.set_limit(limit);
        before
    }

    /// Whether the channel has a limit of its own.
    pub(in crate::server) fn channel_limit(&self, channel: ChannelId) -> ChannelLimit {
        self.state.lock().channels.get(&channel).map_or(ChannelLimit::Absent, Sending::limit)
    }
}
