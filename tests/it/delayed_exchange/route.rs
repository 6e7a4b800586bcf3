//! Where messages go that have waited.

use super::{LONG, bound, delayed_exchange, publish, start, waiting};
use crate::raw::content::content;
use crate::raw::method::{
    basic_consume, basic_publish, exchange_bind, exchange_declare, queue_bind, queue_unbind,
};
use crate::raw::wire::Field;

#[test]
fn the_bindings_count_that_there_are_when_a_message_is_due() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.bind", "topic");
    let before = bound(&mut peer, "dx.bind", "a.*");

    publish(&mut peer, "dx.bind", "a.b", &waiting("m", 300));
    peer.channel(1).call(&queue_unbind(&before, "dx.bind", "a.*"));
    let after = bound(&mut peer, "dx.bind", "#.b");
    peer.channel(1).call(&basic_consume(&after, "c").no_ack());

    assert_eq!(peer.expect_delivery(1).text(), "m");
    assert_eq!(peer.channel(1).counts(&before).0, 0);
}

#[test]
fn a_mandatory_message_that_waits_is_returned_and_yet_routed() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.mandatory", "fanout");
    let queue = bound(&mut peer, "dx.mandatory", "");
    peer.channel(1).call(&basic_consume(&queue, "c").no_ack());

    let publish = basic_publish("dx.mandatory", "").mandatory();
    peer.channel(1).publish(&publish, &waiting("m", 200));

    let returned = peer.expect_return(1);
    assert_eq!((returned.code, returned.content.text()), (312, "m"));
    assert_eq!(peer.expect_delivery(1).text(), "m");
}

#[test]
fn an_alternate_exchange_has_its_turn_when_the_message_is_due() {
    let Some((_broker, mut peer)) = start() else { return };
    peer.channel(1).call(&exchange_declare("dx.other", "fanout"));
    let other = bound(&mut peer, "dx.other", "");
    let declare = exchange_declare("dx.alternate", "x-delayed-message").arguments(&[
        ("x-delayed-type", Field::Str("direct")),
        ("alternate-exchange", Field::Str("dx.other")),
    ]);
    peer.channel(1).call(&declare);
    let queue = bound(&mut peer, "dx.alternate", "k");

    publish(&mut peer, "dx.alternate", "none", &waiting("to the other", 100));
    publish(&mut peer, "dx.alternate", "k", &waiting("to the queue", 200));
    publish(&mut peer, "dx.alternate", "none", &waiting("not yet", LONG));
    peer.channel(1).call(&basic_consume(&queue, "c").no_ack());

    assert_eq!(peer.expect_delivery(1).text(), "to the queue");
    assert_eq!(peer.channel(1).drain(&other), ["to the other"]);
}

#[test]
fn it_stands_behind_and_before_other_exchanges() {
    let Some((_broker, mut peer)) = start() else { return };
    peer.channel(1).call(&exchange_declare("dx.before", "fanout"));
    peer.channel(1).call(&exchange_declare("dx.behind", "direct"));
    delayed_exchange(&mut peer, "dx.middle", "fanout");
    peer.channel(1).call(&exchange_bind("dx.middle", "dx.before", ""));
    peer.channel(1).call(&exchange_bind("dx.behind", "dx.middle", ""));
    let (at_once, later) = (bound(&mut peer, "dx.before", ""), bound(&mut peer, "dx.behind", "k"));
    peer.channel(1).call(&basic_consume(&later, "c").no_ack());

    publish(&mut peer, "dx.before", "k", &waiting("m", 200));

    assert_eq!(peer.channel(1).drain(&at_once), ["m"]);
    let delivery = peer.expect_delivery(1);
    assert_eq!((&*delivery.exchange, delivery.text()), ("dx.before", "m"));
}

#[test]
fn every_key_of_a_message_counts_and_the_hidden_ones_stay_hidden() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.keys", "direct");
    let queues = ["own", "cc", "bcc"].map(|key| bound(&mut peer, "dx.keys", key));
    for queue in &queues {
        peer.channel(1).call(&basic_consume(queue, queue).no_ack());
    }
    let list = |key| Field::Array(vec![Field::Str(key)]);
    let headers = [("x-delay", Field::Int(200)), ("CC", list("cc")), ("BCC", list("bcc"))];

    publish(&mut peer, "dx.keys", "own", &content(b"m").headers(&headers));

    for delivery in peer.expect_deliveries(1, 3) {
        assert_eq!((delivery.text(), &*delivery.key), ("m", "own"));
        assert_eq!(delivery.content.field_texts("CC"), ["cc"]);
        assert_eq!(delivery.content.field("BCC"), None);
    }
}

#[test]
fn the_type_behind_it_may_remember_messages() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.history", "x-recent-history");
    let first = bound(&mut peer, "dx.history", "");
    peer.channel(1).call(&basic_consume(&first, "c").no_ack());

    publish(&mut peer, "dx.history", "", &waiting("m", 100));
    assert_eq!(peer.expect_delivery(1).text(), "m");

    let second = peer.channel(1).own_queue();
    peer.channel(1).call(&queue_bind(&second, "dx.history", ""));
    assert_eq!(peer.channel(1).drain(&second), ["m"]);
}

#[test]
fn dead_letters_wait_too() {
    let Some((_broker, mut peer)) = start() else { return };
    delayed_exchange(&mut peer, "dx.dead", "fanout");
    let queue = bound(&mut peer, "dx.dead", "");
    let arguments =
        [("x-dead-letter-exchange", Field::Str("dx.dead")), ("x-message-ttl", Field::Int(0))];
    let declare = crate::raw::method::queue_declare("dx.source").exclusive();
    peer.channel(1).call(&declare.arguments(&arguments));
    peer.channel(1).call(&basic_consume(&queue, "c").no_ack());
    let published = std::time::Instant::now();

    publish(&mut peer, "", "dx.source", &waiting("m", 200));

    let delivery = peer.expect_delivery(1);
    assert!(published.elapsed() >= std::time::Duration::from_millis(200));
    assert_eq!(delivery.content.field_text("x-first-death-queue"), "dx.source");
}
