//! The limit on unacked deliveries that all consumers of a channel share (`basic.qos` with
//! `global`).

/// Counts deliveries to consumers that have to be settled. Those of a get, and those that are
/// settled by being sent, are never counted here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelCredit {
    limit: Option<u16>,
    used: u32,
}

impl ChannelCredit {
    /// Sets the limit; 0 lifts it. What is used already may be above it.
    pub fn set_limit(&mut self, limit: u16) {
        self.limit = (limit > 0).then_some(limit);
    }

    /// Whether there is a limit.
    pub const fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// How many deliveries there is room for.
    pub fn available(&self) -> u32 {
        self.limit.map_or(u32::MAX, |limit| u32::from(limit).saturating_sub(self.used))
    }

    /// Takes up to `wanted`, and says how much. What is not used of it has to be released.
    pub fn reserve(&mut self, wanted: u32) -> u32 {
        let granted = wanted.min(self.available());
        self.used = self.used.saturating_add(granted);
        granted
    }

    /// Counts deliveries that were made without a reservation, whatever the limit.
    pub fn charge(&mut self, count: u32) {
        self.used = self.used.saturating_add(count);
    }

    /// Gives back what `count` settled deliveries, or an unused reservation, held.
    pub fn release(&mut self, count: u32) {
        self.used = self.used.saturating_sub(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_cut_to_what_the_limit_leaves() {
        let mut credit = ChannelCredit::default();
        credit.set_limit(3);

        assert_eq!([credit.reserve(2), credit.reserve(2), credit.reserve(1)], [2, 1, 0]);
        credit.release(2);

        assert_eq!(credit.reserve(5), 2);
    }

    #[test]
    fn a_limit_set_late_counts_what_is_unacked_already() {
        let mut credit = ChannelCredit::default();

        assert_eq!(credit.reserve(10), 10);
        credit.set_limit(4);
        assert_eq!(credit.reserve(1), 0);
        credit.set_limit(0);

        assert!(!credit.is_limited());
        assert_eq!(credit.reserve(7), 7);
    }
}
