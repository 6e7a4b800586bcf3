//! Why a declared thing cannot be had or changed, in RabbitMQ's words.

use std::fmt;

use super::arguments::queue_type::QueueType;
use super::quorum::NotOfQuorum;
use crate::amqp::exception::Exception;
use crate::amqp::name::{ExchangeName, QueueName, VhostName};
use crate::amqp::reply_code::ReplyCode;
use crate::exchange::binding::InvalidBinding;
use crate::exchange::delayed::InvalidDelayedType;
use crate::exchange::hash_on::InvalidHashOn;
use crate::exchange::past::InvalidPast;

/// An exchange or a queue, the way error texts name it: `queue 'q' in vhost '/'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    kind: &'static str,
    name: String,
    vhost: VhostName,
}

impl Resource {
    /// A queue of `vhost`.
    pub fn queue(vhost: &VhostName, name: &QueueName) -> Self {
        Self { kind: "queue", name: name.to_string(), vhost: vhost.clone() }
    }

    /// An exchange of `vhost`.
    pub fn exchange(vhost: &VhostName, name: &ExchangeName) -> Self {
        Self::exchange_octets(vhost, name.as_bytes())
    }

    /// An exchange of `vhost` by a name that need not be valid.
    pub fn exchange_octets(vhost: &VhostName, name: &[u8]) -> Self {
        let name = String::from_utf8_lossy(name).into_owned();
        Self { kind: "exchange", name, vhost: vhost.clone() }
    }
}

/// RabbitMQ: `rabbit_misc:rs/1`.
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} '{}' in vhost '{}'", self.kind, self.name, self.vhost)
    }
}

/// How a declaration differs from what exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inequivalence {
    /// What exists.
    pub resource: Resource,
    /// The attribute, or the argument's key.
    pub field: String,
    /// The declared value, as it is printed.
    pub received: String,
    /// The existing value, as it is printed.
    pub current: String,
}

/// Why a command on the topology fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The default exchange is not declared, deleted or bound.
    DefaultExchange,
    /// A client names a new entity `amq.*`.
    ReservedName(Resource),
    /// A client deletes an exchange named `amq.*`.
    SystemExchange(Resource),
    /// A client publishes to an internal exchange.
    Internal(Resource),
    /// It does not exist.
    Missing(Resource),
    /// It has bindings or consumers, and was to be deleted only without.
    InUse(Resource),
    /// It has ready messages, and was to be deleted only without.
    NotEmpty(Resource),
    /// Another connection's exclusive queue, or one declared exclusive that is not.
    Locked(Resource),
    /// It exists with other attributes.
    Inequivalent(Box<Inequivalence>),
    /// An argument that names an exchange is no string.
    ArgumentType {
        /// What was to be created.
        resource: Resource,
        /// The argument's key.
        key: &'static str,
        /// Its type, in RabbitMQ's words.
        type_name: &'static str,
    },
    /// An argument has a value that it cannot have, or asks for what the broker does not do.
    Argument {
        /// What was to be created or consumed from.
        resource: Resource,
        /// The argument's key.
        key: &'static str,
        /// An Erlang term: what is wrong with it.
        detail: String,
    },
    /// An argument that another type of queue has.
    ArgumentOfOtherType {
        /// What was to be created or consumed from.
        resource: Resource,
        /// The argument's key.
        key: &'static str,
        /// The type that does not have it.
        queue_type: QueueType,
    },
    /// A property that queues of that type cannot have.
    Property {
        /// What was to be created.
        resource: Resource,
        /// In RabbitMQ's words.
        property: &'static str,
    },
    /// A type of queue that the server does not invent names for.
    ServerNamed {
        /// `rabbit_quorum_queue` or `rabbit_stream_queue`.
        queue_type: &'static str,
    },
    /// The name that the server is to invent would begin with too much.
    NamePrefix(String),
    /// What a quorum queue does not do.
    Quorum(NotOfQuorum),
    /// The source exchange does not take such a binding.
    Binding(InvalidBinding),
    /// An exchange's arguments do not say what it hashes.
    HashOn(InvalidHashOn),
    /// No policy of that name is set.
    NoPolicy,
    /// An exchange's type does not take its arguments.
    Past(InvalidPast),
    /// An exchange does not say how it routes what has waited.
    DelayedType(InvalidDelayedType),
}

/// RabbitMQ: `rabbit_misc:equivalence_fail/4`.
impl fmt::Display for Inequivalence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resource, field, received, current } = self;
        write!(f, "inequivalent arg '{field}' for {resource}: ")?;
        write!(f, "received {received} but current is {current}")
    }
}

impl From<InvalidBinding> for Error {
    fn from(invalid: InvalidBinding) -> Self {
        Self::Binding(invalid)
    }
}

impl From<InvalidHashOn> for Error {
    fn from(invalid: InvalidHashOn) -> Self {
        Self::HashOn(invalid)
    }
}

impl From<InvalidPast> for Error {
    fn from(invalid: InvalidPast) -> Self {
        Self::Past(invalid)
    }
}

