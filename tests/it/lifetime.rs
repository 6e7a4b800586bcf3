//! Exclusive and auto-delete: what goes when its users go.

use crate::broker::TestBroker;
use crate::raw::method::{
    Method, QUEUE_DECLARE, basic_cancel, basic_consume, basic_get, exchange_bind, exchange_declare,
    exchange_delete, queue_bind, queue_declare, queue_delete, queue_unbind,
};
use crate::raw::peer::Peer;

/// The queue or exchange does not exist. The channel is closed by asking, and opened again.
#[track_caller]
pub fn expect_missing(peer: &mut Peer, channel: u16, declare: &Method, what: &str) {
    peer.channel(channel).send(&declare.clone().passive());
    let text = format!("NOT_FOUND - no {what} in vhost '/'");
    peer.expect_channel_close(channel, 404, &text, declare.id);
    peer.open(channel);
}

#[track_caller]
fn expect_no_queue(peer: &mut Peer, name: &str) {
    expect_missing(peer, 1, &queue_declare(name), &format!("queue '{name}'"));
}

#[track_caller]
fn expect_no_exchange(peer: &mut Peer, name: &str) {
    expect_missing(peer, 1, &exchange_declare(name, "fanout"), &format!("exchange '{name}'"));
}

#[test]
fn an_exclusive_queue_is_gone_before_close_ok() {
    let broker = TestBroker::start();
    let (mut owner, mut other) = (broker.connect(), broker.connect());
    owner.open(1).call(&queue_declare("lifetime.exclusive").exclusive());
    other.open(1);

    owner.close();

    expect_no_queue(&mut other, "lifetime.exclusive");
}

#[test]
fn an_exclusive_queue_is_its_owners_alone_on_all_channels() {
    let broker = TestBroker::start();
    let (mut owner, mut other) = (broker.connect(), broker.connect());
    owner.open(1).call(&queue_declare("lifetime.owned").exclusive());

    assert_eq!(owner.open(2).counts("lifetime.owned"), (0, 0));
    other.open(1).send(&queue_declare("lifetime.owned").exclusive());

    let text = "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue \
                'lifetime.owned' in vhost '/'. It could be originally declared on another \
                connection or the exclusive property value does not match that of the original \
                declaration.";
    other.expect_channel_close(1, 405, text, QUEUE_DECLARE);
}

#[test]
fn a_queue_that_the_server_named_is_declared_again_passively_only() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&queue_declare(&queue).passive());

    peer.channel(1).send(&queue_declare(&queue).exclusive());

    let text = format!("ACCESS_REFUSED - queue name '{queue}' contains reserved prefix 'amq.*'");
    peer.expect_channel_close(1, 403, &text, QUEUE_DECLARE);
    assert_eq!(peer.open(2).counts(&queue), (0, 0));
}

#[test]
fn an_exclusive_queue_survives_the_channel_that_declared_it() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = peer.open(1).own_queue();

    peer.channel(1).close();

    assert_eq!(peer.open(1).counts(&queue), (0, 0));
}

#[test]
fn an_auto_delete_queue_goes_with_its_last_consumer_before_cancel_ok() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = "lifetime.auto";
    peer.open(1).call(&queue_declare(queue).auto_delete());
    for tag in ["a", "b"] {
        peer.channel(1).call(&basic_consume(queue, tag));
    }

    peer.channel(1).call(&basic_cancel("a"));
    assert_eq!(peer.channel(1).counts(queue), (0, 1));
    peer.channel(1).call(&basic_cancel("b"));

    expect_no_queue(&mut peer, queue);
}

#[test]
fn an_auto_delete_queue_goes_with_its_consumers_channel_before_close_ok() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let queue = "lifetime.auto.channel";
    peer.open(1).call(&queue_declare(queue).auto_delete());
    peer.open(2).call(&basic_consume(queue, "c"));

    peer.channel(2).close();

    expect_no_queue(&mut peer, queue);
}

