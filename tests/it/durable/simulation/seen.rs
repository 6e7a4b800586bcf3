//! What a deduplicating exchange has seen, wherever the disk crashes: what was confirmed is known,
//! and what is known is in every queue. Nobody consumes, and there is room for all values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leveret::amqp::fingerprint::Fingerprint;
use leveret::amqp::id::{ChannelId, ConnectionId, PublishTag};
use leveret::amqp::message::MessageRef;
use leveret::amqp::name::{BindingKey, ExchangeName};
use leveret::amqp::table::{Table, TableRef, Value};
use leveret::exchange::binding::{Binding, Destination};
use leveret::exchange::kind::ExchangeKind;
use leveret::exchange::message::Message;
use leveret::store::checkpoint::{Capture, Captured};
use leveret::store::disk::Disk;
use leveret::store::disk::simulated::SimulatedDisk;
use leveret::store::keeper::Queues as _;
use leveret::store::writer::Writer;
use leveret::topology::command::{BindCommand, DeleteCondition};
use leveret::topology::exchange::ExchangeDefinition;
use leveret::vhost::batch::{Placed, PublishBatch, octets};
use leveret::vhost::fate::{Fate, Firsts};
use leveret::vhost::past::{Publication, read_header};
use leveret::vhost::queue::Queue;
use leveret::vhost::routes::RouteCache;
use leveret::vhost::session::Session;

use super::super::durable_queue;
use super::broker::Broker;
use super::life::Count;
use super::payload::Payload;
use super::random::Random;
use super::session::{Event, Recorder};
use super::{SEEDS, each_seed};

const QUEUES: [&str; 2] = ["first", "second"];
const VALUES: usize = 60;

/// The disk is crashed.
struct Crashed;

/// What a publisher knows, from one life of the broker to the next.
#[derive(Default)]
struct Known {
    confirmed: BTreeSet<u64>,
    /// The number of the last publish.
    last: u64,
}

struct Life<'k> {
    broker: Broker,
    writer: Writer,
    session: Arc<Recorder>,
    cache: RouteCache,
    known: &'k mut Known,
    /// Values by the numbers of their publishes, and how many answers are left.
    awaited: BTreeMap<u64, (u64, usize)>,
    /// What queues have not been given yet.
    later: Vec<(Arc<Queue>, PublishBatch)>,
    checkpoint: Option<Captured>,
}

#[test]
fn what_is_confirmed_is_known_and_what_is_known_is_there_wherever_the_disk_crashes() {
    let test = "what_is_confirmed_is_known_and_what_is_known_is_there_wherever_the_disk_crashes";
    each_seed(test, SEEDS / 4, |seed| {
        let mut random = Random::new(seed);
        let (mut disk, mut known, mut count) =
            (SimulatedDisk::new(seed), Known::default(), Count::default());
        for _ in 0..4 {
            if random.happens(80) {
                disk.crash_after(1 + random.below(120) as u64);
            }
            if let Ok((broker, writer)) = Broker::open(&(Arc::new(disk.clone()) as Arc<dyn Disk>)) {
                count.lives += 1;
                check(&broker, &known);
                let ended = Life::new(broker, writer, &mut known).live(&mut random);
                count.crashes += usize::from(ended.is_err());
            }
            count.confirms += known.confirmed.len() as u64;
            disk = if random.happens(60) { disk.crash() } else { disk.kill() };
        }
        let (broker, _writer) = Broker::open(&(Arc::new(disk) as Arc<dyn Disk>)).ok().unwrap();
        check(&broker, &known);
        count
    });
}

/// Compares what the broker has found with what it has answered.
fn check(broker: &Broker, known: &Known) {
    let seen: Vec<Fingerprint> =
        broker.vhost.seen().into_iter().flat_map(|(_, seen)| seen).map(|it| it.value).collect();
    let held: Vec<BTreeSet<u64>> = QUEUES.map(|queue| held(broker, queue)).into();
    for value in 0..VALUES as u64 {
        let is_seen = seen.contains(&Fingerprint::of(Value::Int(b'l', value.cast_signed())));
        assert!(is_seen || !known.confirmed.contains(&value), "{value} is confirmed and unknown");
        let is_held = held.iter().all(|values| values.contains(&value));
        assert!(is_held || !is_seen, "{value} is known and lost: {held:?}");
    }
}

fn held(broker: &Broker, queue: &str) -> BTreeSet<u64> {
    let found = broker.survey().into_values().find(|it| it.queue.name.as_str() == queue);
    let messages = found.into_iter().flat_map(|found| found.messages.into_values());
    messages.map(|payload| payload.unwrap().sequence).collect()
}

/// Headers of which the value is a number.
fn headers(value: u64) -> Table {
    let octets = [&b"\x16x-deduplication-headerl"[..], &value.to_be_bytes()].concat();
    TableRef::parse(&octets).unwrap().to_owned()
}

impl<'k> Life<'k> {
    fn new(broker: Broker, writer: Writer, known: &'k mut Known) -> Self {
        Self {
            broker,
            writer,
            session: Arc::default(),
            cache: RouteCache::default(),
            known,
            awaited: BTreeMap::new(),
            later: Vec::new(),
            checkpoint: None,
        }
    }

