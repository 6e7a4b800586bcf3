//! The one hash that exchanges choose by. A key has to find its queue again after a restart and
//! with a later version, so this function never changes.

/// What is added before each finish, so that 0 is no fixed point of [`mix`].
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// FNV-1a of 64 bits over all `parts`, finished by [`mix`].
pub(super) fn hash(parts: &[&[u8]]) -> u64 {
    mix(fnv_1a(parts))
}

/// One step of `SplitMix64`: spreads what distinguishes two numbers over all bits.
pub const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A place below `count`, each equally likely if `number` is any; 0 when `count` is.
pub(super) fn place(number: u64, count: usize) -> usize {
    let scaled = (u128::from(number) * count as u128) >> 64;
    usize::try_from(scaled).unwrap_or_default()
}

fn fnv_1a(parts: &[&[u8]]) -> u64 {
    parts.iter().copied().flatten().fold(0xcbf2_9ce4_8422_2325, |hash: u64, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_functions_are_the_published_ones() {
        for (octets, hash) in [
            (&b""[..], 0xcbf2_9ce4_8422_2325),
            (b"a", 0xaf63_dc4c_8601_ec8c),
            (b"foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(fnv_1a(&[octets]), hash);
        }
        assert_eq!(fnv_1a(&[b"foo", b"bar"]), fnv_1a(&[b"foobar"]));
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(GOLDEN), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn places_lie_below_the_count() {
        assert_eq!((place(0, 3), place(u64::MAX / 2, 3), place(u64::MAX, 3)), (0, 1, 2));
        assert_eq!((place(u64::MAX, 1), place(u64::MAX, 0)), (0, 0));
    }
}
