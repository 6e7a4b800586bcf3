//! A data directory through several lives of the broker, and what has to be in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use leveret::store::files::{file_number, is_spare};
use tempfile::TempDir;

use crate::process::{LOOPBACK, Process, command};
use crate::raw::content::content;
use crate::raw::message::Confirm;
use crate::raw::method::{
    BASIC_ACK, CONNECTION_CLOSE, basic_get, basic_publish, confirm_select, connection_close_ok,
    queue_declare, queue_purge,
};
use crate::raw::peer::{NoFrame, Peer};

/// How long the broker may take over anything.
const PATIENCE: Duration = Duration::from_mins(1);

/// Octets of a body: 31 messages fill a file of the log.
const SIZE: usize = 1 << 20;

/// Publishes that may wait for their confirm.
const WINDOW: usize = 8;

/// A broker that can fail, and what it leaves.
pub struct Trial {
    data: TempDir,
    broker: Option<Running>,
    /// Messages published so far, by all clients.
    count: u64,
    queues: BTreeMap<&'static str, Contents>,
}

/// A broker and its one client, which confirms on channel 1.
struct Running {
    process: Process,
    peer: Peer,
    /// Messages published so far.
    count: u64,
}

/// The numbers of a queue's messages.
#[derive(Default)]
struct Contents {
    /// What may be in it.
    published: BTreeSet<u64>,
    /// What has to be in it.
    confirmed: BTreeSet<u64>,
}

impl Trial {
    /// Starts a broker on an empty directory.
    #[track_caller]
    pub fn start(failpoints: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut trial = Self { data, broker: None, count: 0, queues: BTreeMap::new() };
        trial.start_again(failpoints);
        trial
    }

    /// Starts a broker on what the last one has left.
    #[track_caller]
    pub fn start_again(&mut self, failpoints: &str) {
        let process = Process::of(&mut self.command(failpoints));
        let mut peer = process.connect();
        peer.be_patient(PATIENCE);
        peer.open(1).call(&confirm_select());
        self.broker = Some(Running { process, peer, count: 0 });
    }

    /// Starts a broker that ends before it is ready.
    #[track_caller]
    pub fn start_in_vain(&self, failpoints: &str) -> ExitStatus {
        let output = self.command(failpoints).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{failpoints}: it was ready");
        output.status
    }

    fn command(&self, failpoints: &str) -> Command {
        let settings = [("LOG_LEVEL", "error"), ("STORE_MEMORY", "16MiB")];
        let mut command = command(self.data.path(), LOOPBACK, &settings);
        command.env("FAILPOINTS", failpoints);
        command
    }

    const fn running(&mut self) -> &mut Running {
        self.broker.as_mut().expect("it was started")
    }

