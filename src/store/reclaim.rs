//! Copies what lives in a file that is mostly dead to the end of the log, so that the file can be
//! written again. Each message is copied once, however many queues have it.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use super::commit::Commit;
use super::failpoint::failpoint;
use super::files::{Usage, file_name};
use super::format::position::Position;
use super::format::run::messages;
use super::log::{Log, Move};
use crate::amqp::id::QueueId;
use crate::amqp::run::Run;

/// A queue that has messages in a file.
pub struct Holding {
    /// The queue.
    pub queue: QueueId,
    /// The messages, as runs that lie in the file.
    pub runs: Vec<Run>,
    /// Is told where they are now.
    pub holder: Arc<dyn Holder>,
}

/// A queue whose messages can lie elsewhere.
pub trait Holder: Send + Sync {
    /// Takes note that what it still has of these runs lies elsewhere, counts that off from the old
    /// file, and counts off from the new one what it has no longer.
    fn relocate(&self, relocation: Relocation);
}

/// Where messages of one queue lie now.
#[derive(Clone, Debug)]
pub struct Relocation {
    /// The runs as they were, and where each begins now.
    pub runs: Vec<(Run, Position)>,
    /// The octets that were moved.
    pub octets: Bytes,
    /// Where these begin now.
    pub start: Position,
}

/// A file worth copying, if there is one: the one with the smallest part alive.
pub fn choose(log: &Log) -> Option<u32> {
    let totals = log.files.totals();
    if totals.size <= 2 * totals.live + log.sizes.allowance() {
        return None;
    }
    let end = log.progress.lock().replay.position.file;
    let usages = log.files.usages(end).into_iter();
    let sparse = usages.filter(|(_, usage)| usage.live > 0 && usage.live < usage.written / 2);
    sparse.min_by_key(|(_, Usage { live, written })| live * 1024 / written).map(|(file, _)| file)
}

/// Octets that lie together in the file and live in some queue, and who has what of them.
struct Cluster {
    start: u32,
    end: u32,
    /// Places in the list of holdings and in the list of their runs.
    runs: Vec<(usize, usize)>,
}

/// What lives in one file, on its way to the end of the log, a piece at a time.
pub struct CopyForward {
    file: u32,
    holdings: Vec<Holding>,
    left: VecDeque<Cluster>,
}

/// A piece that waits until it is durable.
pub struct Moving {
    /// Done when the queues can be told, or never: then the writer has ended.
    pub durable: Commit,
    octets: Bytes,
    /// For each holding: its runs, and where they begin in `octets`.
    runs: Vec<Vec<(Run, u32)>>,
    /// Where the octets begin once they are durable.
    start: Arc<Mutex<Option<Position>>>,
}

impl CopyForward {
    /// Of what `holdings` have in `file`.
    pub fn new(file: u32, holdings: Vec<Holding>) -> Self {
        let left = clusters(&holdings).into();
        Self { file, holdings, left }
    }

    /// Has the next piece written; `None` when there is no more.
    ///
    /// # Errors
    /// The disk failed.
    pub fn begin_next(&mut self, log: &Log) -> io::Result<Option<Moving>> {
        let mut octets = BytesMut::new();
        let mut runs: Vec<Vec<(Run, u32)>> = self.holdings.iter().map(|_| Vec::new()).collect();
        while octets.len() < log.sizes.run as usize
            && let Some(cluster) = self.left.pop_front()
        {
            self.read(log, &cluster, &mut octets, &mut runs)?;
        }
        if octets.is_empty() {
            return Ok(None);
        }
        failpoint!("copy::read");
        let octets = octets.freeze();
        let (start, durable) = self.append(log, &octets, &runs);
        Ok(Some(Moving { durable, octets, runs, start }))
    }

