//! Messages that outlive the process, whether it was stopped or killed, and those that do not.

use super::end::{ENDS, End, Restarted, keep, kept};
use crate::raw::close::Close;
use crate::raw::content::content;
use crate::raw::message::Got;
use crate::raw::method::{
    basic_ack, basic_consume, basic_get, basic_nack, basic_publish, exchange_declare, queue_bind,
    queue_declare, queue_delete, queue_purge,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, fields, long_str, short_str};

/// All properties but expiration, delivery mode 2 among them.
fn all_properties() -> Vec<u8> {
    let nested = fields(&[("größe", Field::Double(0.5)), ("none", Field::Void)]);
    let items = vec![Field::Int(-1), Field::Str("Ω"), Field::Bool(true)];
    let headers = fields(&[
        ("table", Field::Table(nested)),
        ("list", Field::Array(items)),
        ("", Field::Void),
    ]);
    let mut octets = short_str(b"text/plain");
    octets.extend(short_str(b"utf-8"));
    octets.extend(long_str(&headers));
    octets.extend([2, 9]);
    for text in ["correlation", "reply", "id"] {
        octets.extend(short_str(text.as_bytes()));
    }
    octets.extend(1_700_000_000_u64.to_be_bytes());
    for text in ["type", "guest", "app", "cluster"] {
        octets.extend(short_str(text.as_bytes()));
    }
    octets
}

/// Their flags.
const ALL_FLAGS: u16 = 0xFFFC & !(1 << 8);

fn texts(gots: &[Got]) -> Vec<&str> {
    gots.iter().map(|got| got.content.text()).collect()
}

/// Gets all that is there, without acknowledging it.
#[track_caller]
fn take_all(peer: &mut Peer, queue: &str) -> Vec<Got> {
    let (ready, _) = peer.channel(1).counts(queue);
    (0..ready).map(|_| peer.channel(1).get(&basic_get(queue))).collect()
}

#[test]
fn persistent_messages_come_back_octet_for_octet_in_order() {
    let large = vec![0xA5; 300_000];
    let bodies: [&[u8]; 4] = [b"", b"x", &large, b"last"];
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        peer.channel(1).call(&queue_declare("q").durable());
        let contents = bodies.map(|body| content(body).properties(ALL_FLAGS, &all_properties()));
        for content in &contents {
            peer.channel(1).publish(&basic_publish("", "q"), content);
        }
        peer.expect_all_acked(1, 1, 4);

        // The second time nothing has touched them.
        for _ in 0..2 {
            broker.again(end, [peer]);

            peer = broker.connect();
            assert_eq!(peer.channel(1).counts("q"), (4, 0), "{end:?}");
        }

        let gots = take_all(&mut broker.connect(), "q");
        for ((got, content), body) in gots.iter().zip(&contents).zip(bodies) {
            assert_eq!(got.content.header, content.header());
            assert!(got.content.body == body);
        }
    }
}

#[test]
fn transient_messages_are_gone_from_durable_queues() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        peer.channel(1).call(&queue_declare("q").durable());
        for text in ["1", "2", "3", "4"] {
            let mode = if text == "2" || text == "4" { 1 } else { 2 };
            let content = content(text.as_bytes()).delivery_mode(mode);
            peer.channel(1).publish(&basic_publish("", "q"), &content);
        }
        peer.channel(1).put("q", "no mode");
        peer.expect_all_acked(1, 1, 5);

        broker.again(end, [peer]);

        assert_eq!(broker.connect().channel(1).drain("q"), ["1", "3"], "{end:?}");
    }
}

