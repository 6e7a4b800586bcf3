//! Direct reply-to: requests and replies without a queue for the replies.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::broker::TestBroker;
use crate::dead_letter::{dying, dying_to};
use crate::raw::close::Close;
use crate::raw::content::content;
use crate::raw::login::Login;
use crate::raw::message::{Confirm, Delivery, Received};
use crate::raw::method::{
    BASIC_CONSUME, BASIC_GET, BASIC_PUBLISH, QUEUE_BIND, QUEUE_DECLARE, basic_cancel,
    basic_consume, basic_get, basic_publish, channel_close, confirm_select, queue_bind,
    queue_declare, queue_delete, queue_purge, queue_unbind, tx_commit, tx_rollback, tx_select,
};
use crate::raw::peer::{PATIENCE, Peer};
use crate::raw::wire::{Field, fields, long_str, short_str};

const REPLY_TO: &str = "amq.rabbitmq.reply-to";

/// A connection that consumes replies on channel 1, as `r`.
fn requester(broker: &TestBroker) -> Peer {
    let mut peer = broker.connect();
    peer.open(1).call(&basic_consume(REPLY_TO, "r").no_ack());
    peer
}

/// A connection with channel 1 in confirm mode.
fn responder(broker: &TestBroker) -> Peer {
    let mut peer = broker.connect();
    peer.open(1).call(&confirm_select());
    peer
}

/// The reply-to of a message that has no other property.
fn reply_to(of: &Received) -> String {
    let [length, text @ ..] = &of.header[14..] else { panic!("no property") };
    assert_eq!(text.len(), usize::from(*length));
    String::from_utf8(text.to_vec()).unwrap()
}

/// What the channel's requests say for reply-to.
fn ask(requester: &mut Peer, channel: u16) -> String {
    let mut channel = requester.channel(channel);
    let queue = channel.own_queue();
    channel.publish(&basic_publish("", &queue), &content(b"request").reply_to(REPLY_TO));
    let request = channel.get(&basic_get(&queue).no_ack()).content;
    assert_eq!(request.text(), "request");
    reply_to(&request)
}

fn confirmed(responder: &mut Peer, tag: u64) {
    assert_eq!(responder.expect_confirm(1), Confirm { tag, multiple: false, acked: true });
}

/// Asks until the name does not exist.
fn await_dead(peer: &mut Peer, name: &str) {
    let begun = Instant::now();
    for channel in 2.. {
        peer.open(channel).send(&queue_declare(name).passive());
        let answer = peer.expect_frame();
        if Close::read(&answer).is_some_and(|close| close.code == 404) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{name} is still there");
    }
}

/// Nothing has come on the channel, which nothing will be sent to any more.
fn expect_nothing(peer: &mut Peer, channel: u16) {
    peer.channel(channel).own_queue();
}

#[test]
fn a_reply_goes_straight_to_the_channel_that_asked() {
    let broker = TestBroker::start();
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    let name = ask(&mut asking, 1);

    answering.channel(1).put(&name, "one").put(&name, "two");

    assert!(name.starts_with("amq.rabbitmq.reply-to.") && name.len() <= 255, "{name}");
    answering.expect_all_acked(1, 1, 2);
    let replies = asking.expect_deliveries(1, 2);
    // Tag 1 was the request that the channel got. RabbitMQ 3.10 does not count replies.
    let second = if broker.is_rabbitmq_3_10 { 2 } else { 3 };
    for (Delivery { consumer, tag, redelivered, exchange, key, content }, (number, text)) in
        replies.iter().zip([(2, "one"), (second, "two")])
    {
        assert_eq!((consumer.as_str(), *tag, *redelivered), ("r", number, false));
        assert_eq!((exchange.as_str(), key), ("", &name));
        assert_eq!(content.text(), text);
    }
}