#[test]
fn an_auto_delete_queue_goes_with_its_consumers_connection_before_close_ok() {
    let broker = TestBroker::start();
    let (mut consumer, mut other) = (broker.connect(), broker.connect());
    let queue = "lifetime.auto.connection";
    consumer.open(1).call(&queue_declare(queue).auto_delete());
    consumer.channel(1).call(&basic_consume(queue, "c"));
    other.open(1);

    consumer.close();

    expect_no_queue(&mut other, queue);
}

#[test]
fn an_auto_delete_queue_that_was_never_consumed_from_stays() {
    let broker = TestBroker::start();
    let (mut first, mut second) = (broker.connect(), broker.connect());
    let queue = "lifetime.auto.unused";
    first.open(1).call(&queue_declare(queue).auto_delete());
    first.channel(1).put(queue, "m").get(&basic_get(queue));

    first.close();

    assert_eq!(second.open(1).counts(queue), (1, 0));
    second.channel(1).call(&queue_delete(queue));
}

#[test]
fn an_auto_delete_exchange_goes_with_its_last_binding_and_not_before() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let exchange = "lifetime.x";
    let queue = peer.open(1).own_queue();
    peer.channel(1).call(&exchange_declare(exchange, "fanout").auto_delete());
    peer.channel(1).call(&exchange_declare(exchange, "fanout").passive());
    for key in ["a", "b"] {
        peer.channel(1).call(&queue_bind(&queue, exchange, key));
    }

    peer.channel(1).call(&queue_unbind(&queue, exchange, "a"));
    peer.channel(1).call(&exchange_declare(exchange, "fanout").passive());
    peer.channel(1).call(&queue_unbind(&queue, exchange, "b"));

    expect_no_exchange(&mut peer, exchange);
}

#[test]
fn an_auto_delete_exchange_goes_with_the_queue_it_was_bound_to() {
    let broker = TestBroker::start();
    let (mut owner, mut other) = (broker.connect(), broker.connect());
    let exchange = "lifetime.x.queue";
    other.open(1).call(&exchange_declare(exchange, "fanout").auto_delete());
    let queue = owner.open(1).own_queue();
    owner.channel(1).call(&queue_bind(&queue, exchange, ""));

    owner.close();

    expect_no_exchange(&mut other, exchange);
}

#[test]
fn auto_delete_exchanges_in_a_row_fall_together() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    let row = ["lifetime.row.1", "lifetime.row.2", "lifetime.row.3"];
    let queue = peer.open(1).own_queue();
    for exchange in row {
        peer.channel(1).call(&exchange_declare(exchange, "fanout").auto_delete());
    }
    peer.channel(1).call(&exchange_bind(row[1], row[0], ""));
    peer.channel(1).call(&exchange_bind(row[2], row[1], ""));
    peer.channel(1).call(&queue_bind(&queue, row[2], ""));

    peer.channel(1).call(&queue_delete(&queue));

    for exchange in row {
        expect_no_exchange(&mut peer, exchange);
    }
}

#[test]
fn an_exchange_bound_only_as_a_destination_is_unused() {
    let broker = TestBroker::start();
    let mut peer = broker.connect();
    peer.open(1).call(&exchange_declare("lifetime.source", "fanout"));
    peer.channel(1).call(&exchange_declare("lifetime.sink", "fanout"));
    peer.channel(1).call(&exchange_bind("lifetime.sink", "lifetime.source", ""));

    peer.channel(1).send(&exchange_delete("lifetime.source").if_unused());
    let text = "PRECONDITION_FAILED - exchange 'lifetime.source' in vhost '/' in use";
    peer.expect_channel_close(1, 406, text, (40, 20));
    peer.open(1).call(&exchange_delete("lifetime.sink").if_unused());
    peer.channel(1).call(&exchange_delete("lifetime.source").if_unused());

    expect_no_exchange(&mut peer, "lifetime.sink");
}
