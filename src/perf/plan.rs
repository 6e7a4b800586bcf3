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
        let exchange = options.exchange;
        let has_one_way = exchange.copies() || exchange.chooses();
        let plan = Self {
            scenario,
            options,
            publishers: options.publishers.unwrap_or(if has_one_way { 1 } else { queues }),
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
        let given = self.options.queue.clone();
        given.unwrap_or_else(|| format!("{}.{number}", self.prefix))
    }

    /// The queue that its consumers take from.
    fn consumed(&self, number: usize) -> String {
        let queue = self.queue(number);
        if self.options.dead_letters { format!("{queue}.dead") } else { queue }
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
    pub(super) const fn copies(&self) -> u64 {
        if self.options.exchange.copies() { self.options.queues as u64 } else { 1 }
    }

    /// How many sets of queues there are: a message reaches one queue of each set, if any. They are
    /// single queues, unless the exchange chooses.
    pub(super) const fn sets(&self) -> usize {
        if self.options.exchange.chooses() { 1 } else { self.options.queues }
    }

    /// The set of the queue that a publisher or a consumer deals with.
    pub(super) const fn set_of(&self, number: usize) -> usize {
        number % self.sets()
    }

    /// Whether messages of a publisher reach a set of queues.
    pub(super) const fn reaches(&self, publisher: usize, set: usize) -> bool {
        self.options.exchange.copies() || self.set_of(publisher) == set
    }

    /// The headers that lead to a queue.
    pub(super) fn headers(&self, queue: usize) -> FieldTable {
        match self.options.exchange {
            Exchange::Headers => header(&self.queue(queue)),
            _ => FieldTable::default(),
        }
    }

    /// Declares exchange and queues, and binds them. A queue that is given has to be there.
    pub(super) fn declare(&self, session: &mut Session) -> Result<(), PerfError> {
        let kind = self.options.exchange.kind();
        if let Some(kind) = kind {
            let arguments = property::table(&self.options.exchange_argument);
            let durable = self.options.durable;
            declare::declare_exchange(session, self.exchange(), kind, durable, arguments)?;
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
        for number in (0..self.options.queues).filter(|_| self.options.queue.is_none()) {
            declare::delete_queue(session, &self.queue(number))?;
            // Behind it, for the last of its dead letters.
            if self.options.dead_letters {
                declare::delete_queue(session, &self.consumed(number))?;
            }
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
                queue: self.consumed(self.queue_of(number)).into(),
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
        let (queue, consumed) = (self.queue(number), self.consumed(number));
        let mut arguments = property::table(&self.options.queue_argument);
        if self.options.dead_letters {
            self.send_declare(session, &consumed, FieldTable::default())?;
            let text = |text: &str| AMQPValue::LongString(text.into());
            arguments.insert("x-dead-letter-exchange".into(), text(""));
            arguments.insert("x-dead-letter-routing-key".into(), text(&consumed));
        }
        self.send_declare(session, &queue, arguments)
    }

    fn send_declare(
        &self,
        session: &mut Session,
        queue: &str,
        arguments: FieldTable,
    ) -> Result<(), PerfError> {
        let declare = queue::Declare {
            queue: queue.into(),
            passive: self.options.queue.is_some(),
            durable: self.options.durable,
            exclusive: false,
            auto_delete: false,
            nowait: false,
            arguments,
        };
        let declare = AMQPClass::Queue(queue::AMQPMethod::Declare(declare));
        session.call(CHANNEL, declare, MethodId::QUEUE_DECLARE_OK)
    }

    /// Binds the queue that `key` names, else the first. Where keys are weights, all are alike.
    fn bind(&self, session: &mut Session, key: &str) -> Result<(), PerfError> {
        let is_own = self.options.queue.as_deref() == Some(key) || key.starts_with(&self.prefix);
        let queue = if is_own { key.to_owned() } else { self.queue(0) };
        let arguments = match self.options.exchange {
            Exchange::Headers => header(key),
            _ => FieldTable::default(),
        };
        let key = if self.options.exchange.chooses() { "1" } else { key };
        declare::bind(session, &queue, self.exchange(), key, arguments)
    }
}

/// A header by which a headers exchange routes.
fn header(value: &str) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert("leveret-perf".into(), AMQPValue::LongString(value.into()));
    table
}
