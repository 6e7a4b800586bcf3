//! Does one kind of work over and over, so that `benches/instructions` can count what a message
//! takes: `counted SUBJECT MESSAGES`. Without arguments it lists the subjects.

#![allow(clippy::print_stdout, reason = "its output is for the script")]
#![allow(clippy::expect_used, reason = "a benchmark says by panicking what it did not expect")]

mod setup;

use std::env;
use std::hint::black_box;

use leveret::amqp::ack_mode::AckMode;
use leveret::exchange::kind::ExchangeKind;
use leveret::queue::command::Settlement;
use setup::BATCH;
use setup::bindings;
use setup::client::{self, Reader};
use setup::contents::Contents;
use setup::output::Output;
use setup::traffic::Traffic;

/// Handles a batch of messages.
type Work = Box<dyn FnMut()>;

/// A name, and what sets the work up.
type Subject = (&'static str, fn() -> Work);

const SUBJECTS: &[Subject] = &[
    ("parse and copy, 16 octets", || parse(16, Reader::read)),
    ("parse and copy, 1 KiB", || parse(1024, Reader::read)),
    ("the same frame by frame, 16 octets", || parse(16, Reader::read_frames)),
    ("route, direct, 10,000 bindings", || route(ExchangeKind::Direct, 10_000)),
    ("route, topic, 10 bindings", || route(ExchangeKind::Topic, 10)),
    ("route, topic, 10,000 bindings", || route(ExchangeKind::Topic, 10_000)),
    ("enqueue and deliver, automatic acks", || {
        let mut traffic = Traffic::new(1, AckMode::Automatic);
        Box::new(move || traffic.pass())
    }),
    ("enqueue, deliver and ack", || {
        let mut traffic = Traffic::new(1, AckMode::Manual);
        Box::new(move || {
            traffic.pass();
            traffic.settle(Settlement::Ack);
        })
    }),
    ("the same, 10 priorities", || {
        let mut traffic = Traffic::with_levels(10, AckMode::Manual);
        Box::new(move || {
            traffic.pass();
            traffic.settle(Settlement::Ack);
        })
    }),
    ("store, read and release, 16 octets", || {
        let mut contents = Contents::new(16);
        Box::new(move || assert_eq!(contents.pass(), BATCH * 16))
    }),
    ("encode a delivery, 16 octets", || deliver(16)),
    ("encode a delivery, 1 KiB", || deliver(1024)),
];

fn main() {
    // `cargo bench` adds an option of its own.
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(name) = arguments.next() else {
        for (name, _) in SUBJECTS {
            println!("{name}");
        }
        return;
    };
    let messages = arguments.next().and_then(|count| count.parse().ok());
    let messages: usize = messages.expect("how many messages");
    let (_, make) = SUBJECTS.iter().find(|(known, _)| *known == name).expect("a known subject");
    let mut work = make();
    for _ in 0..messages / BATCH {
        work();
    }
}

fn parse(size: usize, read: fn(&mut Reader, &[u8]) -> usize) -> Work {
    let octets = client::publishes(BATCH, size);
    let mut reader = Reader::open();
    Box::new(move || assert!(read(&mut reader, black_box(&octets)) > BATCH * size))
}

fn route(kind: ExchangeKind, count: usize) -> Work {
    let router = bindings::router(kind, count);
    let key = bindings::routing_key(count / 2);
    Box::new(move || {
        for _ in 0..BATCH {
            assert_eq!(bindings::route(&router, black_box(&key), &[]), 1);
        }
    })
}

fn deliver(size: usize) -> Work {
    let mut output = Output::new(size);
    Box::new(move || assert!(output.deliver(BATCH) > BATCH * size))
}