#[test]
fn after_a_stop_only_what_was_delivered_is_said_to_be_redelivered() {
    let mut broker = Restarted::start();
    let mut peer = broker.connect_confirming();
    peer.channel(1).call(&queue_declare("q").durable());
    keep(&mut peer, "q", 1, &["1", "2", "3", "4"]);
    let mut taker = broker.connect();
    taker.channel(1).get(&basic_get("q"));
    let second = taker.channel(1).get(&basic_get("q"));
    // The second goes back to its place, the first is in hand when the broker stops.
    taker.channel(1).send(&basic_nack(second.tag).requeue());
    assert_eq!(taker.channel(1).counts("q"), (3, 0));

    broker.again(End::Stop, [peer, taker]);

    let gots = take_all(&mut broker.connect(), "q");
    assert_eq!(texts(&gots), ["1", "2", "3", "4"]);
    let flags: Vec<bool> = gots.iter().map(|got| got.redelivered).collect();
    assert_eq!(flags, [true, true, false, false]);
}

#[test]
fn a_client_that_does_not_answer_does_not_make_a_stop_a_crash() {
    let mut broker = Restarted::start();
    let mut silent = broker.connect_confirming();
    silent.channel(1).call(&queue_declare("q").durable());
    keep(&mut silent, "q", 1, &["delivered", "not delivered"]);
    silent.channel(1).get(&basic_get("q"));

    broker.again(End::Stop, []);

    let gots = take_all(&mut broker.connect(), "q");
    let flags: Vec<bool> = gots.iter().map(|got| got.redelivered).collect();
    assert_eq!(texts(&gots), ["delivered", "not delivered"]);
    assert_eq!(flags, [true, false]);
    drop(silent);
}

#[test]
fn after_a_kill_what_was_delivered_is_redelivered_in_its_place() {
    let mut broker = Restarted::start();
    let mut peer = broker.connect_confirming();
    peer.channel(1).call(&queue_declare("q").durable());
    keep(&mut peer, "q", 1, &["1", "2", "3", "4"]);
    peer.channel(1).get(&basic_get("q"));
    let second = peer.channel(1).get(&basic_get("q"));
    peer.channel(1).send(&basic_nack(second.tag).requeue()).counts("q");

    broker.again(End::Kill, [peer]);

    let gots = take_all(&mut broker.connect(), "q");
    assert_eq!(texts(&gots), ["1", "2", "3", "4"]);
    assert!(gots[0].redelivered && gots[1].redelivered);
}

#[test]
fn what_was_acknowledged_does_not_come_back() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        peer.channel(1).call(&queue_declare("q").durable());
        keep(&mut peer, "q", 1, &["1", "2", "3", "4", "5"]);
        for _ in 0..4 {
            peer.channel(1).get(&basic_get("q"));
        }
        peer.channel(1).send(&basic_ack(2).multiple()).send(&basic_ack(4)).counts("q");
        // What is confirmed from the log comes behind the acks there.
        keep(&mut peer, "q", 6, &["6"]);

        broker.again(end, [peer]);

        assert_eq!(broker.connect().channel(1).drain("q"), ["3", "5", "6"], "{end:?}");
    }
}

#[test]
fn what_nobody_waited_for_survives_a_stop() {
    let mut broker = Restarted::start();
    let mut peer = broker.connect();
    peer.channel(1).call(&queue_declare("q").durable());
    for number in 0..500 {
        peer.channel(1).publish(&basic_publish("", "q"), &kept(&number.to_string()));
    }
    assert_eq!(peer.channel(1).counts("q").0, 500);

    broker.again(End::Stop, [peer]);

    let expected: Vec<_> = (0..500).map(|number| number.to_string()).collect();
    assert_eq!(broker.connect().channel(1).drain("q"), expected);
}

#[test]
fn each_queue_of_a_fanout_keeps_what_it_has_not_settled() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        peer.channel(1).call(&exchange_declare("x", "fanout").durable());
        for queue in ["a", "b", "c"] {
            peer.channel(1).call(&queue_declare(queue).durable());
            peer.channel(1).call(&queue_bind(queue, "x", ""));
        }
        for text in ["1", "2", "3"] {
            peer.channel(1).publish(&basic_publish("x", ""), &kept(text));
        }
        peer.expect_all_acked(1, 1, 3);
        assert_eq!(peer.channel(1).pop("a"), "1");
        assert_eq!(peer.channel(1).drain("b"), ["1", "2", "3"]);
        keep(&mut peer, "b", 4, &["4"]);

        broker.again(end, [peer]);

        let mut peer = broker.connect_confirming();
        peer.channel(1).publish(&basic_publish("x", ""), &kept("5"));
        peer.expect_all_acked(1, 1, 1);
        assert_eq!(peer.channel(1).drain("a"), ["2", "3", "5"], "{end:?}");
        assert_eq!(peer.channel(1).drain("b"), ["4", "5"], "{end:?}");
        assert_eq!(peer.channel(1).drain("c"), ["1", "2", "3", "5"], "{end:?}");
    }
}

