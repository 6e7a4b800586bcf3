//! Publishers, consumers, and what came of every message: `leveret perf throughput` and its kin.

use std::sync::atomic::Ordering;
use std::thread::{Scope, ScopedJoinHandle, scope, sleep};
use std::time::{Duration, Instant};

use amq_protocol::protocol::AMQPClass;
use amq_protocol::protocol::basic;
use amq_protocol::protocol::confirm;

use super::block::{Block, Template};
use super::consumed::Consumed;
use super::consumer::{self, Ages};
use super::error::PerfError;
use super::options::{Load, Scenario};
use super::plan::Plan;
use super::process::Usage;
use super::progress::{Display, Progress};
use super::property;
use super::publisher::{self, Pace, Published};
use super::report::{Measured, Report};
use super::session::Session;
use super::step;
use super::target::Target;
use super::vary::{Field, Vary};
use super::wait::Wait;
use crate::amqp::method::MethodId;
use crate::codec::encode;

/// For how long to publish when nothing is said.
const SECONDS: Duration = Duration::from_secs(10);

/// What the connection that declares and deletes is called.
const CONTROL: &str = "leveret perf control";

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
pub fn run(scenario: Scenario, options: &Load) -> Result<Report, PerfError> {
    let plan = Plan::new(scenario, options)?;
    let target = Target::new(&options.common)?;
    let mut control = Session::open(&target, CONTROL)?;
    let declared = plan.declare(&mut control);
    if declared.is_err() {
        // The channel that it was refused on is closed.
        control = Session::open(&target, CONTROL)?;
    }
    let measured = declared
        .and_then(|()| Sessions::open(&plan, &target))
        .and_then(|sessions| measure(&plan, &target, sessions));
    // Even the run that failed cleans up after itself.
    let deleted = delete(&plan, &target, control);
    let mut report = Report::new(&plan, measured?);
    // What was seen until then is told all the same.
    report.errors.extend(deleted.err().map(|error| format!("deleting what was declared: {error}")));
    Ok(report)
}

/// Deletes what was declared. The broker that it was declared with may be gone after a step.
fn delete(plan: &Plan<'_>, target: &Target<'_>, control: Session) -> Result<(), PerfError> {
    let is_new = plan.options.stepwise;
    let mut control = if is_new { Session::open(target, CONTROL)? } else { control };
    let deleted = plan.delete(&mut control);
    control.close();
    deleted
}

fn measure(
    plan: &Plan<'_>,
    target: &Target<'_>,
    mut sessions: Sessions,
) -> Result<Measured, PerfError> {
    let progress = Progress::new(plan);
    let usage = || plan.options.common.broker_pid.map(Usage::of).transpose();
    let mut display = Display::new(&progress);
    let before = usage()?;
    let start = Instant::now();
    let run = Run { plan, start, progress: &progress };
    let measured = scope(|threads| {
        let mut idle = Some(&mut sessions.consumers);
        let mut consumers = Vec::new();
        if plan.scenario != Scenario::Drain {
            consumers = idle.take().map_or_else(Vec::new, |idle| run.consume(threads, idle));
        }
        let publishers = run.publish(threads, &mut sessions.publishers);
        progress.watch(&mut display, &publishers, &consumers);
        let published: Vec<Published> = publishers.into_iter().filter_map(join).collect();
        let published_in = start.elapsed();
        let filled = usage();
        let mut consuming_from = start;
        if let Some(sessions) = idle {
            end_step(plan, "filled")?;
            consuming_from = Instant::now();
            if sessions.is_empty() {
                *sessions = Sessions::consumers(plan, target)?;
            }
            for (number, session) in sessions.iter_mut().enumerate() {
                plan.consume(session, number)?;
            }
            consumers = run.consume(threads, sessions);
        }
        if !consumers.is_empty() {
            let expected = plan.copies() * published.iter().map(Published::routed).sum::<u64>();
            progress.drain(&mut display, expected, plan.options.patience, &consumers);
        }
        sleep(plan.options.linger);
        let after = usage();
        progress.all_received.store(true, Ordering::Relaxed);
        let consumed: Vec<Consumed> = consumers.into_iter().filter_map(join).collect();
        end_step(plan, "emptied")?;
        let ages = progress.ages();
        let (filled, after) = (filled?, after?);
        Ok(Measured {
            start,
            published_in,
            consuming_from,
            published,
            consumed,
            ages,
            before,
            filled,
            after,
        })
    })?;
    for session in sessions.publishers.into_iter().chain(sessions.consumers) {
        session.close();
    }
    Ok(measured)
}

/// Ends a step of a run that has steps.
fn end_step(plan: &Plan<'_>, step: &str) -> Result<(), PerfError> {
    if plan.options.stepwise { step::end(step) } else { Ok(()) }
}

/// A thread's outcome. The report says that one is missing, if it panicked.
fn join<T>(thread: ScopedJoinHandle<'_, T>) -> Option<T> {
    thread.join().ok()
}

/// What the threads of a run have in common.
#[derive(Clone, Copy, Debug)]
struct Run<'a> {
    plan: &'a Plan<'a>,
    start: Instant,
    progress: &'a Progress,
}

