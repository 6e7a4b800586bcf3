//! Messages by way of a relay: the publisher, the consumer, the requester and the responder are
//! those that load a broker, and so are the octets.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{ScopedJoinHandle, scope, sleep};
use std::time::{Duration, Instant};

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic;
use amq_protocol::types::FieldTable;
use serde::Serialize;

use super::Floor;
use super::relay::Relay;
use crate::codec::encode;
use crate::perf::block::{Block, Template};
use crate::perf::consumer::{self, Ages};
use crate::perf::cost::{each, per_second};
use crate::perf::error::PerfError;
use crate::perf::options::{Acks, Size};
use crate::perf::property::content_header;
use crate::perf::publisher::{self, Pace};
use crate::perf::quantiles::Latency;
use crate::perf::request_reply::letter::{Address, Letter};
use crate::perf::request_reply::requester::{self, Requested};
use crate::perf::request_reply::responder;
use crate::perf::session::Session;
use crate::perf::share::Work;

/// The largest frame, in octets, as between the broker and this tool.
const FRAME_MAX: u32 = 131_072;

/// What frames are addressed to: about as long as names in a run against a broker.
const NAME: &str = "leveret-perf-12345.0";

/// How long a message may be on its way.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the relay showed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Hops {
    /// Octets of a message with its frames.
    pub octets_each: usize,
    /// As fast as it goes.
    pub flood: OneWay,
    /// At the rate.
    pub paced: OneWay,
    /// With one request open.
    pub round_trips: RoundTrips,
}

/// Publisher, relay, consumer.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OneWay {
    /// Messages.
    pub messages: u64,
    /// Messages in a second.
    pub messages_per_second: f64,
    /// Octets in a second, with frames.
    pub octets_per_second: f64,
    /// CPU time of the relay for each message.
    pub cpu_micros_each: f64,
    /// Ages of the messages when they came; only with a rate.
    pub latency: Option<Latency>,
}

/// Requester, relay, responder, relay, requester.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RoundTrips {
    /// Replies.
    pub replies: u64,
    /// Replies in a second.
    pub round_trips_per_second: f64,
    /// CPU time of the relay for each round trip.
    pub cpu_micros_each: f64,
    /// From request to reply.
    pub latency: Option<Latency>,
}

/// Measures all three, one after the other.
pub(super) fn measure(options: &Floor) -> Result<Hops, PerfError> {
    let publish = AMQPClass::Basic(basic::AMQPMethod::Publish(basic::Publish {
        exchange: "".into(),
        routing_key: NAME.into(),
        mandatory: false,
        immediate: false,
    }));
    let template = Template {
        method: &|out, channel| encode::method(out, channel, publish.clone()),
        header: &content_header(&[], FieldTable::default(), 1),
        size: Size::fixed(options.size),
        frame_max: FRAME_MAX,
        flow: 0,
        channels: 1,
    };
    let block = Block::new(&template);
    let octets_each = block.first_len();
    Ok(Hops {
        octets_each,
        flood: one_way(options, Block::new(&template), octets_each, None)?,
        paced: one_way(options, block, octets_each, Some(options.rate))?,
        round_trips: round_trips(options)?,
    })
}

