//! What came back waits for its time, over a restart too.

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::StoreRef;
use crate::queue::command::{Command, Key, Marks, Stored};
use crate::queue::effect::{Budget, Effect, Effects};
use crate::queue::paging::Seen;
use crate::queue::settings::Settings;
use crate::queue::testing::{attach, place, restarted};
use crate::queue::waiting::Waiting;

const START: Timestamp = Timestamp(1000);

/// A queue that retries after 100 ms for each delivery that failed, and who consumes from it.
struct Rig {
    queue: Queue,
    effects: Effects,
    now: Timestamp,
}

impl Rig {
    fn new(messages: u64) -> Self {
        let retry = Retry { which: DelayedRetry::All, min: 100, max: 1000 };
        let settings = Settings {
            counts_attempts: true,
            delayed: true,
            retry: Some(retry),
            ..Settings::default()
        };
        let effects = Effects::new(Budget { messages: 256, bytes: 256 << 10 });
        let mut rig = Self { queue: Queue::new().with_settings(settings), effects, now: START };
        for index in 0..messages {
            rig.queue.apply(START, &[enqueue(index, Marks::default())], &mut rig.effects);
        }
        rig
    }

    /// Applies commands; returns the places of what was got or delivered.
    fn apply(&mut self, commands: &[Command]) -> Vec<u64> {
        self.effects.clear();
        self.queue.apply(self.now, commands, &mut self.effects);
        let handed_out = self.effects.list().iter().filter_map(|effect| match effect {
            Effect::Got { delivery, .. } | Effect::Deliver { delivery, .. } => {
                Some(delivery.index.0)
            }
            _ => None,
        });
        handed_out.collect()
    }

    fn get(&mut self) -> Vec<u64> {
        while let Some(wanted) = self.queue.wanted(1) {
            let Wanted::Single(message) = wanted else { panic!("{wanted:?}") };
            let store = StoreRef(message.index.0);
            assert!(self.queue.load_single(message.index, message.store, store));
        }
        self.apply(&[Command::Get { request: 0, acks: AckMode::Manual }])
    }

    fn settle(&mut self, index: u64, outcome: Settlement) -> Vec<u64> {
        self.apply(&[Command::Settle { index: MessageIndex(index), outcome }])
    }

    /// The queue as it is found again, once all that has to be was looked at. `group` is that of
    /// each message.
    fn restart(&mut self, group: Option<Fingerprint>) {
        self.queue = restarted(&self.queue, 2);
        while let Some(Wanted::Look(run)) = self.queue.wanted_anyway() {
            let seen = (run.first.0..run.end().0).map(|index| Seen {
                index: MessageIndex(index),
                located: place(index),
                bytes: 10,
                deadline: Timestamp::NEVER,
                marks: Marks::default(),
                known: group.is_some(),
            });
            assert!(self.queue.look_at(&run, &seen.collect::<Vec<_>>()).is_some());
            for index in run.first.0..run.end().0 {
                if let Some(group) = group {
                    self.queue.identify(MessageIndex(index), Key::Group(group));
                }
            }
        }
    }
}

fn enqueue(index: u64, marks: Marks) -> Command {
    Command::EnqueueMarked(Stored { store: StoreRef(index), bytes: 10 }, marks)
}

#[test]
fn what_is_given_back_waits_no_longer_for_coming_back_often() {
    use Settlement::{Fail, Requeue};

    let mut rig = Rig::new(1);
    let waits = [Requeue, Requeue, Fail, Requeue, Fail, Requeue].map(|how| {
        rig.get();
        rig.settle(0, how);
        let until = rig.queue.next_wake().unwrap();
        let waited = until.0 - rig.now.0;
        rig.now = until;
        waited
    });

    assert_eq!(waits, [100, 100, 100, 100, 200, 200]);
}

#[test]
fn after_a_restart_a_message_waits_for_the_rest_of_its_time() {
    let mut rig = Rig::new(3);
    assert_eq!([rig.get(), rig.get()], [[0], [1]]);
    rig.settle(1, Settlement::Requeue);
    rig.now = START.plus(60);
    rig.settle(0, Settlement::Fail);

    rig.restart(None);

    rig.now = START.plus(99);
    assert_eq!((rig.apply(&[]).len(), rig.queue.ready(), rig.queue.deferred()), (0, 1, 2));
    assert_eq!(rig.queue.next_wake(), Some(START.plus(100)));
    rig.now = START.plus(100);
    rig.apply(&[]);
    assert_eq!((rig.queue.ready(), rig.queue.deferred()), (2, 1));
    rig.now = START.plus(160);
    rig.apply(&[]);
    assert_eq!((rig.queue.ready(), rig.queue.deferred()), (3, 0));
    assert_eq!(rig.queue.attempts().count(), 2);
}

