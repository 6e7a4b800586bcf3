//! What a queue does, told as commands and effects.

use super::command::{Attach, ChannelLimit, Command, Exclusivity, Settlement, Stored};
use super::core::Queue;
use super::effect::{Budget, Delivery, Effect, Effects};
use super::settings::{Serving, Settings};
use super::single_active::Succession;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{ConsumerId, MessageIndex, StoreRef, Timestamp};

/// A queue with its effects. Message `n` is stored at `n`; consumers are numbers.
struct Bench {
    queue: Queue,
    effects: Effects,
    enqueued: u64,
}

impl Bench {
    fn new() -> Self {
        Self::with_budget(Budget { messages: u32::MAX, bytes: u64::MAX })
    }

    fn single_active(succession: Succession) -> Self {
        let serving = Serving::SingleActive(succession);
        let settings = Settings { serving, ..Settings::default() };
        Self { queue: Queue::new().with_settings(settings), ..Self::new() }
    }

    fn with_budget(budget: Budget) -> Self {
        Self { queue: Queue::new(), effects: Effects::new(budget), enqueued: 0 }
    }

    fn apply(&mut self, commands: &[Command]) -> Vec<Effect> {
        self.effects.clear();
        self.queue.apply(Timestamp(0), commands, &mut self.effects);
        self.effects.list().to_vec()
    }

    fn publish(&mut self, count: u64) -> Vec<Effect> {
        let range = self.enqueued..self.enqueued + count;
        self.enqueued += count;
        let enqueue = |n| Command::Enqueue(Stored { store: StoreRef(n), bytes: 10 });
        let commands: Vec<Command> = range.map(enqueue).collect();
        self.apply(&commands)
    }

    fn consume(&mut self, consumer: u64, prefetch: u16) -> Vec<Effect> {
        self.apply(&[attach(consumer, prefetch)])
    }

    fn settle(&mut self, outcome: Settlement, indices: &[u64]) -> Vec<Effect> {
        let settle = |n: &u64| Command::Settle { index: MessageIndex(*n), outcome };
        let commands: Vec<Command> = indices.iter().map(settle).collect();
        self.apply(&commands)
    }

    fn get(&mut self) -> Vec<Effect> {
        self.apply(&[Command::Get { request: 9, acks: AckMode::Manual }])
    }

    fn released(&self) -> Vec<u64> {
        self.effects.released().iter().map(|(_, store)| store.0).collect()
    }

    #[track_caller]
    fn assert_counts(&self, ready: usize, unacked: usize) {
        assert_eq!((self.queue.ready(), self.queue.unacked()), (ready, unacked));
        let bytes = (self.queue.ready_bytes(), self.queue.unacked_bytes());
        assert_eq!(bytes, (10 * ready as u64, 10 * unacked as u64));
    }
}

fn shared(consumer: u64, prefetch: u16) -> Attach {
    Attach {
        consumer: ConsumerId(consumer),
        priority: 0,
        prefetch,
        acks: AckMode::Manual,
        exclusivity: Exclusivity::Shared,
        limit: ChannelLimit::Absent,
    }
}

fn attach(consumer: u64, prefetch: u16) -> Command {
    Command::Attach(shared(consumer, prefetch))
}

fn ranked(consumer: u64, priority: i64, prefetch: u16) -> Command {
    Command::Attach(Attach { priority, ..shared(consumer, prefetch) })
}

fn limited(consumer: u64, prefetch: u16) -> Command {
    Command::Attach(Attach { limit: ChannelLimit::Present, ..shared(consumer, prefetch) })
}

fn exclusive(consumer: u64) -> Command {
    Command::Attach(Attach { exclusivity: Exclusivity::Exclusive, ..shared(consumer, 0) })
}

fn grant(consumer: u64, credit: u32) -> Command {
    Command::Grant { consumer: ConsumerId(consumer), credit }
}

fn detach(consumer: u64) -> Command {
    Command::Detach { consumer: ConsumerId(consumer) }
}

fn unspent(consumer: u64, credit: u32) -> Effect {
    Effect::Unspent { consumer: ConsumerId(consumer), credit }
}

