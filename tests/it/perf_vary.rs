//! The load generator with messages that differ, and queues and exchanges that treat them
//! differently.

use crate::broker::TestBroker;
use crate::perf::run;
use crate::raw::method::queue_declare;

#[test]
fn messages_come_by_their_priorities() {
    let broker = TestBroker::start();
    let line = "drain --messages 5000 --vary priority=0..9 --queue-argument x-max-priority";

    let (levels, one) = (run(&broker, &format!("{line}=9")), run(&broker, &format!("{line}=1")));

    assert!(levels.is_sound() && one.is_sound(), "{levels}\n{one}");
    // Of ten levels nine are overtaken from somewhere, of two levels only the lower.
    assert!(levels.out_of_order > 4000, "{levels}");
    assert!((100..1000).contains(&one.out_of_order), "{one}");
}

#[test]
fn dead_letters_are_late_by_what_the_broker_takes() {
    let broker = TestBroker::start();

    for vary in ["--vary expiration=1..400", "--property expiration=200"] {
        let report = run(&broker, &format!("throughput --messages 2000 --dead-letters {vary}"));

        assert!(report.is_sound(), "{vary}: {report}");
        assert_eq!((report.received, report.early), (2000, Some(0)), "{vary}: {report}");
        let lateness = report.lateness.unwrap();
        assert!(lateness.max > 0.0 && lateness.max < 60e6, "{vary}: {report}");
        assert!(report.latency.is_none() && report.seconds > 0.19, "{vary}: {report}");
    }
}

#[test]
fn delayed_messages_count_from_when_they_are_due() {
    let broker = TestBroker::start();

    let line = "throughput --messages 2000 --queue-argument x-delayed=true";
    let report = run(&broker, &format!("{line} --vary header:x-delay=100..300 --confirm 100"));

    assert!(report.is_sound(), "{report}");
    assert_eq!((report.received, report.early), (2000, Some(0)), "{report}");
    assert!(report.seconds > 0.29 && report.lateness.unwrap().p50 < 60e6, "{report}");
}

#[test]
fn messages_before_their_time_are_told() {
    let broker = TestBroker::start();

    let report = run(&broker, "throughput --messages 100 --property header:x-delay=60000");

    assert_eq!(report.early, Some(100), "{report}");
}

#[test]
fn an_exchange_that_chooses_brings_each_message_to_one_queue() {
    let broker = TestBroker::start();

    for exchange in ["x-consistent-hash", "x-modulus-hash", "x-random"] {
        let line = "--messages 3000 --queues 3 --vary routing-key=serial --confirm 100";
        let report = run(&broker, &format!("throughput {line} --exchange {exchange}"));

        assert!(report.is_sound(), "{exchange}: {report}");
        assert_eq!((report.received, report.lost), (3000, Some(0)), "{exchange}: {report}");
        let is_even = report.received_each.iter().all(|count| (800..1200).contains(count));
        assert!(report.received_each.len() == 3 && is_even, "{exchange}: {report}");
    }
}

#[test]
fn what_a_deduplicating_exchange_drops_does_not_come() {
    let broker = TestBroker::start();
    let line = "fanout --queues 2 --messages 2000 --exchange x-message-deduplication \
                --exchange-argument x-cache-size=5000 --patience 0.3";

    let unique = run(&broker, &format!("{line} --vary header:x-deduplication-header=serial"));
    let few = run(&broker, &format!("{line} --vary header:x-deduplication-header=0..9"));

    assert_eq!((unique.received, unique.lost), (4000, Some(0)), "{unique}");
    assert_eq!((few.received, few.lost), (20, Some(3980)), "{few}");
}

#[test]
fn a_queue_that_is_given_stays() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let declare = queue_declare("there");
    peer.open(1).call(&declare);

    let filled = run(&broker, "throughput --queue there --messages 70 --consumers 0 --confirm 10");

    assert_eq!(filled.confirmed, Some(70), "{filled}");
    let answer = peer.channel(1).call(&declare.passive());
    let mut arguments = answer.arguments();
    arguments.short_str();
    assert_eq!(arguments.long(), 70);
}
