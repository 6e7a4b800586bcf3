//! Dead letters that go to clients as direct replies, and those that wait for clients that do not
//! read.

use std::collections::{BTreeSet, HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::letter::Letter;
use super::mail::Written;
use crate::amqp::message::{MessageRef, Resting};
use crate::vhost::replies::ReplyConsumers;
use crate::vhost::session::Room;

/// What became of a letter as a direct reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// It goes to no consumer of replies.
    None,
    /// It was delivered, or dropped where the consumer is gone.
    Delivered,
    /// It waits for a consumer that has no room.
    Waits,
}

/// Letters that wait until a consumer of replies has room, in their order for each. Other letters
/// do not wait for them.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    lines: HashMap<Box<[u8]>, VecDeque<Letter>, RandomState>,
}

impl Crowd {
    /// Delivers a letter to the consumers of replies that its keys name, each once. It waits with
    /// those that came before it, unless it is the first in the line of `served`.
    pub(super) fn reply(
        &mut self,
        replies: Option<&dyn ReplyConsumers>,
        letter: &Letter,
        written: &Written<'_>,
        served: Option<&[u8]>,
    ) -> Reply {
        let Some(replies) = replies.filter(|_| written.exchange.is_empty()) else {
            return Reply::None;
        };
        let keys = written.keys.iter().copied();
        let names: BTreeSet<_> = keys.filter(|key| replies.is_name(key)).collect();
        if names.is_empty() {
            return Reply::None;
        }
        let is_crowded =
            |name: &[u8]| self.lines.contains_key(name) || replies.room(name) == Room::Full;
        let full = names.iter().find(|name| served != Some(**name) && is_crowded(name));
        if let Some(name) = full {
            self.lines.entry(Box::from(*name)).or_default().push_back(letter.clone());
            return Reply::Waits;
        }
        let record = written.message.to_bytes();
        if let Some(message) = MessageRef::read(&record) {
            for name in names {
                let message = message.parts();
                replies.deliver(name, Resting { message, segment: &record });
            }
        }
        Reply::Delivered
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Who is waited for.
    pub(super) fn names(&self) -> Vec<Box<[u8]>> {
        self.lines.keys().cloned().collect()
    }

    /// Takes the letter that has waited longest for that consumer.
    pub(super) fn pop(&mut self, name: &[u8]) -> Option<Letter> {
        let line = self.lines.get_mut(name)?;
        let letter = line.pop_front();
        if line.is_empty() {
            self.lines.remove(name);
        }
        letter
    }
}
