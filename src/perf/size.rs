//! How large bodies are.

use std::str::FromStr;

/// Octets of bodies: from `min` to `max`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub(super) min: usize,
    pub(super) max: usize,
}

impl Size {
    /// The same for all bodies.
    pub(super) const fn fixed(size: usize) -> Self {
        Self { min: size, max: size }
    }

    /// The size of the body of that number: spread evenly over the range, and the same each time.
    ///
    /// The fractional parts of the multiples of the golden ratio leave no gap for long.
    pub(super) fn of(self, number: usize) -> usize {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let fraction = (number as u64).wrapping_mul(GOLDEN);
        let choices = (self.max - self.min) as u128 + 1;
        let offset = (u128::from(fraction) * choices) >> 64;
        self.min + usize::try_from(offset).unwrap_or_default()
    }

    /// Whether all bodies have the same size.
    pub(super) const fn is_fixed(self) -> bool {
        self.min == self.max
    }
}

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        match (min.parse(), max.parse()) {
            (Ok(min), Ok(max)) if min <= max => Ok(Self { min, max }),
            _ => Err("expected octets, or a range such as 100-2000"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_covered_evenly() {
        let size: Size = "100-103".parse().unwrap();

        let mut counts = [0; 4];
        for number in 0..400 {
            counts[size.of(number) - 100] += 1;
        }

        assert!(counts.iter().all(|count| (95..=105).contains(count)), "{counts:?}");
        assert!(!size.is_fixed());
    }

    #[test]
    fn one_number_is_a_size_and_what_is_no_range_is_refused() {
        let size: Size = "16".parse().unwrap();

        assert_eq!((size.of(0), size.of(9), size.is_fixed()), (16, 16, true));
        for text in ["", "-", "16-", "20-10", "a", "-5"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