/// Consumer and index of each delivery.
fn deliveries(effects: &[Effect]) -> Vec<(u64, u64)> {
    let pair = |effect: &Effect| match effect {
        Effect::Deliver { consumer, delivery } => Some((consumer.0, delivery.index.0)),
        _ => None,
    };
    effects.iter().filter_map(pair).collect()
}

fn is_redelivered(effect: &Effect) -> bool {
    matches!(effect, Effect::Deliver { delivery, .. } | Effect::Got { delivery, .. }
        if delivery.redelivered)
}

#[test]
fn consumers_are_served_in_turn_in_order_of_consuming() {
    let mut bench = Bench::new();
    (1..=3).for_each(|consumer| assert!(bench.consume(consumer, 0).is_empty()));

    let effects = bench.publish(5);

    assert_eq!(deliveries(&effects), [(1, 0), (2, 1), (3, 2), (1, 3), (2, 4)]);
    assert!(!effects.iter().any(is_redelivered));
    bench.assert_counts(0, 5);
}

#[test]
fn prefetch_bounds_what_a_consumer_holds_and_an_ack_frees_it() {
    let mut bench = Bench::new();
    bench.consume(1, 2);
    assert_eq!(deliveries(&bench.publish(4)), [(1, 0), (1, 1)]);

    let effects = bench.settle(Settlement::Ack, &[1]);

    assert_eq!(deliveries(&effects), [(1, 2)]);
    assert_eq!(bench.released(), [1]);
    bench.assert_counts(1, 2);
}

#[test]
fn a_consumer_without_credit_or_room_is_passed_over() {
    let mut bench = Bench::new();
    bench.apply(&[attach(1, 1), attach(2, 0), attach(3, 0)]);
    bench.apply(&[Command::Pause { consumer: ConsumerId(3) }]);

    let effects = bench.publish(4);
    let resumed = bench.apply(&[Command::Resume { consumer: ConsumerId(3) }]);
    let later = bench.publish(2);

    assert_eq!(deliveries(&effects), [(1, 0), (2, 1), (2, 2), (2, 3)]);
    assert_eq!(deliveries(&resumed), []);
    assert_eq!(deliveries(&later), [(2, 4), (3, 5)]);
}

#[test]
fn an_automatic_consumer_has_no_limit_and_its_messages_are_gone() {
    let mut bench = Bench::new();
    let automatic =
        Attach { acks: AckMode::Automatic, limit: ChannelLimit::Present, ..shared(1, 1) };
    bench.apply(&[Command::Attach(automatic)]);

    let effects = bench.publish(3);

    assert_eq!(deliveries(&effects), [(1, 0), (1, 1), (1, 2)]);
    assert_eq!(bench.released(), [0, 1, 2]);
    bench.assert_counts(0, 0);
}

#[test]
fn requeued_messages_go_back_to_their_places_as_redelivered() {
    let mut bench = Bench::new();
    bench.consume(1, 5);
    bench.publish(7);

    let effects = bench.settle(Settlement::Requeue, &[3, 1]);

    assert_eq!(deliveries(&effects), [(1, 1), (1, 3)]);
    assert!(effects.iter().all(is_redelivered));
    bench.assert_counts(2, 5);
    let effects = bench.settle(Settlement::Requeue, &[0, 1, 2, 3, 4]);
    assert_eq!(deliveries(&effects), [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4)]);
    assert!(bench.released().is_empty());
}

#[test]
fn many_returns_come_back_in_order() {
    let mut bench = Bench::new();
    bench.consume(1, 0);
    bench.publish(10_000);
    bench.apply(&[detach(1)]);
    let backwards: Vec<u64> = (0..10_000).rev().collect();

    bench.settle(Settlement::Requeue, &backwards);

    bench.assert_counts(10_000, 0);
    assert!(deliveries(&bench.consume(2, 0)).into_iter().eq((0..10_000).map(|index| (2, index))));
}

