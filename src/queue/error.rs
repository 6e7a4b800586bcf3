//! Why a queue refuses what it is asked, and what the client reads then.

use std::fmt;

use crate::amqp::exception::Exception;
use crate::amqp::name::{QueueName, VhostName};
use crate::amqp::reply_code::ReplyCode;

/// What stands against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A consumer cannot start: another is exclusive, or this one would be and is not alone.
    ExclusiveUse,
    /// A delete with `if-unused`: the queue has consumers.
    InUse,
    /// A delete with `if-empty`: the queue has ready messages.
    NotEmpty,
}

/// A refusal by a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The queue.
    pub queue: QueueName,
    /// Its virtual host.
    pub vhost: VhostName,
    /// What stands against it.
    pub reason: Reason,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.reason {
            Reason::ExclusiveUse => "in exclusive use",
            Reason::InUse => "in use",
            Reason::NotEmpty => "not empty",
        };
        write!(f, "queue '{}' in vhost '{}' {what}", self.queue, self.vhost)
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for Exception {
    fn from(refused: Refused) -> Self {
        let code = match refused.reason {
            Reason::ExclusiveUse => ReplyCode::AccessRefused,
            Reason::InUse | Reason::NotEmpty => ReplyCode::PreconditionFailed,
        };
        Self::new(code, refused.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_code_and_text() {
        let cases = [
            (Reason::ExclusiveUse, "ACCESS_REFUSED - queue 'p.q2' in vhost '/' in exclusive use"),
            (Reason::InUse, "PRECONDITION_FAILED - queue 'p.q2' in vhost '/' in use"),
            (Reason::NotEmpty, "PRECONDITION_FAILED - queue 'p.q2' in vhost '/' not empty"),
        ];

        for (reason, text) in cases {
            let queue = QueueName::parse("p.q2").unwrap();
            let vhost = VhostName::parse("/").unwrap();

            let exception = Exception::from(Refused { queue, vhost, reason });

            assert_eq!(exception.reply_text(), text);
        }
    }
}
