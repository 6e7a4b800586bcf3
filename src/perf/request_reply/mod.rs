//! `leveret perf request-reply`: requesters with one request open each, and one responder.

pub(super) mod letter;
pub mod report;
pub(super) mod requester;
pub(super) mod responder;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use clap::Args;

use crate::perf::declare::{self, Owner};
use crate::perf::error::PerfError;
use crate::perf::options::{Common, seconds};
use crate::perf::process::Usage;
use crate::perf::session::Session;
use crate::perf::share::Work;
use crate::perf::target::Target;

use letter::{Address, Letter};
use report::Report;
use requester::{Order, Requested};

/// Ask and answer.
#[derive(Args, Clone, Debug)]
pub struct RequestReply {
    /// The broker and the report.
    #[command(flatten)]
    pub common: Common,
    /// Requesting connections, each with one request open
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub clients: u16,
    /// Octets of each body, of requests and of replies
    #[arg(long, default_value_t = 16, value_name = "OCTETS")]
    pub size: usize,
    /// Send requests for so long
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "10",
        conflicts_with = "messages")]
    pub seconds: Duration,
    /// Send so many requests, all clients together
    #[arg(long, value_name = "N")]
    pub messages: Option<u64>,
    /// Requests a second of each client [default: as many as go]
    #[arg(long, value_name = "N")]
    pub rate: Option<u32>,
    /// The queue for requests, which exists [default: one of this run's own]
    #[arg(long, value_name = "NAME")]
    pub queue: Option<String>,
    /// How long to wait for a reply before it is an error
    #[arg(long, value_name = "S", value_parser = seconds, default_value = "10")]
    pub patience: Duration,
}

/// Runs it. Replies that do not come, or do not fit, stand in the report.
///
/// # Errors
/// The options contradict each other, or the run could not begin.
pub fn run(options: &RequestReply) -> Result<Report, PerfError> {
    let refused = [
        (options.clients == 0, "--clients: at least 1"),
        (options.messages == Some(0), "--messages: at least 1"),
        (options.rate == Some(0), "--rate: at least 1"),
        (options.queue.as_deref() == Some(""), "--queue: a name"),
    ];
    if let Some((_, text)) = refused.into_iter().find(|(is_so, _)| *is_so) {
        return Err(PerfError::Options(text.to_owned()));
    }
    let prefix = format!("leveret-perf-{}", std::process::id());
    let target = Target::new(&options.common)?;
    let mut responder = Session::open(&target, "leveret perf responder")?;
    let queue = if let Some(queue) = &options.queue {
        queue.clone()
    } else {
        let queue = format!("{prefix}.requests");
        // It ends with the connection, so that nothing is left behind.
        declare::declare_queue(&mut responder, &queue, Owner::Connection)?;
        queue
    };
    declare::consume(&mut responder, &queue)?;
    let clients = (0..options.clients).map(|number| {
        let name = format!("leveret perf requester {number}");
        let mut session = Session::open(&target, &name)?;
        let reply_to = format!("{prefix}.replies.{number}");
        declare::declare_queue(&mut session, &reply_to, Owner::Connection)?;
        declare::consume(&mut session, &reply_to)?;
        let address = Address { routing_key: &queue, reply_to: &reply_to };
        let letter = Letter::new(address, options.size, session.frame_max);
        Ok((session, letter))
    });
    let clients = clients.collect::<Result<Vec<_>, PerfError>>()?;
    measure(options, responder, clients)
}

fn measure(
    options: &RequestReply,
    mut responder: Session,
    mut clients: Vec<(Session, Letter)>,
) -> Result<Report, PerfError> {
    let count = u64::from(options.clients);
    let rate = options.rate.map(|rate| f64::from(rate) * f64::from(options.clients));
    let work = Work { count: options.messages, time: options.seconds, rate };
    let (done, no_replies) = (AtomicBool::new(false), AtomicBool::new(false));
    let usage = || options.common.broker_pid.map(Usage::of).transpose();
    let before = usage()?;
    let start = Instant::now();
    let (requested, answered) = scope(|threads| {
        let responder = threads.spawn(|| {
            let outcome = responder::respond(&mut responder, &done);
            no_replies.store(true, Ordering::Relaxed);
            outcome
        });
        let requesters: Vec<_> = (0..)
            .zip(&mut clients)
            .map(|(number, (session, letter))| {
                let share = work.share(start, number, count);
                let order = Order { number, share, patience: options.patience, stop: &no_replies };
                threads.spawn(move || requester::request(session, letter, &order))
            })
            .collect();
        let requested = requesters.into_iter().filter_map(|thread| thread.join().ok());
        let requested: Vec<Requested> = requested.collect();
        done.store(true, Ordering::Relaxed);
        (requested, responder.join())
    });
    let after = usage()?;
    for (session, _) in clients {
        session.close();
    }
    responder.close();
    let mut report = Report::new(options, &requested, before.zip(after));
    match answered {
        Ok(Ok(())) => {}
        Ok(Err(error)) => report.errors.push(error.to_string()),
        Err(_) => report.errors.push("a thread of this program died".to_owned()),
    }
    Ok(report)
}