#[test]
fn messages_of_a_detached_consumer_stay_unacked_and_credit_nobody() {
    let mut bench = Bench::new();
    bench.apply(&[attach(1, 1), attach(2, 1)]);
    bench.publish(3);
    bench.apply(&[detach(1)]);
    bench.assert_counts(1, 2);

    let settled = bench.settle(Settlement::Ack, &[0]);
    let own = bench.settle(Settlement::Ack, &[1]);

    assert_eq!(deliveries(&settled), []);
    assert_eq!(deliveries(&own), [(2, 2)]);
}

#[test]
fn the_last_consumer_to_go_leaves_the_queue_unused() {
    let mut bench = Bench::new();
    bench.apply(&[attach(1, 1), attach(2, 1)]);

    assert_eq!(bench.apply(&[detach(1), detach(1)]), []);
    assert_eq!(bench.apply(&[detach(2)]), [Effect::Unused]);
    assert_eq!(bench.apply(&[detach(2)]), []);
    assert_eq!(bench.queue.consumers(), 0);
}

#[test]
fn an_unknown_index_is_ignored() {
    let mut bench = Bench::new();
    bench.consume(1, 1);
    bench.publish(2);
    bench.settle(Settlement::Ack, &[0]);

    let again = bench.settle(Settlement::Ack, &[0, 7]);
    let requeued = bench.settle(Settlement::Requeue, &[0]);

    assert_eq!((again, requeued), (vec![], vec![]));
    assert!(bench.released().is_empty());
    bench.assert_counts(0, 1);
}

#[test]
fn a_discarded_message_is_gone() {
    let mut bench = Bench::new();
    bench.consume(1, 1);
    bench.publish(1);

    bench.settle(Settlement::Discard, &[0]);

    assert_eq!(bench.released(), [0]);
    bench.assert_counts(0, 0);
}

#[test]
fn a_get_takes_the_first_message_and_tells_how_many_are_left() {
    let mut bench = Bench::new();
    bench.publish(2);

    let first = bench.get();
    let second = bench.apply(&[Command::Get { request: 8, acks: AckMode::Automatic }]);

    let delivery = |n, acks| Delivery {
        index: MessageIndex(n),
        store: StoreRef(n),
        bytes: 10,
        redelivered: false,
        acks,
    };
    let manual = delivery(0, AckMode::Manual);
    assert_eq!(first, [Effect::Got { request: 9, remaining: 1, delivery: manual }]);
    let automatic = delivery(1, AckMode::Automatic);
    assert_eq!(second, [Effect::Got { request: 8, remaining: 0, delivery: automatic }]);
    assert_eq!(bench.released(), [1]);
    assert_eq!(bench.get(), [Effect::GetEmpty { request: 9 }]);
    bench.assert_counts(0, 1);
}

#[test]
fn a_get_comes_after_the_consumers_that_could_take_what_is_ready() {
    let mut bench = Bench::new();
    bench.consume(1, 1);
    let enqueue = |n| Command::Enqueue(Stored { store: StoreRef(n), bytes: 10 });
    let get = Command::Get { request: 9, acks: AckMode::Manual };

    let effects = bench.apply(&[enqueue(0), get, enqueue(1), get]);

    assert_eq!(deliveries(&effects), [(1, 0)]);
    assert_eq!(effects[1], Effect::GetEmpty { request: 9 });
    assert!(matches!(effects[2], Effect::Got { delivery, .. } if delivery.index.0 == 1));
}

#[test]
fn a_purge_removes_what_is_ready_and_returned_but_not_what_is_unacked() {
    let mut bench = Bench::new();
    bench.publish(5);
    (0..3).for_each(|_| drop(bench.get()));
    bench.settle(Settlement::Requeue, &[1]);

    let effects = bench.apply(&[Command::Purge { request: 4 }]);

    assert_eq!(effects, [Effect::Purged { request: 4, count: 3 }]);
    assert_eq!(bench.released(), [1, 3, 4]);
    bench.assert_counts(0, 2);
}

