//! Which values were seen lately: a bounded number of them, each for its time.

use std::collections::{HashMap, VecDeque};

use crate::amqp::fingerprint::Fingerprint;

/// The largest number of values that may be remembered: twice as many are numbered by 32 bits.
pub(super) const SIZE_MAX: usize = 1 << 30;

/// The time that is never reached.
pub(super) const FOR_EVER: u64 = u64::MAX;

/// The time of a value that is not remembered any more, though its place is still there.
const GONE: u64 = 0;

/// Places, gone ones included, from which on it is worth taking those out.
const COMPACT_MIN: usize = 32;

/// Values that were seen, oldest first, as their fingerprints. Times are milliseconds of any clock
/// that does not go back.
///
/// When it is full the oldest goes, whether or not a younger one has had its time. It takes 50 to
/// 100 octets a value, 72 with a million.
#[derive(Debug)]
pub(super) struct Seen {
    size: usize,
    order: VecDeque<Entry>,
    /// The number of the first place in `order`; numbers wrap around.
    first: u32,
    /// The numbers of the places whose values are not gone.
    places: HashMap<Fingerprint, u32, foldhash::fast::RandomState>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    fingerprint: Fingerprint,
    until: u64,
}

impl Seen {
    /// Room for `size` values, from 1 to [`SIZE_MAX`]. None is reserved.
    pub(super) fn new(size: usize) -> Self {
        let size = size.clamp(1, SIZE_MAX);
        Self { size, order: VecDeque::new(), first: 0, places: HashMap::default() }
    }

    /// How many values are remembered; some may have had their time.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the value is new at `now`. If so it is remembered before the time `until`.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, now: u64, until: u64) -> bool {
        while self.order.front().is_some_and(|oldest| oldest.until <= now) {
            self.drop_oldest();
        }
        match self.find(fingerprint) {
            Some(entry) if entry.until > now => return false,
            _ => self.forget(fingerprint),
        }
        if until > now {
            self.append(Entry { fingerprint, until });
        }
        true
    }

    /// Takes a value out.
    pub(super) fn forget(&mut self, fingerprint: Fingerprint) {
        if let Some(entry) = self.find(fingerprint) {
            entry.until = GONE;
            self.places.remove(&fingerprint);
        }
    }

    fn find(&mut self, fingerprint: Fingerprint) -> Option<&mut Entry> {
        let number = self.places.get(&fingerprint)?;
        self.order.get_mut(number.wrapping_sub(self.first) as usize)
    }

    fn append(&mut self, entry: Entry) {
        while self.places.len() >= self.size {
            self.drop_oldest();
        }
        if self.order.len() >= 2 * self.size.max(COMPACT_MIN) {
            self.compact();
        }
        let number = self.number(self.order.len());
        self.places.insert(entry.fingerprint, number);
        self.order.push_back(entry);
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.order.pop_front() else { return };
        self.first = self.first.wrapping_add(1);
        if oldest.until != GONE {
            self.places.remove(&oldest.fingerprint);
        }
    }

    /// Takes out the places of values that are gone; as many are left as there are values.
    fn compact(&mut self) {
        self.order.retain(|entry| entry.until != GONE);
        for (place, entry) in self.order.iter().enumerate() {
            let number = self.number(place);
            self.places.insert(entry.fingerprint, number);
        }
    }

    fn number(&self, place: usize) -> u32 {
        self.first.wrapping_add(u32::try_from(place).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is meant, in so many words.
    struct Model {
        size: usize,
        seen: Vec<(u8, u64)>,
    }

    impl Model {
        fn insert(&mut self, value: u8, now: u64, until: u64) -> bool {
            let outdated = self.seen.iter().take_while(|(_, until)| *until <= now).count();
            self.seen.drain(..outdated);
            if self.seen.iter().any(|(it, until)| *it == value && *until > now) {
                return false;
            }
            self.seen.retain(|(it, _)| *it != value);
            if until > now {
                if self.seen.len() == self.size {
                    self.seen.remove(0);
                }
                self.seen.push((value, until));
            }
            true
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert { value: u8, after: u64, time: u64 },
        Forget(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let time = prop_oneof![4 => 0..20_u64, 1 => Just(FOR_EVER)];
        let insert = (0..40_u8, 0..3_u64, time);
        prop_oneof![
            9 => insert.prop_map(|(value, after, time)| Step::Insert { value, after, time }),
            1 => (0..40_u8).prop_map(Step::Forget),
        ]
    }

    fn fingerprint(value: u8) -> Fingerprint {
        Fingerprint::of_octets(&[value])
    }

    proptest! {
        #[test]
        fn it_says_what_a_list_says(
            size in 1..30_usize,
            first in prop_oneof![Just(0), Just(u32::MAX - 50)],
            steps in prop::collection::vec(step(), 0..500),
        ) {
            let mut seen = Seen { first, ..Seen::new(size) };
            let mut model = Model { size, seen: Vec::new() };
            let mut now = 0;

            for step in steps {
                match step {
                    Step::Insert { value, after, time } => {
                        now += after;
                        let until = now.saturating_add(time);
                        let new = seen.insert(fingerprint(value), now, until);
                        prop_assert_eq!(new, model.insert(value, now, until));
                    }
                    Step::Forget(value) => {
                        seen.forget(fingerprint(value));
                        model.seen.retain(|(it, _)| *it != value);
                    }
                }
                prop_assert_eq!(seen.len(), model.seen.len());
                prop_assert!(seen.order.len() <= 2 * size.max(COMPACT_MIN));
            }
        }
    }

    #[test]
    fn the_oldest_goes_when_it_is_full() {
        let mut seen = Seen::new(2);

        let new = [1, 2, 3, 2, 1].map(|value| seen.insert(fingerprint(value), 0, FOR_EVER));

        assert_eq!(new, [true, true, true, false, true]);
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn a_value_is_new_again_when_its_time_has_come() {
        let mut seen = Seen::new(10);

        let at = |seen: &mut Seen, now: u64| seen.insert(fingerprint(1), now, now + 5);
        let new = [0, 4, 5, 9, 10].map(|now| at(&mut seen, now));

        assert_eq!(new, [true, false, true, false, true]);
    }

    #[test]
    fn values_that_come_again_and_again_behind_one_that_stays_take_no_more_room() {
        let mut seen = Seen::new(10);
        assert!(seen.insert(fingerprint(0), 0, FOR_EVER));

        for now in 0..100_000 {
            assert!(seen.insert(fingerprint(1), now, now + 1));
        }

        assert!(seen.order.capacity() <= 128, "{}", seen.order.capacity());
    }
}
