//! Which values were seen lately: a bounded number of them, each for its time.

use std::collections::{HashMap, VecDeque};

use crate::amqp::fingerprint::Fingerprint;
use crate::amqp::sighting::Sighting;

/// The largest number of values that may be remembered: twice as many are numbered by 32 bits.
pub(super) const SIZE_MAX: usize = 1 << 30;

/// The time that is never reached.
pub(super) const FOR_EVER: u64 = Sighting::FOR_EVER;

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

/// A place. The highest bit of `mark` says whether the value's message is known to be accepted, the
/// others before which time the value counts: so a million of them take no more room.
#[derive(Clone, Copy, Debug)]
struct Entry {
    fingerprint: Fingerprint,
    mark: u64,
}

/// The bit of what is accepted.
const ACCEPTED: u64 = 1 << 63;

impl Entry {
    const fn until(&self) -> u64 {
        self.mark & !ACCEPTED
    }

    const fn is_accepted(&self) -> bool {
        self.mark & ACCEPTED != 0
    }
}

/// What a value is that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Novelty {
    /// New, and remembered from now on.
    New,
    /// One that was seen, and whose message is accepted.
    Accepted,
    /// One that was seen with a message of which nobody knows yet whether it is accepted.
    Open,
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

    /// What the value is at `now`. If it is new it is remembered before the time `until`.
    pub(super) fn insert(&mut self, fingerprint: Fingerprint, now: u64, until: u64) -> Novelty {
        while self.order.front().is_some_and(|oldest| oldest.until() <= now) {
            self.drop_oldest();
        }
        match self.find(fingerprint) {
            Some(entry) if entry.until() > now && entry.is_accepted() => return Novelty::Accepted,
            Some(entry) if entry.until() > now => return Novelty::Open,
            _ => self.forget(fingerprint),
        }
        if until > now {
            self.append(Entry { fingerprint, mark: until.min(FOR_EVER) });
        }
        Novelty::New
    }

    /// Takes note that a value's message is accepted; `None` if the value is not remembered any
    /// more.
    pub(super) fn accept(&mut self, value: Fingerprint) -> Option<Sighting> {
        let entry = self.find(value)?;
        entry.mark |= ACCEPTED;
        Some(Sighting { value, until: entry.until() })
    }

    /// Whether the message of a value is accepted, if the value is remembered.
    pub(super) fn is_accepted(&mut self, value: Fingerprint) -> Option<bool> {
        self.find(value).map(|entry| entry.is_accepted())
    }

    /// The values that count at `now` and whose messages are accepted, oldest first.
    pub(super) fn accepted(&self, now: u64) -> Vec<Sighting> {
        let counts = |entry: &&Entry| entry.is_accepted() && entry.until() > now;
        let entries = self.order.iter().filter(counts);
        entries.map(|it| Sighting { value: it.fingerprint, until: it.until() }).collect()
    }

    /// Takes a value out.
    pub(super) fn forget(&mut self, fingerprint: Fingerprint) {
        if let Some(entry) = self.find(fingerprint) {
            entry.mark = GONE;
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
        if oldest.mark != GONE {
            self.places.remove(&oldest.fingerprint);
        }
    }

    /// Takes out the places of values that are gone; as many are left as there are values.
    fn compact(&mut self) {
        self.order.retain(|entry| entry.mark != GONE);
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
        seen: Vec<(u8, u64, bool)>,
    }

    impl Model {
        fn insert(&mut self, value: u8, now: u64, until: u64) -> Novelty {
            let outdated = self.seen.iter().take_while(|(_, until, _)| *until <= now).count();
            self.seen.drain(..outdated);
            let found = self.seen.iter().find(|(it, until, _)| *it == value && *until > now);
            if let Some((_, _, accepted)) = found {
                return if *accepted { Novelty::Accepted } else { Novelty::Open };
            }
            self.seen.retain(|(it, ..)| *it != value);
            if until > now {
                if self.seen.len() == self.size {
                    self.seen.remove(0);
                }
                self.seen.push((value, until, false));
            }
            Novelty::New
        }

        fn accepted(&self, now: u64) -> Vec<Sighting> {
            let accepted = self.seen.iter().filter(|(_, until, it)| *it && *until > now);
            accepted
                .map(|(value, until, _)| Sighting { value: fingerprint(*value), until: *until })
                .collect()
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert { value: u8, after: u64, time: u64 },
        Accept(u8),
        Forget(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let time = prop_oneof![4 => 0..20_u64, 1 => Just(FOR_EVER)];
        let insert = (0..40_u8, 0..3_u64, time);
        prop_oneof![
            9 => insert.prop_map(|(value, after, time)| Step::Insert { value, after, time }),
            3 => (0..40_u8).prop_map(Step::Accept),
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
                        let until = now.saturating_add(time).min(FOR_EVER);
                        let new = seen.insert(fingerprint(value), now, until);
                        prop_assert_eq!(new, model.insert(value, now, until));
                    }
                    Step::Accept(value) => {
                        let accepted = seen.accept(fingerprint(value)).is_some();
                        let found = model.seen.iter_mut().find(|(it, ..)| *it == value);
                        prop_assert_eq!(accepted, found.is_some());
                        if let Some((_, _, accepted)) = found {
                            *accepted = true;
                        }
                    }
                    Step::Forget(value) => {
                        seen.forget(fingerprint(value));
                        model.seen.retain(|(it, ..)| *it != value);
                    }
                }
                prop_assert_eq!(seen.accepted(now), model.accepted(now));
                prop_assert_eq!(seen.len(), model.seen.len());
                prop_assert!(seen.order.len() <= 2 * size.max(COMPACT_MIN));
            }
        }
    }

    #[test]
    fn the_oldest_goes_when_it_is_full() {
        let mut seen = Seen::new(2);

        let came = [1, 2, 3, 2, 1].map(|value| seen.insert(fingerprint(value), 0, FOR_EVER));

        assert_eq!(came.map(|it| it == Novelty::New), [true, true, true, false, true]);
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn a_value_is_new_again_when_its_time_has_come() {
        let mut seen = Seen::new(10);

        let at = |seen: &mut Seen, now: u64| seen.insert(fingerprint(1), now, now + 5);
        let came = [0, 4, 5, 9, 10].map(|now| at(&mut seen, now));

        assert_eq!(came.map(|it| it == Novelty::New), [true, false, true, false, true]);
    }

    #[test]
    fn values_that_come_again_and_again_behind_one_that_stays_take_no_more_room() {
        let mut seen = Seen::new(10);
        assert_eq!(seen.insert(fingerprint(0), 0, FOR_EVER), Novelty::New);

        for now in 0..100_000 {
            assert_eq!(seen.insert(fingerprint(1), now, now + 1), Novelty::New);
        }

        assert!(seen.order.capacity() <= 128, "{}", seen.order.capacity());
    }
}
