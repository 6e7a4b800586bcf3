//! A bit of something durable flips while the broker is down.

use std::io;

use leveret::store::checkpoint::CHECKPOINT;
use leveret::store::disk::Disk;
use leveret::store::disk::simulated::SimulatedDisk;
use leveret::store::files::file_number;
use leveret::store::format::blocks;
use leveret::store::format::checkpoint::Checkpoint;
use leveret::store::format::position::Position;
use leveret::store::recovery::scan::{FoundBatch, scan};

use super::random::Random;
use super::trace;

/// An octet that is not as it was written.
#[derive(Clone, Debug)]
pub struct Rot {
    pub file: String,
    offset: u64,
    mask: u8,
}

impl Rot {
    /// Flips a bit of something that is durable, and that the log says is durable: what was written
    /// last looks like a write that the crash tore if it is damaged.
    pub fn choose(disk: &SimulatedDisk, random: &mut Random) -> Option<Self> {
        let end = durable_end(disk).unwrap()?;
        let mut names = disk.list().unwrap();
        names.retain(|name| name == CHECKPOINT || file_number(name).is_some());
        names.sort_unstable();
        let name = random.pick(&names)?.clone();
        let octets = read(disk, &name).unwrap();
        let size = match file_number(&name) {
            Some(number) if number > end.file => 0,
            Some(number) if number == end.file => end.offset as usize,
            _ => octets.len(),
        };
        let used: Vec<usize> = (0..size).filter(|at| octets[*at] != 0).collect();
        let offset = *random.pick(&used)? as u64;
        let rot = Self { file: name, offset, mask: 1 << random.below(8) };
        trace(|| format!("{rot:?}"));
        rot.flip(disk);
        Some(rot)
    }

    /// Flips it, or back.
    pub fn flip(&self, disk: &SimulatedDisk) {
        disk.flip(&self.file, self.offset, self.mask).unwrap();
    }
}

/// Behind the last batch of which a later one says that it was durable, or behind all that is
/// replayed if the broker was stopped in order.
fn durable_end(disk: &SimulatedDisk) -> io::Result<Option<Position>> {
    let Ok(octets) = read(disk, CHECKPOINT) else { return Ok(None) };
    let Checkpoint { replay, .. } = Checkpoint::read(&octets).unwrap();
    let mut files: Vec<u32> = disk.list()?.iter().filter_map(|name| file_number(name)).collect();
    files.sort_unstable();
    let mut batches = Vec::new();
    let visit = &mut |batch: FoundBatch| {
        batches.push((batch.position, batch.header));
        Ok(())
    };
    assert_eq!(scan(disk, &files, replay, visit).unwrap().damage, None);
    let durable = batches.iter().map(|(_, header)| header.durable).max().unwrap_or(0);
    let last = batches.iter().rev().find(|(_, header)| header.number <= durable);
    let end =
        last.map(|(position, header)| position.plus(u32::try_from(blocks(header.size())).unwrap()));
    Ok(Some(end.unwrap_or(replay.position)))
}

fn read(disk: &SimulatedDisk, name: &str) -> io::Result<Vec<u8>> {
    let file = disk.open(name)?;
    let mut octets = vec![0; usize::try_from(file.size()?).unwrap()];
    file.read_at(&mut octets, 0)?;
    Ok(octets)
}