    fn live(mut self, random: &mut Random) -> Result<(), Crashed> {
        for queue in QUEUES {
            let declare = durable_queue(queue, Table::default());
            drop(self.broker.vhost.declare_queue(declare, "guest").unwrap().1);
        }
        self.declare();
        for _ in 0..80 {
            match random.below(100) {
                0..60 => self.publish(random),
                60..80 => self.write()?,
                80..90 => self.go_on(),
                90..97 => self.advance_checkpoint()?,
                97 => self.declare_again(),
                _ => {}
            }
        }
        if random.happens(50) {
            while !self.later.is_empty() {
                self.go_on();
            }
            self.write()?;
            assert!(self.awaited.is_empty(), "unanswered: {:?}", self.awaited);
            let Self { broker: Broker { log, node, .. }, writer, .. } = &mut self;
            log.stop();
            while writer.turn(false).map_err(|_| Crashed)? {}
            drop(Capture::begin(log).end_clean(log, node.contents()));
        }
        Ok(())
    }

    fn declare(&self) {
        let arguments =
            b"\x0cx-cache-sizeI\x00\x00\x03\xe8\x13x-cache-persistenceS\x00\x00\x00\x04disk";
        let name = ExchangeName::parse("x").unwrap();
        let definition = ExchangeDefinition {
            name: name.clone(),
            kind: ExchangeKind::MessageDeduplication,
            durable: true,
            auto_delete: false,
            internal: false,
            waits_in: None,
            arguments: TableRef::parse(arguments).unwrap().to_owned(),
        };
        let vhost = &self.broker.vhost;
        drop(vhost.declare_exchange(definition, "guest").unwrap());
        for queue in QUEUES {
            let queue = vhost.find_queue(queue.as_bytes()).unwrap();
            let destination = Destination::Queue(queue.name.clone());
            let key = BindingKey::parse("").unwrap();
            let binding = Binding::new(destination, key, TableRef::default());
            let connection = ConnectionId(1);
            let bind = BindCommand { source: name.clone(), binding, connection };
            drop(vhost.bind(bind, "guest").unwrap());
        }
    }

    /// What the exchange has seen is forgotten, whether or not its deletion becomes durable.
    fn declare_again(&mut self) {
        let name = ExchangeName::parse("x").unwrap();
        let deleted = self.broker.vhost.delete_exchange(&name, DeleteCondition::Always, "guest");
        drop(deleted.unwrap());
        self.known.confirmed.clear();
        self.awaited.clear();
        self.declare();
    }

    fn publish(&mut self, random: &mut Random) {
        let value = random.below(VALUES) as u64;
        let payload = Payload { publisher: 1, sequence: value, size: 100 };
        let (record, headers) = (payload.octets(), headers(value));
        let publication = Publication {
            message: MessageRef::read(&record).unwrap(),
            keys: &[],
            seen: Message { headers: Some(headers.as_ref()), ..Message::default() },
            read: read_header,
            persistent: true,
            mandatory: false,
        };
        let vhost = &self.broker.vhost;
        let Some(route) = self.cache.pass(vhost, &publication).unwrap().cloned() else { return };
        self.known.last += 1;
        let tag = PublishTag(self.known.last);
        self.awaited.insert(tag.0, (value, route.len() + 1));
        let mut firsts = Firsts::default();
        let answer = Some((ChannelId(1), tag));
        firsts.note(vhost, self.cache.take_noted(), Some((0, 0)), answer);
        let publisher: Arc<dyn Session> = Arc::clone(&self.session) as Arc<dyn Session>;
        let fate = firsts.share(&publisher, route.len());
        let octets = octets(std::iter::once(record.clone()), true, route.iter());
        let placed = Placed {
            segment: 0,
            offset: 0,
            body_len: payload.size,
            channel: ChannelId(1),
            confirm: Some(tag),
            persistent: true,
            marked: false,
        };
        for queue in &*route {
            let batch = PublishBatch {
                octets: octets.clone(),
                messages: vec![placed],
                publisher: Arc::clone(&publisher),
                fate: fate.clone(),
            };
            if random.happens(50) {
                queue.publish(batch);
            } else {
                self.later.push((Arc::clone(queue), batch));
            }
        }
        fate.as_deref().map(Fate::turn).expect("an exchange saw it first");
    }

    /// One more queue gets its part.
    fn go_on(&mut self) {
        if let Some((queue, batch)) = self.later.pop() {
            queue.publish(batch);
        }
    }

    fn write(&mut self) -> Result<(), Crashed> {
        self.writer.turn(false).map_err(|_| Crashed)?;
        for event in self.session.take() {
            let Event::Accepted(PublishTag(tag)) = event else { panic!("{event:?}") };
            let Some((value, left)) = self.awaited.get_mut(&tag) else { continue };
            *left -= 1;
            if *left == 0 {
                self.known.confirmed.insert(*value);
                self.awaited.remove(&tag);
            }
        }
        Ok(())
    }

    fn advance_checkpoint(&mut self) -> Result<(), Crashed> {
        let Broker { log, node, .. } = &self.broker;
        match self.checkpoint.take() {
            None => self.checkpoint = Some(Capture::begin(log).end(log, node.contents())),
            Some(captured) if captured.durable.is_done() => {
                captured.publish(log).map_err(|_| Crashed)?;
            }
            Some(captured) => self.checkpoint = Some(captured),
        }
        Ok(())
    }
}
