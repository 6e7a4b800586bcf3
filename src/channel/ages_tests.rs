//! How old deliveries are taken to be.

use std::time::Duration;

use super::*;
use crate::amqp::ack_mode::AckMode;
use crate::amqp::id::{DeliveryTag, MessageIndex, QueueId};
use crate::channel::deliveries::{Deliveries, Reach};

fn deliver(deliveries: &mut Deliveries) {
    deliveries.deliver(QueueId(1), MessageIndex(0), None, AckMode::Manual);
}

fn aged(deliveries: &Deliveries) -> Vec<(u64, Instant)> {
    deliveries.aged().map(|(unacked, at)| (unacked.tag.0, at)).collect()
}

#[test]
fn a_delivery_counts_from_the_first_look_after_it() {
    let begin = Instant::now();
    let at = |seconds| begin + Duration::from_secs(seconds);
    let mut ages = Ages::default();

    ages.look(at(1), 1, 2);
    ages.look(at(2), 1, 2);
    ages.look(at(3), 2, 5);

    let mut walk = ages.walk();
    let found: Vec<_> = (1..=6).map(|tag| walk.delivered_by(tag)).collect();
    let (first, second) = (Some(at(1)), Some(at(3)));
    assert_eq!(found, [first, first, second, second, second, None]);
}

#[test]
fn looks_before_the_first_outstanding_delivery_are_forgotten() {
    let now = Instant::now();
    let mut ages = Ages::default();
    ages.look(now, 1, 1);
    ages.look(now, 1, 2);

    ages.look(now, 2, 2);

    assert_eq!(ages.looks, [(2, now)]);
}

#[test]
fn many_looks_take_little_room_and_stay_near_the_truth() {
    let begin = Instant::now();
    let mut ages = Ages::default();
    let last = 100_000;

    for second in 1..=last {
        ages.look(begin + Duration::from_secs(second), 1, second);
        assert!(ages.looks.len() <= 1_000, "{}", ages.looks.len());
    }

    let mut walk = ages.walk();
    for tag in 1..=last {
        let late = walk.delivered_by(tag).unwrap() - (begin + Duration::from_secs(tag));
        let age = Duration::from_secs(last - tag);
        assert!(late <= age / CLOSE, "{tag}: {late:?}");
    }
}

#[test]
fn what_is_outstanding_has_an_age_once_it_was_looked_at() {
    let begin = Instant::now();
    let later = begin + Duration::from_secs(1);
    let mut deliveries = Deliveries::default();
    let mut out = Vec::new();
    deliver(&mut deliveries);
    deliver(&mut deliveries);
    assert_eq!(aged(&deliveries), []);

    deliveries.look(begin);
    deliver(&mut deliveries);
    deliver(&mut deliveries);
    deliveries.take(DeliveryTag(1), Reach::One, &mut out).unwrap();
    deliveries.take(DeliveryTag(3), Reach::One, &mut out).unwrap();
    assert_eq!(aged(&deliveries), [(2, begin)]);

    deliveries.look(later);
    assert_eq!(aged(&deliveries), [(2, begin), (4, later)]);
    deliveries.take_all(&mut out);
    deliveries.look(later);
    assert_eq!(aged(&deliveries), []);
}

#[test]
fn what_is_put_back_counts_anew_when_nothing_else_was_outstanding() {
    let begin = Instant::now();
    let later = begin + Duration::from_secs(1);
    let mut deliveries = Deliveries::default();
    let mut out = Vec::new();
    deliver(&mut deliveries);
    deliveries.look(begin);
    deliveries.take_all(&mut out);
    deliveries.look(begin);

    deliveries.restore(out);
    deliveries.look(later);

    assert_eq!(aged(&deliveries), [(1, later)]);
}
