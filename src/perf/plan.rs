//! What a run declares, and who publishes and consumes where.

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::{basic, queue};
use amq_protocol::types::{AMQPValue, FieldTable};

use super::check::check;
use super::declare;
use super::error::PerfError;
use super::options::{Acks, Exchange, Load, Scenario};
use super::property;
use super::session::{CHANNEL, Session};
use crate::amqp::method::MethodId;

/// What a run uses. Its names hold its process id, so that runs do not meet.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) scenario: Scenario,
    pub(super) options: &'a Load,
    pub(super) publishers: usize,
    pub(super) consumers: usize,
    prefix: String,
}

impl<'a> Plan<'a> {
    /// Checks the options against each other.
    pub(super) fn new(scenario: Scenario, options: &'a Load) -> Result<Self, PerfError> {
        let queues = options.queues;
        let is_fanout = options.exchange == Exchange::Fanout;
        let plan = Self {
            scenario,
            options,
            publishers: options.publishers.unwrap_or(if is_fanout { 1 } else { queues }),
            consumers: options.consumers.unwrap_or(queues),
            prefix: format!("leveret-perf-{}", std::process::id()),
        };
        check(&plan).map(|()| plan)
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

    /// How many flows there are, those of a publisher's channels one behind the other.
    pub(super) fn flows(&self) -> usize {
        self.publishers * usize::from(self.options.channels)
    }

    /// How many queues a message reaches.
    pub(super) fn copies(&self) -> u64 {
        if self.options.exchange == Exchange::Fanout { self.options.queues as u64 } else { 1 }
    }

    /// Whether messages of a publisher reach a queue.
    pub(super) fn reaches(&self, publisher: usize, queue: usize) -> bool {
        self.options.exchange == Exchange::Fanout || self.queue_of(publisher) == queue
    }

    /// The headers that lead to a queue.
    pub(super) fn headers(&self, queue: usize) -> FieldTable {
        match self.options.exchange {
            Exchange::Headers => header(&self.queue(queue)),
            _ => FieldTable::default(),
        }
    }

    /// Declares exchange and queues, and binds them.
    pub(super) fn declare(&self, session: &mut Session) -> Result<(), PerfError> {
        let kind = match self.options.exchange {
            Exchange::Default => None,
            Exchange::Direct => Some("direct"),
            Exchange::Fanout => Some("fanout"),
            Exchange::Topic => Some("topic"),
            Exchange::Headers => Some("headers"),
        };
        if let Some(kind) = kind {
            declare::declare_exchange(session, self.exchange(), kind, self.options.durable)?;
        }
        for number in 0..self.options.queues {
            self.declare_queue(session, number)?;
            if kind.is_some() {
                self.bind(session, &self.queue(number))?;
            }
        }
        for number in 0..self.options.bindings {
            self.bind(session, &format!("other.{number}.key"))?;
        }
        Ok(())
    }

    /// Deletes what was declared.
    pub(super) fn delete(&self, session: &mut Session) -> Result<(), PerfError> {
        for number in 0..self.options.queues {
            declare::delete_queue(session, &self.queue(number))?;
        }
        if self.options.exchange == Exchange::Default {
            return Ok(());
        }
        declare::delete_exchange(session, self.exchange())
    }

    /// Sets the prefetch of each channel.
    pub(super) fn limit(&self, session: &mut Session) -> Result<(), PerfError> {
        for channel in session.channels() {
            let qos = basic::Qos { prefetch_count: self.options.prefetch, global: false };
            let qos = AMQPClass::Basic(basic::AMQPMethod::Qos(qos));
            session.call(channel, qos, MethodId::BASIC_QOS_OK)?;
        }
        Ok(())
    }

    /// Starts a consumer on each channel. A drain does not wait for answers, for deliveries may
    /// come before them.
    pub(super) fn consume(&self, session: &mut Session, number: usize) -> Result<(), PerfError> {
        let nowait = self.scenario == Scenario::Drain;
        for channel in session.channels() {
            let consume = basic::Consume {
                queue: self.queue(self.queue_of(number)).into(),
                consumer_tag: "c".into(),
                no_local: false,
                no_ack: self.options.acks == Acks::Auto,
                exclusive: false,
                nowait,
                arguments: FieldTable::default(),
            };
            let consume = AMQPClass::Basic(basic::AMQPMethod::Consume(consume));
            if nowait {
                session.cast(channel, consume)?;
            } else {
                session.call(channel, consume, MethodId::BASIC_CONSUME_OK)?;
            }
        }
        Ok(())
    }

    fn declare_queue(&self, session: &mut Session, number: usize) -> Result<(), PerfError> {
        let declare = queue::Declare {
            queue: self.queue(number).into(),
            passive: false,
            durable: self.options.durable,
            exclusive: false,
            auto_delete: false,
            nowait: false,
            arguments: property::table(&self.options.queue_argument),
        };
        let declare = AMQPClass::Queue(queue::AMQPMethod::Declare(declare));
        session.call(CHANNEL, declare, MethodId::QUEUE_DECLARE_OK)
    }

    /// Binds the queue that `key` names, else the first.
    fn bind(&self, session: &mut Session, key: &str) -> Result<(), PerfError> {
        let queue = if key.starts_with(&self.prefix) { key.to_owned() } else { self.queue(0) };
        let arguments = match self.options.exchange {
            Exchange::Headers => header(key),
            _ => FieldTable::default(),
        };
        declare::bind(session, &queue, self.exchange(), key, arguments)
    }
}

/// A header by which a headers exchange routes.
fn header(value: &str) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert("leveret-perf".into(), AMQPValue::LongString(value.into()));
    table
}
