//! Times in bounded memory: buckets whose width grows with the value.

use std::time::Duration;

/// Each doubling of the time is cut into this many buckets, so a quantile is at most 1/8 too high.
const PER_OCTAVE: u64 = 8;

/// How long things took, in microseconds. Grows to the longest time seen and no further: about 0.8 KiB for a minute,
/// at most 2 KiB.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    buckets: Vec<u32>,
    count: u64,
    max: u64,
}

impl Histogram {
    /// Counts one time.
    pub fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = bucket_of(micros);
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] = self.buckets[bucket].saturating_add(1);
        self.count += 1;
        self.max = self.max.max(micros);
    }

    /// Adds what another one has counted.
    pub fn merge(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine = mine.saturating_add(*theirs);
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// How many times were counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The longest, in microseconds; 0 if nothing was counted.
    #[must_use]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The time in microseconds that `per_mille` of all were not above, rounded up by at most one part in eight; 0 if
    /// nothing was counted.
    #[must_use]
    pub fn quantile(&self, per_mille: u64) -> u64 {
        let total: u64 = self.buckets.iter().map(|&count| u64::from(count)).sum();
        let wanted = (total * per_mille.min(1000)).div_ceil(1000).max(1);
        let mut seen = 0;
        let bucket = self.buckets.iter().position(|&count| {
            seen += u64::from(count);
            seen >= wanted
        });
        bucket.map_or(0, |bucket| highest_in(bucket).min(self.max))
    }
}

/// Values below 8 have a bucket each; above, the three bits after the leading one choose within the octave.
fn bucket_of(value: u64) -> usize {
    if value < PER_OCTAVE {
        return value as usize;
    }
    let octave = u64::from(value.ilog2());
    ((octave - 2) * PER_OCTAVE + ((value >> (octave - 3)) & 7)) as usize
}

fn highest_in(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < PER_OCTAVE {
        return bucket;
    }
    let (shift, step) = (bucket / PER_OCTAVE - 1, bucket % PER_OCTAVE);
    // Computed from the top: the very last bucket ends at the largest number there is.
    ((PER_OCTAVE + step) << shift) + ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_counted_is_zero() {
        let none = Histogram::default();
        assert_eq!((none.count(), none.quantile(500), none.max()), (0, 0, 0));
    }

    #[test]
    fn the_longest_time_there_is_fits() {
        let mut times = Histogram::default();
        times.record(Duration::MAX);
        assert_eq!(times.quantile(990), u64::MAX);
        assert!(times.buckets.len() <= 512);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn a_quantile_is_never_flattering_and_at_most_an_eighth_too_high(
            mut times in prop::collection::vec(0_u64..u64::MAX / 2, 1..50),
            shift in 0_u32..60,
            per_mille in 1_u64..=1000,
        ) {
            let (mut one, mut two) = (Histogram::default(), Histogram::default());
            for (index, time) in times.iter_mut().enumerate() {
                *time >>= shift;
                let half = if index % 2 == 0 { &mut one } else { &mut two };
                half.record(Duration::from_micros(*time));
            }
            one.merge(&two);
            times.sort_unstable();
            let rank = (times.len() as u64 * per_mille).div_ceil(1000);
            let exact = times[usize::try_from(rank).unwrap() - 1];
            let told = one.quantile(per_mille);
            prop_assert_eq!(one.count(), times.len() as u64);
            prop_assert!(exact <= told && told <= exact + exact / 8, "{} told as {}", exact, told);
        }
    }
}
