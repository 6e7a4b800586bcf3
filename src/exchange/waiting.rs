//! Who waits to hear what became of a value that was seen.

use std::collections::HashMap;
use std::fmt;

use foldhash::fast::RandomState;

use crate::amqp::fingerprint::Fingerprint;

/// Told once whether the message was accepted that a value was seen with. It is to be brief.
pub type Told = Box<dyn FnOnce(bool) + Send>;

/// Who waits, by value.
#[derive(Default)]
pub(super) struct Waiting(HashMap<Fingerprint, Vec<Told>, RandomState>);

impl Waiting {
    pub(super) fn add(&mut self, value: Fingerprint, told: Told) {
        self.0.entry(value).or_default().push(told);
    }

    /// Takes out who waits for any of these; mostly nobody.
    pub(super) fn take(&mut self, values: &[Fingerprint]) -> Vec<Told> {
        if self.0.is_empty() {
            return Vec::new();
        }
        values.iter().filter_map(|value| self.0.remove(value)).flatten().collect()
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waiting").field(&self.0.len()).finish()
    }
}