#[test]
fn an_exclusive_consumer_is_alone_or_refused() {
    let mut bench = Bench::new();
    let refused = |consumer| [Effect::Refused { consumer: ConsumerId(consumer) }];
    bench.apply(&[attach(1, 0)]);

    assert!(!bench.queue.admits(Exclusivity::Exclusive));
    assert_eq!(bench.apply(&[exclusive(2)]), refused(2));
    bench.apply(&[detach(1)]);
    assert_eq!(bench.apply(&[exclusive(3)]), []);
    assert!(!bench.queue.admits(Exclusivity::Shared));
    assert_eq!(bench.apply(&[attach(4, 0)]), refused(4));
    assert_eq!(bench.apply(&[exclusive(5)]), refused(5));
    bench.apply(&[detach(3)]);
    assert_eq!(bench.apply(&[attach(6, 0)]), []);
    assert_eq!(bench.queue.consumers(), 1);
}

#[test]
fn the_highest_priority_is_served_in_turn_until_it_is_full() {
    let mut bench = Bench::new();
    let consumers =
        [ranked(1, 0, 0), ranked(2, 9, 2), ranked(3, -1, 0), ranked(4, 9, 1), ranked(5, 0, 1)];
    bench.apply(&consumers);

    let effects = bench.publish(6);
    let freed = bench.settle(Settlement::Ack, &[1]);
    let next = bench.publish(2);

    assert_eq!(deliveries(&effects), [(2, 0), (4, 1), (2, 2), (1, 3), (5, 4), (1, 5)]);
    assert_eq!(deliveries(&freed), []);
    assert_eq!(deliveries(&next), [(4, 6), (1, 7)]);
}

#[test]
fn a_lower_priority_is_served_while_a_higher_one_is_paused_or_gone() {
    let mut bench = Bench::new();
    let consumer = ConsumerId(1);
    bench.apply(&[ranked(1, i64::MAX, 0), ranked(2, i64::MIN, 0)]);

    bench.apply(&[Command::Pause { consumer }]);
    let paused = bench.publish(1);
    bench.apply(&[Command::Resume { consumer }]);
    let resumed = bench.publish(2);
    bench.apply(&[detach(1)]);
    let gone = bench.publish(1);

    assert_eq!(deliveries(&paused), [(2, 0)]);
    assert_eq!(deliveries(&resumed), [(1, 1), (1, 2)]);
    assert_eq!(deliveries(&gone), [(2, 3)]);
}

#[test]
fn the_channel_limited_want_credit_in_the_order_of_their_priorities() {
    let mut bench = Bench::new();
    let attach = |consumer, priority| {
        let limit = ChannelLimit::Present;
        Command::Attach(Attach { priority, limit, ..shared(consumer, 0) })
    };
    bench.apply(&[attach(1, 0), attach(2, 5), attach(3, 0), attach(4, 5), ranked(5, 1, 0)]);
    let wanting = |bench: &Bench| bench.queue.wanting().map(|it| it.consumer.0).collect::<Vec<_>>();
    assert_eq!(wanting(&bench), [2, 4, 1, 3]);
    let enqueue = |n| Command::Enqueue(Stored { store: StoreRef(n), bytes: 10 });
    let grants = [grant(2, 1), grant(1, 1), grant(3, 1)];

    let effects = bench.apply(&[&[enqueue(0), enqueue(1)], &grants[..]].concat());

    assert_eq!(deliveries(&effects), [(2, 0), (5, 1)]);
    assert_eq!(wanting(&bench), [4, 2, 1, 3]);
    bench.apply(&[Command::LimitChannel { consumer: ConsumerId(5), limit: ChannelLimit::Present }]);
    assert_eq!(wanting(&bench), [4, 2, 5, 1, 3]);
}

#[test]
fn the_channel_limited_one_that_was_served_last_wants_credit_last() {
    let mut bench = Bench::new();
    bench.apply(&[limited(1, 0), limited(2, 0)]);
    bench.publish(3);

    let effects = bench.apply(&[grant(1, 2), grant(2, 1)]);

    assert_eq!(deliveries(&effects), [(1, 0), (2, 1), (1, 2)]);
    assert!(bench.queue.wanting().map(|it| it.consumer.0).eq([2, 1]));
}

