//! What chance seldom comes to, step by step: above all one publish for two queues, of which the
//! second gets to it only when the first has long been done with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use leveret::amqp::ack_mode::AckMode;
use leveret::amqp::id::{ChannelId, MessageIndex, Timestamp};
use leveret::amqp::message::{MessageRef, Stamp};
use leveret::amqp::table::{Table, TableRef};
use leveret::queue::waiting::Rank;
use leveret::store::checkpoint::Capture;
use leveret::store::disk::Disk;
use leveret::store::disk::simulated::SimulatedDisk;
use leveret::store::files::file_name;
use leveret::store::format::position::Position;
use leveret::store::keeper::Queues as _;
use leveret::store::placement::Octets;
use leveret::store::reclaim::{CopyForward, choose};
use leveret::store::writer::Writer;
use leveret::vhost::batch::{Placed, PublishBatch, octets};
use leveret::vhost::clock::now;
use leveret::vhost::queue::Queue;
use leveret::vhost::session::Session;

use super::super::durable_queue;
use super::broker::Broker;
use super::payload::Payload;
use super::session::Recorder;
use crate::raw::content::content;
use crate::raw::wire::Field;

/// Octets of bodies: a few messages fill a file.
const SIZE: u32 = 6000;

/// Before everything that waits.
const FIRST: Rank = (Timestamp(0), MessageIndex(0));

struct Script {
    disk: SimulatedDisk,
    broker: Broker,
    writer: Writer,
    session: Arc<dyn Session>,
    /// Messages published so far.
    sequence: u64,
}

#[test]
fn a_file_stays_until_all_queues_of_a_publish_have_had_their_turn() {
    let (mut script, Shared { first, second, payload, octets, file }) = Script::start_sharing();

    script.take(&first);
    script.roll(&first);
    script.checkpoint();
    script.roll(&first);
    script.publish(&second, payload, octets);
    let script = script.restart();

    assert_eq!(script.payloads("second"), [Ok(payload)]);
    assert!(script.has(file));
}

#[test]
fn a_file_goes_when_the_last_queue_of_a_publish_is_done() {
    let (mut script, Shared { first, second, payload, octets, file }) = Script::start_sharing();

    script.publish(&second, payload, octets);
    script.take(&first);
    script.take(&second);
    // A queue lets go of what is written when it is next asked for an image.
    for _ in 0..2 {
        script.roll(&first);
        script.checkpoint();
    }

    assert!(!script.has(file));
}

#[test]
fn what_is_sparse_when_the_broker_starts_is_copied_forward() {
    let mut script = Script::start();
    let (kept, gone) = (script.declare("kept"), script.declare("gone"));
    for _ in 0..10 {
        let payload = script.next_payload();
        script.publish(&kept, payload, octets_for(payload, &[&kept]));
        script.roll(&gone);
    }
    assert!(choose(&script.broker.log).is_some());

    let script = script.restart();

    assert_eq!(script.files(), 10);
    assert!(choose(&script.broker.log).is_some());
}

#[test]
fn what_waits_on_the_disk_is_found_where_it_was_copied_to() {
    let mut script = Script::start();
    let delayed = TableRef::parse(b"\x09x-delayedt\x01").unwrap().to_owned();
    let (waits, gone) = (script.declare_with("waits", delayed), script.declare("gone"));
    for n in 0..10 {
        // Within minutes and within days.
        script.publish_delayed(&waits, 600_000 + n * 30_000_000);
        script.roll(&gone);
    }
    let listed = waits.list_delayed(FIRST, 20);
    let mut files: BTreeSet<u32> = files_of(&waits).collect();
    // There the log goes on.
    files.pop_last();

    for file in &files {
        script.copy_forward(*file);
    }
    script.checkpoint();

    assert!(files.len() > 4 && files.iter().all(|file| !script.has(*file)));
    assert!(files_of(&waits).all(|file| !files.contains(&file)));
    assert_eq!(waits.list_delayed(FIRST, 20), listed);
    assert_eq!(listed.len(), 10);
    let again = script.restart();
    let queues = again.broker.queues();
    let waits = queues.iter().find(|queue| queue.name.as_str() == "waits").unwrap();
    waits.begin();
    assert_eq!(waits.list_delayed(FIRST, 20), listed);
}

/// A message for two queues, which was published to the first one only.
struct Shared {
    first: Arc<Queue>,
    second: Arc<Queue>,
    payload: Payload,
    octets: Octets,
    /// Where it lies.
    file: u32,
}

impl Script {
    fn start_sharing() -> (Self, Shared) {
        let mut script = Self::start();
        let (first, second) = (script.declare("first"), script.declare("second"));
        let payload = script.next_payload();
        let octets = octets_for(payload, &[&first, &second]);
        script.publish(&first, payload, octets.clone());
        let file = file_of(&first);
        (script, Shared { first, second, payload, octets, file })
    }

