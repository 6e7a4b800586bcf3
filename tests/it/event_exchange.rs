//! What happens in the broker, as messages of the exchange `amq.rabbitmq.event`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use leveret::amqp::table::Value;

use crate::alarm::{STAYING, publish_until_blocked};
use crate::broker::TestBroker;
use crate::delivery_limit::quorum;
use crate::process::Process;
use crate::raw::content::content;
use crate::raw::login::Login;
use crate::raw::message::Delivery;
use crate::raw::method::{
    BASIC_PUBLISH, EXCHANGE_DELETE, basic_cancel, basic_consume, basic_get, basic_publish,
    confirm_select, connection_open, exchange_bind, exchange_declare, exchange_delete, queue_bind,
    queue_declare, queue_delete, queue_purge, queue_unbind,
};
use crate::raw::peer::Peer;
use crate::raw::wire::{Field, fields, long_str};

const EXCHANGE: &str = "amq.rabbitmq.event";

/// Hears of everything that matches `key` from here on.
struct Listener(Peer);

impl Listener {
    fn start(broker: &TestBroker, key: &str) -> Self {
        Self::over(broker.connect(), key)
    }

    fn over(mut peer: Peer, key: &str) -> Self {
        peer.open(1);
        let mut channel = peer.channel(1);
        let queue = channel.own_queue();
        channel.call(&basic_consume(&queue, "events").no_ack());
        channel.call(&queue_bind(&queue, EXCHANGE, key));
        Self(peer)
    }

    #[track_caller]
    fn next(&mut self) -> Delivery {
        let event = self.0.expect_delivery(1);
        assert_eq!(event.exchange, EXCHANGE);
        event
    }

    /// The next event in which that field is a name of the test's own; others are passed over.
    #[track_caller]
    fn next_about(&mut self, field: &str) -> Delivery {
        loop {
            let event = self.next();
            if event.content.field_text(field).starts_with("ev.") {
                return event;
            }
        }
    }

    /// The next event of that name; others are passed over.
    #[track_caller]
    fn next_of(&mut self, key: &str) -> Delivery {
        loop {
            let event = self.next();
            if event.key == key {
                return event;
            }
        }
    }
}

/// RabbitMQ has the exchange as a plug-in.
fn start() -> Option<TestBroker> {
    let broker = TestBroker::start();
    broker.is_own().then_some(broker)
}

