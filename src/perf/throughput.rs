//! `leveret perf throughput`: publishers, consumers, and what came of every message.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{ScopedJoinHandle, scope, sleep};
use std::time::{Duration, Instant};

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::confirm;

use super::block::{Block, Template};
use super::consumer::{self, Ages, Consumed};
use super::error::PerfError;
use super::options::{Exchange, Throughput};
use super::plan::Plan;
use super::process::Usage;
use super::publisher::{self, Published};
use super::report::{Measured, Report};
use super::session::{CHANNEL, Session};
use crate::amqp::method::MethodId;

/// How often the run's progress is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// What threads show while they run.
#[derive(Debug)]
struct Progress {
    sent: Vec<AtomicU64>,
    received: Vec<AtomicU64>,
    /// Set when publishers are to stop.
    no_more: AtomicBool,
    /// Set when consumers are.
    all_received: AtomicBool,
}

/// The sessions of a run, in the order of their numbers.
#[derive(Debug)]
struct Sessions {
    publishers: Vec<Session>,
    consumers: Vec<Session>,
}

/// Runs it. Messages that are lost, and errors on the way, stand in the report.
///
/// # Errors
/// The options contradict each other, or the run could not begin.
pub fn run(options: &Throughput) -> Result<Report, PerfError> {
    let plan = Plan::new(options)?;
    let mut control = Session::open(&options.common.uri, "leveret perf control")?;
    plan.declare(&mut control)?;
    let measured = Sessions::open(&plan).and_then(|sessions| measure(&plan, sessions));
    // Even the run that failed cleans up after itself.
    let deleted = plan.delete(&mut control);
    control.close();
    let report = Report::new(&plan, measured?);
    deleted.map(|()| report)
}

fn measure(plan: &Plan<'_>, mut sessions: Sessions) -> Result<Measured, PerfError> {
    let progress = Progress::new(plan.options);
    let usage = || plan.options.common.broker_pid.map(Usage::of).transpose();
    let before = usage()?;
    let start = Instant::now();
    let measured = scope(|threads| {
        let consumers: Vec<_> = sessions
            .consumers
            .iter_mut()
            .zip(&progress.received)
            .map(|(session, received)| {
                let order = consumer_order(plan, start, &progress, received);
                threads.spawn(move || consumer::consume(session, &order))
            })
            .collect();
        let publishers: Vec<_> = (0..)
            .zip(sessions.publishers.iter_mut().zip(&progress.sent))
            .map(|(number, (session, sent))| {
                let order = publisher_order(plan, number, start, &progress, sent);
                let block = block(plan, number.into(), session.frame_max);
                threads.spawn(move || publisher::publish(session, block, &order))
            })
            .collect();
        progress.watch(&publishers, &consumers);
        let published: Vec<Published> = publishers.into_iter().filter_map(join).collect();
        let published_in = start.elapsed();
        progress.drain(plan, &published, &consumers);
        let after = usage();
        progress.all_received.store(true, Ordering::Relaxed);
        let consumed: Vec<Consumed> = consumers.into_iter().filter_map(join).collect();
        after.map(|after| Measured { start, published_in, published, consumed, before, after })
    })?;
    for session in sessions.publishers.into_iter().chain(sessions.consumers) {
        session.close();
    }
    Ok(measured)
}

/// A thread's outcome. The report says that one is missing, if it panicked.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> Option<T> {
    thread.join().ok()
}

fn consumer_order<'p>(
    plan: &Plan<'_>,
    start: Instant,
    progress: &'p Progress,
    received: &'p AtomicU64,
) -> consumer::Order<'p> {
    consumer::Order {
        start,
        publishers: plan.options.publishers,
        acks: plan.options.acks,
        ages: if plan.options.rate.is_some() { Ages::Record } else { Ages::Ignore },
        stop: &progress.all_received,
        received,
    }
}

