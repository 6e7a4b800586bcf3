//! A worker behind one lock that is taken once per batch, and an inbox for whoever finds it taken.
//!
//! Everything asked of the worker passes through the inbox, in order, so nobody overtakes: what
//! one thread submits is carried out in the order it submitted it. Whoever submits tries the
//! lock; if it is taken, the holder will see the task, because it looks into the inbox again
//! *after* it let go of the lock. So no task is left without somebody who carries it out.

use std::collections::VecDeque;

use super::lock::Mutex;

/// Octets of tasks that may wait before a submitter waits for the lock itself, and helps.
const INBOX_OCTETS_MAX: usize = 4 << 20;

/// What one holder of the lock does at most before it hands over, in messages.
const TURN_MESSAGES_MAX: usize = 1000;

/// What stands behind the lock.
pub(super) trait Worker {
    /// What can be asked of it.
    type Task: Weigh;

    /// Carries out one task.
    fn work(&mut self, task: Self::Task);

    /// Goes on with work that no task asks for, for about one batch; returns the number of
    /// messages moved, 0 when there is nothing to do.
    fn advance(&mut self) -> usize;
}

/// How much a task is.
pub(super) trait Weigh {
    /// Messages it moves.
    fn messages(&self) -> usize;
    /// Octets it keeps alive while it waits.
    fn octets(&self) -> usize;
}

/// What a holder leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Turn {
    /// Nothing, or somebody else has the lock.
    Done,
    /// Work: call [`Inbox::run`] again, from a task of its own.
    HandOver,
}

/// A worker, its lock and its inbox.
#[derive(Debug)]
pub(super) struct Inbox<W: Worker> {
    waiting: Mutex<Waiting<W::Task>>,
    worker: Mutex<W>,
}

#[derive(Debug)]
struct Waiting<T> {
    tasks: VecDeque<T>,
    octets: usize,
}

impl<W: Worker> Inbox<W> {
    /// An empty inbox before `worker`.
    pub(super) fn new(worker: W) -> Self {
        let waiting = Mutex::new(Waiting { tasks: VecDeque::new(), octets: 0 });
        Self { waiting, worker: Mutex::new(worker) }
    }

    /// Has `task` carried out after everything submitted before it, by this thread or by the
    /// one that holds the lock.
    pub(super) fn submit(&self, task: W::Task) -> Turn {
        let waiting = self.put(task);
        if waiting > INBOX_OCTETS_MAX && self.work(&mut self.worker.lock()) == Turn::HandOver {
            return Turn::HandOver;
        }
        self.run()
    }

    /// Leaves `task` for whoever calls [`Self::run`], or holds the lock. Returns how many octets
    /// wait.
    pub(super) fn put(&self, task: W::Task) -> usize {
        let mut waiting = self.waiting.lock();
        waiting.octets += task.octets();
        waiting.tasks.push_back(task);
        waiting.octets
    }

    /// Carries out what waits, unless somebody else holds the lock and will do so.
    pub(super) fn run(&self) -> Turn {
        loop {
            let Some(mut worker) = self.worker.try_lock() else { return Turn::Done };
            if self.work(&mut worker) == Turn::HandOver {
                return Turn::HandOver;
            }
            drop(worker);
            if self.waiting.lock().tasks.is_empty() {
                return Turn::Done;
            }
        }
    }

    /// Waits for the lock, carries out all that waits, then `ask`; what was submitted before
    /// has been seen when `ask` runs.
    pub(super) fn with<R>(&self, ask: impl FnOnce(&mut W) -> R) -> (R, Turn) {
        let mut worker = self.worker.lock();
        let before = self.waiting.lock().tasks.len();
        for _ in 0..before {
            if let Some(task) = self.next() {
                worker.work(task);
            }
        }
        let answer = ask(&mut worker);
        let turn = self.work(&mut worker);
        drop(worker);
        (answer, if turn == Turn::HandOver { turn } else { self.run() })
    }

    fn work(&self, worker: &mut W) -> Turn {
        let mut moved = 0;
        while moved < TURN_MESSAGES_MAX {
            if let Some(task) = self.next() {
                moved += task.messages().max(1);
                worker.work(task);
                continue;
            }
            match worker.advance() {
                0 => return Turn::Done,
                messages => moved += messages,
            }
        }
        Turn::HandOver
    }

    fn next(&self) -> Option<W::Task> {
        let mut waiting = self.waiting.lock();
        let task = waiting.tasks.pop_front()?;
        waiting.octets -= task.octets();
        Some(task)
    }
}
