//! Model check of the inbox and lock protocol: loom runs every interleaving of a few threads on
//! the very source of [`super::inbox`], compiled here on locks that it schedules.

#[path = "inbox.rs"]
#[allow(dead_code, reason = "the model uses a part of it")]
#[allow(clippy::duplicate_mod, reason = "it is compiled on other locks here")]
mod inbox;

/// loom's mutex lets other threads in only where a lock is taken. The counter lets them in right
/// before it is given back, too: a try that fails there is what the protocol must survive.
mod lock {
    use loom::sync::MutexGuard;
    use loom::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[derive(Debug)]
    pub(super) struct Mutex<T> {
        inner: loom::sync::Mutex<T>,
        steps: AtomicUsize,
    }

    pub(super) struct Guard<'a, T> {
        inner: MutexGuard<'a, T>,
        steps: &'a AtomicUsize,
    }

    impl<T> Mutex<T> {
        pub(super) fn new(value: T) -> Self {
            Self { inner: loom::sync::Mutex::new(value), steps: AtomicUsize::new(0) }
        }

        pub(super) fn lock(&self) -> Guard<'_, T> {
            Guard { inner: self.inner.lock().unwrap(), steps: &self.steps }
        }

        pub(super) fn try_lock(&self) -> Option<Guard<'_, T>> {
            let inner = self.inner.try_lock().ok();
            self.steps.fetch_add(1, SeqCst);
            Some(Guard { inner: inner?, steps: &self.steps })
        }
    }

    impl<T> std::ops::Deref for Guard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.inner
        }
    }

    impl<T> std::ops::DerefMut for Guard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.inner
        }
    }

    impl<T> Drop for Guard<'_, T> {
        fn drop(&mut self) {
            self.steps.fetch_add(1, SeqCst);
        }
    }
}

use inbox::{Inbox, Turn, Weigh, Worker};
use loom::sync::Arc;

/// Who submitted, and its how manieth task this is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Task {
    from: usize,
    number: usize,
    messages: usize,
}

impl Weigh for Task {
    fn messages(&self) -> usize {
        self.messages
    }

    fn octets(&self) -> usize {
        0
    }
}

/// What was done, where the test reads it without going through the inbox: that would help.
type Done = std::sync::Arc<std::sync::Mutex<Vec<Task>>>;

#[derive(Debug, Default)]
struct Journal {
    done: Done,
    owed: Vec<Task>,
}

fn journal() -> (Arc<Inbox<Journal>>, Done) {
    let journal = Journal::default();
    let done = journal.done.clone();
    (Arc::new(Inbox::new(journal)), done)
}

impl Worker for Journal {
    type Task = Task;

    fn work(&mut self, task: Task) {
        self.owed.push(task);
    }

    fn advance(&mut self) -> usize {
        let moved = self.owed.len();
        self.done.lock().unwrap().append(&mut self.owed);
        moved
    }
}

/// Every interleaving with up to three preemptions.
fn check(threads: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(threads);
}

fn submit(inbox: &Inbox<Journal>, from: usize, number: usize, messages: usize) {
    let mut turn = inbox.submit(Task { from, number, messages });
    while turn == Turn::HandOver {
        turn = inbox.run();
    }
}

fn assert_complete(done: &Done, threads: usize, tasks: usize) {
    let done = done.lock().unwrap();
    for from in 0..threads {
        let numbers: Vec<_> = done.iter().filter(|t| t.from == from).map(|t| t.number).collect();
        assert_eq!(numbers, (0..tasks).collect::<Vec<_>>());
    }
}

#[test]
fn every_task_is_carried_out_once_and_in_its_submitters_order() {
    check(|| {
        let (inbox, done) = journal();

        let other = {
            let inbox = Arc::clone(&inbox);
            loom::thread::spawn(move || (0..2).for_each(|number| submit(&inbox, 1, number, 1)))
        };
        (0..2).for_each(|number| submit(&inbox, 0, number, 1));
        other.join().unwrap();

        assert_complete(&done, 2, 2);
    });
}

#[test]
fn work_handed_over_is_taken_up() {
    check(|| {
        let (inbox, done) = journal();

        let other = {
            let inbox = Arc::clone(&inbox);
            loom::thread::spawn(move || submit(&inbox, 1, 0, 5000))
        };
        submit(&inbox, 0, 0, 5000);
        other.join().unwrap();

        assert_complete(&done, 2, 1);
    });
}

#[test]
fn who_asks_sees_what_it_submitted() {
    check(|| {
        let (inbox, done) = journal();

        let other = {
            let inbox = Arc::clone(&inbox);
            loom::thread::spawn(move || submit(&inbox, 1, 0, 1))
        };
        submit(&inbox, 0, 0, 1);
        let (seen, _) = inbox.with(|journal| {
            let done = done.lock().unwrap();
            done.iter().chain(&journal.owed).filter(|task| task.from == 0).count()
        });
        other.join().unwrap();

        assert_eq!(seen, 1);
    });
}