#[test]
fn a_single_active_consumer_is_served_alone_and_others_wait() {
    let mut bench = Bench::single_active(Succession::Gone);
    bench.apply(&[attach(1, 2), attach(2, 0), ranked(3, 9, 0)]);

    let effects = bench.publish(3);
    bench.apply(&[Command::Pause { consumer: ConsumerId(1) }]);
    let paused = bench.settle(Settlement::Ack, &[0]);
    let resumed = bench.apply(&[Command::Resume { consumer: ConsumerId(1) }]);

    assert_eq!(deliveries(&effects), [(1, 0), (1, 1)]);
    assert_eq!(deliveries(&paused), []);
    assert_eq!(deliveries(&resumed), [(1, 2)]);
    assert_eq!(bench.queue.consumers(), 3);
}

#[test]
fn the_oldest_of_the_highest_priority_takes_over_from_the_active_consumer() {
    let mut bench = Bench::single_active(Succession::Gone);
    bench.apply(&[attach(1, 1), attach(2, 1), ranked(3, 5, 1), ranked(4, 5, 1), ranked(5, -1, 1)]);
    bench.publish(6);

    let takers = [1, 3, 4, 2, 5].map(|active| deliveries(&bench.apply(&[detach(active)])));

    assert_eq!(takers, [vec![(3, 1)], vec![(4, 2)], vec![(2, 3)], vec![(5, 4)], vec![]]);
    assert_eq!(deliveries(&bench.consume(6, 1)), [(6, 5)]);
    bench.assert_counts(0, 6);
}

#[test]
fn a_waiting_consumer_that_has_gone_does_not_take_over() {
    let mut bench = Bench::single_active(Succession::Gone);
    bench.apply(&[attach(1, 0), attach(2, 0), attach(3, 0)]);

    bench.apply(&[detach(2)]);
    bench.apply(&[detach(1)]);

    assert_eq!(deliveries(&bench.publish(1)), [(3, 0)]);
}

#[test]
fn who_takes_over_gets_what_is_requeued_with_the_change_first() {
    let mut bench = Bench::single_active(Succession::Gone);
    bench.apply(&[attach(1, 2), attach(2, 0)]);
    bench.publish(4);
    let requeue =
        |index| Command::Settle { index: MessageIndex(index), outcome: Settlement::Requeue };

    let effects = bench.apply(&[detach(1), requeue(1), requeue(0)]);

    assert_eq!(deliveries(&effects), [(2, 0), (2, 1), (2, 2), (2, 3)]);
}

#[test]
fn a_waiting_consumer_wants_no_credit() {
    let mut bench = Bench::single_active(Succession::Gone);
    bench.apply(&[limited(1, 0), limited(2, 0)]);
    bench.publish(2);

    let effects = bench.apply(&[grant(1, 1), grant(2, 1)]);
    let before: Vec<_> = bench.queue.wanting().map(|it| it.consumer.0).collect();
    bench.apply(&[detach(1)]);
    let after: Vec<_> = bench.queue.wanting().map(|it| it.consumer.0).collect();

    assert_eq!(deliveries(&effects), [(1, 0)]);
    assert_eq!(effects[1..], [unspent(2, 1)]);
    assert_eq!((before, after), (vec![1], vec![2]));
}

#[test]
fn a_queue_with_a_single_active_consumer_is_nobodys_alone_and_can_be_got_from() {
    let mut bench = Bench::single_active(Succession::Gone);

    assert!(!bench.queue.admits(Exclusivity::Exclusive));
    assert_eq!(bench.apply(&[exclusive(1)]), [Effect::Refused { consumer: ConsumerId(1) }]);
    bench.apply(&[attach(2, 1)]);
    assert!(bench.queue.admits(Exclusivity::Shared));
    bench.publish(2);

    assert!(matches!(bench.get()[..], [Effect::Got { delivery, .. }] if delivery.index.0 == 1));
}

