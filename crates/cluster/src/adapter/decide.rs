//! Does a pool pay? Starting a process for each job costs a start each time; a pool costs a start for each instance,
//! once. All there is to weigh is how many jobs there will be, and what a start costs.

use std::time::Duration;

/// A pool that saves less than this in all is not worth its memory.
pub const WORTH: Duration = Duration::from_millis(250);

/// What is known when a job comes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    /// How many instances the pool would have.
    pub(super) instances: usize,
    /// Jobs that came before this one.
    pub(super) jobs: u64,
    /// How many there will be in all, if the program has said.
    pub(super) expected: Option<u64>,
    /// The least that a start has taken, the stop included.
    pub(super) start: Option<Duration>,
}

/// What becomes of the next job, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A process of its own.
    OneShot(String),
    /// An instance of the pool.
    Pool(String),
}

impl Decision {
    /// The reason, for people.
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Self::OneShot(why) | Self::Pool(why) => why,
        }
    }

    /// Whether the next job goes to the pool.
    #[must_use]
    pub const fn is_pool(&self) -> bool {
        matches!(self, Self::Pool(_))
    }
}

impl Known {
    /// Unless told, as many jobs are expected to come as have come: then, for jobs one after the other, the wrong choice
    /// never costs more than twice what the right one would have.
    pub(super) fn decide(&self) -> Decision {
        let announced =
            self.expected.and_then(|expected| expected.checked_sub(self.jobs)).filter(|left| *left > 0);
        let (left, told) = announced.map_or((self.jobs, "expected"), |left| (left, "announced"));
        let more = left.saturating_sub(self.instances as u64);
        let instances = self.instances;
        if more == 0 {
            return Decision::OneShot(format!(
                "{left} more jobs are {told}, and a pool would start {instances} instances first"
            ));
        }
        let Some(start) = self.start else {
            return Decision::OneShot("what a start costs is not known yet: this job measures it".into());
        };
        let saved = start.saturating_mul(u32::try_from(more).unwrap_or(u32::MAX));
        let why = format!(
            "a start takes {start:.1?}, and {left} more jobs are {told}: {instances} warm instances save {more} starts, {saved:.1?} in all"
        );
        if saved >= WORTH { Decision::Pool(why) } else { Decision::OneShot(format!("{why}: too little")) }
    }
}

/// From how many announced jobs on a pool of so many instances pays, if a start takes so long; `None`: never.
#[must_use]
pub fn pays_from(start: Duration, instances: usize) -> Option<u64> {
    let starts = WORTH.as_nanos().checked_div(start.as_nanos())?;
    let whole = u128::from(starts * start.as_nanos() < WORTH.as_nanos());
    let more = u64::try_from(starts + whole).ok()?.max(1);
    (instances as u64).checked_add(more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_must_save_more_starts_than_it_costs() {
        let ms = |millis| Some(Duration::from_millis(millis));
        let table = [
            (
                5,
                0,
                Some(5),
                ms(1000),
                false,
                "5 more jobs are announced, and a pool would start 5 instances first",
            ),
            (5, 0, Some(6), ms(1000), true, "save 1 starts, 1.0s in all"),
            (5, 0, Some(1000), None, false, "not known yet"),
            (5, 1, Some(1000), ms(1), true, "save 994 starts, 994.0ms in all"),
            (5, 1, Some(100), ms(2), false, "save 94 starts, 188.0ms in all: too little"),
            (3, 3, None, ms(1000), false, "3 more jobs are expected"),
            (3, 4, None, ms(1000), true, "4 more jobs are expected"),
            (3, 89, Some(90), ms(1000), false, "1 more jobs are announced"),
            (3, 90, Some(90), ms(1000), true, "90 more jobs are expected"),
            (3, 100, Some(90), ms(1000), true, "100 more jobs are expected"),
            (1, u64::MAX, None, Some(Duration::MAX), true, "save"),
        ];
        for (instances, jobs, expected, start, pools, why) in table {
            let decision = Known { instances, jobs, expected, start }.decide();
            assert_eq!(decision.is_pool(), pools, "{}", decision.why());
            assert!(decision.why().contains(why), "{why}: {}", decision.why());
        }
    }
    #[test]
    fn a_pool_pays_from_the_first_number_of_jobs_that_chooses_it() {
        for (micros, instances) in [(1, 1), (999, 3), (4_000, 3), (250_000, 2), (251_000, 1), (4_000_000, 5)]
        {
            let start = Duration::from_micros(micros);
            let jobs = pays_from(start, instances).expect("it pays at some time");
            let known = |jobs| Known { instances, jobs: 0, expected: Some(jobs), start: Some(start) };
            assert!(known(jobs).decide().is_pool(), "{start:?}: {jobs}");
            assert!(!known(jobs - 1).decide().is_pool(), "{start:?}: {jobs}");
        }
        assert_eq!(pays_from(Duration::ZERO, 1), None);
    }
}
