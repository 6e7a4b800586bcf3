//! Damage that was found, each place once.

use std::collections::BTreeMap;

use crate::store::recovery::error::Damage;

/// Damage by file and offset.
#[derive(Debug, Default)]
pub(super) struct Damages(BTreeMap<(String, u64), Damage>);

impl Damages {
    /// Takes note of damage, unless it is known already. Returns what is known of it.
    pub(super) fn add(&mut self, damage: Damage) -> &mut Damage {
        self.0.entry((damage.file.clone(), damage.offset)).or_insert(damage)
    }

    /// All of it, in order, each with what is lost in order.
    pub(super) fn into_list(self) -> Vec<Damage> {
        let in_order = |mut damage: Damage| {
            let mut lost = std::mem::take(&mut damage.lost);
            lost.sort_unstable_by_key(|loss| (loss.queue, loss.first));
            damage.losing(lost)
        };
        self.0.into_values().map(in_order).collect()
    }
}