#[test]
fn a_channel_limited_consumer_takes_what_it_is_granted_and_gives_the_rest_back() {
    let mut bench = Bench::new();
    bench.apply(&[limited(1, 0)]);
    assert_eq!(deliveries(&bench.publish(3)), []);
    assert!(!bench.queue.has_deliverable());
    assert!(bench.queue.wanting().map(|it| it.room).eq([u32::MAX]));

    let two = bench.apply(&[grant(1, 2)]);
    let five = bench.apply(&[grant(1, 5)]);

    assert_eq!(deliveries(&two), [(1, 0), (1, 1)]);
    assert_eq!(two.len(), 2);
    assert_eq!(deliveries(&five), [(1, 2)]);
    assert_eq!(five[1..], [unspent(1, 4)]);
    assert_eq!(deliveries(&bench.publish(1)), []);
}

#[test]
fn own_prefetch_and_channel_limit_both_count() {
    let mut bench = Bench::new();
    bench.apply(&[limited(1, 2)]);
    bench.publish(5);

    let effects = bench.apply(&[grant(1, 3)]);

    assert_eq!(deliveries(&effects), [(1, 0), (1, 1)]);
    assert_eq!(effects[2..], [unspent(1, 1)]);
    assert_eq!(bench.queue.wanting().count(), 0);
}

#[test]
fn credit_granted_to_nobody_comes_back() {
    let mut bench = Bench::new();
    bench.apply(&[attach(1, 0), limited(2, 0)]);

    assert_eq!(bench.apply(&[grant(1, 3)]), [unspent(1, 3)]);
    assert_eq!(bench.apply(&[grant(7, 3)]), [unspent(7, 3)]);
    assert_eq!(bench.apply(&[grant(2, 3), detach(2)]), [unspent(2, 3)]);
}

#[test]
fn a_channel_limit_that_is_set_or_lifted_holds_at_once() {
    let mut bench = Bench::new();
    let consumer = ConsumerId(1);
    bench.apply(&[attach(1, 0)]);

    bench.apply(&[Command::LimitChannel { consumer, limit: ChannelLimit::Present }]);
    let limited = bench.publish(2);
    let lifted = bench.apply(&[Command::LimitChannel { consumer, limit: ChannelLimit::Absent }]);

    assert_eq!(deliveries(&limited), []);
    assert_eq!(deliveries(&lifted), [(1, 0), (1, 1)]);
    assert_eq!(bench.queue.wanting().count(), 0);
}

#[test]
fn a_large_backlog_is_delivered_within_the_budget_of_each_call() {
    let mut bench = Bench::with_budget(Budget { messages: 1000, bytes: 9_999 });
    bench.publish(1_000_000);

    let mut counts = vec![deliveries(&bench.consume(1, 0)).len()];
    while bench.queue.has_deliverable() {
        counts.push(deliveries(&bench.apply(&[])).len());
    }

    assert_eq!(counts, vec![1000; 1000]);
    bench.assert_counts(0, 1_000_000);
}

#[test]
fn the_budget_counts_octets_too() {
    let mut bench = Bench::with_budget(Budget { messages: 1000, bytes: 25 });
    bench.consume(1, 0);

    assert_eq!(deliveries(&bench.publish(4)).len(), 3);
    assert!(bench.queue.has_deliverable());
    assert_eq!(deliveries(&bench.apply(&[])).len(), 1);
    assert!(!bench.queue.has_deliverable());
}

#[test]
fn moved_messages_are_delivered_and_released_from_their_new_places() {
    let mut bench = Bench::new();
    bench.publish(4);
    bench.get();
    bench.get();
    bench.settle(Settlement::Requeue, &[0]);

    bench.queue.stores_mut().for_each(|store| store.0 += 100);

    let Effect::Got { delivery, .. } = bench.get()[0] else { panic!("no message") };
    assert_eq!((delivery.index.0, delivery.store.0), (0, 100));
    bench.settle(Settlement::Ack, &[0, 1]);
    assert_eq!(bench.released(), [100, 101]);
    bench.apply(&[Command::Purge { request: 0 }]);
    assert_eq!(bench.released(), [102, 103]);
}
