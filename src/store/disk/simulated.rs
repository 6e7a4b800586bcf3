//! A disk in memory for tests and fuzzing, which loses, tears and refuses what a disk may.
//!
//! All that befalls it comes from a seed: the same calls in the same order lead to the same disk.
//!
//! What it promises is what a careful reading of POSIX, Linux and disks leaves:
//! - A write is durable after the file's sync. Before, a crash keeps any subset of the sectors
//!   (512 octets) that were written, in no order, but each of them whole.
//! - A file's length is durable after its sync. Before, a crash leaves it anywhere from the durable
//!   length, or the last octet kept, to the new length; what lies between is zeros.
//! - Creations, renames and removals are durable after the directory's sync. Before, a crash keeps
//!   the first so many of them, each all or nothing. A file's name says nothing of its contents.
//! - After a failed sync reads see what was written, though some of it never becomes durable.

mod contents;
mod directory;
mod random;
mod state;

use std::fmt;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::io::Errno;

use self::directory::{Change, Directory, File};
use self::random::Random;
use self::state::State;
use super::{Disk, DiskFile};

/// The disk. Clones are handles to the same one.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

struct SimulatedFile {
    disk: SimulatedDisk,
    name: String,
    file: File,
}

impl SimulatedDisk {
    /// An empty disk without end.
    pub fn new(seed: u64) -> Self {
        Self::with(Random::new(seed), Directory::default(), u64::MAX)
    }

    fn with(random: Random, directory: Directory, capacity: u64) -> Self {
        Self(Arc::new(Mutex::new(State::new(random, directory, capacity))))
    }

    /// The disk as it is found after power was lost now. This one stays as it is, so that it can
    /// be asked again for another outcome. The new one counts from zero, and has the capacity of
    /// this one but none of its failures to come.
    #[must_use]
    pub fn crash(&self) -> Self {
        let mut state = self.0.lock();
        let State { random, directory, capacity, .. } = &mut *state;
        // In one crash of five everything is lost, in another nothing.
        let chance = random.up_to(4);
        let directory = directory.crash(chance, random);
        Self::with(Random::new(random.draw()), directory, *capacity)
    }

    /// The disk as the next process finds it when this one was killed now and power was not lost:
    /// all that was written is there, and what was not synced can still be lost. It takes the place
    /// of this one, counts from zero, and has none of its failures to come.
    #[must_use]
    pub fn kill(&self) -> Self {
        let mut state = self.0.lock();
        let random = Random::new(state.random.draw());
        Self::with(random, std::mem::take(&mut state.directory), state.capacity)
    }

    /// Crashes at the `n`-th operation from now, counted from 1: it and all calls after it, reads
    /// too, fail with [`io::ErrorKind::Other`] and the text "crashed". What it was to do may be
    /// found done, or done in part, by [`Self::crash`].
    pub fn crash_after(&self, n: u64) {
        let mut state = self.0.lock();
        state.crash_at = Some(state.operations.saturating_add(n.max(1)));
    }

    /// Whether the operation that [`Self::crash_after`] waits for has come.
    pub fn crashed(&self) -> bool {
        self.0.lock().crashed
    }

    /// How many operations were asked for: writes, syncs of files and of the directory, creations,
    /// renames and removals, whether or not they went well. The one that crashed counts, later
    /// ones do not.
    pub fn operations(&self) -> u64 {
        self.0.lock().operations
    }

    /// Leaves room for so many octets more. What a write puts in place of others needs none;
    /// what a removed file had is free at once.
    pub fn fill(&self, free: u64) {
        let mut state = self.0.lock();
        state.capacity = state.directory.octets().saturating_add(free);
    }

    /// Lets the `n`-th sync from now, of a file or of the directory and counted from 1, fail with
    /// EIO. Of what it was to make durable, any part is lost, and no later sync says so.
    pub fn fail_sync(&self, n: u64) {
        let mut state = self.0.lock();
        state.fail_at = Some(state.syncs.saturating_add(n.max(1)));
    }

    /// Flips the bits of `mask` in one octet of a file, for reads and for good.
    ///
    /// # Errors
    /// There is no such file, or it has no such octet.
    pub fn flip(&self, name: &str, offset: u64, mask: u8) -> io::Result<()> {
        let state = self.0.lock();
        let mut contents = state.find(name)?.lock();
        if offset >= contents.size() {
            let text = format!("flip {name} at {offset}: it ends at {}", contents.size());
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        }
        contents.flip(offset, mask);
        Ok(())
    }

    /// Carries out what [`Self::operations`] counts. The operation that crashes is begun, and
    /// what it leaves unsynced is in the hands of [`Self::crash`].
    fn operate<T>(&self, act: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.0.lock();
        state.alive()?;
        state.operations += 1;
        state.crashed = state.crash_at == Some(state.operations);
        let done = act(&mut state);
        state.alive()?;
        done
    }

    fn look<T>(&self, look: impl FnOnce(&State) -> io::Result<T>) -> io::Result<T> {
        let state = self.0.lock();
        state.alive()?;
        look(&state)
    }

    fn file(&self, name: &str, file: File) -> Arc<dyn DiskFile> {
        Arc::new(SimulatedFile { disk: self.clone(), name: name.to_owned(), file })
    }
}

impl Disk for SimulatedDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        self.look(|state| Ok(state.directory.names().map(str::to_owned).collect()))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.look(|state| state.find(name).cloned())?;
        Ok(self.file(name, file))
    }

    fn create(&self, name: &str, size: u64) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.operate(|state| state.create(name, size))?;
        Ok(self.file(name, file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.operate(|state| {
            state.find(from)?;
            state.directory.change(Change::Rename(from.to_owned(), to.to_owned()));
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.operate(|state| {
            state.find(name)?;
            state.directory.change(Change::Remove(name.to_owned()));
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.operate(|state| {
            if state.fails_sync() {
                state.directory.fail_sync();
                return Err(Errno::IO.into());
            }
            if !state.crashed {
                state.directory.sync();
            }
            Ok(())
        })
    }

    fn free_space(&self) -> io::Result<u64> {
        self.look(|state| Ok(state.free()))
    }
}

impl DiskFile for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.look(|_| Ok(self.file.lock().size()))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.look(|_| Ok(self.file.lock().read(buffer, offset)))
    }

    /// Everything is at hand.
    fn will_read(&self, _offset: u64, _octets: u64) {}

    fn write_at(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.disk.operate(|state| state.write(&self.name, &self.file, octets, offset))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.operate(|state| {
            if state.fails_sync() {
                let chance = state.random.up_to(4);
                self.file.lock().settle(chance, &mut state.random);
                return Err(Errno::IO.into());
            }
            if !state.crashed {
                self.file.lock().sync();
            }
            Ok(())
        })
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimulatedDisk")
    }
}

impl fmt::Debug for SimulatedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimulatedFile({:?})", self.name)
    }
}

#[cfg(test)]
mod tests;
