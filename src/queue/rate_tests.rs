//! Messages go at the rate that they may, however late and by whatever occasion the queue is woken.

use proptest::prelude::*;

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef};
use crate::queue::command::{Attach, ChannelLimit, Command, Exclusivity, Key, Marks, Stored};
use crate::queue::effect::{Budget, Effect};
use crate::queue::settings::Settings;

struct Rig {
    queue: Queue,
    effects: Effects,
    now: u64,
    /// When messages went.
    gone: Vec<u64>,
}

impl Rig {
    fn new(rate: u64) -> Self {
        let settings = Settings { delivery_rate: Some(rate), ..Settings::default() };
        let mut rig = Self {
            queue: Queue::new().with_settings(settings),
            effects: Effects::new(Budget { messages: 256, bytes: 256 << 10 }),
            now: 1_700_000_000_000,
            gone: Vec::new(),
        };
        rig.apply(&[consumer(ChannelLimit::Absent)]);
        rig
    }

    fn apply(&mut self, commands: &[Command]) {
        let mut commands = commands;
        loop {
            self.effects.clear();
            self.queue.apply(Timestamp(self.now), commands, &mut self.effects);
            commands = &[];
            let is_gone =
                |effect: &&Effect| matches!(effect, Effect::Deliver { .. } | Effect::Got { .. });
            let count = self.effects.list().iter().filter(is_gone).count();
            self.gone.extend(vec![self.now; count]);
            if !self.queue.has_deliverable() {
                return;
            }
            assert!(count > 0, "the queue says that it has something and does nothing");
        }
    }

    fn enqueue(&mut self, count: u64) {
        let stored = Stored { store: StoreRef(0), bytes: 10 };
        self.apply(&vec![Command::Enqueue(stored); usize::try_from(count).unwrap()]);
    }

    /// Lets time pass; the queue is woken `late` milliseconds after it wants to be.
    fn pass(&mut self, time: u64, late: u64) {
        let end = self.now + time;
        while let Some(Timestamp(wake)) = self.queue.next_wake()
            && wake.max(self.now) + late <= end
        {
            assert!(wake > self.now, "the queue wants to be woken at once");
            self.now = wake + late;
            self.apply(&[]);
        }
        self.now = end;
    }
}

fn consumer(limit: ChannelLimit) -> Command {
    Command::Attach(Attach {
        consumer: ConsumerId(1),
        priority: 0,
        prefetch: 0,
        acks: AckMode::Manual,
        exclusivity: Exclusivity::Shared,
        limit,
    })
}

/// The most that went in any time of that length.
fn most_within(gone: &[u64], time: u64) -> usize {
    let within = |(at, first): (usize, &u64)| {
        gone.iter().skip(at).take_while(|it| **it < first + time).count()
    };
    gone.iter().enumerate().map(within).max().unwrap_or(0)
}

#[test]
fn a_backlog_goes_at_the_rate_whatever_it_is_and_however_late_the_queue_is_woken() {
    for rate in [1, 3, 10, 60, 100, 1000, 30_000] {
        for late in [0, 1, 15, 31] {
            let mut rig = Rig::new(rate);
            rig.enqueue(rate * 12);

            rig.pass(10_000, late);

            let (gone, expected) = (rig.gone.len() as u64, rate * 10);
            let slack = 1 + rate * 32 / 1000 + rate * late / 1000;
            assert!(gone.abs_diff(expected) <= slack, "{gone} of {expected}, {late} ms late");
        }
    }
}

#[test]
fn gets_are_served_and_count() {
    let mut rig = Rig::new(10);
    rig.enqueue(20);
    assert_eq!(rig.gone.len(), 1);

    let get = Command::Get { request: 0, acks: AckMode::Automatic };
    rig.apply(&[get; 5]);

    assert_eq!(rig.gone.len(), 6);
    rig.pass(599, 0);
    assert_eq!(rig.gone.len(), 6);
    rig.pass(1, 0);
    assert_eq!(rig.gone.len(), 7);
}

#[test]
fn a_queue_wants_no_wake_when_nobody_could_take_a_message() {
    let mut rig = Rig::new(10);
    assert_eq!(rig.queue.next_wake(), None);
    rig.enqueue(2);
    assert_eq!(rig.queue.next_wake(), Some(Timestamp(rig.now + 100)));

    rig.apply(&[Command::Pause { consumer: ConsumerId(1) }]);

    assert_eq!(rig.queue.next_wake(), None);
    rig.apply(&[Command::Resume { consumer: ConsumerId(1) }]);
    assert_eq!(rig.queue.next_wake(), Some(Timestamp(rig.now + 100)));
}

