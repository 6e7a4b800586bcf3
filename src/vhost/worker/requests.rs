//! The worker's answers: what is asked of a queue by one call, a message or its emptying.

use super::QueueWorker;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::ChannelId;
use crate::amqp::message::Resting;
use crate::queue::command::Command;
use crate::queue::effect::{Delivery, Effect};
use crate::vhost::session::{self, Session};

impl QueueWorker {
    pub(in crate::vhost) fn get(
        &mut self,
        session: &dyn Session,
        channel: ChannelId,
        acks: AckMode,
    ) -> bool {
        self.renew();
        self.load_front();
        if self.core.delayed() > 0 {
            // What is due may be on the disk only, and stand behind nothing.
            self.run();
            self.load_front();
        }
        self.commands.push(Command::Get { request: 0, acks });
        self.apply();
        self.deliver();
        let mut found = false;
        for (place, effect) in self.effects.list().iter().enumerate() {
            if let Effect::Got { remaining, delivery, .. } = effect
                && let Some(Resting { message, .. }) = self.store.read(delivery.store)
            {
                found = true;
                let Delivery { index, redelivered, .. } = *delivery;
                let attempts = self.attempts(place, redelivered);
                let got = session::Got { acks, index, redelivered, attempts, message };
                session.got(self.queue, channel, got, (*remaining).into());
            }
        }
        self.finish();
        found
    }

    pub(in crate::vhost) fn purge(&mut self) -> u64 {
        self.look_for_waiting();
        self.commands.push(Command::Purge { request: 0 });
        self.forget_letters();
        self.apply();
        self.deliver();
        let purged = self.effects.list().iter().find_map(|effect| match effect {
            Effect::Purged { count, .. } => Some(u64::from(*count)),
            _ => None,
        });
        self.finish();
        purged.unwrap_or_default()
    }
}