fn one_way(
    options: &Floor,
    block: Block,
    octets_each: usize,
    rate: Option<u32>,
) -> Result<OneWay, PerfError> {
    let (relay, wires) = Relay::open()?;
    let [mut from, mut to] = wires.map(|wire| Session::over(wire, FRAME_MAX));
    let (never, stop) = (AtomicBool::new(false), AtomicBool::new(false));
    let (sending, receiving) = (publisher::Shown::default(), consumer::Shown::new());
    let start = Instant::now();
    let publish = publisher::Order {
        start,
        messages: u64::MAX,
        until: Some(start + options.seconds),
        pace: rate.map(|rate| Pace { first: 0.0, interval: 1e9 / f64::from(rate) }),
        window: None,
        mandatory: false,
        patience: PATIENCE,
        stop: &never,
        shown: &sending,
    };
    let consume = consumer::Order {
        start,
        flows: 1,
        acks: Acks::Auto,
        ages: if rate.is_some() { Ages::Record } else { Ages::Ignore },
        wait: None,
        stop: &stop,
        shown: &receiving,
    };
    let (published, arrived, cpu) = scope(|threads| {
        let relay = threads.spawn(|| relay.run());
        let consumer = threads.spawn(|| consumer::consume(&mut to, &consume));
        let published = publisher::publish(&mut from, block, &publish);
        drain(published.sent, &receiving.received, &consumer);
        stop.store(true, Ordering::Relaxed);
        let arrived = consumer.join();
        drop(from); // Which ends the relay.
        (published, arrived, relay.join())
    });
    let (Ok(consumed), Ok(cpu)) = (arrived, cpu) else { return Err(died()) };
    if let Some(error) = published.error.or(consumed.error) {
        return Err(error);
    }
    let messages = consumed.received;
    if messages != published.sent {
        let text = format!("{messages} of {} messages by way of the relay", published.sent);
        return Err(PerfError::Unexpected(text));
    }
    let seconds = consumed.last.map_or(0.0, |last| (last - start).as_secs_f64());
    Ok(OneWay {
        messages,
        messages_per_second: per_second(messages, seconds),
        octets_per_second: per_second(messages * octets_each as u64, seconds),
        cpu_micros_each: each(cpu?.as_secs_f64() * 1e6, messages),
        latency: Latency::of([&*receiving.ages.lock()]),
    })
}

/// Returns when all that was sent has been received, or when nothing came for too long.
fn drain<T>(sent: u64, received: &AtomicU64, consumer: &ScopedJoinHandle<'_, T>) {
    let mut seen = (received.load(Ordering::Relaxed), Instant::now());
    while seen.0 < sent && seen.1.elapsed() < PATIENCE && !consumer.is_finished() {
        sleep(Duration::from_millis(2));
        let now = received.load(Ordering::Relaxed);
        if now > seen.0 {
            seen = (now, Instant::now());
        }
    }
}

fn round_trips(options: &Floor) -> Result<RoundTrips, PerfError> {
    let (relay, wires) = Relay::open()?;
    let [mut asking, mut answering] = wires.map(|wire| Session::over(wire, FRAME_MAX));
    let (done, no_replies) = (AtomicBool::new(false), AtomicBool::new(false));
    let address = Address { routing_key: NAME, reply_to: NAME };
    let mut letter = Letter::new(address, options.size, FRAME_MAX);
    let work = Work { count: None, time: options.seconds, rate: None };
    let share = work.share(Instant::now(), 0, 1);
    let order = requester::Order { number: 0, share, patience: PATIENCE, stop: &no_replies };
    let (requested, answered, cpu) = scope(|threads| {
        let relay = threads.spawn(|| relay.run());
        let responder = threads.spawn(|| {
            let outcome = responder::respond(&mut answering, &done);
            no_replies.store(true, Ordering::Relaxed);
            outcome
        });
        let requested = requester::request(&mut asking, &mut letter, &order);
        done.store(true, Ordering::Relaxed);
        let answered = responder.join();
        drop(asking); // Which ends the relay.
        (requested, answered, relay.join())
    });
    let (Ok(answered), Ok(cpu)) = (answered, cpu) else { return Err(died()) };
    answered?;
    let Requested { replies, times, end, error, .. } = requested;
    if let Some(error) = error {
        return Err(error);
    }
    Ok(RoundTrips {
        replies,
        round_trips_per_second: per_second(replies, Duration::from_nanos(end).as_secs_f64()),
        cpu_micros_each: each(cpu?.as_secs_f64() * 1e6, replies),
        latency: Latency::of([&times]),
    })
}

fn died() -> PerfError {
    PerfError::Unexpected("nothing: a thread of this program died".to_owned())
}
