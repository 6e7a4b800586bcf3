//! Declared things as durable entries, see [`entry`] for the form of keys and values:
//!
//! ```text
//! vhost/NAME
//! exchange/VHOST/NAME                                    type, auto_delete, internal, arguments,
//!                                                        waits_in, if it has one
//! queue/VHOST/NAME                                       id, auto_delete, arguments
//! policy/VHOST/NAME                                      pattern, apply_to, priority, definition
//! operator_policy/VHOST/NAME                             the same
//! binding/VHOST/SOURCE/queue|exchange/NAME/KEY/ARGUMENTS rank, unless it is 0
//! ```
//!
//! Arguments are the octets of the field table, in base64 where they are in a value. Predeclared
//! exchanges are not among the entries, their bindings are.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::amqp::entry::{self, InvalidEntry};
use crate::amqp::id::QueueId;
use crate::amqp::name::{BindingKey, ExchangeName, PolicyName, QueueName, VhostName};
use crate::amqp::table::{Table, TableRef};
use crate::exchange::binding::{Binding, Destination};
use crate::exchange::kind::ExchangeKind;
use crate::policy::checked::{Issuer, Policy, Source};
use crate::policy::draft::Draft;

use super::command::{BindingChange, Change, PolicyChange};
use super::exchange::ExchangeDefinition;
use super::queue::QueueDefinition;

const POLICY: &[u8] = b"policy";
const OPERATOR_POLICY: &[u8] = b"operator_policy";

/// A durable thing, of the virtual host that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable {
    /// The virtual host.
    pub vhost: VhostName,
    /// What of it.
    pub declared: Declared,
}

/// What is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declared {
    /// The virtual host itself.
    Vhost,
    /// An exchange.
    Exchange(ExchangeDefinition),
    /// A queue.
    Queue(QueueDefinition),
    /// A binding, with the exchange that it leads from and its rank there.
    Binding(ExchangeName, Binding, u32),
    /// A policy or an operator policy.
    Policy(Arc<Policy>),
}