    fn start() -> Self {
        Self::start_on(SimulatedDisk::new(1), 0)
    }

    fn start_on(disk: SimulatedDisk, sequence: u64) -> Self {
        let (broker, writer) = Broker::open(&(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
        let session = Arc::new(Recorder::default());
        let mut script = Self { disk, broker, writer, session, sequence };
        script.write();
        script
    }

    /// The process is killed and started again.
    fn restart(self) -> Self {
        Self::start_on(self.disk.kill(), self.sequence)
    }

    fn declare(&mut self, name: &str) -> Arc<Queue> {
        self.declare_with(name, Table::default())
    }

    fn declare_with(&mut self, name: &str, arguments: Table) -> Arc<Queue> {
        let declare = durable_queue(name, arguments);
        let (queue, commit) = self.broker.vhost.declare_queue(declare, "guest").unwrap();
        self.write();
        assert!(commit.is_done());
        queue
    }

    /// The writer writes all there is.
    fn write(&mut self) {
        assert!(self.writer.turn(false).unwrap());
    }

    const fn next_payload(&mut self) -> Payload {
        self.sequence += 1;
        Payload { publisher: 1, sequence: self.sequence, size: SIZE }
    }

    /// Publishes the message to one of the queues it is for, and has it written.
    fn publish(&mut self, queue: &Arc<Queue>, payload: Payload, octets: Octets) {
        self.place(queue, payload.size, false, octets);
    }

    /// Publishes a message that waits so many milliseconds, and has it written.
    fn publish_delayed(&mut self, queue: &Arc<Queue>, delay: i32) {
        let body = vec![7; SIZE as usize];
        let header = content(&body).headers(&[("x-delay", Field::Int(delay))]).header();
        let stamp = Stamp { accepted: Some(now()), ..Stamp::default() };
        let message = MessageRef { stamp, ..MessageRef::new(b"\x01x\x01k", &header, &body) };
        let octets = octets(std::iter::once(message.to_bytes()), true, std::iter::once(queue));
        self.place(queue, SIZE, true, octets);
    }

    fn place(&mut self, queue: &Arc<Queue>, body_len: u32, marked: bool, octets: Octets) {
        let placed = Placed {
            segment: 0,
            offset: 0,
            body_len,
            channel: ChannelId(1),
            confirm: None,
            persistent: true,
            marked,
        };
        let publisher = Arc::clone(&self.session);
        let messages = vec![placed];
        queue.publish(PublishBatch { octets, messages, publisher, fate: None });
        self.write();
    }

    /// Takes the next message out of a queue.
    fn take(&mut self, queue: &Arc<Queue>) {
        assert!(queue.get(&self.session, ChannelId(1), AckMode::Automatic));
        self.write();
    }

    /// Writes two files full of messages that are taken at once.
    fn roll(&mut self, queue: &Arc<Queue>) {
        for _ in 0..12 {
            let payload = self.next_payload();
            let octets = octets_for(payload, &[queue]);
            self.publish(queue, payload, octets);
            self.take(queue);
        }
    }

    /// Writes a checkpoint, which gives files back.
    fn checkpoint(&mut self) {
        let (log, files) = (Arc::clone(&self.broker.log), self.files());
        let capture = Capture::begin(&log);
        let captured = capture.end(&log, self.broker.node.contents());
        self.write();
        assert!(captured.durable.is_done());
        captured.publish(&log).unwrap();
        assert!(self.files() < files, "nothing was given back");
    }

    /// Copies what lives in a file to the end of the log.
    fn copy_forward(&mut self, file: u32) {
        let log = Arc::clone(&self.broker.log);
        let mut copy = CopyForward::new(file, self.broker.node.holdings(file));
        while let Some(moving) = copy.begin_next(&log).unwrap() {
            self.write();
            copy.finish(moving).unwrap();
        }
    }

    fn files(&self) -> usize {
        self.broker.log.totals().files
    }

    fn has(&self, file: u32) -> bool {
        self.disk.list().unwrap().contains(&file_name(file))
    }

    /// What a queue has on the disk.
    fn payloads(&self, queue: &str) -> Vec<Result<Payload, String>> {
        let found = self.broker.survey();
        let found = found.into_values().find(|found| found.queue.name.as_str() == queue).unwrap();
        found.messages.into_values().collect()
    }
}

fn octets_for(payload: Payload, queues: &[&Arc<Queue>]) -> Octets {
    octets(std::iter::once(payload.octets()), true, queues.iter().copied())
}

/// The file that the queue's first message lies in.
fn file_of(queue: &Arc<Queue>) -> u32 {
    files_of(queue).next().unwrap()
}

/// The files that the queue's messages lie in, in their order.
fn files_of(queue: &Arc<Queue>) -> impl Iterator<Item = u32> {
    let runs = queue.image().unwrap().runs.into_iter();
    runs.map(|run| Position::of(run.position).file)
}
