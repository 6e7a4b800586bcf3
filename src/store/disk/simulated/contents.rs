//! One file: what reads see, what is durable, and what was written between the two.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use super::random::Random;

/// Octets that are written whole or not at all.
const SECTOR: usize = 512;

/// The octets of a file by sector; what is missing is zeros.
type Sectors = BTreeMap<u64, Arc<[u8; SECTOR]>>;

#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    size: u64,
    sectors: Sectors,
    durable_size: u64,
    durable: Sectors,
    unsynced: Vec<Write>,
}

/// Sectors as a write left them, with all that earlier writes had put there: a page cache writes
/// the newest octets that it has, so that one of two writes to a sector cannot outlive the other.
#[derive(Clone, Debug)]
struct Write {
    sectors: Vec<(u64, Arc<[u8; SECTOR]>)>,
    /// Octets of the file after it.
    size: u64,
}

impl Contents {
    /// So many zeros, none of them durable.
    pub(super) fn new(size: u64) -> Self {
        Self { size, ..Self::default() }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Fills the buffer as far as the file goes, and says how far that is.
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = buffer.len().min(left);
        let (mut rest, mut place) = (buffer.split_at_mut(length).0, offset);
        while !rest.is_empty() {
            let (number, start) = address(place);
            let (piece, behind) = rest.split_at_mut(rest.len().min(SECTOR - start));
            match self.sectors.get(&number) {
                Some(sector) => piece.iter_mut().zip(sector.iter().skip(start)).for_each(copy),
                None => piece.fill(0),
            }
            place += piece.len() as u64;
            rest = behind;
        }
        length
    }

    /// Writes octets, of which the last is not past what 64 bits count.
    pub(super) fn write(&mut self, octets: &[u8], offset: u64) {
        if octets.is_empty() {
            return;
        }
        let (mut rest, mut place) = (octets, offset);
        let mut sectors = Vec::with_capacity(octets.len() / SECTOR + 2);
        while !rest.is_empty() {
            let (number, start) = address(place);
            let (piece, behind) = rest.split_at(rest.len().min(SECTOR - start));
            let mut sector = self.sectors.get(&number).map_or([0; SECTOR], |sector| **sector);
            sector.iter_mut().skip(start).zip(piece).for_each(copy);
            sectors.push((number, Arc::new(sector)));
            place += piece.len() as u64;
            rest = behind;
        }
        self.sectors.extend(sectors.iter().cloned());
        self.size = self.size.max(place);
        self.unsynced.push(Write { sectors, size: self.size });
    }

    /// Makes all that was written durable, but for what [`Self::settle`] has lost.
    pub(super) fn sync(&mut self) {
        for write in mem::take(&mut self.unsynced) {
            self.durable.extend(write.sectors);
        }
        self.durable_size = self.size;
    }

    /// Decides for each unsynced write whether it becomes durable, does not, or in part. Half of
    /// them stay together, the others fall apart into sectors; either lasts with the chance, in
    /// quarters. What does not last never becomes durable, though reads see it.
    pub(super) fn settle(&mut self, chance: u64, random: &mut Random) {
        for write in mem::take(&mut self.unsynced) {
            let whole = random.happens(2).then(|| random.happens(chance));
            for (number, sector) in write.sectors {
                if whole.unwrap_or_else(|| random.happens(chance)) {
                    let end = (number + 1).saturating_mul(SECTOR as u64).min(write.size);
                    self.durable_size = self.durable_size.max(end);
                    self.durable.insert(number, sector);
                }
            }
        }
        // Lengths are written apart from contents.
        let growth = self.size - self.durable_size;
        self.durable_size += match random.up_to(2) {
            0 => 0,
            1 => growth,
            _ => random.up_to(growth),
        };
    }

    /// The file after a crash.
    pub(super) fn crash(&self, chance: u64, random: &mut Random) -> Self {
        let mut crashed = self.clone();
        crashed.settle(chance, random);
        crashed.sectors = crashed.durable.clone();
        crashed.size = crashed.durable_size;
        crashed
    }

    /// Flips the bits of `mask` at `offset` in what reads see and in what is durable.
    pub(super) fn flip(&mut self, offset: u64, mask: u8) {
        let (number, start) = address(offset);
        for sectors in [&mut self.sectors, &mut self.durable] {
            let sector = sectors.entry(number).or_insert_with(|| Arc::new([0; SECTOR]));
            for octet in Arc::make_mut(sector).iter_mut().skip(start).take(1) {
                *octet ^= mask;
            }
        }
    }
}

/// The sector that holds the octet at `place`, and where in it.
fn address(place: u64) -> (u64, usize) {
    let sector = SECTOR as u64;
    // Less than a sector.
    (place / sector, usize::try_from(place % sector).unwrap_or_default())
}

fn copy((to, from): (&mut u8, &u8)) {
    *to = *from;
}
