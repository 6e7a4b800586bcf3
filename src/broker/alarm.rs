//! The memory alarm: while it is on, nobody's publishes are read.

use std::sync::atomic::{AtomicU64, Ordering};

/// An alarm that connections look at before they take a publish.
#[derive(Debug, Default)]
pub struct Alarm {
    /// What was used when it went on; 0 while it is off.
    raised_at: AtomicU64,
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
        self.raised_at.load(Ordering::Acquire) > 0
    }

    /// Puts it on when more than `mark` octets are used, or will be with the growth that is
    /// expected until the next look; and off below 95 % of where it went on, and of `mark`, so
    /// that it does not flutter.
    pub fn update(&self, used: u64, growth: u64, mark: u64) -> Transition {
        let raised_at = self.raised_at.load(Ordering::Acquire);
        if raised_at == 0 && used.saturating_add(growth) > mark {
            self.raised_at.store(used.clamp(1, mark.max(1)), Ordering::Release);
            return Transition::Raised;
        }
        if raised_at > 0 && used < raised_at - raised_at / 20 {
            self.raised_at.store(0, Ordering::Release);
            return Transition::Cleared;
        }
        Transition::None
    }

    /// The same for a mark that has just been moved to `mark`: where the alarm went on below the old
    /// one means nothing any more, so it is on exactly if more than `mark` octets are used.
    pub fn update_moved(&self, used: u64, mark: u64) -> Transition {
        let raised_at = if used > mark { used.clamp(1, mark.max(1)) } else { 0 };
        match (self.raised_at.swap(raised_at, Ordering::AcqRel), raised_at) {
            (0, 0) | (1.., 1..) => Transition::None,
            (0, _) => Transition::Raised,
            (_, 0) => Transition::Cleared,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_before_the_mark_is_passed_and_off_below_that() {
        let alarm = Alarm::default();

        let looks = [(50, 40), (80, 30), (110, 30), (80, 0), (76, 0), (75, 0)];
        let seen = looks.map(|(used, growth)| alarm.update(used, growth, 100));

        let kept = Transition::None;
        assert_eq!(seen, [kept, Transition::Raised, kept, kept, kept, Transition::Cleared]);
    }

    #[test]
    fn it_goes_off_a_little_below_where_it_went_on() {
        let alarm = Alarm::default();

        let seen = [100, 101, 99, 95, 94, 100].map(|used| alarm.update(used, 0, 100));

        let kept = Transition::None;
        let expected = [kept, Transition::Raised, kept, kept, Transition::Cleared, kept];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_mark_that_is_moved_counts_at_once() {
        let alarm = Alarm::default();

        let seen = [(50, 50), (50, 0), (50, 49), (50, 50)];
        let seen = seen.map(|(used, mark)| alarm.update_moved(used, mark));
        let moved_down = alarm.update_moved(50, 40);
        let later = [38, 37].map(|used| alarm.update(used, 0, 40));

        let kept = Transition::None;
        assert_eq!(seen, [kept, Transition::Raised, kept, Transition::Cleared]);
        assert_eq!(moved_down, Transition::Raised);
        assert_eq!(later, [kept, Transition::Cleared]);
    }
}
