//! A broker from one start to the next: its writer, its clients, and what befalls its disk.

use std::io;
use std::sync::Arc;

use leveret::amqp::ack_mode::AckMode;
use leveret::queue::command::Settlement;
use leveret::store::checkpoint::Capture;
use leveret::store::disk::Disk;
use leveret::store::disk::simulated::SimulatedDisk;
use leveret::store::keeper::Queues as _;
use leveret::store::recovery::error::OpenError;
use leveret::store::writer::{WriteError, Writer};
use parking_lot::Mutex;

use super::broker::Broker;
use super::checker::{Loss, Tolerance};
use super::clients::Clients;
use super::meddling::{MeddlingDisk, Others};
use super::model::{Consuming, Model};
use super::publish::Publishers;
use super::random::Random;
use super::rot::Rot;
use super::trace;

/// Room on a disk that is not full.
const ROOM: u64 = 1 << 40;

/// What there is between two lives of the broker.
pub struct World {
    pub disk: SimulatedDisk,
    pub model: Model,
    pub publishers: Publishers,
    pub random: Random,
    /// How the last life ended.
    pub loss: Loss,
    /// Whether it may have ended in order.
    pub clean: Option<bool>,
    pub count: Count,
}

/// What has been done, to see that all of it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub lives: usize,
    pub crashes: usize,
    pub acts: usize,
    pub confirms: u64,
    pub checkpoints: usize,
    pub copied: usize,
    /// Messages that had left memory, though they do not last, when that was looked at.
    pub volatile: u64,
    /// Flipped bits that were noticed.
    pub told: usize,
}

/// A running broker.
pub struct Life {
    disk: SimulatedDisk,
    writer: Writer,
    others: Others,
    clients: Arc<Mutex<Clients>>,
    is_full: bool,
    /// Whether the next start has to find an orderly end, if it can.
    clean: Option<bool>,
    count: Count,
}

/// The broker is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    /// The disk crashed, or it is time.
    Crashed,
    /// A sync failed. What is on the disk is not what reads see, until power is lost.
    Failed,
}

impl World {
    pub fn new(seed: u64) -> Self {
        Self {
            disk: SimulatedDisk::new(seed),
            model: Model::default(),
            publishers: Publishers::default(),
            random: Random::new(seed),
            loss: Loss::Nothing,
            clean: Some(true),
            count: Count::default(),
        }
    }

    /// Starts the broker, and checks what it finds.
    pub fn start(&mut self) -> Life {
        let others = Others::default();
        self.disk.fill(ROOM);
        let (broker, writer) = loop {
            match self.open(&others) {
                Ok(opened) => break opened,
                Err(error) => {
                    let failed = matches!(&error, OpenError::Io(error) if is_eio(error));
                    assert!(failed || self.disk.crashed(), "not opened: {error}");
                    self.clean = self.clean.map(|_| false);
                    self.lose(if failed { Dead::Failed } else { Dead::Crashed });
                }
            }
        };
        trace(|| format!("started, clean: {}", broker.clean));
        let expected = if broker.clean { self.clean.is_some() } else { self.clean != Some(true) };
        assert!(expected, "a start finds an orderly end: {}", broker.clean);
        let found = broker.survey();
        self.model.check(&found, self.loss, Tolerance::Nothing);
        let living: u64 = broker.living().iter().map(|run| u64::from(run.octets)).sum();
        assert_eq!(broker.log.totals().live, living, "octets counted as living");
        let model = std::mem::take(&mut self.model).restarted(found, broker.clean);
        Life::new(self, broker, (writer, others), model)
    }

    fn open(&self, others: &Others) -> Result<(Broker, Writer), OpenError> {
        let disk = MeddlingDisk { disk: Arc::new(self.disk.clone()), others: others.clone() };
        Broker::open(&(Arc::new(disk) as Arc<dyn Disk>))
    }

