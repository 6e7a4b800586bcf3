//! Why a queue refuses a consumer, and what the client reads then.

use std::fmt;

use crate::amqp::exception::Exception;
use crate::amqp::name::{QueueName, VhostName};
use crate::amqp::reply_code::ReplyCode;

/// A consumer cannot start: another is exclusive, or this one would be and is not alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExclusiveUse {
    /// The queue.
    pub queue: QueueName,
    /// Its virtual host.
    pub vhost: VhostName,
}

impl fmt::Display for ExclusiveUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "queue '{}' in vhost '{}' in exclusive use", self.queue, self.vhost)
    }
}

impl std::error::Error for ExclusiveUse {}

impl From<ExclusiveUse> for Exception {
    fn from(refusal: ExclusiveUse) -> Self {
        Self::new(ReplyCode::AccessRefused, refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusive_use_has_rabbitmqs_code_and_text() {
        let queue = QueueName::parse("p.q2").unwrap();
        let vhost = VhostName::parse("/").unwrap();

        let exception = Exception::from(ExclusiveUse { queue, vhost });

        let text = "ACCESS_REFUSED - queue 'p.q2' in vhost '/' in exclusive use";
        assert_eq!(exception.reply_text(), text);
    }
}
