//! The memory alarm: while it is on, nobody's publishes are read.

use std::sync::atomic::{AtomicBool, Ordering};

/// An alarm that connections look at before they take a publish.
#[derive(Debug, Default)]
pub struct Alarm {
    raised: AtomicBool,
}

/// Whether setting an alarm changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It was so before.
    None,
    /// It went on.
    Raised,
    /// It went off.
    Cleared,
}

impl Alarm {
    /// Whether it is on.
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Acquire)
    }

    /// Puts it on above `mark`, and off below 95 % of it, so that it does not flutter.
    pub fn update(&self, used: u64, mark: u64) -> Transition {
        let was = self.is_raised();
        let is = if was { used >= mark / 20 * 19 } else { used > mark };
        self.raised.store(is, Ordering::Release);
        match (was, is) {
            (false, true) => Transition::Raised,
            (true, false) => Transition::Cleared,
            _ => Transition::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_off_a_little_below_where_it_went_on() {
        let alarm = Alarm::default();

        let seen = [100, 101, 99, 95, 94, 100].map(|used| alarm.update(used, 100));

        let kept = Transition::None;
        let expected = [kept, Transition::Raised, kept, kept, Transition::Cleared, kept];
        assert_eq!(seen, expected);
    }
}