    /// A bit flips, and the broker is started. Returns whether it can be started again.
    pub fn rot(&mut self) -> bool {
        self.disk.fill(ROOM);
        self.disk = self.disk.kill();
        let Some(rot) = Rot::choose(&self.disk, &mut self.random) else { return true };
        let (broker, writer) = match self.open(&Others::default()) {
            Ok(opened) => opened,
            Err(OpenError::Damage(damage)) => {
                trace(|| format!("{damage}"));
                assert_eq!(damage.file, rot.file, "{damage}");
                self.count.told += 1;
                rot.flip(&self.disk);
                return true;
            }
            Err(error) => panic!("not opened: {error}"),
        };
        let found = broker.survey();
        self.model.check(&found, self.loss, Tolerance::Damage);
        let damaged = found.values().any(|it| it.messages.values().any(Result::is_err));
        let model = std::mem::take(&mut self.model).restarted(found, broker.clean);
        let mut life = Life::new(self, broker, (writer, Others::default()), model);
        if damaged {
            life.consume_damaged(&rot.file);
            self.count.told += 1;
        }
        life.end(self);
        self.clean = Some(false);
        !damaged
    }

    /// The machine or the process ends.
    pub fn lose(&mut self, why: Dead) {
        self.count.crashes += 1;
        let power = self.loss == Loss::Power || why == Dead::Failed || self.random.happens(70);
        self.loss = if power { Loss::Power } else { Loss::Process };
        trace(|| format!("lost: {:?}", self.loss));
        self.disk = if power { self.disk.crash() } else { self.disk.kill() };
    }
}

impl Life {
    fn new(
        world: &mut World,
        broker: Broker,
        (writer, others): (Writer, Others),
        model: Model,
    ) -> Self {
        world.count.lives += 1;
        let publishers = std::mem::take(&mut world.publishers);
        let random = world.random.clone();
        let meddling = world.random.choose(&[(1, 0), (2, 20), (1, 60)]);
        let clients = Clients::new(broker, model, publishers, random);
        let clients = Arc::new(Mutex::new(clients));
        let disk = world.disk.clone();
        let meddlers = Arc::clone(&clients);
        let watched = disk.clone();
        others.set(move || {
            if !watched.crashed()
                && let Some(mut clients) = meddlers.try_lock()
                && clients.random.happens(meddling)
            {
                clients.act();
            }
        });
        Self { disk, writer, others, clients, is_full: false, clean: None, count: world.count }
    }

    /// Does so many things.
    pub fn work(&mut self, steps: usize) -> Result<(), Dead> {
        for _ in 0..steps {
            let choice = self.clients.lock().random.below(100);
            match choice {
                0..65 => self.act()?,
                65..94 => self.turn().map(drop)?,
                94..98 => self.clients.lock().check(),
                98 if self.is_full => self.make_room(),
                98 => self.fill(),
                _ => self.make_room(),
            }
        }
        Ok(())
    }

    fn fill(&mut self) {
        let free = self.clients.lock().random.below(100_000) as u64;
        trace(|| format!("{free} octets left"));
        self.disk.fill(free);
        self.is_full = true;
    }

    fn make_room(&mut self) {
        if self.is_full {
            trace(|| "room".to_owned());
        }
        self.disk.fill(ROOM);
        self.is_full = false;
    }

    fn act(&mut self) -> Result<(), Dead> {
        self.count.acts += 1;
        self.clients.lock().act();
        self.alive()
    }

    /// The writer writes; returns whether it goes on.
    fn turn(&mut self) -> Result<bool, Dead> {
        trace(|| "turn".to_owned());
        let step = self.clients.lock().model.clock;
        let turned = self.writer.turn(false);
        let mut clients = self.clients.lock();
        clients.note();
        match turned {
            Ok(goes_on) => {
                clients.model.written = clients.model.written.max(step);
                drop(clients);
                self.alive().map(|()| goes_on)
            }
            Err(WriteError::Full(_)) if self.is_full => Ok(true),
            Err(error) => {
                trace(|| format!("{error}"));
                assert!(!matches!(error, WriteError::Full(_)), "{error}");
                clients.broker.log.fail(error.to_string());
                Err(self.dead())
            }
        }
    }

    fn alive(&self) -> Result<(), Dead> {
        let clients = self.clients.lock();
        if let Some(failure) = &clients.keeper.failure {
            clients.broker.log.fail(failure.to_string());
            return Err(self.dead());
        }
        if self.disk.crashed() {
            return Err(Dead::Crashed);
        }
        assert_eq!(clients.broker.log.failure(), None);
        Ok(())
    }

