//! Log lines as messages of the exchange `amq.rabbitmq.log`.

use crate::process::Process;
use crate::raw::message::Delivery;
use crate::raw::method::{EXCHANGE_DECLARE, basic_consume, exchange_declare, queue_bind};
use crate::raw::peer::Peer;

const EXCHANGE: &str = "amq.rabbitmq.log";

/// Hears of the lines whose level matches `key`.
fn listen(broker: &Process, key: &str) -> Peer {
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    let queue = channel.own_queue();
    channel.call(&basic_consume(&queue, "lines").no_ack());
    channel.call(&queue_bind(&queue, EXCHANGE, key));
    peer
}

#[track_caller]
fn next_with(peer: &mut Peer, part: &str) -> Delivery {
    loop {
        let line = peer.expect_delivery(1);
        assert_eq!(line.exchange, EXCHANGE);
        if line.text().contains(part) {
            return line;
        }
    }
}

#[test]
fn lines_come_whole_with_their_level_as_key() {
    let broker = Process::start(&[("LOG_EXCHANGE", "true")]);
    let (mut all, mut warnings) = (listen(&broker, "#"), listen(&broker, "warning"));

    let mut peer = broker.connect();
    peer.open(1).call(&exchange_declare("log.wrong", "direct").auto_delete());
    peer.channel(1).send(&exchange_declare("log.wrong", "fanout").auto_delete());
    let opened = next_with(&mut all, "authenticated and granted access to vhost '/'");
    let refused = next_with(&mut warnings, "inequivalent arg 'type' for exchange 'log.wrong'");

    assert_eq!((opened.key.as_str(), refused.key.as_str()), ("info", "warning"));
    assert!(refused.text().contains(" [warning] <0."), "{}", refused.text());
    assert!(refused.text().ends_with("'direct'\n"), "{}", refused.text());
    let properties = refused.content.properties();
    assert_eq!(properties.content_type(), Some(&b"text/plain"[..]));
    assert!(properties.timestamp().is_some());
    assert!(refused.content.field_text("node").contains('@'));
}

#[test]
fn without_the_setting_there_is_no_such_exchange() {
    let broker = Process::start(&[]);
    let mut peer = broker.connect();

    peer.open(1).send(&exchange_declare(EXCHANGE, "topic").passive());

    let text = "NOT_FOUND - no exchange 'amq.rabbitmq.log' in vhost '/'";
    peer.expect_channel_close(1, 404, text, EXCHANGE_DECLARE);
}
