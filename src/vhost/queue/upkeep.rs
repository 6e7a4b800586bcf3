//! What the broker asks of a queue: the store, the errands, its alarm, and the management of memory.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::Queue;
use crate::amqp::id::MessageIndex;
use crate::amqp::run::Run;
use crate::queue::waiting::Waiting;
use crate::store::format::checkpoint::QueueImage;
use crate::store::format::position::Position;
use crate::store::reclaim::{Holder, Holding, Relocation};
use crate::vhost::batch::Task;
use crate::vhost::leaving::Copied;
use crate::vhost::stock::Stock;
use crate::vhost::worker::QueueWorker;

impl Queue {
    /// What it holds, as far as it is written; `None` if it is not durable.
    pub fn image(self: &Arc<Self>) -> Option<QueueImage> {
        self.log.as_ref().filter(|_| self.durable)?;
        self.with(QueueWorker::stock).map(Stock::into_image)
    }

    /// What it has in that file.
    pub fn holding(self: &Arc<Self>, file: u32) -> Option<Holding> {
        self.log.as_ref()?;
        let (mut runs, far) = self.with(|worker| worker.runs_in(file));
        let far = far.iter().map(Waiting::run);
        runs.extend(far.filter(|run| Position::of(run.position).file == file));
        let holder = Arc::new(Arc::clone(self));
        (!runs.is_empty()).then_some(Holding { queue: self.id, runs, holder })
    }

    /// Takes in what was read from the disk.
    pub(in crate::vhost) fn loaded(self: &Arc<Self>, read: Vec<(Run, io::Result<Bytes>)>) {
        self.submit(Task::Loaded(read));
    }

    /// Takes note of messages that have left memory.
    pub(in crate::vhost) fn left(self: &Arc<Self>, copied: Copied) {
        self.submit(Task::Left(copied));
    }

    /// Takes note that it is used: it stays for as long as it may without (`x-expires`).
    pub fn renew(self: &Arc<Self>) {
        if self.values.load().expires.is_some() {
            self.with(QueueWorker::renew);
        }
    }

    /// Begins with what it does of its own accord, if it came back with messages.
    pub fn begin(self: &Arc<Self>) {
        self.renew();
        if self.with(|worker| worker.is_restless()) {
            self.tick();
        }
    }

    /// Does what it wanted to be woken for.
    pub(in crate::vhost) fn tick(self: &Arc<Self>) {
        self.submit(Task::Tick);
    }

    /// Takes out what died and has arrived elsewhere.
    pub(in crate::vhost) fn bury(self: &Arc<Self>, buried: Vec<MessageIndex>) {
        self.submit(Task::Buried(buried));
    }

    /// Has what is not needed soon go out of memory, when memory is short.
    pub fn relieve(self: &Arc<Self>) {
        self.submit(Task::Relieve);
    }
}

impl Holder for Arc<Queue> {
    fn relocate(&self, relocation: Relocation) {
        if let Some(log) = &self.log {
            self.with(|worker| worker.relocate(log, &relocation));
        }
    }
}
