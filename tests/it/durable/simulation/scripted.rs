//! What chance seldom comes to, step by step: above all one publish for two queues, of which the
//! second gets to it only when the first has long been done with it.

use std::sync::Arc;

use leveret::amqp::ack_mode::AckMode;
use leveret::amqp::id::ChannelId;
use leveret::amqp::table::Table;
use leveret::store::checkpoint::Capture;
use leveret::store::disk::Disk;
use leveret::store::disk::simulated::SimulatedDisk;
use leveret::store::files::file_name;
use leveret::store::format::position::Position;
use leveret::store::keeper::Queues as _;
use leveret::store::placement::Octets;
use leveret::store::reclaim::choose;
use leveret::store::writer::Writer;
use leveret::vhost::batch::{Placed, PublishBatch, octets};
use leveret::vhost::queue::Queue;
use leveret::vhost::session::Session;

use super::super::durable_queue;
use super::broker::Broker;
use super::payload::Payload;
use super::session::Recorder;

/// Octets of bodies: a few messages fill a file.
const SIZE: u32 = 6000;

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
        let declare = durable_queue(name, Table::default());
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
        let placed = Placed {
            segment: 0,
            offset: 0,
            body_len: payload.size,
            channel: ChannelId(1),
            confirm: None,
            persistent: true,
            marked: false,
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
    Position::of(queue.image().unwrap().runs[0].position).file
}
