//! Choices that a seed decides (`SplitMix64`).

use std::ops::RangeInclusive;

/// A source of choices.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The source number `lane` of a seed.
    pub fn new(seed: u64, lane: u64) -> Self {
        let mut mixed = Self(lane);
        Self(seed ^ mixed.next())
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn within(&mut self, range: RangeInclusive<u32>) -> u32 {
        let (low, high) = range.into_inner();
        let place = self.next() % (u64::from(high - low) + 1);
        low + u32::try_from(place).unwrap()
    }

    /// Whether something happens that does so in so many of a hundred cases.
    pub fn happens(&mut self, percent: u32) -> bool {
        self.within(1..=100) <= percent
    }

    pub fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        let last = u32::try_from(from.len() - 1).unwrap();
        from[self.within(0..=last) as usize]
    }
}