#[test]
fn a_request_keeps_its_other_properties() {
    let broker = TestBroker::start();
    let mut peer = requester(&broker);
    let queue = peer.channel(1).own_queue();
    let flags = 1 << 15 | 1 << 13 | 1 << 12 | 1 << 10 | 1 << 9 | 1 << 7 | 1 << 3;
    let sent = |headers: &[(&str, Field)], reply_to: &str| {
        let octets = [
            short_str(b"text/plain"),
            long_str(&fields(headers)),
            vec![1],
            short_str(b"id-7"),
            short_str(reply_to.as_bytes()),
            short_str(b"message"),
            short_str(b"app"),
        ];
        content(b"hi").properties(flags, &octets.concat())
    };
    let (n, l) = (("n", Field::Int(-7)), ("l", Field::Long(1 << 40)));
    let bcc = ("BCC", Field::Array(vec![Field::Str("nosuch")]));

    let name = ask(&mut peer, 1);
    let all = [n.clone(), bcc, l.clone()];
    peer.channel(1).publish(&basic_publish("", &queue), &sent(&all, REPLY_TO));
    peer.channel(1).publish(&basic_publish("", &queue), &sent(&all[..1], "elsewhere"));

    let mut header = || peer.channel(1).get(&basic_get(&queue).no_ack()).content.header;
    assert_eq!(header(), sent(&[n.clone(), l], &name).header());
    assert_eq!(header(), sent(&[n], "elsewhere").header());
}

#[test]
fn each_channel_has_replies_of_its_own() {
    let broker = TestBroker::start();
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    asking.open(2).call(&basic_consume(REPLY_TO, "r2").no_ack());
    let (first, second) = (ask(&mut asking, 1), ask(&mut asking, 2));
    asking.open(3).publish(&basic_publish("", "nosuch"), &content(b"").reply_to(REPLY_TO));
    let text = "PRECONDITION_FAILED - fast reply consumer does not exist";
    asking.expect_channel_close(3, 406, text, BASIC_PUBLISH);

    answering.channel(1).put(&second, "second");
    assert_eq!(asking.expect_delivery(2).brief(), ("r2", "second"));
    answering.channel(1).put(&first, "first");
    assert_eq!(asking.expect_delivery(1).brief(), ("r", "first"));
}

#[test]
fn nobody_else_can_guess_a_name() {
    let broker = TestBroker::start();
    let names: std::collections::BTreeSet<_> =
        (0..4).map(|_| ask(&mut requester(&broker), 1)).collect();

    assert_eq!(names.len(), 4);
}

#[test]
fn replies_to_a_consumer_that_is_gone_are_taken_and_dropped() {
    let broker = TestBroker::start();
    let mut answering = responder(&broker);
    let mandatory = |name: &str| basic_publish("", name).mandatory();
    let returned = broker.is_rabbitmq_3_10;
    let mut check = |name: &str, tag| {
        answering.channel(1).publish(&mandatory(name), &content(b"late"));
        if returned {
            answering.expect_return(1);
        }
        confirmed(&mut answering, tag);
    };

    let mut cancelled = requester(&broker);
    let name = ask(&mut cancelled, 1);
    cancelled.channel(1).call(&basic_cancel("r"));
    check(&name, 1);
    expect_nothing(&mut cancelled, 1);

    let mut closed = requester(&broker);
    let name = ask(&mut closed, 1);
    closed.channel(1).call(&channel_close());
    closed.open(1).call(&basic_consume(REPLY_TO, "r").no_ack());
    check(&name, 2);
    expect_nothing(&mut closed, 1);

    let mut lost = requester(&broker);
    let name = ask(&mut lost, 1);
    drop(lost);
    await_dead(&mut cancelled, &name);
    check(&name, 3);
}

#[test]
fn a_reply_that_is_delivered_is_not_returned() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    let name = ask(&mut asking, 1);

    answering.channel(1).publish(&basic_publish("", &name).mandatory(), &content(b"hi"));

    confirmed(&mut answering, 1);
    assert_eq!(asking.expect_delivery(1).text(), "hi");
}

#[test]
fn what_is_no_name_for_replies_or_goes_another_way_is_returned() {
    let broker = TestBroker::start();
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    let name = ask(&mut asking, 1);
    let wrong = format!("{REPLY_TO}.foo");

    for (exchange, key) in [("", REPLY_TO), ("", &wrong), ("amq.direct", &name)] {
        answering.channel(1).publish(&basic_publish(exchange, key).mandatory(), &content(b"hi"));
        assert_eq!(answering.expect_return(1).key, key);
        answering.expect_confirm(1);
    }

    expect_nothing(&mut asking, 1);
}

