//! Policies, set through the library and by the configuration file, as clients see them.

mod at_work;

use std::net::SocketAddr;
use std::path::Path;

use leveret::Broker;
use leveret::broker::policies::PolicyError;
use leveret::config::Config;
use leveret::node::builder::StartError;
use leveret::policy::checked::Policy;
use leveret::policy::draft::Draft;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::raw::content::content;
use crate::raw::method::{
    basic_consume, basic_get, basic_publish, basic_reject, exchange_declare, queue_bind,
    queue_declare,
};
use crate::raw::peer::Peer;
use crate::raw::wire::Field;

/// A broker in this process, which can be stopped and started again.
struct Own {
    runtime: Runtime,
    data: TempDir,
    broker: Option<Broker>,
}

impl Own {
    fn start(file: &str) -> Self {
        let (runtime, data) = (Runtime::new().unwrap(), tempfile::tempdir().unwrap());
        let mut own = Self { runtime, data, broker: None };
        own.try_start(file).unwrap();
        own
    }

    fn try_start(&mut self, file: &str) -> Result<(), StartError> {
        let mut config = Config::default();
        config.read(file, Path::new("f.toml")).unwrap();
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let builder = Broker::builder().config(config).listen(any_port).data_dir(self.data.path());
        self.broker = Some(self.runtime.block_on(builder.start())?);
        Ok(())
    }

    fn restart(&mut self, file: &str) {
        self.stop();
        self.try_start(file).unwrap();
    }

    /// Tasks that still hold the data directory end with their runtime.
    fn stop(&mut self) {
        let broker = self.broker.take().unwrap();
        self.runtime.block_on(broker.shutdown());
        self.runtime = Runtime::new().unwrap();
    }

    fn broker(&self) -> &Broker {
        self.broker.as_ref().unwrap()
    }

    fn connect(&self) -> Peer {
        Peer::connect(self.broker().addresses()[0])
    }

    fn set(&self, draft: &Draft) -> Result<(), PolicyError> {
        self.runtime.block_on(self.broker().set_policy("/", draft))
    }

    fn clear(&self, name: &str) -> Result<(), PolicyError> {
        self.runtime.block_on(self.broker().clear_policy("/", name))
    }

    fn names(&self) -> Vec<String> {
        let policies = self.broker().list_policies("/").unwrap();
        policies.iter().map(|policy| policy.name().to_string()).collect()
    }
}

/// A policy that sends what finds no queue to that exchange.
fn alternate(name: &str, pattern: &str, exchange: &str) -> Draft {
    Draft::new(name, pattern, json!({"alternate-exchange": exchange})).apply_to("exchanges")
}

fn table(name: &str, exchange: &str) -> String {
    format!(
        "[[policies]]\nname = \"{name}\"\npattern = \"^x\"\n\
         definition = {{ alternate-exchange = \"{exchange}\" }}\n"
    )
}

/// Exchange `x`, and exchanges `left` and `right`, each with a durable queue of its name.
fn declare(peer: &mut Peer) {
    let mut channel = peer.open(1);
    channel.call(&exchange_declare("x", "direct").durable());
    for name in ["left", "right"] {
        channel.call(&exchange_declare(name, "fanout").durable());
        channel.call(&queue_declare(name).durable());
        channel.call(&queue_bind(name, name, ""));
    }
}

/// The queues that get a message which the exchange itself has no queue for.
fn goes_to(peer: &mut Peer, exchange: &str) -> Vec<&'static str> {
    peer.channel(1).publish(&basic_publish(exchange, "unknown"), &content(b"m"));
    let mut found = Vec::new();
    for name in ["left", "right"] {
        found.extend(peer.channel(1).drain(name).iter().map(|_| name));
    }
    found
}

#[test]
fn a_policy_gives_existing_and_new_exchanges_an_alternate_exchange_until_it_is_cleared() {
    let own = Own::start("");
    let mut peer = own.connect();
    declare(&mut peer);
    assert_eq!(goes_to(&mut peer, "x"), [""; 0]);

    own.set(&alternate("p", "^x", "left")).unwrap();
    peer.channel(1).call(&exchange_declare("x2", "topic"));

    assert_eq!(goes_to(&mut peer, "x"), ["left"]);
    assert_eq!(goes_to(&mut peer, "x2"), ["left"]);
    own.set(&alternate("higher", "^x", "right").priority(1)).unwrap();
    assert_eq!(goes_to(&mut peer, "x"), ["right"]);
    own.clear("higher").unwrap();
    assert_eq!(goes_to(&mut peer, "x"), ["left"]);
    own.clear("p").unwrap();
    assert_eq!(goes_to(&mut peer, "x"), [""; 0]);
    assert_eq!(goes_to(&mut peer, "x2"), [""; 0]);
}

