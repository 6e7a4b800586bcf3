//! Deliveries that are not acknowledged in time: their channel is closed (RabbitMQ up to 4.2:
//! `rabbit_channel:evaluate_consumer_timeout/1`).
//!
//! A connection that consumes or gets looks at the clock some times in each timeout, and goes by
//! what it finds then, so that a delivery costs nothing. The timeout is the consumer's, or else
//! its queue's, or else the node's.

use std::time::{Duration, Instant};

use super::peer::Peer;
use super::service::Service;
use crate::amqp::exception::Exception;
use crate::amqp::id::{ChannelId, ConsumerId, QueueId};
use crate::amqp::reply_code::ReplyCode;
use crate::channel::deliveries::Unacked;
use crate::channel::state::Channel;

/// Looks within a timeout: a channel is closed at most two of them late.
const LOOKS: u32 = 64;

/// The shortest and the longest time between two looks.
const PERIOD_MIN: Duration = Duration::from_millis(50);
const PERIOD_MAX: Duration = Duration::from_mins(1);

impl Service {
    /// Sees to it that deliveries with that timeout, in milliseconds, are looked after in time;
    /// with the node's if absent.
    pub(super) fn watch(&mut self, timeout: Option<u64>) {
        if let Some(timeout) = self.timeout(timeout) {
            let look_at = Instant::now() + period(timeout);
            self.look_at = Some(self.look_at.map_or(look_at, |at| at.min(look_at)));
        }
    }

    /// How long deliveries may wait, as their consumer or queue says, or the node.
    fn timeout(&self, own: Option<u64>) -> Option<Duration> {
        match own {
            Some(0) => None,
            Some(milliseconds) => Some(Duration::from_millis(milliseconds)),
            None => self.node.consumer_timeout,
        }
    }

    /// How long a delivery on `channel` may wait.
    fn timeout_of(
        &self,
        channel: &Channel,
        queue: QueueId,
        consumer: Option<ConsumerId>,
    ) -> Option<Duration> {
        let consumers = &mut channel.consumers();
        let to = consumer.and_then(|id| consumers.find(|(_, consumer)| consumer.id == id));
        let of_queue = || self.queues.get(&queue).and_then(|queue| queue.values().consumer_timeout);
        self.timeout(to.and_then(|(_, consumer)| consumer.timeout).or_else(of_queue))
    }

    /// The timeout of a delivery that is overdue on a channel, if one is of what is outstanding;
    /// none is before `shortest`.
    fn overdue(
        &self,
        now: Instant,
        shortest: Duration,
        channel: &Channel,
        outstanding: &mut dyn Iterator<Item = (Unacked, Instant)>,
    ) -> Option<Duration> {
        // Neighbours mostly are of the same consumer.
        let mut last = None;
        for (Unacked { queue, consumer, .. }, delivered) in outstanding {
            let age = now.saturating_duration_since(delivered);
            if age < shortest {
                break;
            }
            let timeout = match last {
                Some((of, timeout)) if of == (queue, consumer) => timeout,
                _ => self.timeout_of(channel, queue, consumer),
            };
            last = Some(((queue, consumer), timeout));
            if let Some(timeout) = timeout.filter(|timeout| age >= *timeout) {
                return Some(timeout);
            }
        }
        None
    }

    /// The shortest timeout that there is.
    fn shortest_timeout<'c>(
        &self,
        channels: impl Iterator<Item = &'c Channel>,
    ) -> Option<Duration> {
        let of_consumers = channels
            .flat_map(|channel| channel.consumers().filter_map(|(_, consumer)| consumer.timeout))
            .filter_map(|timeout| self.timeout(Some(timeout)));
        let of_queues =
            self.queues.values().filter_map(|queue| self.timeout(queue.values().consumer_timeout));
        of_queues.chain(of_consumers).min()
    }
}

impl Peer {
    /// Closes the channels that have deliveries overdue, when it is time to look for them.
    pub(super) fn check_overdue(&mut self, now: Instant) {
        let Some(service) = &mut self.service else { return };
        if service.look_at.is_none_or(|at| now < at) {
            return;
        }
        let channels = self.core.channels().map(|(_, channel)| channel);
        let shortest = service.shortest_timeout(channels);
        service.look_at = shortest.map(|timeout| now + period(timeout));
        let Some(shortest) = shortest else { return };
        if self.input.is_held() {
            // Acknowledgements may be among what is not read.
            return;
        }
        let (service, core) = (&*service, &self.core);
        let found = self.outbox.look(now, |at, outstanding| {
            service.overdue(now, shortest, core.channel(at)?, outstanding)
        });
        for (at, timeout) in found {
            self.fail(now, &timed_out(at, timeout), at);
        }
    }
}

fn timed_out(channel: ChannelId, timeout: Duration) -> Exception {
    let milliseconds = timeout.as_millis();
    Exception::new(
        ReplyCode::PreconditionFailed,
        format!(
            "delivery acknowledgement on channel {channel} timed out. Timeout value used: \
             {milliseconds} ms. This timeout value can be configured, see consumers doc guide to \
             learn more"
        ),
    )
}

fn period(timeout: Duration) -> Duration {
    (timeout / LOOKS).clamp(PERIOD_MIN, PERIOD_MAX)
}
