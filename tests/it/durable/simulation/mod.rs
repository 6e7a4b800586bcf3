//! The durable store under everything that can befall a disk and a process.
//!
//! The broker's own virtual host, queues, log, checkpoints and recovery run on a simulated disk:
//! without threads, each step of the writer, of the keeper and of the clients when the seed says
//! so, and the clients' also while the writer waits for the disk. After each crash the broker is
//! started again and what it holds is compared with what it has answered.
//!
//! `LEVERET_TEST_SEEDS` says how many seeds are run. `LEVERET_TEST_SEED=n` runs that one only, and
//! tells what it does.

mod broker;
mod checker;
mod clients;
mod keeper;
mod life;
mod meddling;
mod model;
mod payload;
mod publish;
mod random;
mod rot;
mod scripted;
mod seen;
mod session;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::OnceLock;
use std::thread;

use self::life::{Count, Dead, Life, World};

/// How many seeds are run unless the environment says so.
const SEEDS: u64 = 1000;

#[test]
fn nothing_confirmed_is_lost_whatever_befalls() {
    each_seed("nothing_confirmed_is_lost_whatever_befalls", SEEDS, |seed| {
        let mut world = World::new(seed);
        for _ in 0..=world.random.below(5) {
            live(&mut world);
        }
        world.start().end(&mut world);
        world.count
    });
}

#[test]
fn nothing_confirmed_is_lost_wherever_the_disk_crashes() {
    each_seed("nothing_confirmed_is_lost_wherever_the_disk_crashes", SEEDS / 50, |seed| {
        let mut count = Count::default();
        for operation in 1.. {
            let mut world = World::new(seed);
            world.disk.crash_after(operation);
            let mut life = world.start();
            let worked = life.work(150).and_then(|()| life.stop());
            let crashed = world.disk.crashed() || world.count.crashes > 0;
            end(life, &mut world, worked);
            world.start().end(&mut world);
            count.add(world.count);
            if !crashed {
                break;
            }
        }
        count
    });
}

#[test]
fn a_bit_that_flips_is_told_or_harms_nothing() {
    each_seed("a_bit_that_flips_is_told_or_harms_nothing", SEEDS / 2, |seed| {
        let mut world = World::new(seed);
        for _ in 0..=world.random.below(3) {
            live(&mut world);
            if !world.rot() {
                return world.count;
            }
        }
        world.count
    });
}

/// One life of the broker, with an end that the seed says.
fn live(world: &mut World) {
    if world.random.happens(60) {
        let last = world.random.choose(&[(1, 10), (2, 50), (2, 200)]);
        world.disk.crash_after(1 + world.random.below(last) as u64);
    } else if world.random.happens(20) {
        world.disk.fail_sync(1 + world.random.below(50) as u64);
    }
    let mut life = world.start();
    let steps = world.random.choose(&[(1, 20), (3, 100), (2, 300)]);
    let end_of = world.random.below(10);
    let drains = world.random.happens(30);
    let mut worked = life.work(steps);
    if drains && end_of < 8 {
        worked = worked.and_then(|()| life.settle_down()).and_then(|()| life.drain());
    }
    match end_of {
        0..5 => worked = worked.and_then(|()| life.stop()),
        5 if worked.is_ok() => worked = life.settle_down().and(Err(Dead::Crashed)),
        _ => worked = worked.and(Err(Dead::Crashed)),
    }
    end(life, world, worked);
}

/// Ends a life that has ended in order, or not.
fn end(life: Life, world: &mut World, worked: Result<(), Dead>) {
    life.end(world);
    match worked {
        Ok(()) if world.random.happens(50) => {}
        Ok(()) => world.lose(Dead::Crashed),
        Err(dead) => world.lose(dead),
    }
}

/// Runs seeds on all processors, and says which one failed.
fn each_seed(test: &str, seeds: u64, run: impl Fn(u64) -> Count + Sync) {
    if let Some(seed) = seed() {
        eprintln!("seed {seed}: {:?}", run(seed));
        return;
    }
    let number = |name| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seeds = number("LEVERET_TEST_SEEDS").map_or(seeds, |wanted| wanted * seeds / SEEDS);
    let threads = thread::available_parallelism().map_or(1, |it| it.get() as u64);
    let run_some = &|first: u64| {
        let mut count = Count::default();
        for seed in (first..seeds).step_by(usize::try_from(threads).unwrap()) {
            let ran = catch_unwind(AssertUnwindSafe(|| run(seed)));
            count.add(ran.unwrap_or_else(|panic| {
                eprintln!(
                    "to run it again: LEVERET_TEST_SEED={seed} cargo test --test it {test} -- \
                     --nocapture"
                );
                resume_unwind(panic)
            }));
        }
        count
    };
    let count = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|first| scope.spawn(move || run_some(first))).collect();
        workers.into_iter().fold(Count::default(), |mut sum, worker| {
            sum.add(worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
            sum
        })
    });
    eprintln!("{test}: {seeds} seeds, {count:?}");
}

/// The one seed to run.
fn seed() -> Option<u64> {
    static SEED: OnceLock<Option<u64>> = OnceLock::new();
    *SEED.get_or_init(|| env::var("LEVERET_TEST_SEED").ok()?.parse().ok())
}

/// Tells what is done, if only one seed is run.
fn trace(what: impl FnOnce() -> String) {
    if seed().is_some() {
        eprintln!("{}", what());
    }
}
