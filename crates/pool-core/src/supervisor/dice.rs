//! Chance, from the seed of the pool: for nonces' seeds and jitter.

use super::PoolSupervisor;

impl PoolSupervisor {
    /// splitmix64 (Steele, Lea, Flood 2014): enough for nonces' seeds and jitter.
    pub(super) const fn roll(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Uniform in `0.0..1.0`.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
pub(super) fn unit(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}