impl From<InvalidDelayedType> for Error {
    fn from(invalid: InvalidDelayedType) -> Self {
        Self::DelayedType(invalid)
    }
}

impl From<Error> for Exception {
    fn from(error: Error) -> Self {
        use ReplyCode::{AccessRefused, NotFound, PreconditionFailed, ResourceLocked};
        match error {
            Error::DefaultExchange => {
                Self::new(AccessRefused, "operation not permitted on the default exchange")
            }
            Error::ReservedName(Resource { kind, name, .. }) => Self::new(
                AccessRefused,
                format!("{kind} name '{name}' contains reserved prefix 'amq.*'"),
            ),
            Error::SystemExchange(resource) => {
                Self::new(AccessRefused, format!("deletion of system {resource} not allowed"))
            }
            Error::Internal(resource) => {
                Self::new(AccessRefused, format!("cannot publish to internal {resource}"))
            }
            Error::Missing(resource) => Self::new(NotFound, format!("no {resource}")),
            Error::InUse(resource) => Self::new(PreconditionFailed, format!("{resource} in use")),
            Error::NotEmpty(resource) => {
                Self::new(PreconditionFailed, format!("{resource} not empty"))
            }
            Error::Locked(resource) => Self::new(
                ResourceLocked,
                format!(
                    "cannot obtain exclusive access to locked {resource}. It could be originally \
                     declared on another connection or the exclusive property value does not \
                     match that of the original declaration."
                ),
            ),
            Error::Inequivalent(inequivalence) => {
                Self::new(PreconditionFailed, inequivalence.to_string())
            }
            Error::ArgumentType { resource, key, type_name } => Self::new(
                PreconditionFailed,
                format!("invalid type '{type_name}' for arg '{key}' in {resource}"),
            ),
            Error::Argument { resource, key, detail } => Self::new(
                PreconditionFailed,
                format!("invalid arg '{key}' for {resource}: {detail}"),
            ),
            Error::ArgumentOfOtherType { resource, key, queue_type } => Self::new(
                PreconditionFailed,
                format!("invalid arg '{key}' for {resource} of queue type {}", queue_type.module()),
            ),
            Error::Property { resource, property } => Self::new(
                PreconditionFailed,
                format!("invalid property '{property}' for {resource}"),
            ),
            Error::ServerNamed { queue_type } => Self::new(
                PreconditionFailed,
                format!("Cannot declare a server-named queue for type {queue_type}"),
            ),
            Error::NamePrefix(prefix) => Self::new(
                PreconditionFailed,
                format!("Queue name prefix '{prefix}' exceeds the 64-byte limit"),
            ),
            Error::Quorum(refusal) => refusal.into(),
            Error::Binding(invalid) => invalid.into(),
            Error::HashOn(invalid) => invalid.into(),
            Error::NoPolicy => Self::new(NotFound, "Parameter does not exist"),
            Error::Past(invalid) => invalid.into(),
            Error::DelayedType(invalid) => invalid.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amqp::reply_code::Scope;

    #[test]
    fn every_error_closes_the_channel_with_rabbitmqs_text() {
        let vhost = VhostName::parse("v").unwrap();
        let queue = || Resource::queue(&vhost, &QueueName::parse("q").unwrap());
        let exchange = || Resource::exchange(&vhost, &ExchangeName::parse("x").unwrap());
        let locked = "cannot obtain exclusive access to locked queue 'q' in vhost 'v'. It could be \
                      originally declared on another connection or the exclusive property value \
                      does not match that of the original declaration.";
        let different = Inequivalence {
            resource: queue(),
            field: "durable".to_owned(),
            received: "'false'".to_owned(),
            current: "'true'".to_owned(),
        };

        for (error, code, text) in [
            (Error::DefaultExchange, 403, "operation not permitted on the default exchange"),
            (Error::ReservedName(queue()), 403, "queue name 'q' contains reserved prefix 'amq.*'"),
            (
                Error::SystemExchange(exchange()),
                403,
                "deletion of system exchange 'x' in vhost 'v' not allowed",
            ),
            (
                Error::Internal(exchange()),
                403,
                "cannot publish to internal exchange 'x' in vhost 'v'",
            ),
            (Error::Missing(queue()), 404, "no queue 'q' in vhost 'v'"),
            (Error::Locked(queue()), 405, locked),
            (Error::InUse(queue()), 406, "queue 'q' in vhost 'v' in use"),
            (Error::InUse(exchange()), 406, "exchange 'x' in vhost 'v' in use"),
            (Error::NotEmpty(queue()), 406, "queue 'q' in vhost 'v' not empty"),
            (
                Error::Inequivalent(Box::new(different)),
                406,
                "inequivalent arg 'durable' for queue 'q' in vhost 'v': received 'false' but \
                 current is 'true'",
            ),
        ] {
            let exception = Exception::from(error);

            assert_eq!((exception.code.code(), &*exception.text), (code, text));
            assert_eq!(exception.scope(), Scope::Channel);
        }
    }
}
