//! Which of 256 levels have messages.

/// A set of levels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Occupied([u64; 4]);

impl Occupied {
    /// Puts a level into the set, or takes it out.
    #[inline]
    pub(super) fn set(&mut self, level: u8, occupied: bool) {
        if let Some(word) = self.0.get_mut(usize::from(level / 64)) {
            let bit = u64::from(occupied) << (level % 64);
            *word = *word & !(1 << (level % 64)) | bit;
        }
    }

    /// The highest level of the set.
    #[inline]
    pub(super) fn highest(&self) -> Option<u8> {
        let (place, bits) = self.0.iter().enumerate().rev().find(|(_, bits)| **bits != 0)?;
        u8::try_from(64 * place + bits.ilog2() as usize).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_level_of_a_set_is_found() {
        let mut set = Occupied::default();
        assert_eq!(set.highest(), None);

        for level in 0..=255 {
            set.set(level, true);
            assert_eq!(set.highest(), Some(level));
        }
        set.set(100, false);
        for level in (0..=255).rev() {
            assert_eq!(set.highest(), Some(if level == 100 { 99 } else { level }));
            set.set(level, false);
        }

        assert_eq!(set.highest(), None);
    }
}
