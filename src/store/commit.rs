//! When something is durable: a [`Commit`] for those who wait, a [`Completer`] for the log.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

type Callback = Box<dyn FnOnce() + Send>;

/// Something on its way to being durable, or durable already. Cheap to clone.
///
/// A log completes in the order of its records, so who has waited for one commit has waited for
/// all before it.
#[derive(Clone)]
#[must_use = "what depends on a commit waits for it"]
pub struct Commit {
    /// Absent: done from the start.
    shared: Option<Arc<Shared>>,
}

/// The log's half of a [`Commit`]. When it is dropped instead of completed, the commit never is
/// done, and what waited is dropped with the last of its clones.
#[derive(Debug)]
pub struct Completer {
    shared: Arc<Shared>,
}

/// What runs when it is done; absent once it is.
struct Shared {
    waiting: Mutex<Option<Vec<Callback>>>,
}

impl Commit {
    /// What is durable already, or need not be.
    pub const fn done() -> Self {
        Self { shared: None }
    }

    /// What is not durable before the completer says so.
    pub fn pending() -> (Self, Completer) {
        let shared = Arc::new(Shared { waiting: Mutex::new(Some(Vec::new())) });
        (Self { shared: Some(Arc::clone(&shared)) }, Completer { shared })
    }

    /// Whether it is durable.
    pub fn is_done(&self) -> bool {
        self.shared.as_ref().is_none_or(|shared| shared.waiting.lock().is_none())
    }

    /// Runs `callback` when it is durable: at once if it is already, else on the thread that
    /// completes it. It is to be short, and to take no lock that is held while waiting.
    pub fn on_done(&self, callback: impl FnOnce() + Send + 'static) {
        if let Some(shared) = &self.shared {
            let mut waiting = shared.waiting.lock();
            if let Some(waiting) = &mut *waiting {
                return waiting.push(Box::new(callback));
            }
        }
        callback();
    }
}

impl Completer {
    /// Tells everybody who waits.
    pub fn complete(self) {
        let waiting = self.shared.waiting.lock().take();
        for callback in waiting.into_iter().flatten() {
            callback();
        }
    }
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_done() { "Commit(done)" } else { "Commit(pending)" })
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_is_done_already_calls_at_once() {
        let (sender, called) = mpsc::channel();

        Commit::done().on_done(move || sender.send(()).unwrap());

        assert!(called.try_recv().is_ok());
        assert!(Commit::done().is_done());
    }

    #[test]
    fn all_clones_are_done_with_the_completer_and_each_call_runs_once() {
        let (commit, completer) = Commit::pending();
        let (sender, called) = mpsc::channel();
        for (number, clone) in [commit.clone(), commit.clone()].into_iter().enumerate() {
            let sender = sender.clone();
            clone.on_done(move || sender.send(number).unwrap());
        }
        assert!(!commit.is_done());
        assert!(called.try_recv().is_err());

        completer.complete();
        commit.on_done(move || sender.send(2).unwrap());

        assert!(commit.is_done());
        assert_eq!(called.iter().collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn a_call_may_look_at_the_commit_it_waited_for() {
        let (commit, completer) = Commit::pending();
        let (sender, seen) = mpsc::channel();
        let again = commit.clone();
        commit.on_done(move || sender.send(again.is_done()).unwrap());

        completer.complete();

        assert_eq!(seen.recv(), Ok(true));
    }

    #[test]
    fn a_commit_that_nobody_completes_drops_what_waited_with_its_last_clone() {
        let (commit, completer) = Commit::pending();
        let held = Arc::new(());
        let captured = Arc::clone(&held);
        commit.on_done(move || drop(captured));

        drop(completer);
        assert!(!commit.is_done());
        drop(commit);

        assert_eq!(Arc::strong_count(&held), 1);
    }
}
