//! What is durable comes back from its entries as it was, and nothing else does.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::super::durable::{Declared, Durable, change_entry, read_entry, vhost_entry};
use super::super::restore::restore;
use super::*;
use crate::amqp::name::PolicyName;
use crate::amqp::testing::table;
use crate::policy::checked::{Issuer, Policy, Source};
use crate::policy::draft::Draft;

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// Names that differ little, and hold what keys are made of.
const NAMES: [&str; 5] = ["", "a", "a/b", "a%2Fb", "größe\n"];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn arguments() -> impl Strategy<Value = Table> {
    vec((prop::sample::select(vec!["z", "a/"]), any::<i16>()), 0..3).prop_map(|fields| {
        let fields: Vec<_> =
            fields.into_iter().map(|(key, value)| (key, Value::Int(b's', value.into()))).collect();
        table(&fields)
    })
}

fn exchange_definition() -> impl Strategy<Value = ExchangeDefinition> {
    let kind = prop::sample::select(&ExchangeKind::ALL[..]);
    let waits_in = any::<Option<u64>>();
    (name(), kind, any::<[bool; 3]>(), arguments(), waits_in).prop_map(
        |(name, kind, [durable, auto_delete, internal], arguments, waits_in)| ExchangeDefinition {
            waits_in: waits_in.map(QueueId),
            durable,
            auto_delete,
            internal,
            arguments,
            ..exchange(name, kind)
        },
    )
}

fn queue_definition() -> impl Strategy<Value = QueueDefinition> {
    let owner = prop::option::weighted(0.2, Just(ME));
    (name(), any::<u64>(), owner, any::<[bool; 2]>(), arguments()).prop_map(
        |(name, id, exclusive_owner, [durable, auto_delete], arguments)| QueueDefinition {
            id: QueueId(id),
            durable,
            exclusive_owner,
            auto_delete,
            arguments,
            ..queue(name)
        },
    )
}

fn binding() -> impl Strategy<Value = BindCommand> {
    let source = prop_oneof![name(), Just("amq.topic")];
    // A number is what a consistent hash takes.
    let key = prop_oneof![name(), Just("7"), Just("10")];
    (source, any::<bool>(), name(), key, arguments()).prop_map(
        |(source, is_queue, to, key, arguments)| {
            let destination = if is_queue { to_queue(to) } else { to_exchange(to) };
            let key = BindingKey::parse(key).unwrap();
            BindCommand {
                source: exchange_name(source),
                binding: Binding::new(destination, key, arguments.as_ref()),
                connection: ME,
            }
        },
    )
}

fn issuer() -> impl Strategy<Value = Issuer> {
    prop::sample::select(&[Issuer::User, Issuer::Operator][..])
}