fn publisher_order<'p>(
    plan: &Plan<'_>,
    number: u16,
    start: Instant,
    progress: &'p Progress,
    sent: &'p AtomicU64,
) -> publisher::Order<'p> {
    let options = plan.options;
    let publishers = options.publishers as u64;
    // The first ones publish what does not divide evenly.
    let share = |all: u64| all / publishers + u64::from(u64::from(number) < all % publishers);
    #[expect(clippy::cast_precision_loss, reason = "a rate with more digits cannot be kept")]
    let interval = options.rate.map(|rate| 1e9 * publishers as f64 / rate as f64);
    publisher::Order {
        number,
        start,
        messages: options.messages.map_or(u64::MAX, share),
        until: options.messages.is_none().then(|| start + options.seconds),
        interval,
        window: options.confirm,
        patience: options.patience,
        stop: &progress.no_more,
        sent,
    }
}

fn block(plan: &Plan<'_>, publisher: usize, frame_max: u32) -> Block {
    Block::new(&Template {
        exchange: plan.exchange(),
        routing_key: &plan.queue(plan.queue_of(publisher)),
        size: plan.options.size,
        delivery_mode: if plan.options.persistent { 2 } else { 1 },
        frame_max,
    })
}

impl Sessions {
    fn open(plan: &Plan<'_>) -> Result<Self, PerfError> {
        let options = plan.options;
        let consumers = (0..options.consumers).map(|number| {
            let name = format!("leveret perf consumer {number}");
            let mut session = Session::open(&options.common.uri, &name)?;
            plan.consume(&mut session, number)?;
            Ok(session)
        });
        let publishers = (0..options.publishers).map(|number| {
            let name = format!("leveret perf publisher {number}");
            let mut session = Session::open(&options.common.uri, &name)?;
            if options.confirm.is_some() {
                let select = confirm::AMQPMethod::Select(confirm::Select { nowait: false });
                session.call(CHANNEL, AMQPClass::Confirm(select), MethodId::CONFIRM_SELECT_OK)?;
            }
            Ok(session)
        });
        let consumers = consumers.collect::<Result<_, PerfError>>()?;
        Ok(Self { publishers: publishers.collect::<Result<_, PerfError>>()?, consumers })
    }
}

impl Progress {
    fn new(options: &Throughput) -> Self {
        let counters = |count| (0..count).map(|_| AtomicU64::new(0)).collect();
        Self {
            sent: counters(options.publishers),
            received: counters(options.consumers),
            no_more: AtomicBool::new(false),
            all_received: AtomicBool::new(false),
        }
    }

    fn received(&self) -> u64 {
        self.received.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
    }

    fn sent(&self) -> u64 {
        self.sent.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
    }

    /// Returns when the publishers are done. On a terminal, says every second how far they are.
    fn watch(
        &self,
        publishers: &[ScopedJoinHandle<'_, Published>],
        consumers: &[ScopedJoinHandle<'_, Consumed>],
    ) {
        let is_seen = stderr().is_terminal();
        let mut shown = (Instant::now(), 0, 0);
        while !publishers.iter().all(ScopedJoinHandle::is_finished) {
            if consumers.iter().any(ScopedJoinHandle::is_finished) {
                self.no_more.store(true, Ordering::Relaxed);
            }
            sleep(LOOK);
            if is_seen && shown.0.elapsed() >= Duration::from_secs(1) {
                let (sent, received) = (self.sent(), self.received());
                let _ = writeln!(
                    stderr(),
                    "sent {}/s, received {}/s, in flight {}",
                    sent - shown.1,
                    received - shown.2,
                    sent.saturating_sub(received),
                );
                shown = (Instant::now(), sent, received);
            }
        }
    }

    /// Returns when all that was published has been received, or when nothing came for too long.
    fn drain(
        &self,
        plan: &Plan<'_>,
        published: &[Published],
        consumers: &[ScopedJoinHandle<'_, Consumed>],
    ) {
        if consumers.is_empty() {
            return;
        }
        let copies =
            if plan.options.exchange == Exchange::Fanout { plan.options.queues as u64 } else { 1 };
        let expected = copies * published.iter().map(|one| one.sent).sum::<u64>();
        let mut seen = (self.received(), Instant::now());
        while self.received() < expected
            && seen.1.elapsed() < plan.options.patience
            && !consumers.iter().any(ScopedJoinHandle::is_finished)
        {
            sleep(LOOK);
            if self.received() > seen.0 {
                seen = (self.received(), Instant::now());
            }
        }
    }
}
