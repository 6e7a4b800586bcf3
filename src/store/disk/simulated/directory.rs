//! The names of the files: those that are seen, those that are durable, and the changes between.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use parking_lot::Mutex;

use super::contents::Contents;
use super::random::Random;

/// A file, for as long as a name or a handle leads to it.
pub(super) type File = Arc<Mutex<Contents>>;

type Names = BTreeMap<String, File>;

#[derive(Debug, Default)]
pub(super) struct Directory {
    names: Names,
    durable: Names,
    unsynced: Vec<Change>,
    /// A sync has failed: the durable names stay what they are, whatever a later sync says.
    failed: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Create(String, File),
    /// From the first name to the second.
    Rename(String, String),
    Remove(String),
}

impl Directory {
    pub(super) fn get(&self, name: &str) -> Option<&File> {
        self.names.get(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// The sizes of all files that have a name, in octets.
    pub(super) fn octets(&self) -> u64 {
        self.names.values().map(|file| file.lock().size()).sum()
    }

    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.unsynced.push(change);
    }

    /// Makes all changes durable, unless a sync has failed before.
    pub(super) fn sync(&mut self) {
        if self.failed {
            return;
        }
        for change in mem::take(&mut self.unsynced) {
            change.apply(&mut self.durable);
        }
    }

    /// Loses the changes since the last sync for the next crash.
    pub(super) fn fail_sync(&mut self) {
        self.failed = true;
    }

    /// The directory after a crash: some changes from the first on have lasted, the later have
    /// not, as in a journal; of each file, what its own sync and chance have left.
    pub(super) fn crash(&self, chance: u64, random: &mut Random) -> Self {
        let mut durable = self.durable.clone();
        let last = random.up_to(self.unsynced.len() as u64);
        for (_, change) in (0..last).zip(&self.unsynced) {
            change.apply(&mut durable);
        }
        for file in durable.values_mut() {
            let crashed = file.lock().crash(chance, random);
            *file = Arc::new(Mutex::new(crashed));
        }
        Self { names: durable.clone(), durable, ..Self::default() }
    }
}

impl Change {
    fn apply(&self, names: &mut Names) {
        match self {
            Self::Create(name, file) => {
                names.insert(name.clone(), Arc::clone(file));
            }
            Self::Rename(from, to) => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}