#[test]
fn purged_and_deleted_messages_stay_gone() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        for queue in ["purged", "deleted", "new"] {
            peer.channel(1).call(&queue_declare(queue).durable());
        }
        keep(&mut peer, "purged", 1, &["1", "2"]);
        keep(&mut peer, "deleted", 3, &["3"]);
        keep(&mut peer, "new", 4, &["4"]);
        peer.channel(1).call(&queue_purge("purged"));
        peer.channel(1).call(&queue_delete("deleted"));
        peer.channel(1).call(&queue_delete("new"));
        peer.channel(1).call(&queue_declare("new").durable());
        keep(&mut peer, "new", 5, &["5"]);

        broker.again(end, [peer]);

        let mut peer = broker.connect();
        assert_eq!(peer.channel(1).counts("purged"), (0, 0), "{end:?}");
        assert_eq!(peer.channel(1).drain("new"), ["5"], "{end:?}");
        expect_missing(&mut peer, "deleted");
    }
}

#[test]
fn queues_that_go_with_their_client_have_gone_with_it() {
    for end in ENDS {
        let mut broker = Restarted::start();
        let mut peer = broker.connect_confirming();
        peer.channel(1).call(&queue_declare("exclusive").durable().exclusive());
        peer.channel(1).call(&queue_declare("unused").durable().auto_delete());
        peer.channel(1).call(&queue_declare("used").durable().auto_delete());
        keep(&mut peer, "exclusive", 1, &["1"]);
        keep(&mut peer, "unused", 2, &["2"]);
        peer.channel(1).call(&basic_consume("used", "c"));

        broker.again(end, [peer]);

        let mut peer = broker.connect();
        assert_eq!(peer.channel(1).drain("unused"), ["2"], "{end:?}");
        expect_missing(&mut peer, "exclusive");
        if end == End::Stop {
            // A stop takes the consumer away, as its own cancel would have.
            expect_missing(&mut peer, "used");
        } else {
            assert_eq!(peer.channel(1).counts("used"), (0, 0));
        }
    }
}

#[test]
fn a_backlog_that_is_larger_than_its_memory_can_be_fetched_one_by_one() {
    const COUNT: usize = 20_000;
    for end in ENDS {
        let mut broker = Restarted::start_with(&[("STORE_MEMORY", "256KiB")]);
        let mut peer = broker.connect_confirming();
        peer.channel(1).call(&queue_declare("q").durable());
        for number in 0..COUNT {
            let text = format!("{number:01024}");
            peer.channel(1).publish(&basic_publish("", "q"), &kept(&text));
        }
        peer.expect_all_acked(1, 1, COUNT as u64);

        broker.again(end, [peer]);

        let mut peer = broker.connect();
        assert_eq!(peer.channel(1).counts("q").0 as usize, COUNT);
        for number in 0..COUNT {
            let got = peer.channel(1).get(&basic_get("q").no_ack());
            assert_eq!(got.remaining as usize, COUNT - 1 - number);
            assert_eq!(got.content.text(), format!("{number:01024}"), "{end:?}");
        }
        peer.channel(1).expect_empty("q");
    }
}

#[track_caller]
fn expect_missing(peer: &mut Peer, queue: &str) {
    peer.channel(1).send(&queue_declare(queue).passive());
    let close = Close::read(&peer.expect_frame()).expect("the queue is missing");
    assert_eq!(close.code, 404, "{close}");
    peer.channel(1).send(&crate::raw::method::channel_close_ok());
    peer.open(1);
}
