//! A number over time: one value for each span, the last ones kept.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One value stands for so much time.
pub(super) const SPAN: Duration = Duration::from_secs(2);

/// So many are kept: six minutes.
const MOST: usize = 180;

/// The values, the oldest first; the last one is of the span that goes on.
#[derive(Debug, Clone)]
pub(super) struct Series {
    values: VecDeque<u64>,
    /// When the last span began.
    begun: Instant,
}

impl Series {
    pub(super) fn new(now: Instant) -> Self {
        Self { values: VecDeque::from([0]), begun: now }
    }

    /// Adds to the value of this moment.
    pub(super) fn add(&mut self, number: u64, now: Instant) {
        self.advance(now, 0);
        let last = self.now();
        *last = last.saturating_add(number);
    }

    /// Sets the value of this moment. It holds until there is another one.
    pub(super) fn set(&mut self, number: u64, now: Instant) {
        let before = *self.now();
        self.advance(now, before);
        *self.now() = number;
    }

    /// The last ones, at most so many.
    pub(super) fn last(&self, most: usize) -> impl Iterator<Item = u64> {
        self.values.iter().copied().skip(self.values.len().saturating_sub(most))
    }

    fn now(&mut self) -> &mut u64 {
        if self.values.is_empty() {
            self.values.push_back(0);
        }
        let last = self.values.len() - 1;
        &mut self.values[last]
    }

    /// Begins the spans that have begun since, with this value.
    fn advance(&mut self, now: Instant, value: u64) {
        let spans = now.saturating_duration_since(self.begun).as_millis() / SPAN.as_millis();
        for _ in 0..spans.min(MOST as u128) {
            self.values.push_back(value);
        }
        self.begun += SPAN * u32::try_from(spans).unwrap_or(u32::MAX);
        let over = self.values.len().saturating_sub(MOST);
        self.values.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_begin_anew_and_levels_stay() {
        let start = tokio::time::Instant::now().into_std();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (mut count, mut level) = (Series::new(start), Series::new(start));
        for (seconds, number) in [(0, 1), (1, 2), (5, 4), (9, 1)] {
            count.add(number, at(seconds));
            level.set(number, at(seconds));
        }
        assert_eq!(count.last(9).collect::<Vec<_>>(), [3, 0, 4, 0, 1]);
        assert_eq!(level.last(9).collect::<Vec<_>>(), [2, 2, 4, 4, 1]);
        assert_eq!(level.last(2).collect::<Vec<_>>(), [4, 1]);
    }

    proptest! {
        /// Nothing is lost but what is too old, and it never grows without end.
        #[test]
        fn all_is_counted_once(steps in proptest::collection::vec((0u64..5, 0u64..9), 0..40)) {
            let start = tokio::time::Instant::now().into_std();
            let (mut now, mut series, mut all) = (start, Series::new(start), 0);
            for (seconds, number) in steps {
                now += Duration::from_secs(seconds);
                series.add(number, now);
                all += number;
            }
            prop_assert_eq!(series.last(MOST).sum::<u64>(), all);
            series.set(1, now + Duration::from_secs(1_000_000));
            prop_assert!(series.last(usize::MAX).count() <= MOST);
        }
    }
}