    fn dead(&self) -> Dead {
        if self.disk.crashed() { Dead::Crashed } else { Dead::Failed }
    }

    /// Nobody does anything any more; the writer and the keeper end what they have begun.
    pub fn settle_down(&mut self) -> Result<(), Dead> {
        self.others.forget();
        self.make_room();
        self.clients.lock().publish_rest();
        for _ in 0..1000 {
            self.turn()?;
            let mut clients = self.clients.lock();
            if clients.keeper.is_idle() {
                clients.check();
                assert!(clients.model.awaited.is_empty(), "unanswered");
                clients.check_written();
                return Ok(());
            }
            let broker = clients.broker.clone();
            clients.keeper.go_on(&broker);
            clients.note();
            drop(clients);
            self.alive()?;
        }
        panic!("the keeper does not come to an end");
    }

    /// Consumes everything, and expects the disk to be as good as empty then.
    pub fn drain(&mut self) -> Result<(), Dead> {
        trace(|| "drain".to_owned());
        let mut clients = self.clients.lock();
        for id in clients.model.present() {
            clients.consume(id, Consuming { prefetch: 0, acks: AckMode::Manual });
            let unacked: Vec<u64> = clients.model.queues[&id].unacked.keys().copied().collect();
            clients.settle_these(id, &unacked, Settlement::Ack);
            assert!(clients.model.queues[&id].ready.is_empty());
        }
        drop(clients);
        for _ in 0..2 {
            self.settle_down()?;
            let mut clients = self.clients.lock();
            let broker = clients.broker.clone();
            clients.keeper.begin_checkpoint(&broker);
        }
        self.settle_down()?;
        let totals = self.clients.lock().broker.log.totals();
        assert_eq!(totals.live, 0);
        assert!(totals.files <= 1, "{totals:?}");
        let files = self.disk.list().unwrap();
        assert!(files.len() <= 4, "{files:?}");
        Ok(())
    }

    /// Consumes everything, among which something is damaged in that file.
    fn consume_damaged(&mut self, file: &str) {
        let mut clients = self.clients.lock();
        for id in clients.model.present() {
            clients.consume(id, Consuming { prefetch: 0, acks: AckMode::Automatic });
        }
        let failure = clients.broker.log.failure().expect("what is damaged is noticed");
        assert!(failure.contains(file), "{failure}");
    }

    /// Ends in order.
    pub fn stop(&mut self) -> Result<(), Dead> {
        trace(|| "stop".to_owned());
        self.settle_down()?;
        let broker = self.clients.lock().broker.clone();
        broker.log.stop();
        while self.turn()? {}
        let end = Capture::begin(&broker.log);
        self.clean = Some(false);
        let ended = end.end_clean(&broker.log, broker.node.contents());
        self.clean = Some(ended.is_ok());
        ended.map_err(|_| self.dead())
    }

    /// Is no more: nobody hears of anything any more.
    pub fn end(self, world: &mut World) {
        self.others.forget();
        let Self { writer, clients, others, clean, mut count, .. } = self;
        drop((writer, others));
        let mut clients = Arc::into_inner(clients).expect("nobody else").into_inner();
        clients.note();
        let (confirms, done) = (clients.model.confirms, clients.keeper.done);
        (count.checkpoints, count.copied) = (count.checkpoints + done.0, count.copied + done.1);
        count.confirms += confirms;
        count.volatile += clients.volatile;
        (world.count, world.clean, world.loss) = (count, clean, Loss::Nothing);
        (world.model, world.publishers, world.random) = clients.into_parts();
        if clean.is_some() {
            world.model.durable = world.model.clock;
        }
    }
}

fn is_eio(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

impl Count {
    pub fn add(&mut self, other: Self) {
        self.lives += other.lives;
        self.crashes += other.crashes;
        self.acts += other.acts;
        self.confirms += other.confirms;
        self.checkpoints += other.checkpoints;
        self.copied += other.copied;
        self.volatile += other.volatile;
        self.told += other.told;
    }
}
