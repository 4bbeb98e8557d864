//! Chance that is the same in every run: SplitMix64.

/// A seeded source of choices.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `below`, without `below`.
    pub(crate) const fn upto(&mut self, below: u64) -> u64 {
        self.next() % below
    }

    /// One of these.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[usize::try_from(self.upto(from.len() as u64)).unwrap()]
    }

    /// 16 hex digits: what a nonce looks like.
    pub(crate) fn hex(&mut self) -> String {
        format!("{:016x}", self.next())
    }
}
