//! A persistent map with several values to a key: a flat set of pairs, so that a key with one
//! value costs no node of its own.

use std::cmp::Ordering;

use equivalent::{Comparable, Equivalent};
use imbl::OrdSet;

/// Pairs in order; a clone costs O(1), a change O(log n).
#[derive(Clone, Debug)]
pub(super) struct Multimap<K: Ord, V: Ord>(OrdSet<(K, V)>);

impl<K: Ord + Clone, V: Ord + Clone> Multimap<K, V> {
    pub(super) fn new() -> Self {
        Self(OrdSet::new())
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.0.insert((key, value));
    }

    pub(super) fn remove(&mut self, key: K, value: V) {
        self.0.remove(&(key, value));
    }

    /// The values of `key`, in their order.
    pub(super) fn of<'m, 'k>(
        &'m self,
        key: &'k K,
    ) -> impl Iterator<Item = &'m V> + use<'m, 'k, K, V> {
        self.0.range(StartOf(key)..).take_while(move |(k, _)| k == key).map(|(_, value)| value)
    }
}

/// Stands before all values of a key.
struct StartOf<'a, K>(&'a K);

impl<K, V> Equivalent<(K, V)> for StartOf<'_, K> {
    fn equivalent(&self, _: &(K, V)) -> bool {
        false
    }
}

impl<K: Ord, V> Comparable<(K, V)> for StartOf<'_, K> {
    fn compare(&self, (key, _): &(K, V)) -> Ordering {
        self.0.cmp(key).then(Ordering::Less)
    }
}