#[test]
fn declarations_are_told_in_their_order_with_what_was_declared() {
    let Some(broker) = start() else { return };
    let mut peer = broker.connect();
    peer.open(1);
    let mut events = Listener::start(&broker, "exchange.*");
    let mut queues = Listener::start(&broker, "queue.*");
    let mut bindings = Listener::start(&broker, "binding.*");
    let own = bindings.next_of("binding.created");
    assert_eq!(own.content.field_text("source_name"), EXCHANGE);

    let mut channel = peer.channel(1);
    channel.call(&exchange_declare("ev.x", "fanout").durable().auto_delete());
    let alternate = [("alternate-exchange", Field::Str("ev.x"))];
    channel.call(&exchange_declare("ev.y", "topic").internal().arguments(&alternate));
    channel.call(&queue_declare("ev.q").exclusive());
    channel.call(&queue_bind("ev.q", "ev.x", "k").arguments(&[("n", Field::Int(5))]));
    channel.call(&exchange_bind("ev.y", "ev.x", "z"));
    channel.call(&queue_unbind("ev.q", "amq.topic", "never there"));
    channel.call(&queue_delete("ev.q"));
    channel.call(&exchange_delete("ev.y"));

    let x = events.next();
    assert_eq!((x.key.as_str(), x.content.field_text("name")), ("exchange.created", "ev.x"));
    assert_eq!(x.content.field_text("vhost"), "/");
    assert_eq!(x.content.field_text("type"), "fanout");
    assert_eq!(x.content.field_text("policy"), "");
    assert_eq!(x.content.field_text("user_who_performed_action"), "guest");
    for (name, value) in [("durable", true), ("auto_delete", true), ("internal", false)] {
        assert_eq!(x.content.field(name), Some(Value::Bool(value)), "{name}");
    }
    let y = events.next();
    let arguments = y.content.field_texts("arguments");
    assert_eq!(arguments, [r#"{<<"alternate-exchange">>,longstr,<<"ev.x">>}"#]);
    assert_eq!(y.content.field("internal"), Some(Value::Bool(true)));

    let created = queues.next_about("name");
    assert_eq!(created.key, "queue.created");
    assert_eq!(created.content.field_text("name"), "ev.q");
    assert_eq!(created.content.field("exclusive"), Some(Value::Bool(true)));
    assert_eq!(created.content.field("durable"), Some(Value::Bool(false)));
    let with_type = r#"{<<"x-queue-type">>,longstr,<<"classic">>}"#;
    let arguments: &[&str] = if broker.is_rabbitmq_3_10 { &[] } else { &[with_type] };
    assert_eq!(created.content.field_texts("arguments"), arguments);
    let deleted = queues.next_of("queue.deleted");
    assert_eq!(deleted.content.field_text("name"), "ev.q");
    assert_eq!(deleted.content.field_text("user_who_performed_action"), "guest");

    let bound = bindings.next_about("source_name");
    assert_eq!(bound.key, "binding.created");
    assert_eq!(bound.content.field_text("source_name"), "ev.x");
    assert_eq!(bound.content.field_text("source_kind"), "exchange");
    assert_eq!(bound.content.field_text("destination_name"), "ev.q");
    assert_eq!(bound.content.field_text("destination_kind"), "queue");
    assert_eq!(bound.content.field_text("routing_key"), "k");
    assert_eq!(bound.content.field_texts("arguments"), [r#"{<<"n">>,signedint,5}"#]);
    assert_eq!(bindings.next().content.field_text("destination_kind"), "exchange");
    // It goes with its queue; nobody asked for it.
    let unbound = bindings.next();
    assert_eq!(unbound.key, "binding.deleted");
    assert_eq!(unbound.content.field_text("user_who_performed_action"), "rmq-internal");
    // The last binding of the auto-delete exchange goes with the other exchange.
    assert_eq!(bindings.next().content.field_text("destination_name"), "ev.y");
    let gone: Vec<_> =
        [events.next(), events.next()].map(|it| it.content.field_text("name").to_owned()).into();
    assert_eq!(gone, ["ev.x", "ev.y"]);
}

#[test]
fn a_queue_is_told_with_its_type() {
    let Some(broker) = start() else { return };
    let mut peer = broker.connect();
    peer.open(1);
    let mut queues = Listener::start(&broker, "queue.*");

    quorum(&mut peer, "ev.quorum", &[]);
    peer.channel(1).call(&queue_delete("ev.quorum"));

    for key in ["queue.created", "queue.deleted"] {
        let event = queues.next_about("name");
        assert_eq!(event.key, key);
        assert_eq!(event.content.field_text("type"), "rabbit_quorum_queue");
    }
}

/// The fields are those of RabbitMQ 4.
#[test]
fn a_classic_queue_is_told_with_its_owner_its_node_and_its_type() {
    let Some(broker) = start() else { return };
    if broker.is_rabbitmq_3_10 {
        return;
    }
    let mut events = Listener::start(&broker, "#");
    let mut peer = broker.connect();
    let connection = events.next_of("connection.created");
    let length = [("x-max-length", Field::Int(5)), ("x-foo", Field::Int(1))];

    peer.open(1).call(&queue_declare("ev.owned").exclusive().arguments(&length));
    let owned = events.next_of("queue.created").content;
    peer.channel(1).call(&queue_declare("ev.shared").auto_delete());
    let shared = events.next_of("queue.created").content;
    peer.channel(1).call(&queue_delete("ev.shared"));
    quorum(&mut peer, "ev.quorum.fields", &[]);
    let replicated = events.next_of("queue.created").content;
    peer.channel(1).call(&queue_delete("ev.quorum.fields"));

    assert_eq!(owned.field_text("owner_pid"), connection.content.field_text("pid"));
    assert_eq!(
        owned.field_texts("arguments"),
        [
            r#"{<<"x-foo">>,signedint,1}"#,
            r#"{<<"x-max-length">>,signedint,5}"#,
            r#"{<<"x-queue-type">>,longstr,<<"classic">>}"#
        ]
    );
    assert_eq!(shared.field_text("owner_pid"), "");
    let node = connection.content.field_text("node");
    for queue in [&owned, &shared] {
        assert_eq!(queue.field_text("leader"), node);
        assert_eq!(queue.field_texts("members"), [node]);
    }
    for field in ["owner_pid", "leader", "members"] {
        assert_eq!(replicated.field(field), None, "{field}");
    }
}

#[test]
fn an_event_is_empty_persistent_and_says_when_it_happened() {
    let Some(broker) = start() else { return };
    let mut events = Listener::start(&broker, "exchange.created");
    let now = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::try_from(since.as_millis()).unwrap()
    };

    let before = now();
    events.0.channel(1).call(&exchange_declare("ev.when", "direct").auto_delete());
    let event = events.next();
    let after = now();

    assert_eq!(event.content.body, b"");
    let properties = event.content.properties();
    assert_eq!((properties.delivery_mode(), properties.content_type()), (Some(2), None));
    let Some(Value::Int(b'l', millis)) = event.content.field("timestamp_in_ms") else { panic!() };
    let millis = u64::try_from(millis).unwrap();
    assert!((before..=after).contains(&millis), "{before} {millis} {after}");
    assert_eq!(properties.timestamp(), Some(millis / 1000));
}

#[test]
fn a_connection_that_dies_is_told_with_all_that_it_had() {
    let Some(broker) = start() else { return };
    let mut events = Listener::start(&broker, "#");
    let properties = fields(&[("connection_name", Field::Str("ev.named"))]);

    let mut peer = broker.connect_with(&Login { properties, ..Login::default() });
    peer.open(7);
    let mut channel = peer.channel(7);
    let queue = channel.own_queue();
    channel.call(&basic_consume(&queue, "ev.tag").no_ack().exclusive());
    let success = events.next_of("user.authentication.success");
    let opened = events.next_of("connection.created");
    let channel_opened = events.next_of("channel.created");
    let consuming = events.next_of("consumer.created");
    drop(peer);
    let cancelled = events.next_of("consumer.deleted");
    let channel_closed = events.next_of("channel.closed");
    let deleted = events.next_of("queue.deleted");
    let closed = events.next_of("connection.closed");

    let name = opened.content.field_text("name");
    assert!(name.contains(" -> 127.0.0.1:"), "{name}");
    assert_eq!(success.content.field_text("name"), "guest");
    assert_eq!(success.content.field_text("connection_name"), name);
    assert_eq!(success.content.field_text("auth_mechanism"), "PLAIN");
    for (field, text) in [
        ("user", "guest"),
        ("vhost", "/"),
        ("peer_host", "127.0.0.1"),
        ("protocol", "{0,9,1}"),
        ("user_provided_name", "ev.named"),
        ("type", "network"),
        ("user_who_performed_action", "guest"),
    ] {
        assert_eq!(opened.content.field_text(field), text, "{field}");
    }
    let pid = opened.content.field_text("pid");
    assert_eq!(channel_opened.content.field_text("connection"), pid);
    assert_eq!(channel_opened.content.field("number"), Some(Value::Int(b'l', 7)));
    assert_eq!(channel_opened.content.field_text("name"), format!("{name} (7)"));
    let channel_pid = channel_opened.content.field_text("pid");
    assert_eq!(consuming.content.field_text("channel"), channel_pid);
    assert_eq!(consuming.content.field("ack_required"), Some(Value::Bool(false)));
    assert_eq!(consuming.content.field("exclusive"), Some(Value::Bool(true)));
    for event in [&consuming, &cancelled] {
        assert_eq!(event.content.field_text("consumer_tag"), "ev.tag");
        assert_eq!(event.content.field_text("queue"), queue);
        assert_eq!(event.content.field_text("vhost"), "/");
    }
    assert_eq!(channel_closed.content.field_text("pid"), channel_pid);
    assert_eq!(deleted.content.field_text("name"), queue);
    assert_eq!(deleted.content.field_text("user_who_performed_action"), "rmq-internal");
    assert_eq!((closed.content.field_text("pid"), closed.content.field_text("name")), (pid, name));
    assert_eq!(closed.content.field("user_who_performed_action"), None);
    if !broker.is_rabbitmq_3_10 {
        assert_eq!(opened.content.field_text("peer_cert_serial_number"), "");
    }
}

/// The fields are those of RabbitMQ 3.10.
#[test]
fn a_connection_that_never_opened_is_told_when_it_ends_and_only_then() {
    let Some(broker) = start() else { return };
    let mut events = Listener::start(&broker, "connection.*");
    let named = || fields(&[("connection_name", Field::Str("ev.refused"))]);
    let refused = |login: Login| {
        let mut peer = Peer::dial(broker.address);
        peer.start();
        peer.send(&Login { properties: named(), ..login }.start_ok());
        peer
    };

    drop(Peer::dial(broker.address));
    let probe = events.next();
    let mut stranger = refused(Login::response("PLAIN", b"\0mallory\0wrong"));
    stranger.expect_frame();
    drop(stranger);
    let login = events.next();
    let mut lost = refused(Login::default());
    lost.expect_tune();
    lost.send(&Login::default().tune_ok(lost.channel_max, lost.frame_max));
    lost.send(&connection_open("nosuch"));
    lost.expect_frame();
    drop(lost);
    let vhost = events.next();

    for (event, is_named) in [(&probe, false), (&login, true), (&vhost, true)] {
        assert_eq!(event.key, "connection.closed");
        let content = &event.content;
        assert!(content.field_text("name").contains(" -> 127.0.0.1:"));
        assert!(content.field_text("pid").starts_with('<'));
        assert!(content.field_text("node").contains('@'));
        let properties = content.field_texts("client_properties");
        let name = r#"{<<"connection_name">>,longstr,<<"ev.refused">>}"#;
        assert_eq!(properties.last(), is_named.then_some(&name));
        assert_eq!(content.field("user_provided_name").is_some(), is_named);
        assert_eq!(content.field("user_who_performed_action"), None);
    }
}

/// As RabbitMQ 3.10 does, whose order of the exchanges among themselves is that of a hash.
#[test]
fn an_exchange_that_goes_is_told_before_its_bindings_and_a_queue_after_them() {
    let Some(broker) = start() else { return };
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    for name in ["ev.x", "ev.y"] {
        channel.call(&exchange_declare(name, "fanout").auto_delete());
    }
    channel.call(&queue_declare("ev.q").exclusive());
    channel.call(&queue_bind("ev.q", "ev.x", "k"));
    channel.call(&exchange_bind("ev.x", "ev.y", "z"));
    channel.call(&queue_declare("ev.last").exclusive());
    channel.call(&exchange_declare("ev.z", "fanout").auto_delete());
    channel.call(&queue_bind("ev.last", "ev.z", "k"));
    let mut events = Listener::start(&broker, "*.deleted");
    let mut told = |count: usize| -> Vec<String> {
        let next = |_| {
            let event = events.next();
            let names = ["name", "source_name"];
            let names = names.iter().filter(|name| event.content.field(name).is_some());
            let names: Vec<_> = names.map(|name| event.content.field_text(name)).collect();
            format!("{} {}", event.key, names.join(" "))
        };
        (0..count).map(next).collect()
    };

    peer.channel(1).call(&queue_delete("ev.q"));
    peer.channel(1).call(&queue_unbind("ev.last", "ev.z", "k"));

    let x = ["exchange.deleted ev.x", "binding.deleted ev.x"];
    let y = ["exchange.deleted ev.y", "binding.deleted ev.y"];
    assert_eq!(told(5), [&x[..], &y, &["queue.deleted ev.q"]].concat());
    assert_eq!(told(2), ["exchange.deleted ev.z", "binding.deleted ev.z"]);
}

/// As RabbitMQ does (`rabbit_exchange:delete/3`).
#[test]
fn the_deletion_of_an_exchange_is_told_when_it_begins_and_when_it_has_ended() {
    let Some(broker) = start() else { return };
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    for name in ["ev.x", "ev.used"] {
        channel.call(&exchange_declare(name, "fanout"));
    }
    let queue = channel.own_queue();
    channel.call(&queue_bind(&queue, "ev.used", ""));
    let mut parameters = Listener::start(&broker, "parameter.*");
    parameters.0.channel(1).call(&queue_bind("", EXCHANGE, "exchange.deleted"));

    channel.call(&exchange_delete("ev.x"));
    channel.call(&exchange_delete("ev.missing"));
    channel.send(&exchange_delete("amq.direct"));
    peer.expect_frame();
    peer.open(2).send(&exchange_delete("ev.used").if_unused());
    peer.expect_frame();
    peer.open(3).call(&exchange_delete("ev.used"));

    for (key, name) in [
        ("parameter.set", "ev.x"),
        ("exchange.deleted", "ev.x"),
        ("parameter.cleared", "ev.x"),
        ("parameter.set", "ev.missing"),
        ("parameter.cleared", "ev.missing"),
        ("parameter.set", "ev.used"),
        ("parameter.cleared", "ev.used"),
        ("parameter.set", "ev.used"),
        ("exchange.deleted", "ev.used"),
        ("parameter.cleared", "ev.used"),
    ] {
        let event = parameters.next();
        let content = &event.content;
        assert_eq!((event.key.as_str(), content.field_text("name")), (key, name));
        assert_eq!(content.field_text("vhost"), "/");
        assert_eq!(content.field_text("user_who_performed_action"), "guest");
        let is_parameter = key.starts_with("parameter");
        let component = is_parameter.then_some(Value::LongStr(b"exchange-delete-in-progress"));
        assert_eq!(content.field("component"), component);
        let value = (key == "parameter.set").then_some(Value::Bool(true));
        assert_eq!(content.field("value"), value);
    }
}

#[test]
fn a_consumer_is_told_once_when_it_is_cancelled_or_loses_its_queue() {
    let Some(broker) = start() else { return };
    let mut peer = broker.connect();
    peer.open(1);
    let mut events = Listener::start(&broker, "consumer.deleted");

    let mut channel = peer.channel(1);
    let queue = channel.own_queue();
    channel.call(&basic_consume(&queue, "ev.cancelled"));
    channel.call(&basic_consume(&queue, "ev.lost"));
    channel.call(&basic_cancel("ev.cancelled"));
    channel.send(&queue_delete(&queue));
    peer.expect_frame();
    peer.expect_frame();
    peer.close();
    let mut last = broker.connect();
    last.open(1);
    let mut channel = last.channel(1);
    let queue = channel.own_queue();
    channel.call(&basic_consume(&queue, "ev.last"));
    last.close();

    let tags = [events.next(), events.next(), events.next()]
        .map(|event| event.content.field_text("consumer_tag").to_owned());
    assert_eq!(tags, ["ev.cancelled", "ev.lost", "ev.last"]);
}

#[test]
fn a_refused_login_is_told_with_the_reason() {
    let Some(broker) = start() else { return };
    let mut events = Listener::start(&broker, "user.authentication.failure");

    let mut peer = Peer::dial(broker.address);
    peer.start();
    peer.send(&Login::response("PLAIN", b"\0mallory\0wrong").start_ok());
    let event = events.next();

    assert_eq!(event.content.field_text("name"), "mallory");
    assert_eq!(event.content.field_text("error"), "user 'mallory' - invalid credentials");
    assert_eq!(event.content.field_text("auth_mechanism"), "PLAIN");
    assert_eq!(event.content.field("ssl"), Some(Value::Bool(false)));
}

/// As RabbitMQ 3.10 tells of the same responses, but that it also tells the response.
#[test]
fn a_response_without_credentials_is_told_as_a_failed_login_without_a_name() {
    let Some(broker) = start() else { return };
    let mut events = Listener::start(&broker, "user.authentication.#");
    let login = |mechanism: &'static str, response: &[u8]| {
        let mut peer = Peer::dial(broker.address);
        peer.start();
        peer.send(&Login::response(mechanism, response).start_ok());
        peer.expect_frame();
    };
    let amqplain = fields(&[("LOGIN", Field::Str("guest")), ("PASSWORD", Field::Str("guest"))]);
    let only_login = fields(&[("LOGIN", Field::Str("guest"))]);
    let numbers = fields(&[("LOGIN", Field::Int(1)), ("PASSWORD", Field::Int(1))]);

    // No login of anybody.
    login("FOO", b"\0guest\0guest");
    login("AMQPLAIN", &long_str(&amqplain));
    let missing = "AMQPLAIN auth info is missing LOGIN or PASSWORD field";
    let unsupported = "AMQPLAIN auth info uses unsupported type for LOGIN or PASSWORD field";
    for (mechanism, response, error) in [
        ("PLAIN", &b""[..], "PLAIN response invalid"),
        ("PLAIN", b"guest", "PLAIN response invalid"),
        ("PLAIN", b"me\0guest\0guest", "PLAIN response invalid"),
        ("AMQPLAIN", b"", missing),
        ("AMQPLAIN", &only_login, missing),
        ("AMQPLAIN", &numbers, unsupported),
    ] {
        login(mechanism, response);
        let event = events.next();

        assert_eq!(event.key, "user.authentication.failure");
        assert_eq!(event.content.field("name"), None);
        assert_eq!(event.content.field_text("error"), error);
        assert_eq!(event.content.field_text("auth_mechanism"), mechanism);
        assert_eq!(event.content.field_text("peer_host"), "127.0.0.1");
        assert_eq!(event.content.field("ssl"), Some(Value::Bool(false)));
    }
}

#[test]
fn the_memory_alarm_is_told_when_it_goes_on_and_off() {
    let broker = Process::start(&STAYING);
    let mut events = Listener::over(broker.connect(), "alarm.*");
    let mut peer = broker.connect();
    let queue = peer.open(1).shared_queue("ev.alarm");
    peer.channel(1).call(&confirm_select());

    publish_until_blocked(&mut peer, &queue);
    let set = events.next();
    events.0.open(2).call(&queue_purge(&queue));
    events.0.be_patient(Duration::from_secs(30));
    let cleared = events.next();

    for (event, key) in [(set, "alarm.set"), (cleared, "alarm.cleared")] {
        assert_eq!((event.key.as_str(), event.content.field_text("source")), (key, "memory"));
        assert!(event.content.field_text("node").contains('@'));
    }
}

#[test]
fn a_durable_queue_keeps_its_events_and_its_binding_even_if_events_are_turned_off_meanwhile() {
    let data = tempfile::tempdir().unwrap();
    let stop = |mut broker: Process| {
        broker.terminate();
        assert!(broker.expect_exit(Duration::from_secs(20)).success());
    };
    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    channel.call(&queue_declare("ev.kept").durable());
    channel.call(&queue_bind("ev.kept", EXCHANGE, "exchange.created"));
    channel.call(&basic_consume("ev.kept", "not settled"));
    channel.call(&exchange_declare("ev.1", "direct").auto_delete());
    assert_eq!(channel.expect_delivery().content.field_text("name"), "ev.1");
    drop(peer);
    stop(broker);

    let broker = Process::start_on(data.path(), &[("EVENTS_EXCHANGE", "false")]);
    let mut peer = broker.connect();
    let got = peer.open(1).get(&basic_get("ev.kept"));
    assert_eq!(got.content.field_text("name"), "ev.1");
    drop(peer);
    stop(broker);

    let broker = Process::start_on(data.path(), &[]);
    let mut peer = broker.connect();
    let mut channel = peer.open(1);
    channel.call(&basic_consume("ev.kept", "both").no_ack());
    assert_eq!(channel.expect_delivery().content.field_text("name"), "ev.1");
    channel.call(&exchange_declare("ev.2", "direct").auto_delete());
    assert_eq!(channel.expect_delivery().content.field_text("name"), "ev.2");
}

#[test]
fn clients_can_neither_publish_to_the_exchange_nor_delete_it() {
    let Some(broker) = start() else { return };
    let mut peer = broker.connect();

    peer.open(1).publish(&basic_publish(EXCHANGE, "queue.created"), &content(b"forged"));
    let text =
        "ACCESS_REFUSED - cannot publish to internal exchange 'amq.rabbitmq.event' in vhost '/'";
    peer.expect_channel_close(1, 403, text, BASIC_PUBLISH);
    peer.open(2).send(&exchange_delete(EXCHANGE));
    let text = "ACCESS_REFUSED - deletion of system exchange 'amq.rabbitmq.event' in vhost '/' not allowed";
    peer.expect_channel_close(2, 403, text, EXCHANGE_DELETE);
    peer.open(3).call(&exchange_declare(EXCHANGE, "topic").durable().internal());
}
