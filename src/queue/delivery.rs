//! Who gets what is ready.

use std::ops::ControlFlow;

use super::attempts::Counts;
use super::consumers::Turn;
use super::core::Queue;
use super::deadlines::Deadlines;
use super::effect::{Delivery, Effect, Effects};
use super::lane::Message;
use super::unacked::{Holder, Unacked};
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::Timestamp;

impl Queue {
    pub(super) fn deliver(&mut self, effects: &mut Effects) {
        if self.trims_first {
            self.trim(effects);
        }
        if self.pacer.is_off() {
            self.deliver_all(effects);
        } else {
            self.deliver_paced(effects);
        }
    }

    /// Delivers what consumers can take, one turn after the other.
    pub(super) fn deliver_all(&mut self, effects: &mut Effects) {
        if !self.groups.is_idle() {
            return self.deliver_grouped(effects);
        }
        while effects.has_room() && self.ready.is_front_hot() {
            let Some(turn) = self.consumers.take_turn() else { return };
            let count = self.deliver_turn(turn, effects);
            if count > 1 {
                self.consumers.take_further(turn.consumer, count - 1);
            }
        }
    }

    /// Delivers the first messages to the consumer whose turn it is; returns how many.
    fn deliver_turn(&mut self, turn: Turn, effects: &mut Effects) -> u32 {
        let Self { ready, unacked, deadlines, counts, .. } = self;
        let mut desk = Desk { unacked, deadlines, counts };
        let holder = Holder::Consumer(turn.consumer);
        let mut count = 0;
        ready.take_each(|message| {
            let delivery = desk.hand_out(message, holder, turn.acks, effects);
            effects.deliver(turn.consumer, delivery);
            count += 1;
            if count <= turn.further && effects.has_room() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        count
    }

    /// Keeps a message as unacked that is not ready any more, unless delivering it is enough.
    pub(super) fn hand_out(
        &mut self,
        message: Message,
        holder: Holder,
        acks: AckMode,
        effects: &mut Effects,
    ) -> Delivery {
        let Self { unacked, deadlines, counts, .. } = self;
        Desk { unacked, deadlines, counts }.hand_out(message, holder, acks, effects)
    }
}

/// What has to know of a message that is handed out.
struct Desk<'a> {
    unacked: &'a mut Unacked,
    deadlines: &'a mut Deadlines,
    counts: &'a mut Counts,
}

impl Desk<'_> {
    #[inline]
    fn hand_out(
        &mut self,
        message: Message,
        holder: Holder,
        acks: AckMode,
        effects: &mut Effects,
    ) -> Delivery {
        let Message { index, store, bytes, redelivered, deadline, .. } = message;
        if redelivered || deadline != Timestamp::NEVER {
            self.look_up(&message, acks, effects);
        }
        if acks == AckMode::Manual {
            self.unacked.insert(message, holder);
        }
        Delivery { index, store, bytes, redelivered, acks }
    }

    /// Forgets when the message would have expired, and says how often it came back.
    #[cold]
    fn look_up(&mut self, message: &Message, acks: AckMode, effects: &mut Effects) {
        self.deadlines.remove(message);
        if !message.redelivered {
            return;
        }
        if let Some(attempts) = self.counts.get(message.index) {
            effects.push(Effect::Again { attempts });
        }
        if acks == AckMode::Automatic {
            self.counts.forget(message.index);
        }
    }
}