#[test]
fn a_new_consumer_has_a_new_name_and_may_use_the_tag_again() {
    let broker = TestBroker::start();
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    let old = ask(&mut asking, 1);

    asking.channel(1).call(&basic_cancel("r"));
    asking.channel(1).call(&basic_consume(REPLY_TO, "r").no_ack());
    let new = ask(&mut asking, 1);
    answering.channel(1).put(&old, "old").put(&new, "new");

    assert_ne!(old, new);
    assert_eq!(asking.expect_delivery(1).brief(), ("r", "new"));
}

#[test]
fn an_empty_tag_is_made_up_for_a_consumer_of_replies_too() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();

    let consume_ok = peer.open(1).call(&basic_consume(REPLY_TO, "").no_ack());

    let tag = consume_ok.arguments().short_str();
    assert!(tag.starts_with("amq.ctag-"), "{tag}");
}

#[test]
fn a_tag_is_used_once_for_queues_and_replies_together() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = requester(&broker);
    let queue = peer.channel(1).own_queue();

    peer.channel(1).send(&basic_consume(&queue, "r"));

    let text = "NOT_ALLOWED - attempt to reuse consumer tag 'r'";
    peer.expect_connection_close(530, text, BASIC_CONSUME);
}

#[test]
fn declaring_a_name_tells_whether_its_consumer_lives() {
    let broker = TestBroker::start();
    let (mut asking, mut other) = (requester(&broker), broker.connect());
    let name = ask(&mut asking, 1);
    other.open(1);

    for declared in [REPLY_TO, &name] {
        for declare in [queue_declare(declared), queue_declare(declared).passive()] {
            let declare_ok = other.channel(1).call(&declare);
            let mut arguments = declare_ok.arguments();
            assert_eq!(arguments.short_str(), declared);
            assert_eq!((arguments.long(), arguments.long()), (0, 1));
        }
    }
    asking.channel(1).call(&basic_cancel("r"));

    other.channel(1).send(&queue_declare(&name));
    let text = format!("NOT_FOUND - no queue '{name}' in vhost '/'");
    other.expect_channel_close(1, 404, &text, QUEUE_DECLARE);
}

#[test]
fn a_name_is_no_queue_to_bind_get_delete_or_consume_from() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let (mut asking, mut other) = (requester(&broker), broker.connect());
    let name = ask(&mut asking, 1);

    other.open(1).send(&basic_consume(&name, "").no_ack());
    let refused = |text: &str| format!("{text} queue '{name}' in vhost '/'");
    let text = refused("PRECONDITION_FAILED - only creator channel may consume from");
    other.expect_channel_close(1, 406, &text, BASIC_CONSUME);
    other.open(2).send(&queue_bind(&name, "amq.direct", "k"));
    let text = "ACCESS_REFUSED - cannot bind or unbind to a volatile (direct reply-to) queue";
    other.expect_channel_close(2, 403, text, QUEUE_BIND);
    let delete_ok = other.open(3).call(&queue_delete(&name));
    assert_eq!(delete_ok.arguments().long(), 0);
    let purge_ok = other.channel(3).call(&queue_purge(&name));
    assert_eq!(purge_ok.arguments().long(), 0);
    asking.open(4).call(&basic_consume(REPLY_TO, "own").no_ack());
    let own = ask(&mut asking, 4);
    asking.channel(4).send(&basic_consume(&own, "again").no_ack());
    let text = format!(
        "PRECONDITION_FAILED - multiple consumers are unsupported for queue '{own}' in vhost '/'"
    );
    asking.expect_channel_close(4, 406, &text, BASIC_CONSUME);
    other.channel(3).send(&basic_get(&name));
    let text = refused("NOT_IMPLEMENTED - basic.get not supported by volatile");
    other.expect_connection_close(540, &text, BASIC_GET);

    let mut answering = responder(&broker);
    answering.channel(1).put(&name, "still here");
    assert_eq!(asking.expect_delivery(1).text(), "still here");
}