    /// Tells the queues where a piece that is durable lies now.
    ///
    /// # Errors
    /// It is not durable.
    pub fn finish(&self, moving: Moving) -> io::Result<()> {
        failpoint!("copy::durable");
        let Moving { octets, runs, start, .. } = moving;
        let start = start.lock().ok_or(io::ErrorKind::BrokenPipe)?;
        for (holding, runs) in self.holdings.iter().zip(runs).filter(|(_, runs)| !runs.is_empty()) {
            let runs = runs.into_iter().map(|(run, at)| (run, start.plus(at))).collect();
            holding.holder.relocate(Relocation { runs, octets: octets.clone(), start });
        }
        Ok(())
    }

    /// Reads the octets of a cluster, and notes where the runs in it are then.
    fn read(
        &self,
        log: &Log,
        cluster: &Cluster,
        octets: &mut BytesMut,
        moved: &mut [Vec<(Run, u32)>],
    ) -> io::Result<()> {
        let base = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        let position = Position { file: self.file, offset: cluster.start };
        let length = (cluster.end - cluster.start) as usize;
        let read = log.files.read(position, length)?;
        if read.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // Copied as it is, it would pass for a batch that was torn, and be cut off.
        if let Some(Err(damaged)) = messages(&read).find(Result::is_err) {
            let at = position.offset as usize + damaged.offset;
            let text = format!("file {}, offset {at}: a message is damaged", file_name(self.file));
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        octets.extend_from_slice(&read);
        for (holding, at) in &cluster.runs {
            if let Some(run) = self.holdings.get(*holding).and_then(|it| it.runs.get(*at))
                && let Some(moved) = moved.get_mut(*holding)
            {
                moved.push((*run, base + Position::of(run.position).offset - cluster.start));
            }
        }
        Ok(())
    }

    /// Has the octets written. Where they begin is known once they are durable.
    fn append(
        &self,
        log: &Log,
        octets: &Bytes,
        moved: &[Vec<(Run, u32)>],
    ) -> (Arc<Mutex<Option<Position>>>, Commit) {
        let at = |(run, offset): &(Run, u32)| Run {
            position: Position { file: 0, offset: *offset }.in_place_of(run.position),
            ..*run
        };
        let runs = self.holdings.iter().zip(moved).filter(|(_, runs)| !runs.is_empty());
        let runs = runs.map(|(it, runs)| (it.queue, runs.iter().map(at).collect())).collect();
        let start = Arc::new(Mutex::new(None));
        let (commit, completer) = Commit::pending();
        log.push_move(Move { octets: octets.clone(), runs, moved: Arc::clone(&start), completer });
        (start, commit)
    }
}

/// Copies what `holdings` have in `file`.
///
/// # Errors
/// The disk failed.
pub fn copy_forward(log: &Log, file: u32, holdings: Vec<Holding>) -> io::Result<()> {
    let mut copy = CopyForward::new(file, holdings);
    while let Some(moving) = copy.begin_next(log)? {
        wait(&moving.durable)?;
        copy.finish(moving)?;
    }
    Ok(())
}

fn clusters(holdings: &[Holding]) -> Vec<Cluster> {
    let of = |holding: usize, at: usize, run: &Run| {
        let start = Position::of(run.position).offset;
        Cluster { start, end: start + run.octets, runs: vec![(holding, at)] }
    };
    let mut all: Vec<Cluster> = holdings
        .iter()
        .enumerate()
        .flat_map(|(holding, it)| {
            it.runs.iter().enumerate().map(move |(at, run)| of(holding, at, run))
        })
        .collect();
    all.sort_unstable_by_key(|cluster| (cluster.start, cluster.end));
    all.dedup_by(|next, last| {
        let overlaps = next.start < last.end;
        if overlaps {
            last.end = last.end.max(next.end);
            last.runs.append(&mut next.runs);
        }
        overlaps
    });
    all
}

/// Waits until something is durable.
///
/// # Errors
/// It never will be: the writer has ended.
pub fn wait(commit: &Commit) -> io::Result<()> {
    let (sender, durable) = mpsc::channel();
    commit.on_done(move || {
        // Whoever waits is there: it waits.
        let _ = sender.send(());
    });
    durable.recv().map_err(|_| io::ErrorKind::BrokenPipe.into())
}
