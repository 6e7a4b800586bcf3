//! The keeper's work, a step at a time: others can do something between any two.

use std::io;
use std::sync::Arc;

use leveret::store::checkpoint::{Capture, Captured, Contents};
use leveret::store::format::checkpoint::QueueImage;
use leveret::store::keeper::Queues as _;
use leveret::store::reclaim::{CopyForward, Holding, Moving, choose};
use leveret::vhost::queue::Queue;

use super::broker::Broker;
use super::random::Random;

/// What the keeper is doing.
#[derive(Default)]
pub struct Keeper {
    stage: Stage,
    /// The disk failed.
    pub failure: Option<io::Error>,
    /// Checkpoints, and files of which something was copied forward.
    pub done: (usize, usize),
}

#[derive(Default)]
enum Stage {
    #[default]
    Idle,
    Imaging(Capture, Vec<Arc<Queue>>, Vec<QueueImage>),
    Captured(Captured),
    Holding(u32, Vec<Arc<Queue>>, Vec<Holding>),
    Copying(CopyForward),
    Moving(CopyForward, Moving),
}

impl Keeper {
    pub fn is_idle(&self) -> bool {
        matches!(self.stage, Stage::Idle)
    }

    /// Goes on with what it does, or begins something.
    pub fn advance(&mut self, broker: &Broker, random: &mut Random) {
        if self.is_idle() {
            self.stage = match choose(&broker.log).filter(|_| random.happens(80)) {
                Some(file) => Stage::Holding(file, broker.queues(), Vec::new()),
                None => return self.begin_checkpoint(broker),
            };
            return;
        }
        self.go_on(broker);
    }

    pub fn begin_checkpoint(&mut self, broker: &Broker) {
        let capture = Capture::begin(&broker.log);
        self.stage = Stage::Imaging(capture, broker.queues(), Vec::new());
    }

    /// Goes on with what it does.
    pub fn go_on(&mut self, broker: &Broker) {
        let log = &broker.log;
        self.stage = match std::mem::take(&mut self.stage) {
            Stage::Idle => Stage::Idle,
            Stage::Imaging(capture, mut left, mut images) => {
                if let Some(queue) = left.pop() {
                    images.extend(queue.image());
                    Stage::Imaging(capture, left, images)
                } else {
                    let (seen, next_queue) = (broker.node.seen(), broker.node.next_queue());
                    Stage::Captured(capture.end(log, Contents { images, seen, next_queue }))
                }
            }
            Stage::Captured(captured) if captured.durable.is_done() => {
                self.done.0 += 1;
                let published = captured.publish(log).map(drop);
                self.fail(published);
                Stage::Idle
            }
            Stage::Holding(file, mut left, mut holdings) => match left.pop() {
                Some(queue) => {
                    holdings.extend(queue.holding(file));
                    Stage::Holding(file, left, holdings)
                }
                None => Stage::Copying(CopyForward::new(file, holdings)),
            },
            Stage::Copying(mut copy) => match copy.begin_next(log) {
                Ok(Some(moving)) => Stage::Moving(copy, moving),
                Ok(None) => {
                    self.done.1 += 1;
                    Stage::Idle
                }
                Err(error) => {
                    self.fail(Err(error));
                    Stage::Idle
                }
            },
            Stage::Moving(copy, moving) if moving.durable.is_done() => {
                let finished = copy.finish(moving);
                self.fail(finished);
                Stage::Copying(copy)
            }
            waiting @ (Stage::Captured(_) | Stage::Moving(..)) => waiting,
        };
    }

    fn fail(&mut self, done: io::Result<()>) {
        match done {
            // A later checkpoint will do.
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {}
            Err(error) => drop(self.failure.get_or_insert(error)),
            Ok(()) => {}
        }
    }
}