impl Declared {
    /// The incarnation of a queue that it is, or has its messages wait in.
    pub const fn queue_id(&self) -> Option<QueueId> {
        match self {
            Self::Queue(queue) => Some(queue.id),
            Self::Exchange(exchange) => exchange.waits_in,
            Self::Vhost | Self::Binding(..) | Self::Policy(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VhostFields {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeFields {
    #[serde(rename = "type")]
    kind: String,
    auto_delete: bool,
    internal: bool,
    arguments: String,
    #[serde(default)]
    waits_in: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueueFields {
    id: u64,
    auto_delete: bool,
    arguments: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFields {
    pattern: String,
    apply_to: String,
    priority: i64,
    definition: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BindingFields {
    #[serde(default)]
    rank: u32,
}

/// The key and the value of a virtual host.
pub fn vhost_entry(name: &VhostName) -> (Vec<u8>, Vec<u8>) {
    (entry::key(&[b"vhost", name.as_bytes()]), entry::value([]))
}

/// The entry that a change puts, or deletes (without a value); `None` when it need not survive.
pub fn change_entry(vhost: &VhostName, change: &Change) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    if !change.is_durable() {
        return None;
    }
    Some(match change {
        Change::ExchangeCreated(it) => (exchange_key(vhost, &it.name), Some(exchange_value(it))),
        Change::ExchangeDeleted(it) => (exchange_key(vhost, &it.name), None),
        Change::QueueCreated(it) => (queue_key(vhost, &it.name), Some(queue_value(it))),
        Change::QueueDeleted(it) => (queue_key(vhost, &it.name), None),
        Change::Bound(BindingChange { source, binding, rank, .. }) => {
            (binding_key(vhost, source, binding), Some(binding_value(*rank)))
        }
        Change::Unbound(BindingChange { source, binding, .. }) => {
            (binding_key(vhost, source, binding), None)
        }
        Change::PolicySet(PolicyChange { policy, .. }) => {
            (policy_key(vhost, policy), policy.is_stored().then(|| policy_value(policy)))
        }
        Change::PolicyCleared(policy) => (policy_key(vhost, policy), None),
        Change::QueueReconfigured(_) | Change::ExchangeReconfigured(_) => return None,
    })
}

/// Reads an entry.
///
/// # Errors
/// It was made by nobody, or by a later version.
pub fn read_entry(key: &[u8], value: &[u8]) -> Result<Durable, InvalidEntry> {
    let parts = entry::parts(key)?;
    let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
    let (vhost, declared) = match parts[..] {
        [b"vhost", vhost] => {
            let VhostFields {} = entry::read_value(key, value)?;
            (vhost, Declared::Vhost)
        }
        [b"exchange", vhost, name] => (vhost, read_exchange(key, name, value)?),
        [b"queue", vhost, name] => (vhost, read_queue(key, name, value)?),
        [POLICY, vhost, name] => (vhost, read_policy(key, Issuer::User, name, value)?),
        [OPERATOR_POLICY, vhost, name] => (vhost, read_policy(key, Issuer::Operator, name, value)?),
        [b"binding", vhost, source, kind, name, routing_key, arguments] => {
            let BindingFields { rank } = entry::read_value(key, value)?;
            (vhost, read_binding(key, [source, kind, name, routing_key, arguments], rank)?)
        }
        _ => return Err(InvalidEntry::new(key, "nothing that this version knows")),
    };
    Ok(Durable { vhost: named(key, VhostName::parse(vhost))?, declared })
}

/// The key of an exchange.
pub fn exchange_key(vhost: &VhostName, name: &ExchangeName) -> Vec<u8> {
    entry::key(&[b"exchange", vhost.as_bytes(), name.as_bytes()])
}

fn queue_key(vhost: &VhostName, name: &QueueName) -> Vec<u8> {
    entry::key(&[b"queue", vhost.as_bytes(), name.as_bytes()])
}

fn policy_key(vhost: &VhostName, policy: &Policy) -> Vec<u8> {
    let kind = match policy.issuer() {
        Issuer::User => POLICY,
        Issuer::Operator => OPERATOR_POLICY,
    };
    entry::key(&[kind, vhost.as_bytes(), policy.name().as_bytes()])
}

fn binding_key(vhost: &VhostName, source: &ExchangeName, binding: &Binding) -> Vec<u8> {
    let (kind, name) = match binding.destination() {
        Destination::Queue(name) => (&b"queue"[..], name.as_bytes()),
        Destination::Exchange(name) => (&b"exchange"[..], name.as_bytes()),
    };
    let (routing_key, arguments) = (binding.key().as_bytes(), binding.arguments().as_bytes());
    let parts = [b"binding", vhost.as_bytes(), source.as_bytes(), kind, name];
    entry::key(&[&parts[..], &[routing_key, arguments]].concat())
}

fn exchange_value(exchange: &ExchangeDefinition) -> Vec<u8> {
    let fields = [
        ("type", exchange.kind.name().into()),
        ("auto_delete", exchange.auto_delete.into()),
        ("internal", exchange.internal.into()),
        ("arguments", STANDARD.encode(exchange.arguments.as_ref().as_bytes()).into()),
    ];
    entry::value(fields.into_iter().chain(exchange.waits_in.map(|id| ("waits_in", id.0.into()))))
}

fn queue_value(queue: &QueueDefinition) -> Vec<u8> {
    entry::value([
        ("id", queue.id.0.into()),
        ("auto_delete", queue.auto_delete.into()),
        ("arguments", STANDARD.encode(queue.arguments.as_ref().as_bytes()).into()),
    ])
}

fn policy_value(policy: &Policy) -> Vec<u8> {
    let settings = policy.definition().iter();
    let definition = settings.map(|(key, value)| (key.to_owned(), value.clone()));
    entry::value([
        ("pattern", policy.pattern().into()),
        ("apply_to", policy.apply_to().name().into()),
        ("priority", policy.priority().into()),
        ("definition", Value::Object(definition.collect())),
    ])
}

fn binding_value(rank: u32) -> Vec<u8> {
    if rank == 0 { entry::value([]) } else { entry::value([("rank", rank.into())]) }
}

fn read_exchange(key: &[u8], name: &[u8], value: &[u8]) -> Result<Declared, InvalidEntry> {
    let ExchangeFields { kind, auto_delete, internal, arguments, waits_in } =
        entry::read_value(key, value)?;
    let unknown = |_| InvalidEntry::new(key, format!("unknown exchange type '{kind}'"));
    Ok(Declared::Exchange(ExchangeDefinition {
        name: named(key, ExchangeName::parse(name))?,
        kind: ExchangeKind::parse(&kind).map_err(unknown)?,
        durable: true,
        auto_delete,
        internal,
        arguments: read_arguments(key, &arguments)?,
        waits_in: waits_in.map(QueueId),
    }))
}

fn read_queue(key: &[u8], name: &[u8], value: &[u8]) -> Result<Declared, InvalidEntry> {
    let QueueFields { id, auto_delete, arguments } = entry::read_value(key, value)?;
    Ok(Declared::Queue(QueueDefinition {
        name: named(key, QueueName::parse(name))?,
        id: QueueId(id),
        durable: true,
        exclusive_owner: None,
        auto_delete,
        arguments: read_arguments(key, &arguments)?,
    }))
}

fn read_binding(
    key: &[u8],
    [source, kind, name, routing_key, arguments]: [&[u8]; 5],
    rank: u32,
) -> Result<Declared, InvalidEntry> {
    let destination = match kind {
        b"queue" => Destination::Queue(named(key, QueueName::parse(name))?),
        b"exchange" => Destination::Exchange(named(key, ExchangeName::parse(name))?),
        _ => return Err(InvalidEntry::new(key, "it leads neither to a queue nor an exchange")),
    };
    let routing_key = named(key, BindingKey::parse(routing_key))?;
    let table = TableRef::parse(arguments).map_err(|error| InvalidEntry::new(key, error))?;
    let binding = Binding::new(destination, routing_key, table);
    if binding.arguments() != table {
        return Err(InvalidEntry::new(key, "its arguments are not in order"));
    }
    Ok(Declared::Binding(named(key, ExchangeName::parse(source))?, binding, rank))
}

fn read_policy(
    key: &[u8],
    issuer: Issuer,
    name: &[u8],
    value: &[u8],
) -> Result<Declared, InvalidEntry> {
    let PolicyFields { pattern, apply_to, priority, definition } = entry::read_value(key, value)?;
    let name = named(key, PolicyName::parse(name))?.to_string();
    let draft = Draft { name, pattern, apply_to, priority, definition };
    let policy = Policy::new(issuer, Source::Stored, &draft);
    policy
        .map(|policy| Declared::Policy(Arc::new(policy)))
        .map_err(|invalid| InvalidEntry::new(key, invalid.line()))
}

fn read_arguments(key: &[u8], base64: &str) -> Result<Table, InvalidEntry> {
    let octets = STANDARD.decode(base64).map_err(|error| InvalidEntry::new(key, error))?;
    let table = TableRef::parse(&octets).map_err(|error| InvalidEntry::new(key, error))?;
    Ok(table.to_owned())
}

fn named<T, E: std::fmt::Display>(key: &[u8], name: Result<T, E>) -> Result<T, InvalidEntry> {
    name.map_err(|error| InvalidEntry::new(key, error))
}
