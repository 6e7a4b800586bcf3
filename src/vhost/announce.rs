//! Changes of what is declared, as events. Their fields are RabbitMQ's (`rabbit_exchange:info/1`,
//! `rabbit_binding:info/1`, `rabbit_amqqueue_process`).

use std::collections::HashMap;

use super::reporter::{INTERNAL_USER, Reporter, terms};
use crate::amqp::fields::Fields;
use crate::amqp::id::ChannelId;
use crate::amqp::name::{ExchangeName, VhostName};
use crate::amqp::table::{TableRef, Value};
use crate::exchange::binding::Destination;
use crate::policy::checked::{Issuer, Policy, Target};
use crate::topology::arguments::queue_type::QueueType;
use crate::topology::command::{BindingChange, Change};
use crate::topology::exchange::ExchangeDefinition;
use crate::topology::queue::QueueDefinition;
use crate::topology::state::Topology;

/// The component of the parameter that RabbitMQ has while it deletes an exchange.
const DELETE_IN_PROGRESS: &str = "exchange-delete-in-progress";

/// Reports that `by` begins to delete an exchange, be it there or not: RabbitMQ sets a parameter
/// then, so that declarations can tell (`rabbit_exchange:delete/3`).
pub(super) fn deletion_begins(
    reporter: &Reporter,
    vhost: &VhostName,
    exchange: &ExchangeName,
    by: &str,
) {
    reporter.event("parameter.set", |fields| {
        let fields = deletion(fields, vhost, exchange).bool("value", true);
        fields.text("user_who_performed_action", by)
    });
}

/// Reports that what [`deletion_begins`] tells of has ended, whatever came of it.
pub(super) fn deletion_ends(
    reporter: &Reporter,
    vhost: &VhostName,
    exchange: &ExchangeName,
    by: &str,
) {
    reporter.event("parameter.cleared", |fields| {
        deletion(fields, vhost, exchange).text("user_who_performed_action", by)
    });
}

fn deletion(fields: Fields, vhost: &VhostName, exchange: &ExchangeName) -> Fields {
    fields
        .text("vhost", vhost.as_bytes())
        .text("component", DELETE_IN_PROGRESS)
        .text("name", exchange.as_bytes())
}

/// Reports what came of a command that `by` asked for. What follows from a queue's deletion is nobody's.
pub(super) fn announce(reporter: &Reporter, topology: &Topology, changes: &[Change], by: &str) {
    let deletes_queue = changes.iter().any(|change| matches!(change, Change::QueueDeleted(_)));
    let by_whom = |change: &Change| match change {
        Change::Unbound(_) | Change::ExchangeDeleted(_) if deletes_queue => INTERNAL_USER,
        _ => by,
    };
    for change in in_order(changes) {
        let Some(name) = event_name(change) else { continue };
        reporter.event(name, |fields| {
            describe(fields, reporter, topology, change)
                .text("user_who_performed_action", by_whom(change))
        });
    }
}

/// Changes in the order in which RabbitMQ tells of them (`rabbit_binding:process_deletions/2`): first
/// what goes exchange by exchange, each before the bindings that lead from it, then all else.
fn in_order(changes: &[Change]) -> Vec<&Change> {
    let mut order: Vec<_> = changes.iter().collect();
    let mut firsts: HashMap<&ExchangeName, usize> = HashMap::new();
    for (at, change) in changes.iter().enumerate() {
        if let Some(exchange) = losing(change) {
            firsts.entry(exchange).or_insert(at);
        }
    }
    order.sort_by_key(|change| {
        let first = losing(change).and_then(|exchange| firsts.get(exchange));
        let is_exchange = matches!(change, Change::ExchangeDeleted(_));
        (first.copied().unwrap_or(usize::MAX), !is_exchange)
    });
    order
}

/// The exchange that goes, or that loses a binding.
fn losing(change: &Change) -> Option<&ExchangeName> {
    match change {
        Change::ExchangeDeleted(exchange) => Some(&exchange.name),
        Change::Unbound(change) => Some(&change.source),
        _ => None,
    }
}

const fn event_name(change: &Change) -> Option<&'static str> {
    Some(match change {
        Change::ExchangeCreated(_) => "exchange.created",
        Change::ExchangeDeleted(_) => "exchange.deleted",
        Change::QueueCreated(_) => "queue.created",
        Change::QueueDeleted(_) => "queue.deleted",
        Change::Bound(_) => "binding.created",
        Change::Unbound(_) => "binding.deleted",
        Change::PolicySet(_) => "policy.set",
        Change::PolicyCleared(_) => "policy.cleared",
        Change::QueueReconfigured(_) | Change::ExchangeReconfigured(_) => return None,
    })
}

