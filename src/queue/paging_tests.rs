//! A queue of which a part is on the disk.

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConsumerId, Timestamp};
use crate::queue::command::{Command, Settlement, Stored};
use crate::queue::effect::{Budget, Effect, Effects};
use crate::queue::testing::{OCTETS, attach, place};

/// Locates every message.
fn known() -> impl FnMut(&Message) -> Option<Located> {
    |message| Some(place(message.index.0))
}

fn run(first: u64, count: u32) -> Run {
    Run {
        first: MessageIndex(first),
        count,
        octets: count * OCTETS,
        position: place(first).position,
        bytes: u64::from(count) * 10,
        redelivered: false,
        marked: false,
    }
}

fn load(queue: &mut Queue, run: &Run) -> bool {
    let loaded = |index| Loaded {
        index: MessageIndex(index),
        store: StoreRef(index),
        bytes: 10,
        deadline: Timestamp::NEVER,
    };
    let messages: Vec<Loaded> = (run.first.0..run.end().0).map(loaded).collect();
    queue.load(run, &messages)
}

fn apply(queue: &mut Queue, commands: &[Command]) -> Effects {
    let mut effects = Effects::new(Budget { messages: u32::MAX, bytes: u64::MAX });
    queue.apply(Timestamp(0), commands, &mut effects);
    effects
}

fn publish(queue: &mut Queue, count: u64) {
    let next = queue.next_index();
    let stored = |n| Stored { store: StoreRef(n), bytes: 10 };
    let commands: Vec<_> = (next..next + count).map(|n| Command::Enqueue(stored(n))).collect();
    apply(queue, &commands);
}

fn get() -> Command {
    Command::Get { request: 9, acks: AckMode::Manual }
}

fn requeue(index: u64) -> Command {
    Command::Settle { index: MessageIndex(index), outcome: Settlement::Requeue }
}

/// Index and redelivered of what is delivered.
fn delivered(effects: &Effects) -> Vec<(u64, bool)> {
    let delivery = |effect: &Effect| match effect {
        Effect::Deliver { delivery, .. } | Effect::Got { delivery, .. } => {
            Some((delivery.index.0, delivery.redelivered))
        }
        _ => None,
    };
    effects.list().iter().filter_map(delivery).collect()
}

#[test]
fn what_has_been_loaded_ahead_is_at_the_front_and_is_kept() {
    let mut queue = Queue::new();
    let sizes = [0; 20].into_iter().chain([10_000; 20]);
    let enqueue = |bytes| Command::Enqueue(Stored { store: StoreRef(0), bytes });
    apply(&mut queue, &sizes.map(enqueue).collect::<Vec<_>>());

    assert_eq!(queue.front(20 * 64), 20);
    assert_eq!(queue.front(20 * 64 + 1), 21);
    assert_eq!(queue.front(usize::MAX), 40);
}

#[test]
fn a_restored_queue_delivers_what_it_had_once_it_is_loaded() {
    let again = Run { redelivered: true, ..run(3, 2) };
    let mut queue = Queue::restored(12, [again, run(8, 2)]);
    assert_eq!((queue.ready(), queue.ready_bytes(), queue.next_index()), (4, 40, 12));

    let before = apply(&mut queue, &[attach()]);
    publish(&mut queue, 1);
    assert_eq!((delivered(&before), queue.has_deliverable()), (vec![], false));
    assert_eq!(queue.wanted(1), Some(Wanted::Run(again)));
    assert!(load(&mut queue, &again));
    let first = apply(&mut queue, &[]);
    assert!(load(&mut queue, &run(8, 2)));
    let second = apply(&mut queue, &[]);

    assert_eq!(delivered(&first), [(3, true), (4, true)]);
    assert_eq!(delivered(&second), [(8, false), (9, false), (12, false)]);
    assert_eq!(queue.wanted(usize::MAX), None);
}

#[test]
fn a_get_of_a_cold_message_is_not_answered_with_empty() {
    let mut queue = Queue::restored(1, [run(0, 1)]);

    assert_eq!(apply(&mut queue, &[get()]).list(), [Effect::GetCold { request: 9 }]);
    assert!(load(&mut queue, &run(0, 1)));

    assert_eq!(delivered(&apply(&mut queue, &[get()])), [(0, false)]);
    assert_eq!(apply(&mut queue, &[get()]).list(), [Effect::GetEmpty { request: 9 }]);
}

