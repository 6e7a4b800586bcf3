//! What is durable besides messages, the topology and the users: entries that the log keeps
//! without knowing what they mean.

use std::collections::BTreeMap;
use std::fmt::Debug;

use parking_lot::Mutex;

use super::commit::Commit;

/// An entry that has come, changed or gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaChange {
    /// Which one.
    pub key: Vec<u8>,
    /// Its value from now on; `None`: it is deleted.
    pub value: Option<Vec<u8>>,
}

/// Where entries are kept.
pub trait MetaLog: Debug + Send + Sync {
    /// Appends the changes as one record, all or nothing, in the order of the calls; never blocks.
    fn append(&self, changes: Vec<MetaChange>) -> Commit;
}

/// Entries that live as long as the process: all of it is done at once.
#[derive(Debug, Default)]
pub struct MemoryMeta {
    entries: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl MemoryMeta {
    /// The entries as they are now.
    pub fn entries(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.entries.lock().clone()
    }
}

impl MetaLog for MemoryMeta {
    fn append(&self, changes: Vec<MetaChange>) -> Commit {
        let mut entries = self.entries.lock();
        for MetaChange { key, value } in changes {
            match value {
                Some(value) => entries.insert(key, value),
                None => entries.remove(&key),
            };
        }
        Commit::done()
    }
}