#[test]
fn a_channel_limited_consumer_wants_credit_only_when_a_message_may_go() {
    let settings = Settings { delivery_rate: Some(10), ..Settings::default() };
    let mut rig = Rig { queue: Queue::new().with_settings(settings), ..Rig::new(10) };
    rig.apply(&[consumer(ChannelLimit::Present)]);
    rig.enqueue(2);
    assert_eq!(rig.queue.wanting().count(), 1);

    rig.apply(&[Command::Grant { consumer: ConsumerId(1), credit: 5 }]);

    assert_eq!((rig.gone.len(), rig.queue.wanting().count()), (1, 0));
    assert_eq!(rig.queue.next_wake(), Some(Timestamp(rig.now + 100)));
    assert!(rig.effects.list().iter().any(|it| matches!(it, Effect::Unspent { credit: 4, .. })));
}

/// Has the queue hold messages of one group.
fn enqueue_group(rig: &mut Rig, count: u64) {
    let group = Key::Group(Fingerprint::of_octets(b"group"));
    let stored = Stored { store: StoreRef(0), bytes: 10 };
    for _ in 0..count {
        let index = MessageIndex(rig.queue.next_index());
        let enqueue = Command::EnqueueMarked(stored, Marks::default());
        rig.apply(&[Command::Identify { index, key: group }, enqueue]);
    }
}

#[test]
fn one_group_goes_at_the_rate_however_late_the_queue_is_woken() {
    let mut rig = Rig::new(10);
    enqueue_group(&mut rig, 120);

    rig.pass(10_000, 15);

    assert!(rig.gone.len().abs_diff(100) <= 1, "{} went", rig.gone.len());
}

#[test]
fn who_holds_a_group_wants_credit_when_the_next_of_it_may_go() {
    let settings = Settings { delivery_rate: Some(10), ..Settings::default() };
    let mut rig = Rig { queue: Queue::new().with_settings(settings), ..Rig::new(10) };
    rig.apply(&[consumer(ChannelLimit::Present)]);
    enqueue_group(&mut rig, 2);
    let grant = Command::Grant { consumer: ConsumerId(1), credit: 5 };
    rig.apply(&[grant]);
    assert_eq!(rig.gone.len(), 1);

    assert_eq!(rig.queue.next_wake(), Some(Timestamp(rig.now + 100)));
    rig.pass(100, 0);
    assert_eq!(rig.queue.wanting().count(), 1);
    rig.apply(&[grant]);

    assert_eq!(rig.gone.len(), 2);
}

#[test]
fn a_queue_that_is_woken_late_delivers_nothing_that_has_expired() {
    let mut rig = Rig::new(10);
    let enqueue = |lifetime| {
        let marks = Marks { lifetime, ..Marks::default() };
        Command::EnqueueMarked(Stored { store: StoreRef(0), bytes: 10 }, marks)
    };
    rig.apply(&[None, Some(110), None].map(enqueue));

    rig.pass(115, 15);

    assert_eq!((rig.gone.len(), rig.queue.ready()), (2, 0));
}

#[test]
fn another_rate_holds_from_the_next_message_on() {
    let mut rig = Rig::new(1);
    rig.enqueue(1000);

    rig.queue.configure(Settings { delivery_rate: Some(100), ..Settings::default() });
    rig.pass(2000, 0);

    assert_eq!(rig.gone.len(), 102);
    rig.queue.configure(Settings::default());
    rig.apply(&[]);
    assert_eq!(rig.gone.len(), 1000);
}

proptest! {
    #[test]
    fn no_second_has_more_than_the_rate_and_a_step(
        rate in 1..2000_u64,
        steps in prop::collection::vec((0..300_u64, 0..700_u64, 0..32_u64), 1..40),
    ) {
        let mut rig = Rig::new(rate);
        for (count, time, late) in steps {
            rig.enqueue(count);
            rig.pass(time, late);
        }
        let most = most_within(&rig.gone, 1000) as u64;
        prop_assert!(most <= rate * 1032 / 1000 + 1, "{} in a second", most);
    }
}
