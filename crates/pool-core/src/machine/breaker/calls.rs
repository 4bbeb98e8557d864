//! The last jobs of an instance, counted.

use super::Why;
use crate::spec::BreakerSpec;
use std::collections::VecDeque;

/// What the end of one job says about the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) sick: bool,
    pub(super) slow: bool,
}

/// The last `size` calls; resilience4j's count-based window.
#[derive(Debug)]
pub(super) struct Calls {
    size: u32,
    last: VecDeque<Call>,
    sick: u32,
    slow: u32,
}

impl Calls {
    pub(super) const fn new(size: u32) -> Self {
        Self { size, last: VecDeque::new(), sick: 0, slow: 0 }
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.last.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn push(&mut self, call: Call) {
        if self.size == 0 {
            return;
        }
        if self.len() == self.size
            && let Some(old) = self.last.pop_front()
        {
            self.sick -= u32::from(old.sick);
            self.slow -= u32::from(old.slow);
        }
        self.sick += u32::from(call.sick);
        self.slow += u32::from(call.slow);
        self.last.push_back(call);
    }

    /// Forgets the newest sick call.
    pub(super) fn forgive(&mut self) {
        if let Some(at) = self.last.iter().rposition(|call| call.sick)
            && let Some(call) = self.last.remove(at)
        {
            self.sick -= 1;
            self.slow -= u32::from(call.slow);
        }
    }

    /// Which share is too large; nobody can tell before there are `minimum` calls.
    pub(super) fn verdict(&self, minimum: u32, spec: &BreakerSpec) -> Option<Why> {
        let calls = self.len();
        let too_many = |count: u32, percent: u8| {
            calls >= minimum && u64::from(count) * 100 >= u64::from(percent) * u64::from(calls)
        };
        if too_many(self.sick, spec.failure_rate) {
            return Some(Why::Sick(self.sick, calls));
        }
        too_many(self.slow, spec.slow_rate).then_some(Why::Slow(self.slow, calls))
    }
}
