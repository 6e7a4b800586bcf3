//! Holds what a start has found against what was there before.
//!
//! The log is a sequence, and a crash cuts off its end. So there has to be one step, behind all
//! that was confirmed, up to which everything that happened is found and nothing later: messages
//! and queues that came, and those that went. Only what had been settled when the log took it may
//! be missing sooner.

use std::collections::BTreeMap;

use leveret::amqp::id::QueueId;

use super::broker::Found;
use super::model::{Held, Message, Model};

/// What was found says that the log was cut off at `least` or later, and at `most` or sooner.
#[derive(Debug)]
struct Cut {
    least: (u64, String),
    most: (u64, String),
}

/// How a broker ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Power was lost: what was not synced may be gone.
    Power,
    /// The process was killed: what was not written is gone.
    Process,
    /// Nothing: it was stopped in order.
    Nothing,
}

/// What may be wrong with the messages that are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    Nothing,
    /// Their octets may be damaged.
    Damage,
}

impl Cut {
    fn from(&mut self, step: u64, why: impl FnOnce() -> String) {
        if step > self.least.0 {
            self.least = (step, why());
        }
    }

    /// It was cut off before `step`.
    fn before(&mut self, step: u64, why: impl FnOnce() -> String) {
        if step <= self.most.0 {
            self.most = (step - 1, why());
        }
    }
}

impl Model {
    /// Checks what a start has found.
    pub fn check(&self, found: &BTreeMap<QueueId, Found>, loss: Loss, tolerance: Tolerance) {
        let known = match loss {
            Loss::Power => (self.durable, "durable"),
            Loss::Process => (self.durable.max(self.written), "written"),
            Loss::Nothing => (self.clock, "ended in order"),
        };
        let least = (known.0, format!("{} up to step {}", known.1, known.0));
        let mut cut = Cut { least, most: (u64::MAX, String::new()) };
        for (id, found) in found {
            let held = self.queues.get(id).filter(|held| held.durable);
            let held = held.unwrap_or_else(|| panic!("unexpected queue {id}: {found:?}"));
            assert_eq!(held.name(), found.queue.name.as_str(), "the name of queue {id}");
            check_found(held, found, &mut cut, tolerance);
        }
        for (id, held) in self.queues.iter().filter(|(_, held)| held.durable) {
            let messages = found.get(id).map(|found| &found.messages);
            if messages.is_none() {
                match held.went {
                    Some(went) if cut.least.0 < held.came || went <= cut.most.0 => {}
                    _ => cut.before(held.came, || format!("queue {} is missing", held.name())),
                }
            }
            let is_absent = |index| messages.is_none_or(|found| !found.contains_key(index));
            for (index, message) in held.lasting().filter(|(index, _)| is_absent(index)) {
                cut.before(message.came, || told(held, *index, message, "is lost"));
            }
        }
        let Cut { least, most } = &cut;
        assert!(least.0 <= most.0, "{} (after step {}), but {}", most.1, most.0, least.1);
    }
}

fn check_found(held: &Held, found: &Found, cut: &mut Cut, tolerance: Tolerance) {
    let name = held.name();
    cut.from(held.came, || format!("queue {name} is there"));
    if let Some(went) = held.went {
        cut.before(went, || format!("queue {name} is there, deleted with step {went}"));
    }
    let last = found.messages.keys().next_back();
    assert!(last.is_none_or(|last| *last < found.next_index), "queue {name}: {found:?}");
    for (index, payload) in &found.messages {
        let held_message = held.messages.get(index).filter(|it| it.persistent);
        let Some(message) = held_message else {
            panic!("unexpected in queue {name}: message {index}, {payload:?}")
        };
        let damaged = payload.is_err() && tolerance == Tolerance::Damage;
        assert!(
            damaged || *payload == Ok(message.payload),
            "queue {name}, message {index}: \
            {payload:?} instead of {message:?}"
        );
        cut.from(message.came, || told(held, *index, message, "is there"));
        if let Some(went) = message.went {
            cut.before(went, || told(held, *index, message, "is there again"));
        }
    }
}

fn told(held: &Held, index: u64, message: &Message, what: &str) -> String {
    format!("message {index} of queue {} {what}: {message:?}", held.name())
}