    /// Publishes so many messages, in turns to these durable queues; waits for their confirms.
    ///
    /// # Errors
    /// The broker is gone.
    pub fn publish(&mut self, count: u64, queues: &[&'static str]) -> Result<(), NoFrame> {
        let Running { peer, count: tag, .. } = self.broker.as_mut().expect("it was started");
        for queue in queues {
            peer.channel(1).send(&queue_declare(queue).durable().no_wait());
        }
        let mut open = BTreeMap::new();
        let mut turns = queues.iter().cycle();
        let end = self.count + count;
        while self.count < end || !open.is_empty() {
            while self.count < end && open.len() < WINDOW {
                let queue = *turns.next().expect("some queue");
                let message = content(&body(self.count)).delivery_mode(2);
                peer.channel(1).publish(&basic_publish("", queue), &message);
                *tag += 1;
                open.insert(*tag, (queue, self.count));
                self.queues.entry(queue).or_default().published.insert(self.count);
                self.count += 1;
            }
            for (queue, number) in confirmed(&mut open, peer)? {
                self.queues.entry(queue).or_default().confirmed.insert(number);
            }
        }
        Ok(())
    }

    /// Empties a queue.
    #[track_caller]
    pub fn purge(&mut self, queue: &str) {
        self.running().peer.channel(1).call(&queue_purge(queue));
        *self.queues.get_mut(queue).unwrap() = Contents::default();
    }

    /// Waits for the broker's end.
    #[track_caller]
    pub fn expect_end(&mut self) -> ExitStatus {
        let Running { mut process, mut peer, .. } = self.broker.take().expect("it was started");
        while peer.read_frame().map_err(|why| assert_eq!(why, NoFrame::Ended)).is_ok() {}
        process.expect_exit(PATIENCE)
    }

    /// Takes all messages out of the queues: what was confirmed is there, in order, and nothing
    /// that was purged.
    #[track_caller]
    pub fn expect_contents(&mut self) {
        for (queue, Contents { published, confirmed }) in std::mem::take(&mut self.queues) {
            let mut channel = self.running().peer.channel(1);
            let (ready, _) = channel.counts(queue);
            let mut found = Vec::new();
            for _ in 0..ready {
                let got = channel.get(&basic_get(queue).no_ack());
                found.push(number(&got.content.body));
            }
            assert!(found.is_sorted_by(|one, next| one < next), "{queue}: {found:?}");
            let found = BTreeSet::from_iter(found);
            let lost: Vec<_> = confirmed.difference(&found).collect();
            assert!(lost.is_empty(), "{queue} has lost {lost:?}");
            let unknown: Vec<_> = found.difference(&published).collect();
            assert!(unknown.is_empty(), "{queue} should not have {unknown:?}");
        }
    }

    /// The broker, whose queues are empty, goes on: it writes a checkpoint, and gives files back.
    #[track_caller]
    pub fn expect_progress(&mut self) {
        let checkpoint = self.checkpoint();
        self.publish(70, &["gone"]).unwrap();
        self.purge("gone");

        // There are four of which none is needed, and the one that is written. Two empty ones wait.
        self.wait_until("a checkpoint and few files", |it| {
            it.checkpoint() != checkpoint && it.files() <= 3
        });
    }

    /// Waits for something that the broker does by itself.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
            // It is still there, and has not more to do than before.
            self.running().peer.open(2).close();
        }
    }

    /// Stops the broker; its directory is in order.
    #[track_caller]
    pub fn stop(mut self) {
        let Running { mut process, mut peer, .. } = self.broker.take().expect("it was started");
        process.terminate();
        peer.skip_to_connection_close();
        peer.send(&connection_close_ok());
        assert!(process.expect_exit(PATIENCE).success());
        let mut check = Command::new(env!("CARGO_BIN_EXE_leveret"));
        let checked = check.args(["store", "check"]).arg(self.data.path()).output().unwrap();
        assert!(checked.status.success(), "{checked:?}");
        let is_known = |name: &str| {
            matches!(name, "lock" | "checkpoint") || file_number(name).is_some() || is_spare(name)
        };
        let names = self.names();
        assert!(names.iter().all(|name| is_known(name)), "{names:?}");
        assert!(names.iter().filter(|name| is_spare(name)).count() <= 2, "{names:?}");
    }

    /// Files of the log.
    pub fn files(&self) -> usize {
        self.names().iter().filter(|name| file_number(name).is_some()).count()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.data.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// What tells one checkpoint from another.
    fn checkpoint(&self) -> (u64, i64, i64) {
        let checkpoint = fs::metadata(self.data.path().join("checkpoint")).unwrap();
        (checkpoint.ino(), checkpoint.mtime(), checkpoint.mtime_nsec())
    }
}

/// The body of the message of that number.
fn body(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(SIZE / 8)
}

/// The number of a message, which is as it was published.
#[track_caller]
fn number(octets: &[u8]) -> u64 {
    let number = u64::from_be_bytes(octets[..8].try_into().unwrap());
    assert!(octets == body(number), "message {number} has changed");
    number
}

/// Takes out what the next confirm confirms.
fn confirmed<T>(open: &mut BTreeMap<u64, T>, peer: &mut Peer) -> Result<Vec<T>, NoFrame> {
    let frame = peer.read_frame()?;
    match frame.method_id() {
        Some(BASIC_ACK) => {}
        // It says why, and ends.
        Some(CONNECTION_CLOSE) => return Err(NoFrame::Ended),
        other => panic!("{other:?} is no confirm"),
    }
    let Confirm { tag, multiple, .. } = Confirm::read(&frame);
    let later = open.split_off(&(tag + 1));
    let mut confirmed = std::mem::replace(open, later);
    if !multiple {
        let last = confirmed.remove(&tag);
        open.append(&mut confirmed);
        confirmed.extend(last.map(|last| (tag, last)));
    }
    Ok(confirmed.into_values().collect())
}
