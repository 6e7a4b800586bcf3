//! Finds the queues that a dead letter goes to.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use foldhash::fast::RandomState;
use tracing::warn;

use super::crowd::Crowd;
use super::letter::Letter;
use super::mail::Written;
use crate::codec::death::Buried;
use crate::exchange::hash::mix;
use crate::exchange::message::Message;
use crate::topology::routing::{Routes, Sight};
use crate::vhost::host::Vhost;
use crate::vhost::past::{Publication, read_header};
use crate::vhost::queue::Queue;

/// How many cycles are remembered, so that each is told of once.
const CYCLES_MAX: usize = 1024;

/// Where a letter goes.
#[derive(Debug)]
pub(super) enum Way {
    /// To these queues, each once; these exchanges hear what becomes of it.
    To(Vec<Arc<Queue>>, Vec<Sight>),
    /// Nowhere: an exchange has had its like.
    Duplicate,
    /// Nowhere yet: an exchange has its like on the way.
    Later,
}

/// Finds the way of dead letters.
#[derive(Debug, Default)]
pub(in crate::vhost) struct Clerk {
    routes: Routes,
    /// Rows of queues that were told of.
    cycles: HashSet<Vec<Box<[u8]>>, RandomState>,
    chance: u64,
    /// Letters that wait for clients.
    pub(super) crowd: Crowd,
}

impl Clerk {
    /// Where a letter goes, but for queues in which it would go round in a circle (RabbitMQ:
    /// `rabbit_dead_letter:publish/5`).
    pub(super) fn address(&mut self, vhost: &Vhost, written: &Written<'_>) -> Way {
        self.chance = self.chance.wrapping_add(1);
        let seen = Message { chance: mix(self.chance), ..read_header(written.message.header) };
        let publication = Publication {
            message: written.message,
            keys: &written.keys,
            seen,
            read: read_header,
            persistent: written.persistent,
            mandatory: false,
        };
        vhost.pass_from(written.exchange, &publication, &mut self.routes);
        let mut queues = Vec::new();
        for name in self.routes.queues() {
            match written.buried.filter(|buried| buried.is_cycle(name.as_bytes())) {
                Some(buried) => warn_of_cycle(&mut self.cycles, name.as_bytes(), buried),
                None => queues.extend(vhost.find_queue(name.as_bytes())),
            }
        }
        queues.extend(vhost.waiting_queues(&self.routes));
        if queues.is_empty() {
            // It may come again.
            self.routes.forget();
            if self.routes.is_duplicate() {
                return if self.routes.open().is_empty() { Way::Duplicate } else { Way::Later };
            }
        }
        Way::To(queues, self.routes.take_noted().collect())
    }

    /// Says once for each queue that its letters are kept for want of somebody to take them.
    pub(super) fn warn_of_kept(letter: &Letter) {
        let terms = &letter.terms;
        if !terms.warned.swap(true, Ordering::Relaxed) {
            warn!(
                "queue '{}' keeps its dead letters: exchange '{}' takes them to no queue",
                terms.queue, terms.exchange
            );
        }
    }
}

fn warn_of_cycle(
    cycles: &mut HashSet<Vec<Box<[u8]>>, RandomState>,
    queue: &[u8],
    buried: &Buried<'_>,
) {
    let row: Vec<Box<[u8]>> = [queue].into_iter().chain(buried.queues()).map(Box::from).collect();
    if cycles.len() < CYCLES_MAX && !cycles.contains(&row) {
        let names: Vec<_> = row.iter().map(|name| String::from_utf8_lossy(name)).collect();
        warn!(
            "dead letter dropped: it would go in a circle of queues without having been rejected, \
             latest first: {}; this is said once",
            names.join(", ")
        );
        cycles.insert(row);
    }
}
