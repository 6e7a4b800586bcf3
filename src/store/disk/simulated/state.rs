//! What the handles of one disk share: the files, the room, and the failures to come.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::contents::Contents;
use super::directory::{Change, Directory, File};
use super::random::Random;

pub(super) struct State {
    pub(super) random: Random,
    pub(super) directory: Directory,
    /// Octets that all files may have together.
    pub(super) capacity: u64,
    pub(super) operations: u64,
    /// The operation that is the last.
    pub(super) crash_at: Option<u64>,
    pub(super) crashed: bool,
    pub(super) syncs: u64,
    /// The sync that fails.
    pub(super) fail_at: Option<u64>,
}

impl State {
    /// A disk that has seen nothing yet, with what is on it.
    pub(super) fn new(random: Random, directory: Directory, capacity: u64) -> Self {
        Self {
            random,
            directory,
            capacity,
            operations: 0,
            crash_at: None,
            crashed: false,
            syncs: 0,
            fail_at: None,
        }
    }

    pub(super) fn alive(&self) -> io::Result<()> {
        if self.crashed { Err(io::Error::other("crashed")) } else { Ok(()) }
    }

    pub(super) fn find(&self, name: &str) -> io::Result<&File> {
        self.directory
            .get(name)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{name}: no such file")))
    }

    pub(super) fn free(&self) -> u64 {
        self.capacity.saturating_sub(self.directory.octets())
    }

    /// Counts a sync, and says whether it is the one to fail.
    pub(super) fn fails_sync(&mut self) -> bool {
        self.syncs += 1;
        self.fail_at == Some(self.syncs)
    }

    pub(super) fn create(&mut self, name: &str, size: u64) -> io::Result<File> {
        if self.find(name).is_ok() {
            self.directory.change(Change::Remove(name.to_owned()));
        }
        if size > self.free() {
            return Err(full(name));
        }
        let file = Arc::new(Mutex::new(Contents::new(size)));
        self.directory.change(Change::Create(name.to_owned(), Arc::clone(&file)));
        Ok(file)
    }

    pub(super) fn write(
        &self,
        name: &str,
        file: &File,
        octets: &[u8],
        offset: u64,
    ) -> io::Result<()> {
        let free = self.free();
        let mut contents = file.lock();
        let Some(end) = offset.checked_add(octets.len() as u64) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let limit = contents.size().saturating_add(free);
        if end <= limit {
            contents.write(octets, offset);
            return Ok(());
        }
        let fitting = usize::try_from(limit.saturating_sub(offset)).unwrap_or(usize::MAX);
        contents.write(octets.split_at(fitting).0, offset);
        Err(full(name))
    }
}

fn full(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, format!("{name}: no space left"))
}