#[test]
fn a_purge_tells_cold_messages_by_the_run_and_what_is_read_for_them_is_refused() {
    let mut queue = Queue::new();
    publish(&mut queue, 10);
    apply(&mut queue, &[get()]);
    queue.unload(3, known());
    publish(&mut queue, 2);

    let effects = apply(&mut queue, &[Command::Purge { request: 1 }]);

    assert_eq!(effects.list(), [Effect::Purged { request: 1, count: 11 }]);
    assert_eq!(effects.released_runs(), [run(4, 6)]);
    assert!(effects.released().iter().map(|(index, _)| index.0).eq([1, 2, 3, 10, 11]));
    assert!(!load(&mut queue, &run(4, 6)));
    assert_eq!((queue.ready(), queue.ready_bytes(), queue.unacked()), (0, 0, 1));
}

#[test]
fn messages_in_memory_put_the_next_load_off() {
    let mut queue = Queue::new();
    publish(&mut queue, 10);
    queue.unload(4, known());
    let octets = 4 * (10 + 64);

    assert_eq!(queue.wanted(octets), None);
    assert_eq!(queue.wanted(octets + 1), Some(Wanted::Run(run(4, 6))));
    assert_eq!((queue.at_hand(usize::MAX), queue.at_hand(3)), (4, 3));
}

#[test]
fn a_cold_message_that_is_requeued_is_wanted_before_the_lane() {
    let mut queue = Queue::new();
    publish(&mut queue, 5);
    apply(&mut queue, &[get(), get()]);
    let held = [0, 1].map(|n| queue.unload_held(MessageIndex(n), place(n).position));
    assert_eq!(held, [Some(StoreRef(0)), Some(StoreRef(1))]);
    queue.unload(0, known());

    apply(&mut queue, &[requeue(1)]);

    let (index, store) = (MessageIndex(1), place(1).position);
    let wanted = Message { redelivered: true, ..Message::new(index, store, 10) };
    assert_eq!(queue.wanted(1), Some(Wanted::Single(wanted)));
    assert_eq!(apply(&mut queue, &[get()]).list(), [Effect::GetCold { request: 9 }]);
    assert!(!queue.load_single(index, place(9).position, StoreRef(6)));
    assert!(queue.load_single(index, store, StoreRef(7)));
    assert!(!queue.load_single(index, store, StoreRef(8)));
    assert_eq!(delivered(&apply(&mut queue, &[get()])), [(1, true)]);
    assert_eq!(queue.wanted(1), Some(Wanted::Run(run(2, 3))));
}

#[test]
fn a_cold_unacked_message_is_released_from_the_disk() {
    let mut queue = Queue::new();
    publish(&mut queue, 1);
    apply(&mut queue, &[get()]);
    queue.unload_held(MessageIndex(0), place(0).position);

    let outcome = Settlement::Ack;
    let effects = apply(&mut queue, &[Command::Settle { index: MessageIndex(0), outcome }]);

    assert_eq!(effects.released(), [(MessageIndex(0), place(0).position)]);
}

#[test]
fn what_is_held_is_told_from_any_place_on() {
    let mut queue = Queue::new();
    publish(&mut queue, 100);
    apply(&mut queue, &[attach()]);
    apply(&mut queue, &[Command::Detach { consumer: ConsumerId(1) }, requeue(3), requeue(60)]);

    let message = |index| Message::new(MessageIndex(index), StoreRef(0), 10);
    let told = |from, keep| queue.held_from(MessageIndex(from), keep).map(|it| it.index.0);

    assert!(told(50, 1).eq([60].into_iter().chain((50..60).chain(61..100))));
    assert!(told(50, 2).eq((50..60).chain(61..100)));
    assert!(told(0, 1).take(2).eq([60, 0]));
    assert_eq!(told(0, 0).count(), 100);
    assert!(queue.singles_behind(&message(3)).map(|message| message.index.0).eq([60]));
}

#[test]
fn everything_held_is_told_in_order() {
    let mut queue = Queue::new();
    publish(&mut queue, 6);
    apply(&mut queue, &[get(), get(), requeue(0)]);
    queue.unload(2, known());
    publish(&mut queue, 1);

    let entries: Vec<Entry> = queue.entries().collect();

    let message = |index, redelivered| {
        let (store, index) = (StoreRef(index), MessageIndex(index));
        Message { redelivered, ..Message::new(index, store, 10) }
    };
    assert_eq!(
        entries,
        [
            Entry::Ready(message(0, true)),
            Entry::Ready(message(2, false)),
            Entry::Run(run(3, 3)),
            Entry::Ready(message(6, false)),
            Entry::Unacked(message(1, true)),
        ]
    );
    assert!(queue.stores_mut().all(|store| !store.is_cold()));
}
