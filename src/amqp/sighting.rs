//! That a value was seen, and for how long that counts.

use super::fingerprint::Fingerprint;

/// A value that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The value.
    pub value: Fingerprint,
    /// Before which time it counts as seen, in milliseconds since the epoch, at most
    /// [`Self::FOR_EVER`].
    pub until: u64,
}

impl Sighting {
    /// The time that is never reached. Half of what 64 bits hold, so that one of them is free.
    pub const FOR_EVER: u64 = u64::MAX >> 1;
}
