//! How often a message was handed out and came back.

/// What has come of a message in its queue so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Deliveries that failed: the message was refused to be delivered again, or its channel or
    /// connection went (`x-delivery-count`).
    pub failed: u32,
    /// Times that it was handed out and came back, for whatever reason (`x-acquired-count`).
    pub acquired: u32,
}

impl Attempts {
    /// The higher of each count. Counts only rise, so that it is the later of two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { failed: self.failed.max(other.failed), acquired: self.acquired.max(other.acquired) }
    }
}
