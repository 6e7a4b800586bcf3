//! Which sequence numbers have been seen: a bit for each.

/// A set of numbers from 0 up.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// Adds `number`; `false` if it was there.
    #[inline]
    pub(super) fn insert(&mut self, number: u64) -> bool {
        let word = usize::try_from(number / 64).unwrap_or(usize::MAX);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (number % 64);
        let Some(word) = self.words.get_mut(word) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Whether `number` is there.
    pub(super) fn contains(&self, number: u64) -> bool {
        let word = usize::try_from(number / 64).ok().and_then(|word| self.words.get(word));
        word.is_some_and(|word| word & 1 << (number % 64) != 0)
    }

    /// How many numbers are in it.
    pub(super) fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Adds those of `other`; returns how many were in both.
    pub(super) fn merge(&mut self, other: &Self) -> u64 {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        let mut common = 0;
        for (ours, theirs) in self.words.iter_mut().zip(&other.words) {
            common += u64::from((*ours & theirs).count_ones());
            *ours |= theirs;
        }
        common
    }

    /// How many of its numbers `other` has not.
    pub(super) fn missing_in(&self, other: &Self) -> u64 {
        let theirs = other.words.iter().chain(std::iter::repeat(&0));
        let missing = self.words.iter().zip(theirs).map(|(ours, theirs)| ours & !theirs);
        missing.map(|word| u64::from(word.count_ones())).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(numbers: &[u64]) -> Bits {
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
    fn what_two_sets_share_and_lack_is_counted() {
        let mut ours = bits(&[1, 2, 200]);
        let theirs = bits(&[2, 3]);

        assert_eq!((ours.missing_in(&theirs), theirs.missing_in(&ours)), (2, 1));
        assert_eq!(ours.merge(&theirs), 1);
        assert_eq!(ours.len(), 4);
    }
}
