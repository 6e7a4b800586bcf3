//! What befalls the disk, from a seed (splitmix64).

#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `last`, which counts.
    pub(super) fn up_to(&mut self, last: u64) -> u64 {
        let drawn = self.draw();
        last.checked_add(1).map_or(drawn, |count| drawn % count)
    }

    /// Whether something of so many quarters happens.
    pub(super) fn happens(&mut self, quarters: u64) -> bool {
        self.up_to(3) < quarters
    }
}