#[test]
fn the_event_of_a_new_exchange_names_the_policy_that_counts() {
    let own = Own::start("");
    own.set(&alternate("p", "^x", "left")).unwrap();
    let mut peer = own.connect();
    let mut channel = peer.open(1);
    let events = channel.own_queue();
    channel.call(&queue_bind(&events, "amq.rabbitmq.event", "exchange.created"));
    channel.call(&basic_consume(&events, "events").no_ack());

    let mut other = own.connect();
    other.open(1).call(&exchange_declare("x", "fanout"));
    other.channel(1).call(&exchange_declare("other", "fanout"));

    for (name, policy) in [("x", "p"), ("other", "")] {
        let mut event = channel.expect_delivery();
        // Those of the start may come late.
        while event.content.field_text("name") != name {
            event = channel.expect_delivery();
        }
        assert_eq!(event.content.field_text("policy"), policy);
    }
}

/// As RabbitMQ 3.10 does.
#[test]
fn the_alternate_exchange_of_traces_needs_no_binding_and_that_of_events_does() {
    let own = Own::start("");
    let mut peer = own.connect();
    declare(&mut peer);
    own.set(&alternate("traces", "^amq.rabbitmq.trace$", "left")).unwrap();
    own.set(&alternate("events", "^amq.rabbitmq.event$", "right")).unwrap();
    let mut channel = peer.channel(1);
    for queue in ["left", "right"] {
        channel.call(&basic_consume(queue, queue).no_ack());
    }
    own.broker().start_tracing("/").unwrap();

    channel.publish(&basic_publish("x", "k"), &content(b"m"));
    let trace = channel.expect_delivery();
    own.broker().stop_tracing("/").unwrap();
    own.connect().open(1).call(&queue_bind("left", "amq.rabbitmq.event", "nothing.such"));
    let event = channel.expect_delivery();

    assert_eq!((trace.exchange.as_str(), trace.key.as_str()), ("amq.rabbitmq.trace", "publish.x"));
    assert_eq!((trace.consumer.as_str(), trace.text()), ("left", "m"));
    // What happened before the binding, the policies among it, was told to nobody.
    assert_eq!(
        (event.exchange.as_str(), event.key.as_str()),
        ("amq.rabbitmq.event", "binding.created")
    );
    assert_eq!(event.consumer, "right");
}

#[test]
fn a_policy_says_where_the_dead_letters_of_a_queue_go_until_it_is_cleared() {
    let own = Own::start("");
    let mut peer = own.connect();
    peer.open(1).call(&queue_declare("q"));
    peer.open(2);
    for queue in ["left", "right"] {
        peer.channel(1).call(&queue_declare(queue));
        peer.channel(2).call(&basic_consume(queue, queue).no_ack());
    }
    let to = |queue: &str| {
        let letters = json!({"dead-letter-exchange": "", "dead-letter-routing-key": queue});
        own.set(&Draft::new("p", "^q$", letters).apply_to("queues")).unwrap();
    };
    let reject = |peer: &mut Peer, text| {
        let tag = peer.channel(1).put("q", text).get(&basic_get("q")).tag;
        peer.channel(1).send(&basic_reject(tag));
    };

    for queue in ["left", "right"] {
        to(queue);
        reject(&mut peer, "letter");
        assert_eq!(peer.expect_delivery(2).brief(), (queue, "letter"));
    }
    own.clear("p").unwrap();
    reject(&mut peer, "gone");
    assert_eq!(peer.channel(1).counts("q").0, 0);
    to("left");
    reject(&mut peer, "next");

    assert_eq!(peer.expect_delivery(2).brief(), ("left", "next"));
}

#[test]
fn an_argument_wins_over_a_policy_and_is_declared_as_before() {
    let own = Own::start("");
    let mut peer = own.connect();
    declare(&mut peer);
    let arguments = [("alternate-exchange", Field::Str("right"))];
    let own_way = exchange_declare("x.own", "direct").arguments(&arguments);
    peer.channel(1).call(&own_way);

    own.set(&alternate("p", "^x", "left")).unwrap();

    assert_eq!(goes_to(&mut peer, "x.own"), ["right"]);
    peer.channel(1).call(&own_way);
    peer.channel(1).call(&exchange_declare("x", "direct").durable());
    assert_eq!(goes_to(&mut peer, "x"), ["left"]);
}