#[test]
fn a_message_whose_time_is_over_at_a_restart_is_ready_at_once() {
    let mut rig = Rig::new(1);
    rig.get();
    rig.settle(0, Settlement::Fail);
    let deferrals: Vec<_> = rig.queue.deferrals().collect();
    assert_eq!(deferrals, [(MessageIndex(0), START.plus(100))]);
    rig.now = START.plus(100);

    rig.restart(None);
    rig.apply(&[]);

    assert_eq!((rig.queue.ready(), rig.queue.deferred()), (1, 0));
}

#[test]
fn a_message_that_waits_holds_up_its_group_after_a_restart() {
    let group = Fingerprint::of_octets(b"g");
    let mut rig = Rig::new(0);
    for index in 0..2 {
        let key = Key::Group(group);
        let identify = Command::Identify { index: MessageIndex(index), key };
        rig.apply(&[identify, enqueue(index, Marks::default())]);
    }
    rig.get();
    rig.settle(0, Settlement::Fail);

    rig.restart(Some(group));

    assert!(rig.get().is_empty());
    rig.now = START.plus(100);
    rig.apply(&[]);
    assert_eq!(rig.get(), [0]);
    rig.settle(0, Settlement::Ack);
    assert_eq!(rig.get(), [1]);
}

#[test]
fn a_purge_takes_what_waits_and_holds_up_nothing_of_its_group() {
    let key = Key::Group(Fingerprint::of_octets(b"g"));
    let publish = |rig: &mut Rig, index| {
        let identify = Command::Identify { index: MessageIndex(index), key };
        rig.apply(&[identify, enqueue(index, Marks::default())]);
    };
    let mut rig = Rig::new(0);
    (0..2).for_each(|index| publish(&mut rig, index));
    rig.get();
    rig.settle(0, Settlement::Fail);

    rig.apply(&[Command::Purge { request: 0 }]);
    assert_eq!(rig.effects.list(), [Effect::Purged { request: 0, count: 2 }]);
    assert_eq!(rig.effects.released().len(), 2);
    publish(&mut rig, 2);

    assert_eq!(rig.get(), [2]);
    assert_eq!((rig.queue.deferred(), rig.queue.attempts().count()), (0, 0));
    assert_eq!(rig.queue.next_wake(), None);
}

#[test]
fn a_delayed_message_that_came_back_waits_under_its_new_place() {
    let mut rig = Rig::new(0);
    let deferred = [(MessageIndex(0), START.plus(100))];
    let settings = *rig.queue.settings();
    rig.queue = Queue::restored_with(1, [], deferred).with_settings(settings);

    let waiting = Waiting::new(START, MessageIndex(0), place(0).position, 10);
    rig.queue.restore_delayed(waiting, None);
    rig.apply(&[]);

    assert_eq!((rig.queue.ready(), rig.queue.deferred()), (0, 1));
    let deferrals: Vec<_> = rig.queue.deferrals().collect();
    assert_eq!(deferrals, [(MessageIndex(1), START.plus(100))]);
    rig.now = START.plus(100);
    rig.apply(&[]);
    assert_eq!(rig.queue.ready(), 1);
}

#[test]
fn a_message_expires_while_it_waits_and_what_waited_for_it_goes_on() {
    let mut rig = Rig::new(0);
    let key = Key::Group(Fingerprint::of_octets(b"g"));
    for (index, lifetime) in [(0, Some(50)), (1, None)] {
        let identify = Command::Identify { index: MessageIndex(index), key };
        let marks = Marks { lifetime, ..Marks::default() };
        rig.apply(&[identify, enqueue(index, marks)]);
    }
    rig.get();
    rig.settle(0, Settlement::Fail);
    assert!(rig.get().is_empty());
    assert_eq!(rig.queue.next_wake(), Some(START.plus(50)));
    rig.now = START.plus(50);
    rig.apply(&[]);

    assert_eq!(rig.effects.released(), [(MessageIndex(0), StoreRef(0))]);
    assert_eq!(rig.queue.deferred(), 0);
    assert_eq!(rig.get(), [1]);
}

#[test]
fn after_a_restart_what_is_ready_goes_before_what_waits_behind_it_in_its_group() {
    let mut rig = Rig::new(2);
    let group = Fingerprint::of_octets(b"g");
    for index in [0, 1] {
        rig.queue.identify(MessageIndex(index), Key::Group(group));
    }
    rig.apply(&[attach()]);
    rig.settle(1, Settlement::Fail);

    rig.restart(Some(group));

    assert_eq!(rig.get(), [0]);
    assert_eq!(rig.queue.deferred(), 1);
}
