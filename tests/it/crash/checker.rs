//! Holds the notes of all rounds against what the broker promises.

use std::collections::{HashMap, HashSet};

use super::journal::{Event, What};
use super::message::{Message, MessageId, Target};

/// A message in a queue.
type Copy = (MessageId, u8);

/// What has been seen so far, and what was wrong with it.
#[derive(Debug)]
pub struct Checker {
    seed: u64,
    /// How many messages each publisher has published.
    published: HashMap<u32, u32>,
    returned: HashSet<MessageId>,
    confirmed: HashSet<MessageId>,
    copies: HashMap<Copy, Seen>,
    pub deliveries: u64,
    /// Copies delivered more than once.
    pub duplicates: u64,
    pub faults: Vec<String>,
}

/// What has been seen of a message in a queue.
#[derive(Debug, Default)]
struct Seen {
    /// The round of its last delivery.
    delivered: Option<u32>,
    /// The round of its ack.
    acked: Option<u32>,
    /// Its ack is certain to be in the log.
    settled: bool,
}

/// What matters within a round only.
#[derive(Debug, Default)]
struct Round {
    number: u32,
    /// When the last message was published that was confirmed from the log.
    logged: u64,
    /// Acks whose consumer does not know yet whether they have come through.
    acks: HashMap<u32, Vec<(u64, Copy)>>,
    /// By consumer, queue and publisher: the last message that came for the first time.
    last: HashMap<(u32, u8, u32), u32>,
    /// By consumer and queue: the round of the last message that came for the first time.
    oldest: HashMap<(u32, u8), u32>,
}

impl Checker {
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            published: HashMap::new(),
            returned: HashSet::new(),
            confirmed: HashSet::new(),
            copies: HashMap::new(),
            deliveries: 0,
            duplicates: 0,
            faults: Vec::new(),
        }
    }

    pub fn confirmed(&self) -> usize {
        self.confirmed.len()
    }

    /// Takes in all that was noted in a round.
    pub fn take(&mut self, number: u32, mut events: Vec<Event>) {
        events.sort_unstable_by_key(|event| event.at);
        let mut round = Round { number, logged: self.last_logged(&events), ..Round::default() };
        for Event { at, what } in events {
            match what {
                What::Published(id) => drop(self.published.insert(id.publisher, id.number + 1)),
                What::Returned(id) => drop(self.returned.insert(id)),
                What::Confirmed(id) => self.confirm(id),
                What::Delivered { consumer, queue, message, redelivered } => {
                    self.deliver(&mut round, consumer, (message, queue), redelivered);
                }
                What::Acked { consumer, queue, message } => {
                    self.copies.entry((message, queue)).or_default().acked = Some(number);
                    round.acks.entry(consumer).or_default().push((at, (message, queue)));
                }
                What::Settled { consumer, before } => {
                    self.settle(&mut round, consumer, before, at);
                }
            }
        }
    }

    /// Every queue has been emptied: nothing that was confirmed may be missing.
    pub fn look_for_losses(&mut self) {
        for id in &self.confirmed {
            let message = Message::new(self.seed, *id);
            for queue in message.queues().filter(|_| message.persistent) {
                let seen = self.copies.get(&(*id, queue));
                if seen.is_none_or(|seen| seen.acked.is_none()) {
                    self.faults.push(format!("lost: {message:?} in queue {queue}: {seen:?}"));
                }
            }
        }
    }

    fn last_logged(&self, events: &[Event]) -> u64 {
        let confirmed = events.iter().filter_map(|event| match event.what {
            What::Confirmed(id) => Some(id),
            _ => None,
        });
        let logged: HashSet<_> =
            confirmed.filter(|id| Message::new(self.seed, *id).is_kept()).collect();
        let published = events.iter().filter(|event| match event.what {
            What::Published(id) => logged.contains(&id),
            _ => false,
        });
        published.map(|event| event.at).max().unwrap_or_default()
    }

    fn confirm(&mut self, id: MessageId) {
        let nowhere = Message::new(self.seed, id).target == Target::Nowhere;
        if nowhere != self.returned.contains(&id) {
            self.faults.push(format!("{id:?}: nowhere to go is {nowhere}, returned is not"));
        }
        self.confirmed.insert(id);
    }

    fn deliver(&mut self, round: &mut Round, consumer: u32, copy: Copy, redelivered: bool) {
        self.deliveries += 1;
        let (id, queue) = copy;
        let message = Message::new(self.seed, id);
        let published = self.published.get(&id.publisher).is_some_and(|count| id.number < *count);
        let mut faults = Vec::new();
        if !published || !message.queues().contains(&queue) {
            faults.push("was never published there");
        }
        let survived = id.round() != round.number;
        if survived && !message.persistent {
            faults.push("is transient and has survived");
        }
        let seen = self.copies.entry(copy).or_default();
        if seen.settled || seen.acked == Some(round.number) {
            faults.push("comes again though it was acknowledged");
        }
        if redelivered != (survived || seen.delivered.is_some()) {
            faults.push(if redelivered { "is no redelivery" } else { "is a redelivery" });
        }
        self.duplicates += u64::from(seen.delivered.is_some());
        let is_first = seen.delivered != Some(round.number);
        if is_first && !round.is_in_order(consumer, copy) {
            faults.push("is out of order");
        }
        let text = format!("{id:?} in queue {queue}, round {}: {seen:?}", round.number);
        seen.delivered = Some(round.number);
        self.faults.extend(faults.iter().map(|fault| format!("{fault}: {text}")));
    }

    /// The log has what came to it before something that was confirmed later.
    fn settle(&mut self, round: &mut Round, consumer: u32, before: u64, at: u64) {
        if at > round.logged {
            return;
        }
        let Some(acks) = round.acks.get_mut(&consumer) else { return };
        let rest = acks.split_off(acks.partition_point(|(acked, _)| *acked < before));
        for (_, copy) in std::mem::replace(acks, rest) {
            self.copies.entry(copy).or_default().settled = true;
        }
    }
}

impl Round {
    /// Whether a message that comes for the first time in the round is behind the one before it, of
    /// the same publisher; and not before those of rounds before.
    fn is_in_order(&mut self, consumer: u32, (id, queue): Copy) -> bool {
        let last = self.last.insert((consumer, queue, id.publisher), id.number);
        let round = self.oldest.insert((consumer, queue), id.round());
        last.is_none_or(|last| last < id.number) && round.is_none_or(|round| round <= id.round())
    }
}
