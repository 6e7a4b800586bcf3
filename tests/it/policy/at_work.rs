//! Policies that change while queues are at work: they hold at once for what comes next, and nothing
//! is lost or doubled.

use std::collections::BTreeSet;
use std::thread;

use leveret::policy::draft::Draft;
use serde_json::{Value, json};

use super::Own;
use crate::raw::content::content;
use crate::raw::message::{Confirm, texts};
use crate::raw::method::{
    CHANNEL_CLOSE_OK, basic_ack, basic_consume, basic_get, basic_nack, basic_publish, basic_qos,
    basic_reject, channel_close, confirm_select, queue_bind, queue_declare, queue_delete,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

const HOUR: u64 = 3_600_000;

/// What of the messages of `q` dies goes to `dead`.
const LETTERS: [(&str, Field); 2] =
    [("x-dead-letter-exchange", Field::Str("")), ("x-dead-letter-routing-key", Field::Str("dead"))];

fn set(own: &Own, definition: Value) {
    own.set(&Draft::new("p", "^q$", definition).apply_to("queues")).unwrap();
}

/// A connection whose channel 1 is open, with queues `q` and `dead`.
fn declare(own: &Own) -> Peer {
    let mut peer = own.connect();
    peer.open(1).call(&queue_declare("q").arguments(&LETTERS));
    peer.channel(1).call(&queue_declare("dead"));
    peer
}

/// The same, and `q` is a quorum queue.
fn declare_quorum(own: &Own) -> Peer {
    let mut peer = own.connect();
    let mut arguments = LETTERS.to_vec();
    arguments.push(("x-queue-type", Field::Str("quorum")));
    peer.open(1).call(&queue_declare("q").durable().arguments(&arguments));
    peer.channel(1).call(&queue_declare("dead"));
    peer
}

/// A connection that consumes what comes to `dead`.
fn letters(own: &Own) -> Peer {
    let mut peer = own.connect();
    peer.open(1).call(&basic_consume("dead", "dead").no_ack());
    peer
}

#[track_caller]
fn expect_letters(letters: &mut Peer, expected: &[&str]) {
    assert_eq!(texts(&letters.expect_deliveries(1, expected.len())), expected);
}

#[test]
fn a_limit_of_length_drops_what_is_too_much_at_once_and_nothing_that_is_unacked() {
    let own = Own::start("");
    let mut peer = declare(&own);
    let mut letters = letters(&own);
    peer.channel(1).call(&basic_qos(0, 2));
    peer.channel(1).call(&basic_consume("q", "c"));
    peer.channel(1).put_all("q", &["1", "2", "3", "4", "5"]);
    let held = peer.expect_deliveries(1, 2);

    set(&own, json!({"max-length": 1}));

    assert_eq!(peer.channel(1).counts("q"), (1, 1));
    expect_letters(&mut letters, &["3", "4"]);
    peer.channel(1).put("q", "6").counts("q");
    expect_letters(&mut letters, &["5"]);
    own.clear("p").unwrap();
    peer.channel(1).put_all("q", &["7", "8"]);
    assert_eq!(peer.channel(1).counts("q"), (3, 1));
    peer.channel(1).send(&basic_ack(held[1].tag).multiple());
    let rest = peer.expect_deliveries(1, 2);
    assert_eq!(texts(&rest), ["6", "7"]);
}

#[test]
fn publishes_are_refused_from_when_the_policy_says_so_until_it_does_not() {
    let own = Own::start("");
    let mut peer = declare(&own);
    let mut letters = letters(&own);
    peer.channel(1).call(&confirm_select());
    let accepted = |peer: &mut Peer, text| {
        peer.channel(1).put("q", text);
        peer.expect_confirm(1).acked
    };
    assert!(accepted(&mut peer, "1"));
    assert!(accepted(&mut peer, "2"));

    set(&own, json!({"max-length": 1, "overflow": "reject-publish"}));
    assert!(!accepted(&mut peer, "3"));
    assert_eq!(peer.channel(1).counts("q").0, 2);
    set(&own, json!({"max-length": 3, "overflow": "reject-publish"}));
    assert!(accepted(&mut peer, "4"));
    assert!(!accepted(&mut peer, "5"));
    set(&own, json!({"max-length": 2}));
    expect_letters(&mut letters, &["1"]);
    assert!(accepted(&mut peer, "6"));
    own.clear("p").unwrap();
    assert!(accepted(&mut peer, "7"));

    assert_eq!(peer.channel(1).drain("q"), ["4", "6", "7"]);
    expect_letters(&mut letters, &["2"]);
}

#[test]
fn a_lifetime_holds_for_what_comes_while_the_policy_says_so() {
    let own = Own::start("");
    let mut peer = declare(&own);
    let mut letters = letters(&own);
    peer.channel(1).put_all("q", &["held", "before"]);
    let held = peer.channel(1).get(&basic_get("q")).tag;

    set(&own, json!({"message-ttl": 0}));
    peer.channel(1).put("q", "expires");
    peer.channel(1).send(&basic_nack(held).requeue());

    assert_eq!(peer.channel(1).counts("q").0, 2);
    expect_letters(&mut letters, &["expires"]);
    own.clear("p").unwrap();
    peer.channel(1).put("q", "after");
    assert_eq!(peer.channel(1).drain("q"), ["held", "before", "after"]);
}

/// As in RabbitMQ 3.10. All but a few of the messages are on the disk only.
#[test]
fn what_came_under_a_policy_expires_from_the_disk_too_after_the_policy_is_cleared() {
    const COUNT: u16 = 400;
    let own = Own::start("[store]\nmemory = \"1MiB\"\n");
    let mut peer = own.connect();
    peer.open(1).call(&queue_declare("q").durable().arguments(&LETTERS));
    peer.channel(1).call(&queue_declare("dead"));
    let mut letters = letters(&own);
    set(&own, json!({"message-ttl": 3000}));
    peer.channel(1).call(&confirm_select());
    let large = content(&vec![0; 64 << 10]).delivery_mode(2);
    for _ in 0..COUNT {
        peer.channel(1).publish(&basic_publish("", "q"), &large);
    }
    peer.expect_all_acked(1, 1, COUNT.into());

    own.clear("p").unwrap();
    peer.channel(1).publish(&basic_publish("", "q"), &content(b"after").delivery_mode(2));
    let last = u64::from(COUNT) + 1;
    peer.expect_all_acked(1, last, last);

    letters.expect_deliveries(1, COUNT.into());
    let left = peer.channel(1).get(&basic_get("q").no_ack());
    assert_eq!(left.content.text(), "after");
}

/// As in RabbitMQ, but for those that expire behind one that does not.
#[test]
fn what_came_under_a_policy_expires_after_a_restart_too_whatever_the_policies_say_then() {
    let mut own = Own::start("");
    let connect = |own: &Own| {
        let mut peer = own.connect();
        peer.open(1).call(&queue_declare("q").durable().arguments(&LETTERS));
        peer.channel(1).call(&queue_declare("dead").durable());
        peer.channel(1).call(&confirm_select());
        peer
    };
    let keep = |peer: &mut Peer, text: &str| {
        let content = content(text.as_bytes()).delivery_mode(2);
        peer.channel(1).publish(&basic_publish("", "q"), &content);
        assert!(peer.expect_confirm(1).acked);
    };
    let mut peer = connect(&own);
    keep(&mut peer, "first");
    set(&own, json!({"message-ttl": 1500}));
    keep(&mut peer, "behind it");

    own.restart("");

    let mut peer = connect(&own);
    expect_letters(&mut letters(&own), &["behind it"]);
    keep(&mut peer, "under the policy");
    own.clear("p").unwrap();
    keep(&mut peer, "after it");

    let always = "[[policies]]\nname = \"always\"\npattern = \"^q$\"\n";
    own.restart(&format!("{always}definition = {{ message-ttl = {HOUR} }}\n"));

    let mut peer = connect(&own);
    expect_letters(&mut letters(&own), &["under the policy"]);
    assert_eq!(peer.channel(1).drain("q"), ["first", "after it"]);
}

#[test]
fn a_queue_that_nobody_uses_goes_once_the_policy_gives_it_a_short_time() {
    let own = Own::start("");
    let mut peer = own.connect();
    let mut channel = peer.open(1);
    let events = channel.own_queue();
    channel.call(&queue_bind(&events, "amq.rabbitmq.event", "queue.deleted"));
    channel.call(&basic_consume(&events, "events").no_ack());
    channel.call(&queue_declare("q").arguments(&[("x-expires", Field::Int(3_600_000))]));

    set(&own, json!({"expires": 2 * HOUR}));
    channel.counts("q");
    set(&own, json!({"expires": 1}));

    assert_eq!(channel.expect_delivery().content.field_text("name"), "q");
}

#[test]
fn the_limit_of_deliveries_is_that_of_the_policy_when_one_fails() {
    let own = Own::start("");
    let mut peer = declare_quorum(&own);
    let mut letters = letters(&own);
    let reject = |peer: &mut Peer, policy: Option<u32>| {
        let tag = peer.channel(1).get(&basic_get("q")).tag;
        match policy {
            Some(limit) => set(&own, json!({"delivery-limit": limit})),
            None => own.clear("p").unwrap(),
        }
        peer.channel(1).send(&basic_reject(tag).requeue());
        peer.channel(1).counts("q").0
    };
    peer.channel(1).put("q", "m");

    assert_eq!(reject(&mut peer, Some(1)), 1);
    assert_eq!(reject(&mut peer, None), 1);
    assert_eq!(reject(&mut peer, Some(2)), 0);

    expect_letters(&mut letters, &["m"]);
    peer.channel(1).call(&queue_delete("q"));
}

#[test]
fn what_comes_back_waits_while_the_policy_says_so_and_is_not_forgotten() {
    let own = Own::start("");
    let mut peer = declare_quorum(&own);
    let wait = |time: u64| json!({"delayed-retry-type": "all", "delayed-retry-min": time});
    peer.channel(1).put_all("q", &["waits", "does not", "shortly"]);
    let held = [(); 3].map(|()| peer.channel(1).get(&basic_get("q")).tag);

    set(&own, wait(HOUR));
    peer.channel(1).send(&basic_nack(held[0]).requeue());
    assert_eq!(peer.channel(1).counts("q").0, 0);
    own.clear("p").unwrap();
    peer.channel(1).send(&basic_nack(held[1]).requeue());
    assert_eq!(peer.channel(1).drain("q"), ["does not"]);
    set(&own, wait(1));
    peer.channel(1).send(&basic_nack(held[2]).requeue());
    peer.channel(1).call(&basic_consume("q", "c").no_ack());

    assert_eq!(peer.expect_delivery(1).text(), "shortly");
    peer.channel(1).call(&queue_delete("q"));
}

/// Publishes messages, each text once, and waits for the confirms. Returns those refused.
fn publish(mut peer: Peer, messages: usize) -> BTreeSet<String> {
    const WINDOW: usize = 50;
    peer.open(1).call(&confirm_select());
    let mut refused = BTreeSet::new();
    let mut open = BTreeSet::new();
    let mut published = 0;
    while published < messages || !open.is_empty() {
        while published < messages && open.len() < WINDOW {
            peer.channel(1).put("q", &published.to_string());
            published += 1;
            assert!(open.insert(published as u64));
        }
        let Confirm { tag, multiple, acked } = peer.expect_confirm(1);
        let first = if multiple { 0 } else { tag };
        let told: Vec<u64> = open.range(first..=tag).copied().collect();
        assert!(!told.is_empty(), "{tag} is confirmed twice");
        for tag in told {
            open.remove(&tag);
            if !acked {
                refused.insert((tag - 1).to_string());
            }
        }
    }
    refused
}

/// Takes messages, and sends some back once, until `end` comes. Returns those that were acknowledged.
fn consume(mut peer: Peer, queue: &str, tag: &str) -> Vec<String> {
    peer.open(1).call(&basic_qos(0, 7));
    peer.channel(1).call(&basic_consume(queue, tag));
    let mut taken = Vec::new();
    loop {
        let delivery = peer.channel(1).expect_delivery();
        let text = delivery.text().to_owned();
        if text == "end" {
            peer.channel(1).send(&basic_ack(delivery.tag)).send(&channel_close());
            // What came back and waited may come until then, and goes back.
            while peer.expect_frame().method_id() != Some(CHANNEL_CLOSE_OK) {}
            return taken;
        }
        if !delivery.redelivered && text.ends_with('3') {
            peer.channel(1).send(&basic_nack(delivery.tag).requeue());
        } else {
            peer.channel(1).send(&basic_ack(delivery.tag));
            taken.push(text);
        }
    }
}

/// Every message is consumed, dead-lettered or refused, and only one of them, whatever the policies
/// become meanwhile.
fn keeps_account(mut peer: Peer, own: &Own) {
    const MESSAGES: usize = 3000;
    let (refused, taken) = thread::scope(|scope| {
        let consumer = scope.spawn(|| consume(own.connect(), "q", "c"));
        let publisher = scope.spawn(|| publish(own.connect(), MESSAGES));
        let definitions = [
            json!({"max-length": 3}),
            json!({"max-length": 5, "overflow": "reject-publish"}),
            json!({"message-ttl": 0}),
            json!({"message-ttl": HOUR, "expires": HOUR, "max-length-bytes": 10}),
            json!({"delivery-limit": 0, "max-length": 1}),
            json!({"delayed-retry-type": "all", "delayed-retry-min": 1}),
        ];
        for definition in definitions.iter().cycle() {
            set(own, definition.clone());
            if publisher.is_finished() {
                break;
            }
            own.clear("p").unwrap();
        }
        let refused = publisher.join().unwrap();
        own.clear("p").unwrap();
        peer.channel(1).put("q", "end");
        (refused, consumer.join().unwrap())
    });

    // What came back and waits may be behind the last message.
    for queue in ["q", "dead"] {
        peer.channel(1).send(&basic_consume(queue, queue).no_ack().no_wait());
    }
    let left = MESSAGES - taken.len() - refused.len();
    let left: Vec<_> = (0..left).map(|_| peer.channel(1).expect_delivery()).collect();
    let left = left.iter().map(|delivery| delivery.text().to_owned());
    let mut all: BTreeSet<String> = (0..MESSAGES).map(|number| number.to_string()).collect();
    for text in taken.into_iter().chain(refused).chain(left) {
        assert!(all.remove(&text), "{text} comes twice");
    }
    assert_eq!(peer.channel(1).counts("q"), (0, 1));
    assert_eq!(peer.channel(1).counts("dead"), (0, 1));
    peer.channel(1).call(&queue_delete("q"));
}

#[test]
fn a_classic_queue_keeps_account_of_every_message_while_its_policy_changes() {
    let own = Own::start("");
    keeps_account(declare(&own), &own);
}

#[test]
fn a_quorum_queue_keeps_account_of_every_message_while_its_policy_changes() {
    let own = Own::start("");
    keeps_account(declare_quorum(&own), &own);
}
