//! What a run declares, and who publishes and consumes where.

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::{basic, exchange, queue};
use amq_protocol::types::FieldTable;

use super::error::PerfError;
use super::options::{Acks, Exchange, Throughput};
use super::session::{CHANNEL, Session};
use super::stamp;
use crate::amqp::method::MethodId;

/// The names that a run uses; they hold its process id, so that runs do not meet.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) options: &'a Throughput,
    prefix: String,
}

impl<'a> Plan<'a> {
    /// Checks the options against each other.
    pub(super) fn new(options: &'a Throughput) -> Result<Self, PerfError> {
        let Throughput { publishers, consumers, queues, prefetch, acks, .. } = *options;
        let refused = [
            (publishers == 0, "--publishers: at least 1"),
            (publishers > stamp::PUBLISHERS_MAX, "--publishers: at most 65536"),
            (queues == 0, "--queues: at least 1"),
            (consumers > 0 && consumers < queues, "--consumers: 0, or at least one for each queue"),
            (
                options.exchange != Exchange::Fanout && publishers < queues,
                "--publishers: at least one for each queue, unless the exchange is a fanout",
            ),
            (options.size < stamp::SIZE, "--size: at least 16"),
            (options.rate == Some(0), "--rate: at least 1"),
            (options.confirm == Some(0), "--confirm: at least 1"),
            (
                matches!(acks, Acks::Every(n) if prefetch > 0 && n > u32::from(prefetch)),
                "--acks: not more than --prefetch, or nothing would ever be settled",
            ),
            (
                options.bindings > 0 && options.exchange == Exchange::Default,
                "--bindings: only with an exchange that has bindings",
            ),
            (
                options.bindings > 0 && options.exchange == Exchange::Fanout,
                "--bindings: every binding of a fanout matches",
            ),
        ];
        match refused.into_iter().find(|(is_so, _)| *is_so) {
            Some((_, text)) => Err(PerfError::Options(text.to_owned())),
            None => Ok(Self { options, prefix: format!("leveret-perf-{}", std::process::id()) }),
        }
    }

    /// The exchange's name.
    pub(super) fn exchange(&self) -> &str {
        if self.options.exchange == Exchange::Default { "" } else { &self.prefix }
    }

    /// A queue's name, and the routing key that leads to it.
    pub(super) fn queue(&self, number: usize) -> String {
        format!("{}.{number}", self.prefix)
    }

    /// The queue that a publisher or a consumer deals with.
    pub(super) const fn queue_of(&self, number: usize) -> usize {
        number % self.options.queues
    }

    /// Whether messages of a publisher reach a queue.
    pub(super) fn reaches(&self, publisher: usize, queue: usize) -> bool {
        self.options.exchange == Exchange::Fanout || self.queue_of(publisher) == queue
    }

    /// Declares exchange and queues, and binds them.
    pub(super) fn declare(&self, session: &mut Session) -> Result<(), PerfError> {
        let kind = match self.options.exchange {
            Exchange::Default => None,
            Exchange::Direct => Some("direct"),
            Exchange::Fanout => Some("fanout"),
            Exchange::Topic => Some("topic"),
        };
        if let Some(kind) = kind {
            let declare = exchange::Declare {
                exchange: self.exchange().into(),
                kind: kind.into(),
                passive: false,
                durable: self.options.durable,
                auto_delete: false,
                internal: false,
                nowait: false,
                arguments: FieldTable::default(),
            };
            let declare = AMQPClass::Exchange(exchange::AMQPMethod::Declare(declare));
            session.call(CHANNEL, declare, MethodId::EXCHANGE_DECLARE_OK)?;
        }
        for number in 0..self.options.queues {
            self.declare_queue(session, number)?;
            if kind.is_some() {
                self.bind(session, self.queue(number))?;
            }
        }
        for number in 0..self.options.bindings {
            self.bind(session, format!("other.{number}.key"))?;
        }
        Ok(())
    }

    /// Deletes what was declared.
    pub(super) fn delete(&self, session: &mut Session) -> Result<(), PerfError> {
        for number in 0..self.options.queues {
            let delete = queue::Delete {
                queue: self.queue(number).into(),
                if_unused: false,
                if_empty: false,
                nowait: false,
            };
            let delete = AMQPClass::Queue(queue::AMQPMethod::Delete(delete));
            session.call(CHANNEL, delete, MethodId::QUEUE_DELETE_OK)?;
        }
        if self.options.exchange == Exchange::Default {
            return Ok(());
        }
        let delete =
            exchange::Delete { exchange: self.exchange().into(), if_unused: false, nowait: false };
        let delete = AMQPClass::Exchange(exchange::AMQPMethod::Delete(delete));
        session.call(CHANNEL, delete, MethodId::EXCHANGE_DELETE_OK)
    }

    /// Sets the prefetch and starts a consumer.
    pub(super) fn consume(&self, session: &mut Session, number: usize) -> Result<(), PerfError> {
        let qos = basic::Qos { prefetch_count: self.options.prefetch, global: false };
        let qos = AMQPClass::Basic(basic::AMQPMethod::Qos(qos));
        session.call(CHANNEL, qos, MethodId::BASIC_QOS_OK)?;
        let consume = basic::Consume {
            queue: self.queue(self.queue_of(number)).into(),
            consumer_tag: "c".into(),
            no_local: false,
            no_ack: self.options.acks == Acks::Auto,
            exclusive: false,
            nowait: false,
            arguments: FieldTable::default(),
        };
        let consume = AMQPClass::Basic(basic::AMQPMethod::Consume(consume));
        session.call(CHANNEL, consume, MethodId::BASIC_CONSUME_OK)
    }

    fn declare_queue(&self, session: &mut Session, number: usize) -> Result<(), PerfError> {
        let declare = queue::Declare {
            queue: self.queue(number).into(),
            passive: false,
            durable: self.options.durable,
            exclusive: false,
            auto_delete: false,
            nowait: false,
            arguments: FieldTable::default(),
        };
        let declare = AMQPClass::Queue(queue::AMQPMethod::Declare(declare));
        session.call(CHANNEL, declare, MethodId::QUEUE_DECLARE_OK)
    }

    /// Binds the queue that `key` names, else the first.
    fn bind(&self, session: &mut Session, key: String) -> Result<(), PerfError> {
        let queue = if key.starts_with(&self.prefix) { key.clone() } else { self.queue(0) };
        let bind = queue::Bind {
            queue: queue.into(),
            exchange: self.exchange().into(),
            routing_key: key.into(),
            nowait: false,
            arguments: FieldTable::default(),
        };
        let bind = AMQPClass::Queue(queue::AMQPMethod::Bind(bind));
        session.call(CHANNEL, bind, MethodId::QUEUE_BIND_OK)
    }
}