#[test]
fn what_replies_are_consumed_from_may_be_the_queue_declared_last_and_is_bound_like_no_queue() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut peer = broker.connect();
    peer.open(1).call(&queue_declare(REPLY_TO));
    peer.channel(1).call(&basic_consume("", "r").no_ack());
    let name = ask(&mut peer, 1);
    responder(&broker).channel(1).put(&name, "reply");
    assert_eq!(peer.expect_delivery(1).brief(), ("r", "reply"));

    peer.channel(1).call(&queue_unbind(REPLY_TO, "amq.direct", "k"));
    peer.channel(1).send(&queue_bind(REPLY_TO, "amq.direct", "k"));
    let text = format!("NOT_FOUND - no queue '{REPLY_TO}' in vhost '/'");
    peer.expect_channel_close(1, 404, &text, QUEUE_BIND);
}

#[test]
fn a_reply_may_go_to_queues_besides() {
    let broker = TestBroker::start();
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    let name: &'static str = ask(&mut asking, 1).leak();
    let queue: &'static str = answering.channel(1).own_queue().leak();
    let bcc = |key| content(b"hi").headers(&[("BCC", Field::Array(vec![Field::Str(key)]))]);

    answering.channel(1).publish(&basic_publish("", queue), &bcc(name));
    answering.channel(1).publish(&basic_publish("", name), &bcc(queue));

    answering.expect_all_acked(1, 1, 2);
    for (reply, key) in asking.expect_deliveries(1, 2).iter().zip([queue, name]) {
        assert_eq!((reply.key.as_str(), reply.text()), (key, "hi"));
        assert_eq!(reply.content.header, content(b"hi").headers(&[]).header());
    }
    assert_eq!(answering.channel(1).drain(queue), ["hi", "hi"]);
}

#[test]
fn a_transaction_replies_when_it_commits() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let (mut asking, mut answering) = (requester(&broker), broker.connect());
    let name = ask(&mut asking, 1);

    answering.open(1).call(&tx_select());
    answering.channel(1).put(&name, "undone").call(&tx_rollback());
    answering.channel(1).put(&name, "done").call(&tx_commit());

    assert_eq!(asking.expect_delivery(1).text(), "done");
}

#[test]
fn a_client_may_answer_itself() {
    let broker = TestBroker::start();
    let mut peer = requester(&broker);
    let name = ask(&mut peer, 1);

    peer.open(2).put(&name, "to myself");

    assert_eq!(peer.expect_delivery(1).text(), "to myself");
}

#[test]
fn a_large_reply_comes_in_frames_of_the_requesters_size() {
    let broker = TestBroker::start();
    let login = Login { frame_max: Some(4096), ..Login::default() };
    let (mut asking, mut answering) = (broker.connect_with(&login), responder(&broker));
    asking.open(1).call(&basic_consume(REPLY_TO, "r").no_ack());
    let name = ask(&mut asking, 1);

    for size in [8 << 10, 20 << 10, 1 << 20] {
        let body: Vec<u8> = (0..size).map(|at: u32| at.to_be_bytes()[3]).collect();
        answering.channel(1).publish(&basic_publish("", &name), &content(&body));
        let reply = asking.expect_delivery(1).content;
        assert!(reply.body == body, "{size} octets");
        assert!(reply.parts.iter().all(|part| *part <= 4088), "{:?}", reply.parts);
    }
}

#[test]
fn a_dead_letter_reaches_the_channel_that_asked() {
    let broker = TestBroker::start();
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    let name: &'static str = ask(&mut asking, 1).leak();
    let key = ("x-dead-letter-routing-key", Field::Str(name));
    let ttl = ("x-message-ttl", Field::Int(0));

    answering.channel(1).call(&dying("reply.dies", "", &[key.clone(), ttl.clone()]));
    answering.channel(1).put("reply.dies", "one").put("reply.dies", "two");
    let replies = asking.expect_deliveries(1, 2);
    asking.channel(1).call(&basic_cancel("r"));
    answering.channel(1).put("reply.dies", "late");

    for (reply, text) in replies.iter().zip(["one", "two"]) {
        assert_eq!(reply.brief(), ("r", text));
        assert_eq!((reply.exchange.as_str(), reply.key.as_str()), ("", name));
        assert_eq!(reply.content.field_text("x-first-death-queue"), "reply.dies");
        assert_eq!(reply.content.field_text("x-first-death-reason"), "expired");
    }
    answering.expect_all_acked(1, 1, 3);
    expect_nothing(&mut asking, 1);
}

