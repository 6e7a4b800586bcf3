//! What a session asks of the broker before and after it measures: each call waits for its answer.

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::{basic, exchange, queue};
use amq_protocol::types::FieldTable;

use super::error::PerfError;
use super::session::{CHANNEL, Session};
use crate::amqp::method::MethodId;

/// Whose a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The connection's, and it ends with it.
    Connection,
    Everybody,
}

/// Declares an exchange.
pub(super) fn declare_exchange(
    session: &mut Session,
    name: &str,
    kind: &str,
    durable: bool,
    arguments: FieldTable,
) -> Result<(), PerfError> {
    let declare = exchange::Declare {
        exchange: name.into(),
        kind: kind.into(),
        passive: false,
        durable,
        auto_delete: false,
        internal: false,
        nowait: false,
        arguments,
    };
    send_declare_exchange(session, declare)
}

/// Fails unless there is such an exchange.
pub(super) fn expect_exchange(session: &mut Session, name: &str) -> Result<(), PerfError> {
    let declare = exchange::Declare {
        exchange: name.into(),
        kind: "direct".into(), // Whatever its type is.
        passive: true,
        durable: false,
        auto_delete: false,
        internal: false,
        nowait: false,
        arguments: FieldTable::default(),
    };
    send_declare_exchange(session, declare)
}

fn send_declare_exchange(
    session: &mut Session,
    declare: exchange::Declare,
) -> Result<(), PerfError> {
    let declare = AMQPClass::Exchange(exchange::AMQPMethod::Declare(declare));
    session.call(CHANNEL, declare, MethodId::EXCHANGE_DECLARE_OK)
}

/// Deletes an exchange with its bindings.
pub(super) fn delete_exchange(session: &mut Session, name: &str) -> Result<(), PerfError> {
    let delete = exchange::Delete { exchange: name.into(), if_unused: false, nowait: false };
    let delete = AMQPClass::Exchange(exchange::AMQPMethod::Delete(delete));
    session.call(CHANNEL, delete, MethodId::EXCHANGE_DELETE_OK)
}

/// Declares a transient queue.
pub(super) fn declare_queue(
    session: &mut Session,
    name: &str,
    owner: Owner,
) -> Result<(), PerfError> {
    let declare = queue::Declare {
        queue: name.into(),
        passive: false,
        durable: false,
        exclusive: owner == Owner::Connection,
        auto_delete: false,
        nowait: false,
        arguments: FieldTable::default(),
    };
    let declare = AMQPClass::Queue(queue::AMQPMethod::Declare(declare));
    session.call(CHANNEL, declare, MethodId::QUEUE_DECLARE_OK)
}

/// Deletes a queue; one that is not there is as good as deleted.
pub(super) fn delete_queue(session: &mut Session, name: &str) -> Result<(), PerfError> {
    let delete =
        queue::Delete { queue: name.into(), if_unused: false, if_empty: false, nowait: false };
    let delete = AMQPClass::Queue(queue::AMQPMethod::Delete(delete));
    session.call(CHANNEL, delete, MethodId::QUEUE_DELETE_OK)
}

/// Binds a queue.
pub(super) fn bind(
    session: &mut Session,
    queue: &str,
    exchange: &str,
    key: &str,
    arguments: FieldTable,
) -> Result<(), PerfError> {
    let bind = queue::Bind {
        queue: queue.into(),
        exchange: exchange.into(),
        routing_key: key.into(),
        nowait: false,
        arguments,
    };
    let bind = AMQPClass::Queue(queue::AMQPMethod::Bind(bind));
    session.call(CHANNEL, bind, MethodId::QUEUE_BIND_OK)
}

/// Undoes a binding.
pub(super) fn unbind(
    session: &mut Session,
    queue: &str,
    exchange: &str,
    key: &str,
) -> Result<(), PerfError> {
    let unbind = queue::Unbind {
        queue: queue.into(),
        exchange: exchange.into(),
        routing_key: key.into(),
        arguments: FieldTable::default(),
    };
    let unbind = AMQPClass::Queue(queue::AMQPMethod::Unbind(unbind));
    session.call(CHANNEL, unbind, MethodId::QUEUE_UNBIND_OK)
}

/// Starts a consumer without acks.
pub(super) fn consume(session: &mut Session, queue: &str) -> Result<(), PerfError> {
    let consume = basic::Consume {
        queue: queue.into(),
        consumer_tag: "c".into(),
        no_local: false,
        no_ack: true,
        exclusive: false,
        nowait: false,
        arguments: FieldTable::default(),
    };
    let consume = AMQPClass::Basic(basic::AMQPMethod::Consume(consume));
    session.call(CHANNEL, consume, MethodId::BASIC_CONSUME_OK)
}
