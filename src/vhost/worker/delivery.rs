//! The worker's deliveries: what the core hands out goes to the sessions of its consumers.

use super::QueueWorker;
use super::consumers::Attached;
use crate::amqp::attempts::Attempts;
use crate::amqp::id::ConnectionId;
use crate::queue::command::{ChannelLimit, Command};
use crate::queue::effect::Effect;
use crate::vhost::session::{self, Credit, Room};

impl QueueWorker {
    /// Hands the deliveries over, one call for each session.
    pub(super) fn deliver(&mut self) -> usize {
        let mut grouped = std::mem::take(&mut self.grouped);
        // Neighbours mostly go to the same consumer.
        let mut last = None;
        for (place, effect) in self.effects.list().iter().enumerate() {
            let Effect::Deliver { consumer, .. } = effect else { continue };
            if last.is_none_or(|(id, _)| id != *consumer) {
                let Some(attached) = self.consumers.get(consumer) else { continue };
                last = Some((*consumer, attached.consumer.session.id()));
            }
            grouped.extend(last.map(|(_, session)| (session, place)));
        }
        if grouped.windows(2).any(|pair| matches!(pair, [a, b] if a.0 > b.0)) {
            grouped.sort_unstable();
        }
        let mut full = Vec::new();
        for run in grouped.chunk_by(|a, b| a.0 == b.0) {
            if self.deliver_to_session(run) == Room::Full {
                full.extend(run.first().map(|(session, _)| *session));
            }
        }
        for session in full {
            self.each_of(session, |consumer| Command::Pause { consumer });
        }
        let delivered = grouped.len();
        grouped.clear();
        self.grouped = grouped;
        delivered
    }

    fn deliver_to_session(&self, run: &[(ConnectionId, usize)]) -> Room {
        let Some(mut last) = run.first().and_then(|(_, place)| self.receiver(*place)) else {
            return Room::Left;
        };
        let session = &last.consumer.session;
        let mut deliveries = run.iter().filter_map(|(_, place)| {
            let Effect::Deliver { consumer, delivery } = self.effects.list().get(*place)? else {
                return None;
            };
            if last.consumer.id != *consumer {
                last = self.consumers.get(consumer)?;
            }
            let Attached { consumer, limit } = last;
            Some(session::Delivery {
                to: consumer,
                acks: delivery.acks,
                index: delivery.index,
                redelivered: delivery.redelivered,
                attempts: self.attempts(*place, delivery.redelivered),
                credit: match limit {
                    ChannelLimit::Present => Credit::Reserved,
                    ChannelLimit::Absent => Credit::Charge,
                },
                message: self.store.read(delivery.store)?,
            })
        });
        session.deliver(self.queue, &mut deliveries)
    }

    /// How often the message came back that the effect at that place hands out.
    #[inline]
    pub(super) fn attempts(&self, place: usize, redelivered: bool) -> Option<Attempts> {
        if !redelivered {
            return None;
        }
        match self.effects.list().get(place.checked_sub(1)?)? {
            Effect::Again { attempts } => Some(*attempts),
            _ => None,
        }
    }

    /// Who the delivery at that place among the effects goes to.
    fn receiver(&self, place: usize) -> Option<&Attached> {
        match self.effects.list().get(place)? {
            Effect::Deliver { consumer, .. } => self.consumers.get(consumer),
            _ => None,
        }
    }
}