impl<'a> Run<'a> {
    fn consume<'s>(
        self,
        threads: &'s Scope<'s, 'a>,
        sessions: &'a mut [Session],
    ) -> Vec<ScopedJoinHandle<'s, Consumed>> {
        let spawn = |(session, shown): (&'a mut Session, &'a consumer::Shown)| {
            let order = self.consumer_order(shown);
            threads.spawn(move || consumer::consume(session, &order))
        };
        sessions.iter_mut().zip(&self.progress.consumers).map(spawn).collect()
    }

    fn publish<'s>(
        self,
        threads: &'s Scope<'s, 'a>,
        sessions: &'a mut [Session],
    ) -> Vec<ScopedJoinHandle<'s, Published>> {
        let sessions = sessions.iter_mut().zip(&self.progress.publishers);
        let spawn = |(number, (session, shown)): (u16, (&'a mut Session, &'a publisher::Shown))| {
            let order = self.publisher_order(number, shown);
            let block = block(self.plan, number, session.frame_max);
            threads.spawn(move || publisher::publish(session, block, &order))
        };
        (0..).zip(sessions).map(spawn).collect()
    }

    fn consumer_order(self, shown: &'a consumer::Shown) -> consumer::Order<'a> {
        let options = self.plan.options;
        let wait = Wait::of(options);
        let is_paced = options.rate.is_some() && self.plan.scenario != Scenario::Drain;
        consumer::Order {
            start: self.start,
            flows: self.plan.flows(),
            acks: options.acks,
            ages: if is_paced || wait.is_some() { Ages::Record } else { Ages::Ignore },
            wait,
            stop: &self.progress.all_received,
            shown,
        }
    }

    fn publisher_order(self, number: u16, shown: &'a publisher::Shown) -> publisher::Order<'a> {
        let options = self.plan.options;
        let publishers = self.plan.publishers as u64;
        // The first ones publish what does not divide evenly.
        let share = |all: u64| all / publishers + u64::from(u64::from(number) < all % publishers);
        #[expect(clippy::cast_precision_loss, reason = "a rate with more digits cannot be kept")]
        let pace = options.rate.map(|rate| {
            // Publishers take turns, for bursts of all of them would be no even rate.
            let apart = 1e9 / rate as f64;
            Pace { first: apart * f64::from(number), interval: apart * publishers as f64 }
        });
        let until = self.start + options.seconds.unwrap_or(SECONDS);
        publisher::Order {
            start: self.start,
            messages: options.messages.map_or(u64::MAX, share),
            until: options.messages.is_none().then_some(until),
            pace,
            window: options.confirm,
            mandatory: options.mandatory,
            patience: options.patience,
            stop: &self.progress.no_more,
            shown,
        }
    }
}

/// What a publisher sends. Where something varies, blocks that differ in nothing else tell where it
/// stands in a message.
fn block(plan: &Plan<'_>, number: u16, frame_max: u32) -> Block {
    let mut block = encode_block(plan, number, frame_max, None);
    let field = |vary| {
        let raised = encode_block(plan, number, frame_max, Some(vary));
        Field::new(vary, block.head(), raised.head())
    };
    let fields = plan.options.vary.iter().filter_map(field).collect();
    block.vary(fields);
    block
}

/// A block with placeholders where something varies, one of them raised.
fn encode_block(plan: &Plan<'_>, number: u16, frame_max: u32, raised: Option<&Vary>) -> Block {
    let options = plan.options;
    let queue = plan.queue_of(number.into());
    let mut key = plan.queue(queue);
    let mut properties = options.property.clone();
    for vary in &options.vary {
        let placeholder = vary.placeholder(raised == Some(vary));
        match vary.named(&placeholder) {
            Some(property) => properties.extend(property),
            None => key = placeholder,
        }
    }
    let publish = AMQPClass::Basic(basic::AMQPMethod::Publish(basic::Publish {
        exchange: plan.exchange().into(),
        routing_key: key.into(),
        mandatory: options.mandatory,
        immediate: false,
    }));
    let delivery_mode = if options.persistent { 2 } else { 1 };
    Block::new(&Template {
        method: &|out, channel| encode::method(out, channel, publish.clone()),
        header: &property::content_header(&properties, plan.headers(queue), delivery_mode),
        size: options.size,
        frame_max,
        flow: number * options.channels,
        channels: options.channels,
    })
}

impl Sessions {
    fn open(plan: &Plan<'_>, target: &Target<'_>) -> Result<Self, PerfError> {
        let channels = plan.options.channels;
        let publishers = (0..plan.publishers).map(|number| {
            let name = format!("leveret perf publisher {number}");
            let mut session = Session::open(target, &name)?;
            session.open_channels(channels)?;
            for channel in session.channels().filter(|_| plan.options.confirm.is_some()) {
                let select = confirm::AMQPMethod::Select(confirm::Select { nowait: false });
                session.call(channel, AMQPClass::Confirm(select), MethodId::CONFIRM_SELECT_OK)?;
            }
            Ok(session)
        });
        // Those of a later step would not outlive this broker.
        let is_later = plan.options.stepwise;
        let consumers = if is_later { Vec::new() } else { Self::consumers(plan, target)? };
        Ok(Self { publishers: publishers.collect::<Result<_, PerfError>>()?, consumers })
    }

    fn consumers(plan: &Plan<'_>, target: &Target<'_>) -> Result<Vec<Session>, PerfError> {
        let consumers = (0..plan.consumers).map(|number| {
            let name = format!("leveret perf consumer {number}");
            let mut session = Session::open(target, &name)?;
            session.open_channels(plan.options.channels)?;
            plan.limit(&mut session)?;
            if plan.scenario != Scenario::Drain {
                plan.consume(&mut session, number)?;
            }
            Ok(session)
        });
        consumers.collect()
    }
}
