//! The trie of a topic exchange's binding keys, as a flat map: a node is the words that lead to
//! it, joined by dots. So it shares its structure between versions like any persistent map, and
//! there are no node ids to hand out.

use std::sync::Arc;

use foldhash::fast::RandomState;
use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;

/// Each run of words that begins some binding key, with the number of bindings it begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Prefixes(GenericHashMap<Arc<[u8]>, usize, RandomState, DefaultSharedPtr>);

impl Prefixes {
    /// Counts a binding with this key.
    pub(super) fn add(&mut self, key: &[u8]) {
        for prefix in prefixes(key) {
            if let Some(count) = self.0.get_mut(prefix) {
                *count += 1;
            } else {
                self.0.insert(Arc::from(prefix), 1);
            }
        }
    }

    /// Forgets a binding that was counted.
    pub(super) fn remove(&mut self, key: &[u8]) {
        for prefix in prefixes(key) {
            match self.0.get_mut(prefix) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(self.0.remove(prefix)),
            }
        }
    }

    /// Whether some binding key is `words`, or goes on behind them with a dot.
    pub(super) fn contains(&self, words: &[u8]) -> bool {
        self.0.contains_key(words)
    }

    /// How many nodes the trie has.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The first word, the first two words, and so on up to the whole key.
fn prefixes(key: &[u8]) -> impl Iterator<Item = &[u8]> {
    let dots = key.iter().enumerate().filter(|(_, octet)| **octet == b'.').map(|(at, _)| at);
    dots.chain([key.len()]).filter_map(|end| key.get(..end))
}