fn describe(fields: Fields, reporter: &Reporter, topology: &Topology, change: &Change) -> Fields {
    let vhost = topology.vhost();
    match change {
        Change::ExchangeCreated(exchange) => fields
            .text("name", exchange.name.as_bytes())
            .text("vhost", vhost.as_bytes())
            .text("type", exchange.kind.name())
            .bool("durable", exchange.durable)
            .bool("auto_delete", exchange.auto_delete)
            .bool("internal", exchange.internal)
            .texts("arguments", terms(exchange.arguments.as_ref()))
            .text("policy", policy_of(topology, exchange)),
        Change::QueueCreated(created) => queue(fields, reporter, vhost, created),
        Change::ExchangeDeleted(exchange) => {
            fields.text("name", exchange.name.as_bytes()).text("vhost", vhost.as_bytes())
        }
        Change::QueueDeleted(queue) => fields
            .text("name", queue.name.as_bytes())
            .text("vhost", vhost.as_bytes())
            .text("type", QueueType::of(queue.arguments.as_ref()).module()),
        Change::Bound(change) | Change::Unbound(change) => binding(fields, vhost, change),
        Change::PolicySet(change) => policy(fields, vhost, &change.policy),
        Change::PolicyCleared(policy) => {
            fields.text("name", policy.name().as_bytes()).text("vhost", vhost.as_bytes())
        }
        Change::QueueReconfigured(_) | Change::ExchangeReconfigured(_) => fields,
    }
}

/// A classic queue also says whose it is and where it stands (RabbitMQ 4:
/// `rabbit_amqqueue_process:queue_created_infos/1`).
fn queue(
    fields: Fields,
    reporter: &Reporter,
    vhost: &VhostName,
    queue: &QueueDefinition,
) -> Fields {
    let queue_type = QueueType::of(queue.arguments.as_ref());
    let fields = fields
        .text("name", queue.name.as_bytes())
        .text("vhost", vhost.as_bytes())
        .bool("durable", queue.durable)
        .bool("auto_delete", queue.auto_delete)
        .bool("exclusive", queue.exclusive_owner.is_some())
        .text("type", queue_type.module())
        .texts("arguments", with_type(queue.arguments.as_ref()));
    match queue_type {
        QueueType::Quorum => fields,
        QueueType::Classic => fields
            .text(
                "owner_pid",
                match queue.exclusive_owner {
                    Some(owner) => reporter.pid(owner, ChannelId(0)),
                    None => String::new(),
                },
            )
            .text("leader", reporter.node())
            .texts("members", [reporter.node()]),
    }
}

/// Arguments with the type that a queue has without saying so, which RabbitMQ 4 adds at the
/// declaration; it sorts them then.
fn with_type(arguments: TableRef<'_>) -> Vec<String> {
    let mut terms = terms(arguments);
    if arguments.get("x-queue-type").is_none() {
        terms.push(r#"{<<"x-queue-type">>,longstr,<<"classic">>}"#.to_owned());
        terms.sort();
    }
    terms
}

/// The name of the policy that counts for an exchange, empty without one.
fn policy_of(topology: &Topology, exchange: &ExchangeDefinition) -> String {
    let name = exchange.name.as_str();
    let policy = topology.policies().select(Issuer::User, Target::Exchange, name);
    policy.map_or_else(String::new, |policy| policy.name().to_string())
}

/// The definition stands as JSON.
fn policy(fields: Fields, vhost: &VhostName, policy: &Policy) -> Fields {
    let definition: serde_json::Map<_, _> =
        policy.definition().iter().map(|(key, value)| (key.to_owned(), value.clone())).collect();
    fields
        .text("name", policy.name().as_bytes())
        .text("vhost", vhost.as_bytes())
        .text("pattern", policy.pattern())
        .text("apply-to", policy.apply_to().name())
        .with("priority", Value::Int(b'l', policy.priority()))
        .text("definition", serde_json::Value::Object(definition).to_string())
}

fn binding(fields: Fields, vhost: &VhostName, change: &BindingChange) -> Fields {
    let (name, kind) = match change.binding.destination() {
        Destination::Queue(name) => (name.as_bytes(), "queue"),
        Destination::Exchange(name) => (name.as_bytes(), "exchange"),
    };
    fields
        .text("source_name", change.source.as_bytes())
        .text("source_kind", "exchange")
        .text("destination_name", name)
        .text("destination_kind", kind)
        .text("routing_key", change.binding.key().as_bytes())
        .texts("arguments", terms(change.binding.arguments()))
        .text("vhost", vhost.as_bytes())
}