#[test]
fn a_policy_that_was_set_holds_after_a_restart_and_a_cleared_one_does_not() {
    let mut own = Own::start("");
    declare(&mut own.connect());
    let kept = alternate("kept/%", "^x$", "left").priority(-7);
    own.set(&kept).unwrap();
    own.set(&alternate("cleared", "", "right")).unwrap();
    own.clear("cleared").unwrap();
    let operator = Draft::new("kept/%", ".*", json!({"max-length": 3}));
    own.runtime.block_on(own.broker().set_operator_policy("/", &operator)).unwrap();

    own.restart("");

    let mut peer = own.connect();
    peer.open(1);
    assert_eq!(goes_to(&mut peer, "x"), ["left"]);
    let describe = |policies: Vec<std::sync::Arc<Policy>>| -> Vec<_> {
        let of = |it: &Policy| {
            let settings = it.definition().iter();
            let settings = settings.map(|(key, value)| (key.to_owned(), value.clone()));
            let definition = Value::Object(settings.collect());
            Draft::new(it.name().as_str(), it.pattern(), definition)
                .apply_to(it.apply_to().name())
                .priority(it.priority())
        };
        policies.iter().map(|policy| of(policy)).collect()
    };
    assert_eq!(describe(own.broker().list_policies("/").unwrap()), [kept]);
    assert_eq!(describe(own.broker().list_operator_policies("/").unwrap()), [operator]);
    own.runtime.block_on(own.broker().clear_operator_policy("/", "kept/%")).unwrap();
    own.restart("");
    assert!(own.broker().list_operator_policies("/").unwrap().is_empty());
}

#[test]
fn a_policy_of_the_file_holds_as_long_as_it_is_there() {
    let mut own = Own::start(&table("p", "left"));
    let mut peer = own.connect();
    declare(&mut peer);
    assert_eq!(goes_to(&mut peer, "x"), ["left"]);

    own.restart(&table("p", "right"));
    let mut peer = own.connect();
    peer.open(1);
    assert_eq!(goes_to(&mut peer, "x"), ["right"]);
    own.restart("");

    let mut peer = own.connect();
    peer.open(1);
    assert_eq!(goes_to(&mut peer, "x"), [""; 0]);
    assert_eq!(own.names(), [""; 0]);
}

#[test]
fn a_policy_of_the_file_takes_the_place_of_a_stored_one_for_good() {
    let mut own = Own::start("");
    declare(&mut own.connect());
    own.set(&alternate("p", "^x", "left")).unwrap();
    own.set(&alternate("other", "^y", "left")).unwrap();

    own.restart(&table("p", "right"));

    let mut peer = own.connect();
    peer.open(1);
    assert_eq!(goes_to(&mut peer, "x"), ["right"]);
    assert_eq!(own.names(), ["other", "p"]);
    own.restart("");
    assert_eq!(own.names(), ["other"]);
}

#[test]
fn a_refused_policy_changes_nothing_and_is_answered_in_rabbitmqs_words() {
    let own = Own::start("");
    own.set(&alternate("p", "^x", "left")).unwrap();
    let refused = |outcome: Result<(), PolicyError>| outcome.unwrap_err().to_string();
    let block_on = |it| own.runtime.block_on(it);

    let unknown = refused(own.set(&Draft::new("p", "^x", json!({"foo": 1}))));
    let bound = Draft::new("p", "^x", json!({"dead-letter-exchange": "d"}));
    let operator = own.runtime.block_on(own.broker().set_operator_policy("/", &bound));
    let elsewhere = block_on(own.broker().set_policy("nosuch", &alternate("p", "^x", "left")));

    let text = "Validation failed\n\n[{<<\"foo\">>,1}] are not recognised policy settings\n";
    assert_eq!(unknown, text);
    let text = "Validation failed\n\n[{<<\"dead-letter-exchange\">>,<<\"d\">>}] are not \
                recognised policy settings\n";
    assert_eq!(refused(operator), text);
    assert_eq!(refused(elsewhere), "Virtual host 'nosuch' does not exist");
    assert_eq!(refused(own.clear("q")), "Parameter does not exist");
    assert_eq!(own.names(), ["p"]);
    assert_eq!(own.broker().list_policies("/").unwrap()[0].definition().text("foo"), None);
}

#[test]
fn a_policy_for_a_virtual_host_that_is_not_there_is_a_fault_of_the_file() {
    let mut own = Own::start("");
    own.stop();

    let error = own.try_start(&format!("{}vhost = \"nosuch\"\n", table("p", "left"))).unwrap_err();

    let text = "f.toml:1: policies.vhost: Virtual host 'nosuch' does not exist";
    assert_eq!(error.to_string(), text);
}