fn policy() -> impl Strategy<Value = Arc<Policy>> {
    let source = prop::sample::select(&[Source::Stored, Source::Stored, Source::File][..]);
    let length = prop::option::of(0..3_u64);
    (issuer(), source, name(), -1..2_i64, length).prop_map(
        |(issuer, source, name, priority, length)| {
            let settings = json!({"expires": 5, "max-length": length.unwrap_or(u64::MAX)});
            let draft = Draft::new(name, "a.*[^%]|größe", settings).apply_to("queues");
            Arc::new(Policy::new(issuer, source, &draft.priority(priority)).unwrap())
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    let always = DeleteCondition::Always;
    prop_oneof![
        3 => exchange_definition().prop_map(Command::DeclareExchange),
        3 => queue_definition().prop_map(|definition| {
            Command::DeclareQueue { definition, naming: Naming::Client }
        }),
        6 => binding().prop_map(Command::Bind),
        2 => binding().prop_map(Command::Unbind),
        1 => name().prop_map(move |name| {
            Command::DeleteExchange { name: exchange_name(name), condition: always }
        }),
        1 => name().prop_map(|name| Command::DeleteQueue(queue_name(name))),
        2 => policy().prop_map(Command::SetPolicy),
        1 => (issuer(), name()).prop_map(|(issuer, name)| {
            Command::ClearPolicy(issuer, PolicyName::parse(name).unwrap())
        }),
    ]
}

/// Carries a command out, and notes its durable changes; one that is refused changes nothing.
fn carry_out(topology: &mut Topology, entries: &mut Entries, command: Command) {
    let Ok(outcome) = topology.apply(command) else { return };
    for change in &outcome.changes {
        match change_entry(topology.vhost(), change) {
            Some((key, Some(value))) => {
                let replaced = entries.insert(key, value);
                assert!(replaced.is_none() || matches!(change, Change::PolicySet(_)));
            }
            Some((key, None)) => assert!(entries.remove(&key).is_some()),
            None => assert!(!change.is_durable()),
        }
    }
}

/// All that is durable, the predeclared exchanges among it.
fn durable_part(topology: &Topology) -> Vec<Declared> {
    let queues: Vec<_> = topology.queues().filter(|queue| queue.durable).collect();
    let exchanges: Vec<_> =
        topology.exchanges().map(|it| it.definition()).filter(|it| it.durable).collect();
    let is_durable = |destination: &Destination| match destination {
        Destination::Queue(name) => queues.iter().any(|queue| queue.name == *name),
        Destination::Exchange(name) => exchanges.iter().any(|exchange| exchange.name == *name),
    };
    let bindings = exchanges.iter().flat_map(|exchange| {
        let router = topology.exchange(&exchange.name).unwrap().router();
        let durable = router.bindings().filter(|binding| is_durable(binding.destination()));
        durable.map(|binding| {
            Declared::Binding(exchange.name.clone(), binding.clone(), router.rank(binding))
        })
    });
    let mut all: Vec<_> = bindings.collect();
    all.extend(exchanges.iter().map(|it| Declared::Exchange(ExchangeDefinition::clone(it))));
    all.extend(queues.iter().map(|it| Declared::Queue(QueueDefinition::clone(it))));
    for issuer in [Issuer::User, Issuer::Operator] {
        let stored = topology.policies().of(issuer).filter(|policy| policy.is_stored());
        all.extend(stored.cloned().map(Declared::Policy));
    }
    all
}

fn entries_of(topology: &Topology) -> Entries {
    BTreeMap::from([vhost_entry(topology.vhost())])
}

fn restored(entries: &Entries) -> Result<Vec<Topology>, String> {
    let entries = entries.iter().map(|(key, value)| (&key[..], &value[..]));
    restore(entries).map_err(|error| error.to_string())
}

proptest! {
    #[test]
    fn what_is_durable_comes_back_and_nothing_else(commands in vec(command(), 0..60)) {
        let mut before = vhost();
        let mut entries = entries_of(&before);
        for command in commands {
            carry_out(&mut before, &mut entries, command);
        }

        let topologies = restored(&entries).unwrap();

        let [after] = &topologies[..] else { panic!("{} virtual hosts", topologies.len()) };
        prop_assert_eq!(durable_part(after), durable_part(&before));
        prop_assert_eq!(after.queues().filter(|it| !it.durable).count(), 0);
        prop_assert_eq!(after.exchanges().filter(|it| !it.definition().durable).count(), 0);
        prop_assert_eq!(after.vhost(), before.vhost());
    }

    #[test]
    fn a_thing_is_read_from_its_entry(exchange in exchange_definition(), queue in queue_definition()) {
        let exchange = ExchangeDefinition { durable: true, ..exchange };
        let queue = QueueDefinition { durable: true, exclusive_owner: None, ..queue };
        for (change, declared) in [
            (Change::ExchangeCreated(Arc::new(exchange.clone())), Declared::Exchange(exchange)),
            (Change::QueueCreated(Arc::new(queue.clone())), Declared::Queue(queue)),
        ] {
            let vhost = VhostName::parse("v/h").unwrap();

            let (key, value) = change_entry(&vhost, &change).unwrap();

            let read = read_entry(&key, &value.unwrap());
            prop_assert_eq!(read, Ok(Durable { vhost, declared }));
        }
    }
}

#[test]
fn each_virtual_host_gets_what_is_its_own() {
    let mut entries = Entries::new();
    for (name, id) in [("/", 1), ("a/b", 2), ("empty", 3)] {
        let mut topology = Topology::new(VhostName::parse(name).unwrap());
        entries.extend(entries_of(&topology));
        if name != "empty" {
            let definition = QueueDefinition { id: QueueId(id), ..queue("same") };
            let declare = Command::DeclareQueue { definition, naming: Naming::Client };
            carry_out(&mut topology, &mut entries, declare);
        }
    }

    let topologies = restored(&entries).unwrap();

    let found = topologies.iter().map(|it| (it.vhost().as_str(), it.last_queue_id()));
    let expected = [("/", Some(QueueId(1))), ("a/b", Some(QueueId(2))), ("empty", None)];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn entries_that_make_no_sense_are_refused_by_their_key() {
    let valid = br#"{"version":1}"#;
    let q = br#"{"id":1,"auto_delete":false,"arguments":"","version":1}"#;
    let x = br#"{"type":"x","auto_delete":false,"internal":false,"arguments":"","version":1}"#;
    let predeclared = String::from_utf8_lossy(x).replace("\"x\"", "\"direct\"");
    let arguments = br#"{"id":1,"auto_delete":false,"arguments":"AWF0","version":1}"#;
    let policy = br#"{"pattern":"[","apply_to":"all","priority":0,"definition":{},"version":1}"#;
    let cases: [(&[u8], &[u8], &str); 17] = [
        (b"vhost", valid, "nothing that this version knows"),
        (b"policies/%2F/p", valid, "nothing that this version knows"),
        (b"policy/%2F/p", valid, "missing field `pattern`"),
        (b"operator_policy/%2F/p", policy, "no policy provided; pattern should be regular"),
        (b"vhost/%FF", valid, "a name is UTF-8"),
        (b"vhost/x", br#"{"version":2}"#, "its value has version 2, known is 1"),
        (b"vhost/x", br#"{"tags":1,"version":1}"#, "unknown field `tags`"),
        (b"queue/x/q", q, "there is no vhost 'x'"),
        (b"queue/%2F/q", valid, "missing field `id`"),
        (b"queue/%2F/q", arguments, "field table is truncated"),
        (b"queue/%2F/other", q, "another queue is incarnation 1, too"),
        (b"exchange/%2F/x", x, "unknown exchange type 'x'"),
        (b"exchange/%2F/amq.direct", predeclared.as_bytes(), "reserved prefix 'amq.*'"),
        (b"binding/%2F/x/queue/known/k/", valid, "no exchange 'x' in vhost '/'"),
        (b"binding/%2F/amq.direct/queue/q/k/", valid, "no queue 'q' in vhost '/'"),
        (b"binding/%2F/amq.direct/stream/q/k/", valid, "neither to a queue nor an exchange"),
        (b"binding/%2F/amq.direct/queue/known/k/%01bV%01aV", valid, "not in order"),
    ];
    for (key, value, why) in cases {
        let mut entries = entries_of(&vhost());
        entries.insert(b"queue/%2F/known".to_vec(), q.to_vec());
        entries.insert(key.to_vec(), value.to_vec());

        let error = restored(&entries).unwrap_err();

        let start = format!("durable entry '{}': ", key.escape_ascii());
        assert!(error.starts_with(&start) && error.contains(why), "{error}");
    }
}
