//! `leveret perf self`: what the load generator can do, against a sink that costs it nothing.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic;
use amq_protocol::types::FieldTable;
use clap::Args;
use serde::Serialize;

use super::bits::Bits;
use super::block::{Block, Template};
use super::consumer::{self, Ages};
use super::error::PerfError;
use super::options::{Acks, Size};
use super::property::content_header;
use super::publisher;
use super::session::{CHANNEL, Session};
use super::sink::{KEY, Sink};
use super::target::Target;
use crate::codec::encode;

/// Measure the load generator itself.
#[derive(Args, Clone, Copy, Debug)]
pub struct Itself {
    /// Octets of each body, 16 at least; or a range such as 100-2000
    #[arg(long, default_value = "16", value_name = "OCTETS")]
    pub size: Size,
    /// How long to publish, and then to consume
    #[arg(long, value_name = "S", default_value = "3", value_parser = super::options::seconds)]
    pub seconds: Duration,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

/// What it can do.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Report {
    /// Publishing.
    pub publishes: Speed,
    /// Consuming.
    pub deliveries: Speed,
}

/// How fast messages went through one thread.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Speed {
    /// Messages.
    pub count: u64,
    /// Messages in a second.
    pub per_second: f64,
    /// CPU time of the thread for each message, that of its system calls included, in microseconds.
    pub cpu_micros_each: f64,
    /// Messages in a second of CPU time: what a core of its own would do.
    pub per_second_and_core: f64,
}

/// Publishes to a sink, then consumes from it.
///
/// # Errors
/// No socket can be had, or not all messages came through.
pub fn run(options: &Itself) -> Result<Report, PerfError> {
    if options.size.min < super::stamp::SIZE {
        return Err(PerfError::Options("--size: at least 16".to_owned()));
    }
    Ok(Report { publishes: publish(options)?, deliveries: consume(options)? })
}

fn publish(options: &Itself) -> Result<Speed, PerfError> {
    let stop = AtomicBool::new(false);
    let shown = publisher::Shown::default();
    let publish = AMQPClass::Basic(basic::AMQPMethod::Publish(basic::Publish {
        exchange: "".into(),
        routing_key: KEY.into(),
        mandatory: false,
        immediate: false,
    }));
    let (published, time, counted) = with_sink(options, &stop, |session, start| {
        let order = publisher::Order {
            start,
            messages: u64::MAX,
            until: None,
            pace: None,
            window: None,
            mandatory: false,
            patience: Duration::from_secs(10),
            stop: &stop,
            shown: &shown,
        };
        let block = Block::new(&Template {
            method: &|out, channel| encode::method(out, channel, publish.clone()),
            header: &content_header(&[], FieldTable::default(), 1),
            size: options.size,
            frame_max: session.frame_max,
            flow: 0,
            channels: 1,
        });
        publisher::publish(session, block, &order)
    })?;
    if let Some(error) = published.error {
        return Err(error);
    }
    Speed::new(published.sent, counted, time, published.cpu)
}

fn consume(options: &Itself) -> Result<Speed, PerfError> {
    let stop = AtomicBool::new(false);
    let shown = consumer::Shown::new();
    let (consumed, time, _) = with_sink(options, &stop, |session, start| {
        let order = consumer::Order {
            start,
            flows: 1,
            acks: Acks::Auto,
            ages: Ages::Ignore,
            wait: None,
            stop: &stop,
            shown: &shown,
        };
        let consume = AMQPClass::Basic(basic::AMQPMethod::Consume(basic::Consume {
            queue: KEY.into(),
            consumer_tag: "c".into(),
            no_local: false,
            no_ack: true,
            exclusive: false,
            nowait: true,
            arguments: FieldTable::default(),
        }));
        session.cast(CHANNEL, consume).map(|()| consumer::consume(session, &order))
    })?;
    let consumed = consumed?;
    if let Some(error) = consumed.error {
        return Err(error);
    }
    let in_order = consumed.seen.first().map_or(0, Bits::first_missing);
    Speed::new(consumed.received, in_order, time, consumed.cpu)
}

/// Has a client of a sink at work until its time is over, in a thread of its own. Returns what
/// came of it, how long it took, and how many messages the sink counted.
fn with_sink<T: Send>(
    options: &Itself,
    stop: &AtomicBool,
    client: impl FnOnce(&mut Session, Instant) -> T + Send,
) -> Result<(T, Duration, u64), PerfError> {
    let sink = Sink::new()?;
    let uri = sink.uri();
    let target = Target::bare(&uri);
    let died = || PerfError::Unexpected("nothing: a thread of this program died".to_owned());
    scope(|threads| {
        let sink = threads.spawn(|| sink.serve(options.size));
        let client = threads.spawn(|| {
            let mut session = Session::open(&target, "leveret perf self")?;
            let start = Instant::now();
            let outcome = client(&mut session, start);
            let time = start.elapsed();
            session.close();
            Ok((outcome, time))
        });
        sleep(options.seconds);
        stop.store(true, Ordering::Relaxed);
        let (outcome, time) = client.join().map_err(|_| died())??;
        Ok((outcome, time, sink.join().map_err(|_| died())??))
    })
}

impl Speed {
    /// Of `count` messages, if `counted` says that none is missing.
    #[expect(clippy::cast_precision_loss, reason = "rates, to be read")]
    fn new(count: u64, counted: u64, time: Duration, cpu: Duration) -> Result<Self, PerfError> {
        if count != counted {
            let text = format!("{counted} messages of {count}");
            return Err(PerfError::Unexpected(text));
        }
        Ok(Self {
            count,
            per_second: count as f64 / time.as_secs_f64(),
            cpu_micros_each: 1e6 * cpu.as_secs_f64() / count as f64,
            per_second_and_core: count as f64 / cpu.as_secs_f64(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, speed) in [("publishes", self.publishes), ("deliveries", self.deliveries)] {
            let Speed { per_second, cpu_micros_each, per_second_and_core, .. } = speed;
            writeln!(
                f,
                "{what:<13} {per_second:.0}/s with {cpu_micros_each:.3} us of CPU each: \
                 {per_second_and_core:.0}/s for each core"
            )?;
        }
        Ok(())
    }
}
