//! One virtual host as clients see it.

mod declare;
mod delete;
mod durable;
mod policy;
mod route;

use crate::amqp::exception::Exception;
use crate::amqp::id::{ConnectionId, QueueId};
use crate::amqp::name::{BindingKey, ExchangeName, QueueName, VhostName};
use crate::amqp::reply_code::ReplyCode;
use crate::amqp::table::{Table, Value};
use crate::exchange::binding::{Binding, Destination};
use crate::exchange::kind::ExchangeKind;

use super::command::{BindCommand, Change, Command, DeleteCondition, Naming, Outcome};
use super::edit::Edit;
use super::error::Error;
use super::exchange::ExchangeDefinition;
use super::queue::QueueDefinition;
use super::routing::{Routed, Routes};
use super::state::Topology;

const ME: ConnectionId = ConnectionId(1);
const OTHER: ConnectionId = ConnectionId(2);

fn vhost() -> Topology {
    Topology::new(VhostName::parse("/").unwrap())
}

fn exchange_name(name: &str) -> ExchangeName {
    ExchangeName::parse(name).unwrap()
}

fn queue_name(name: &str) -> QueueName {
    QueueName::parse(name).unwrap()
}

fn to_queue(name: &str) -> Destination {
    Destination::Queue(queue_name(name))
}

fn to_exchange(name: &str) -> Destination {
    Destination::Exchange(exchange_name(name))
}

fn exchange(name: &str, kind: ExchangeKind) -> ExchangeDefinition {
    ExchangeDefinition {
        name: exchange_name(name),
        kind,
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: Table::default(),
        waits_in: None,
    }
}

fn queue(name: &str) -> QueueDefinition {
    QueueDefinition {
        name: queue_name(name),
        id: QueueId(7),
        durable: true,
        exclusive_owner: None,
        auto_delete: false,
        arguments: Table::default(),
    }
}

fn bind_command(source: &str, destination: &Destination, key: &str) -> BindCommand {
    let key = BindingKey::parse(key).unwrap();
    BindCommand {
        source: exchange_name(source),
        binding: Binding::new(destination.clone(), key, Table::default().as_ref()),
        connection: ME,
    }
}

const fn text(value: &str) -> Value<'_> {
    Value::LongStr(value.as_bytes())
}

impl Topology {
    fn declare_x(&mut self, definition: ExchangeDefinition) -> Result<Outcome, Error> {
        self.apply(Command::DeclareExchange(definition))
    }

    fn declare_q(&mut self, definition: QueueDefinition) -> Result<Outcome, Error> {
        self.apply(Command::DeclareQueue { definition, naming: Naming::Client })
    }

    fn bind_to(&mut self, source: &str, to: &Destination, key: &str) -> Result<Outcome, Error> {
        self.apply(Command::Bind(bind_command(source, to, key)))
    }

    fn unbind_from(&mut self, source: &str, to: &Destination, key: &str) -> Result<Outcome, Error> {
        self.apply(Command::Unbind(bind_command(source, to, key)))
    }

    fn delete_x(&mut self, name: &str, condition: DeleteCondition) -> Result<Outcome, Error> {
        self.apply(Command::DeleteExchange { name: exchange_name(name), condition })
    }

    fn delete_q(&mut self, name: &str) -> Outcome {
        self.apply(Command::DeleteQueue(queue_name(name))).unwrap()
    }

    fn has_exchange(&self, name: &str) -> bool {
        self.exchange(&exchange_name(name)).is_ok()
    }
}

/// What changed, in short.
fn log(outcome: &Outcome) -> Vec<String> {
    let of = |what: &str, name: &dyn std::fmt::Display, durable: bool| {
        format!("{what} {name}{}", if durable { " durable" } else { "" })
    };
    let line = |change: &Change| match change {
        Change::ExchangeCreated(x) => of("+x", &x.name, change.is_durable()),
        Change::ExchangeDeleted(x) => of("-x", &x.name, change.is_durable()),
        Change::QueueCreated(q) => of("+q", &q.name, change.is_durable()),
        Change::QueueDeleted(q) => of("-q", &q.name, change.is_durable()),
        Change::Bound(b) => of("+b", &b.source, change.is_durable()),
        Change::Unbound(b) => of("-b", &b.source, change.is_durable()),
        Change::PolicySet(p) => of("+p", p.policy.name(), change.is_durable()),
        Change::PolicyCleared(p) => of("-p", p.name(), change.is_durable()),
        Change::QueueReconfigured(q) => of("~q", &q.name, change.is_durable()),
        Change::ExchangeReconfigured(x) => of("~x", &x.name, change.is_durable()),
    };
    outcome.changes.iter().map(line).collect()
}

#[track_caller]
fn assert_refused<T: std::fmt::Debug>(result: Result<T, Error>, code: ReplyCode, text: &str) {
    let exception = Exception::from(result.unwrap_err());
    assert_eq!((exception.code, &*exception.text), (code, text));
}
