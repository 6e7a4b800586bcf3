//! Numbers and strings of varying length, written and read.

/// Appends `value` in groups of seven bits, lowest first (LEB128): 1 to 10 octets.
pub fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than 0x80")]
    out.push(value as u8);
}

/// Appends `octets` with their length in front.
pub fn put_octets(out: &mut Vec<u8>, octets: &[u8]) {
    put_number(out, octets.len() as u64);
    out.extend_from_slice(octets);
}

/// Reads from the front of octets; everything is `None` when they end too early or are malformed.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` octets.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next octet.
    pub fn octet(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// A number as [`put_number`] writes it.
    pub fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let octet = self.octet()?;
            let bits = u64::from(octet & 0x7F);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if octet < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The same, where it has to fit 32 bits.
    pub fn number32(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// Octets as [`put_octets`] writes them.
    pub fn octets(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// `N` octets, as an array.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_read_as_they_were_written(value: u64, shift in 0..64_u32) {
            let mut out = Vec::new();
            put_number(&mut out, value >> shift);
            let mut reader = Reader(&out);
            prop_assert_eq!(reader.number(), Some(value >> shift));
            prop_assert!(reader.is_empty());
            prop_assert_eq!(Reader(&out[..out.len() - 1]).number(), None);
        }
    }

    #[test]
    fn a_number_that_does_not_fit_is_none() {
        assert_eq!(Reader(&[0xFF; 11]).number(), None);
        assert_eq!(Reader(&[0xFF, 0xFF, 0xFF, 0xFF, 0x7F]).number32(), None);
    }
}
