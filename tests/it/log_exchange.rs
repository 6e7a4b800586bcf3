//! Log lines as messages of the exchange `amq.rabbitmq.log`.

use std::fs;
use std::process::Stdio;

use tokio::runtime::Runtime;

use crate::process::{LOOPBACK, Process, command};
use crate::raw::login::Login;
use crate::raw::message::Delivery;
use crate::raw::method::{
    EXCHANGE_DECLARE, basic_consume, connection_open, exchange_declare, queue_bind, queue_declare,
};
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
    let (mut all, mut errors) = (listen(&broker, "#"), listen(&broker, "error"));

    let mut peer = broker.connect();
    peer.open(1).call(&exchange_declare("log.wrong", "direct").auto_delete());
    peer.channel(1).send(&exchange_declare("log.wrong", "fanout").auto_delete());
    let opened = next_with(&mut all, "authenticated and granted access to vhost '/'");
    let refused = next_with(&mut errors, "inequivalent arg 'type' for exchange 'log.wrong'");

    assert_eq!((opened.key.as_str(), refused.key.as_str()), ("info", "error"));
    assert!(refused.text().contains(" [error] <0."), "{}", refused.text());
    assert!(refused.text().ends_with("'direct'\n"), "{}", refused.text());
    let properties = refused.content.properties();
    assert_eq!(properties.content_type(), Some(&b"text/plain"[..]));
    assert!(properties.timestamp().is_some());
    assert!(refused.content.field_text("node").contains('@'));
}

/// Those of RabbitMQ 3.10 in the same cases.
#[test]
fn lines_about_clients_have_the_levels_of_rabbitmq() {
    let broker = Process::start(&[("LOG_EXCHANGE", "true")]);
    let (mut errors, mut warnings) = (listen(&broker, "error"), listen(&broker, "warning"));

    let mut peer = Peer::dial(broker.address);
    peer.start();
    peer.send(&Login::response("PLAIN", b"\0mallory\0wrong").start_ok());
    next_with(&mut errors, "PLAIN login refused: user 'mallory' - invalid credentials");
    let mut peer = Peer::dial(broker.address);
    peer.start();
    peer.tune(&Login::default());
    peer.send(&connection_open("nosuch"));
    next_with(&mut errors, "vhost nosuch not found");
    let mut peer = broker.connect();
    peer.send(&queue_declare("on channel 0"));
    next_with(&mut errors, "error on connection ");
    Peer::dial(broker.address).octets(b"GET / HTTP/1.1\r\n\r\n");
    next_with(&mut errors, "not AMQP 0-9-1");
    let login = Login { heartbeat: 1, ..Login::default() };
    let _silent = Peer::connect_with(broker.address, &login);
    next_with(&mut errors, "missed heartbeats from client");
    drop(broker.connect());
    next_with(&mut warnings, "client unexpectedly closed TCP connection");
}

/// The levels are those of RabbitMQ 3.10.
#[test]
fn a_socket_that_is_closed_before_anything_came_is_no_warning_and_one_with_half_a_header_is() {
    let broker = Process::start(&[("LOG_EXCHANGE", "true"), ("LOG_LEVEL", "debug")]);
    let mut lines = listen(&broker, "#");
    let reset = async {
        let stream = tokio::net::TcpStream::connect(broker.address).await.unwrap();
        stream.set_zero_linger().unwrap();
    };

    drop(Peer::dial(broker.address));
    let probed = next_with(&mut lines, "closed before a protocol header");
    Runtime::new().unwrap().block_on(reset);
    let reset = next_with(&mut lines, "closed before a protocol header");
    Peer::dial(broker.address).octets(b"AMQP\0\0\x09");
    let cut = next_with(&mut lines, "client unexpectedly closed TCP connection");

    assert_eq!([probed.key, reset.key, cut.key], ["debug", "debug", "warning"]);
}

/// As with RabbitMQ 3.10.
#[test]
fn lines_go_to_the_alternate_exchange_while_nothing_is_bound() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("leveret.toml");
    let policy = "name = \"p\"\npattern = \"^amq.rabbitmq.log$\"\n\
                  definition = { alternate-exchange = \"amq.fanout\" }\n";
    fs::write(&file, format!("[[policies]]\n{policy}")).unwrap();
    let settings = [("LOG_EXCHANGE", "true"), ("CONFIG", file.to_str().unwrap())];
    let mut command = command(&data.path().join("data"), LOOPBACK, &settings);
    let broker = Process::of(command.stderr(Stdio::null()));
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    let queue = channel.own_queue();
    channel.call(&basic_consume(&queue, "lines").no_ack());
    channel.call(&queue_bind(&queue, "amq.fanout", ""));

    Peer::dial(broker.address).octets(b"GET / HTTP/1.1\r\n\r\n");

    next_with(&mut peer, "not AMQP 0-9-1");
}

#[test]
fn without_the_setting_there_is_no_such_exchange() {
    let broker = Process::start(&[]);
    let mut peer = broker.connect();

    peer.open(1).send(&exchange_declare(EXCHANGE, "topic").passive());

    let text = "NOT_FOUND - no exchange 'amq.rabbitmq.log' in vhost '/'";
    peer.expect_channel_close(1, 404, text, EXCHANGE_DECLARE);
}
