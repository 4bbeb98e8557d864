//! What an instance works on, for whoever looks: a gauge, so that being looked at costs the hot path no message.

use crate::message::JobId;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The job at hand, and since when. Its two halves are read one after the other, so a reader may see the time of one
/// job with the number of another for a moment; it is for people.
#[derive(Debug)]
pub struct Activity {
    epoch: Instant,
    /// 0 when idle; [`JobId::fresh`] never gives that out.
    job: AtomicU64,
    since_us: AtomicU64,
}

impl Activity {
    /// Idle.
    #[must_use]
    pub const fn new(epoch: Instant) -> Self {
        Self { epoch, job: AtomicU64::new(0), since_us: AtomicU64::new(0) }
    }

    /// The job at hand, and for how long.
    #[must_use]
    pub fn job(&self, now: Instant) -> Option<(JobId, Duration)> {
        let job = self.job.load(Ordering::Relaxed);
        let since = self.epoch + Duration::from_micros(self.since_us.load(Ordering::Relaxed));
        (job != 0).then(|| (JobId(job), now.saturating_duration_since(since)))
    }

    pub(super) fn show(&self, job: Option<JobId>, now: Instant) {
        let job = job.map_or(0, |job| job.0);
        if self.job.load(Ordering::Relaxed) != job {
            let since = now.saturating_duration_since(self.epoch).as_micros();
            self.since_us.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
            self.job.store(job, Ordering::Relaxed);
        }
    }
}
