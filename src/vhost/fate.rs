//! What becomes of the values that exchanges saw for the first time with the messages of one batch.
//!
//! A value counts for good when all queues that its message goes to have had their turn, and none
//! has refused it; until then it is open, and a duplicate waits. So in the log it stands behind the
//! message: a crash in between leaves the message, and the value unseen. If any queue refuses, the
//! value is forgotten before the publisher hears of it, so that what is published once more goes
//! through, to all queues.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::batch::Placed;
use super::host::Vhost;
use super::journal::{Confirmation, accept};
use super::session::Session;
use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::id::{ChannelId, PublishTag};
use crate::exchange::deduplication::Deduplication;
use crate::store::shared::Store;
use crate::topology::routing::Sight;

/// Segment and offset of a message in its batch.
pub type Place = (u32, u32);

/// Values that exchanges saw for the first time, while their batch is gathered.
#[derive(Debug, Default)]
pub struct Firsts {
    store: Option<Store>,
    seen: Seen,
    answers: Vec<(ChannelId, PublishTag)>,
}

/// Values of which nobody has said yet what becomes of their messages. Left alone they are
/// forgotten: a message that does not get to its queues is not accepted.
#[derive(Debug, Default)]
struct Seen(Vec<First>);

/// A value, and the message that it came with; without a place that goes to no queue.
#[derive(Debug)]
struct First {
    sight: Sight,
    place: Option<Place>,
}

/// The same once the batch is on its way, shared by the queues that it goes to.
#[derive(Debug)]
pub struct Fate {
    publisher: Arc<dyn Session>,
    store: Store,
    answers: Vec<(ChannelId, PublishTag)>,
    /// Who has not had his turn: each queue, and whoever publishes.
    left: AtomicUsize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    seen: Seen,
    refused: Vec<Place>,
}

impl Firsts {
    /// Whether no exchange saw anything for the first time.
    pub const fn is_empty(&self) -> bool {
        self.store.is_none()
    }

    /// Takes note of what exchanges of `vhost` saw with a message. `answer` is its publish, if it is
    /// to be answered for the exchanges as for one queue more.
    pub fn note(
        &mut self,
        vhost: &Vhost,
        sights: impl Iterator<Item = Sight>,
        place: Option<Place>,
        answer: Option<(ChannelId, PublishTag)>,
    ) {
        let Seen(seen) = &mut self.seen;
        let before = seen.len();
        seen.extend(sights.map(|sight| First { sight, place }));
        if seen.len() > before {
            self.store.get_or_insert_with(|| vhost.store().clone());
            self.answers.extend(answer);
        }
    }

    /// What becomes of them with a batch for so many queues. Whoever publishes it has a
    /// [turn](Fate::turn) as well, when all queues have been given their part.
    pub fn share(&mut self, publisher: &Arc<dyn Session>, queues: usize) -> Option<Arc<Fate>> {
        let store = self.store.take()?;
        let seen = std::mem::take(&mut self.seen);
        Some(Arc::new(Fate {
            publisher: Arc::clone(publisher),
            store,
            answers: std::mem::take(&mut self.answers),
            left: AtomicUsize::new(queues + 1),
            open: Mutex::new(Open { seen, refused: Vec::new() }),
        }))
    }
}

impl Fate {
    /// A queue refuses these messages, in its turn.
    pub(super) fn refuse(&self, messages: &[Placed]) {
        let places = messages.iter().map(|message| (message.segment, message.offset));
        self.open.lock().refused.extend(places);
    }

    /// One of those that it goes to has had his turn, and is done with it.
    pub fn turn(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.conclude();
        }
    }

    fn conclude(&self) {
        let Open { mut seen, mut refused } = std::mem::take(&mut *self.open.lock());
        let seen = std::mem::take(&mut seen.0);
        refused.sort_unstable();
        let is_refused =
            |first: &First| first.place.is_some_and(|it| refused.binary_search(&it).is_ok());
        let (gone, accepted): (Vec<_>, Vec<_>) = seen.into_iter().partition(is_refused);
        each(&gone, Deduplication::forget);
        let mut is_logged = false;
        each(&accepted, |exchange, values| {
            exchange.accept(values, |key, seen| {
                if let Some(log) = &self.store.log {
                    log.see(key.to_vec(), seen);
                    is_logged = true;
                }
            });
        });
        self.answer(is_logged);
    }

    fn answer(&self, is_logged: bool) {
        if self.answers.is_empty() {
            return;
        }
        match self.store.log.as_ref().filter(|_| is_logged) {
            Some(log) => {
                let (publisher, tags) = (Arc::clone(&self.publisher), self.answers.clone());
                log.tell(self.store.confirm, Box::new(Confirmation { publisher, tags }));
            }
            None => accept(&*self.publisher, self.answers.iter().copied()),
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        each(&self.0, Deduplication::forget);
    }
}

/// Tells each exchange of its values, those that stand together at once.
fn each(seen: &[First], mut tell: impl FnMut(&Deduplication, &[Fingerprint])) {
    for run in seen.chunk_by(|a, b| Arc::ptr_eq(&a.sight.0, &b.sight.0)) {
        let values: Vec<_> = run.iter().map(|first| first.sight.1).collect();
        if let Some(First { sight: (exchange, _), .. }) = run.first() {
            tell(exchange, &values);
        }
    }
}