#[test]
fn a_dead_letter_by_another_exchange_reaches_no_channel() {
    let broker = TestBroker::start();
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    let name: &'static str = ask(&mut asking, 1).leak();
    let key = ("x-dead-letter-routing-key", Field::Str(name));
    let ttl = ("x-message-ttl", Field::Int(0));

    let mut channel = answering.channel(1);
    channel.call(&dying("reply.direct", "amq.direct", &[key.clone(), ttl.clone()]));
    channel.call(&dying("reply.default", "", &[key, ttl]));
    channel.put("reply.direct", "no").put("reply.default", "yes");

    assert_eq!(asking.expect_delivery(1).text(), "yes");
    expect_nothing(&mut asking, 1);
}

/// Octets of replies: more than the sockets hold on both ways together.
const FLOOD: usize = 128 << 20;

/// Replies with a flood of bodies of `size` octets, while the requester reads nothing until
/// `meanwhile`. Returns the responder when the broker has taken it all.
fn reply_much(broker: &TestBroker, name: &str, size: usize, meanwhile: impl FnOnce()) -> Peer {
    let mut answering = responder(broker);
    let publish = basic_publish("", name);
    let (done, taken) = mpsc::channel();
    thread::spawn(move || {
        let reply = content(&vec![b'x'; size]);
        for _ in 0..FLOOD / size {
            answering.channel(1).publish(&publish, &reply);
        }
        done.send(answering)
    });
    let early = taken.recv_timeout(Duration::from_secs(2));
    assert!(early.is_err(), "nothing held the responder");
    meanwhile();
    taken.recv_timeout(PATIENCE).expect("the responder goes on")
}

#[test]
fn who_replies_to_a_client_that_does_not_read_waits_for_it() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    for size in [16 << 10, 1 << 20] {
        let mut asking = requester(&broker);
        let name = ask(&mut asking, 1);
        let count = (FLOOD / size) as u64;

        let mut answering = reply_much(&broker, &name, size, move || {
            for number in 0..count {
                assert_eq!(asking.expect_delivery(1).tag, 2 + number);
            }
        });

        answering.expect_all_acked(1, 1, count);
    }
}

#[test]
fn who_waits_for_a_client_that_goes_away_goes_on() {
    let broker = TestBroker::start();
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut asking = requester(&broker);
    let name = ask(&mut asking, 1);
    let size = 1 << 20;

    let mut answering = reply_much(&broker, &name, size, || drop(asking));

    answering.expect_all_acked(1, 1, (FLOOD / size) as u64);
}

#[test]
fn dead_letters_for_a_client_that_does_not_read_wait_in_order_and_hold_up_no_others() {
    let broker = TestBroker::start();
    let (mut asking, mut answering) = (requester(&broker), responder(&broker));
    let name: &'static str = ask(&mut asking, 1).leak();
    let size = 1 << 20;
    let count = u8::try_from(FLOOD / size).unwrap();
    let ttl = ("x-message-ttl", Field::Int(0));
    let key = ("x-dead-letter-routing-key", Field::Str(name));

    let mut channel = answering.channel(1);
    channel.call(&dying("reply.much", "", &[key, ttl]));
    channel.call(&dying_to("reply.other", "reply.arrived"));
    channel.call(&queue_declare("reply.arrived").exclusive());
    channel.call(&basic_consume("reply.arrived", "arrived").no_ack());
    for number in 0..count {
        channel.publish(&basic_publish("", "reply.much"), &content(&vec![number; size]));
    }
    answering.expect_all_acked(1, 1, count.into());
    answering.open(2).publish(&basic_publish("", "reply.other"), &content(b"past").expiration("0"));

    assert_eq!(answering.expect_delivery(1).text(), "past");
    for number in 0..count {
        let body = asking.expect_delivery(1).content.body;
        assert!(body.len() == size && body.iter().all(|octet| *octet == number), "{number}");
    }
}
