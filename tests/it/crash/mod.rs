//! The broker is killed at random moments, again and again, and loses nothing it has confirmed.
//!
//! Rounds with real processes on one data directory: publishers with confirms, consumers that
//! settle in all manners, and a client that declares and deletes, until the process is killed.
//! What each of them did and learned is noted here, outside the broker; in the end the queues are
//! emptied and everything is held against it.
//!
//! `LEVERET_TEST_ROUNDS` says how many rounds, `LEVERET_TEST_SEED` what is drawn in them: bodies,
//! windows, moments. How the broker's threads interleave is not in its hand.

#![allow(clippy::print_stdout, reason = "the seed and the sums are to be read")]

mod checker;
mod consumer;
mod journal;
mod message;
mod publisher;
mod random;
mod topology;

use std::env;
use std::sync::atomic::AtomicU64;
use std::thread;
use std::time::{Duration, Instant};

use checker::Checker;
use consumer::{Consumer, drain};
use journal::{Event, Journal};
use message::{FAN, QUEUE_COUNT, QUEUES};
use publisher::Publisher;
use random::Random;
use topology::Known;

use crate::process::Process;
use crate::raw::method::{exchange_declare, queue_bind, queue_declare};
use crate::raw::peer::Peer;

/// Rounds, unless the environment says how many.
const ROUNDS: u32 = 3;

const PUBLISHERS: u32 = 4;
const CONSUMERS: u32 = 3;

/// What is the same in all rounds, and what is learned in them.
struct Trial {
    seed: u64,
    data: tempfile::TempDir,
    clock: AtomicU64,
    checker: Checker,
    known: Known,
    restarts: Vec<Duration>,
}

#[test]
fn nothing_confirmed_is_lost_however_often_the_process_is_killed() {
    let rounds = variable("LEVERET_TEST_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let seed = variable("LEVERET_TEST_SEED").map_or_else(some_seed, |seed| seed.parse().unwrap());
    println!("LEVERET_TEST_SEED={seed} LEVERET_TEST_ROUNDS={rounds}");
    let mut trial = Trial::new(seed);
    for round in 0..rounds {
        trial.round(round);
    }
    trial.finish(rounds);
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn some_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.subsec_nanos().into()
}

impl Trial {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            data: tempfile::tempdir().unwrap(),
            clock: AtomicU64::new(1),
            checker: Checker::new(seed),
            known: Known::default(),
            restarts: Vec::new(),
        }
    }

    /// Lets clients work with a broker until it is killed.
    fn round(&mut self, round: u32) {
        let mut random = Random::new(self.seed, 4 << 40 | u64::from(round));
        let broker = self.start(&mut random);
        declare(&mut broker.connect());
        let mut changing = broker.connect();
        self.known.expect(&mut changing);
        if random.happens(10) {
            self.empty(round, &broker);
        }
        let events = self.work(round, broker, changing, random);
        self.checker.take(round, events);
        self.check();
    }

    fn start(&mut self, random: &mut Random) -> Process {
        let confirm = if random.happens(70) { "synced" } else { "written" };
        let memory = random.choose(&["1000", "1MiB", "32MiB"]);
        let settings = [("STORE_CONFIRM", confirm), ("STORE_MEMORY", memory)];
        let begun = Instant::now();
        let broker = Process::start_on(self.data.path(), &settings);
        self.restarts.push(begun.elapsed());
        broker
    }

    fn work(
        &mut self,
        round: u32,
        broker: Process,
        changing: Peer,
        mut random: Random,
    ) -> Vec<Event> {
        let (seed, clock, known) = (self.seed, &self.clock, &mut self.known);
        let life = Duration::from_millis(random.within(200..=1500).into());
        let address = broker.address;
        let open = || {
            let mut peer = Peer::connect(address);
            peer.open(1);
            peer
        };
        thread::scope(|scope| {
            let mut clients = Vec::new();
            for place in 0..PUBLISHERS {
                let (publisher, peer) = (Publisher::new(seed, round, place), open());
                clients.push(scope.spawn(move || noted(clock, |it| publisher.run(peer, it))));
            }
            for place in 0..CONSUMERS {
                let (consumer, peer) = (Consumer::new(seed, round, place), open());
                clients.push(scope.spawn(move || noted(clock, |it| consumer.run(peer, it))));
            }
            scope.spawn(|| known.run(changing, random));
            // The moment is the point: nothing that the broker does announces it.
            thread::sleep(life);
            broker.kill();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        })
    }

    /// Empties the queues: whatever was confirmed has come by then.
    fn empty(&mut self, round: u32, broker: &Process) {
        let mut peer = broker.connect();
        peer.open(1);
        let mut journal = Journal::new(&self.clock);
        for queue in 0..QUEUE_COUNT {
            drain(self.seed, &mut peer, queue, &mut journal);
        }
        peer.close();
        let events = journal.events;
        self.checker.take(round, events);
        self.checker.look_for_losses();
        self.check();
    }

    /// Empties the queues, and stops in order: then they are empty for good.
    fn finish(mut self, rounds: u32) {
        let mut broker = self.start(&mut Random::new(self.seed, 5 << 40));
        self.known.expect(&mut broker.connect());
        self.empty(rounds, &broker);
        self.report(rounds);

        broker.terminate();
        assert!(broker.expect_exit(Duration::from_secs(20)).success());
        let broker = Process::start_on(self.data.path(), &[]);
        let mut peer = broker.connect();
        self.known.expect(&mut peer);
        for queue in QUEUES {
            assert_eq!(peer.channel(1).counts(queue), (0, 0), "{queue}");
        }
    }

    #[track_caller]
    fn check(&self) {
        let faults = &self.checker.faults;
        let first = faults.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(faults.is_empty(), "seed {}, {} faults:\n{first}", self.seed, faults.len());
    }

    fn report(&self, rounds: u32) {
        let Checker { deliveries, duplicates, .. } = self.checker;
        let mut restarts = self.restarts[1..].to_vec();
        restarts.sort_unstable();
        println!(
            "{rounds} rounds: {} confirmed, {deliveries} delivered, {duplicates} of them again, \
             {} changes; restart median {:?}, longest {:?}",
            self.checker.confirmed(),
            self.known.changes,
            restarts[restarts.len() / 2],
            restarts[restarts.len() - 1],
        );
    }
}

fn noted(clock: &AtomicU64, work: impl FnOnce(&mut Journal<'_>)) -> Vec<Event> {
    let mut journal = Journal::new(clock);
    work(&mut journal);
    journal.events
}

/// Declares the queues and the exchange that are always there.
#[track_caller]
fn declare(peer: &mut Peer) {
    let mut channel = peer.open(1);
    channel.call(&exchange_declare("fan", "fanout").durable());
    for queue in QUEUES {
        channel.call(&queue_declare(queue).durable());
    }
    for queue in &QUEUES[usize::from(FAN)..] {
        channel.call(&queue_bind(queue, "fan", ""));
    }
}
