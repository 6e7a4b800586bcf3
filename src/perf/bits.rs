//! Which sequence numbers have been seen: a bit for each, but for the first that all have been.

use std::collections::VecDeque;

/// A set of numbers from 0 up. What begins without a gap takes no memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    /// Words of 64 numbers, from the first on, of which none is missing.
    full: usize,
    /// The words behind them. The first has a gap.
    words: VecDeque<u64>,
}

impl Bits {
    /// Adds `number`; `false` if it was there.
    #[inline]
    pub(super) fn insert(&mut self, number: u64) -> bool {
        let word = usize::try_from(number / 64).unwrap_or(usize::MAX);
        let Some(at) = word.checked_sub(self.full) else { return false };
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        let bit = 1 << (number % 64);
        let Some(word) = self.words.get_mut(at) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        if at == 0 && *word == u64::MAX {
            self.pass_full();
        }
        is_new
    }

    /// Whether `number` is there.
    #[cfg(test)]
    pub(super) fn contains(&self, number: u64) -> bool {
        usize::try_from(number / 64).is_ok_and(|word| self.word(word) & 1 << (number % 64) != 0)
    }

    /// The least number that is not there.
    pub(super) fn first_missing(&self) -> u64 {
        let ones = self.words.front().map_or(0, |word| word.trailing_ones());
        self.full as u64 * 64 + u64::from(ones)
    }

    /// How many numbers are in it.
    pub(super) fn len(&self) -> u64 {
        let counted: u64 = self.words.iter().map(|word| u64::from(word.count_ones())).sum();
        self.full as u64 * 64 + counted
    }

    /// Adds those of `other`; returns how many were in both.
    pub(super) fn merge(&mut self, other: &Self) -> u64 {
        let both_full = self.full.min(other.full);
        let end = self.end().max(other.end());
        let mut common = both_full as u64 * 64;
        let mut words = VecDeque::with_capacity(end - both_full);
        for at in both_full..end {
            let (ours, theirs) = (self.word(at), other.word(at));
            common += u64::from((ours & theirs).count_ones());
            words.push_back(ours | theirs);
        }
        *self = Self { full: both_full, words };
        self.pass_full();
        common
    }

    /// How many of its numbers neither `some` nor `others` have.
    pub(super) fn missing_in(&self, some: &Self, others: &Self) -> u64 {
        let missing = |at| self.word(at) & !some.word(at) & !others.word(at);
        let begin = self.full.min(some.full.max(others.full));
        (begin..self.end()).map(|at| u64::from(missing(at).count_ones())).sum()
    }

    fn word(&self, at: usize) -> u64 {
        match at.checked_sub(self.full) {
            Some(at) => self.words.get(at).copied().unwrap_or_default(),
            None => u64::MAX,
        }
    }

    fn end(&self) -> usize {
        self.full + self.words.len()
    }

    fn pass_full(&mut self) {
        while self.words.front() == Some(&u64::MAX) {
            self.words.pop_front();
            self.full += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn bits<'a>(numbers: impl IntoIterator<Item = &'a u64>) -> Bits {
        let mut bits = Bits::default();
        for number in numbers {
            bits.insert(*number);
        }
        bits
    }

    #[test]
    fn a_number_is_new_once() {
        let mut bits = bits(&[3]);

        assert!(!bits.insert(3));
        assert!(bits.insert(64));
        assert_eq!(bits.len(), 2);
        assert!(bits.contains(64) && !bits.contains(65) && !bits.contains(1 << 40));
    }

    #[test]
    fn what_begins_without_a_gap_takes_no_memory() {
        let numbers: Vec<_> = (0..64_000).collect();

        let mut bits = bits(&numbers);

        assert!(bits.words.is_empty());
        assert_eq!((bits.len(), bits.first_missing()), (64_000, 64_000));
        assert!(!bits.insert(63_999));
    }

    /// Numbers of which many follow each other, so that whole words fill up.
    fn numbers() -> impl Strategy<Value = BTreeSet<u64>> {
        let runs = prop::collection::vec((0..400_u64, 1..200_u64), 0..5);
        runs.prop_map(|runs| runs.iter().flat_map(|(from, len)| *from..from + len).collect())
    }

    proptest! {
        #[test]
        fn it_counts_as_a_set_does(a in numbers(), b in numbers(), c in numbers()) {
            let (ours, some, others) = (bits(&a), bits(&b), bits(&c));
            let rest = a.iter().filter(|number| !b.contains(number) && !c.contains(number));
            prop_assert_eq!(ours.missing_in(&some, &others), rest.count() as u64);
            prop_assert_eq!(ours.len(), a.len() as u64);
            prop_assert_eq!(Some(ours.first_missing()), (0..=1000).find(|number| !a.contains(number)));

            let mut both = ours.clone();
            prop_assert_eq!(both.merge(&some), a.intersection(&b).count() as u64);
            for number in 0..700 {
                let expected = a.contains(&number) || b.contains(&number);
                prop_assert_eq!(both.contains(number), expected);
            }
        }
    }
}
