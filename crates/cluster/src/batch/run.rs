//! The runner: keeps the pool fed, and hands out results.
//!
//! A shell without a clock, a thread or a task of its own: it moves only while [`Batch::next`] is awaited, and
//! dropping that future loses nothing. What it decides: how far ahead to feed ([`window`]), in which order results
//! leave ([`Order`]), and when to stop ([`Ending`]).

use super::item::ItemError;
use super::plan::{JobInfo, Planned};
use super::reorder::Reorder;
use super::result::ResultRecord;
use crate::Job;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use jiff::Timestamp;
use pool_core::JobError;
use pool_core::message::{JobHandle, JobId, JobResult, Stage};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// In which order results leave.
#[derive(Debug)]
pub enum Order {
    /// As the input; [`Reorder`] bounds what is held back.
    Input(Reorder),
    /// As they finish.
    Finished(VecDeque<ResultRecord>),
}

impl Order {
    /// As the input.
    #[must_use]
    pub fn input() -> Self {
        Self::Input(Reorder::default())
    }

    /// As they finish.
    #[must_use]
    pub const fn finished() -> Self {
        Self::Finished(VecDeque::new())
    }

    fn push(&mut self, record: ResultRecord) {
        match self {
            Self::Input(reorder) => reorder.push(record),
            Self::Finished(queue) => queue.push_back(record),
        }
    }

    fn pop(&mut self) -> Option<ResultRecord> {
        match self {
            Self::Input(reorder) => reorder.pop(),
            Self::Finished(queue) => queue.pop_front(),
        }
    }

    fn is_full(&self) -> bool {
        matches!(self, Self::Input(reorder) if reorder.is_full())
    }

    fn held(&self) -> usize {
        match self {
            Self::Input(reorder) => reorder.held(),
            Self::Finished(queue) => queue.len(),
        }
    }
}

/// Why no more jobs are begun.
#[derive(Debug)]
pub enum Ending {
    /// The list has ended.
    AllFed,
    /// The list could not be read to its end.
    BadList(ItemError),
    /// The pool gave up; what was left has not been run.
    PoolFailed(Arc<str>),
    /// Somebody asked for it.
    Stopped,
}

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Jobs taken from the list so far.
    pub fed: u64,
    /// Jobs that an instance has.
    pub running: usize,
    /// Jobs that wait for an instance.
    pub waiting: usize,
    /// Jobs that have ended, refused ones included.
    pub ended: u64,
    /// Results that wait for an earlier one.
    pub held: usize,
    /// Nothing is fed because too many results wait for an earlier one.
    pub blocked: bool,
}

/// How many jobs to keep with the pool, for so many instances: one that runs and one that waits for each, so that no
/// instance waits for the runner.
#[must_use]
pub fn window(instances: usize) -> usize {
    instances.saturating_mul(2).clamp(2, 8192)
}

/// A batch that runs.
///
/// `source` yields planned jobs; an error from it ends the list. `submit` hands a job to the pool.
#[derive(Debug)]
#[must_use = "a batch runs only while its results are awaited"]
pub struct Batch<Source, Submit> {
    source: Source,
    submit: Submit,
    window: usize,
    running: FuturesUnordered<Running>,
    order: Order,
    ending: Option<Ending>,
    counts: Counts,
}

impl<Source, Submit> Batch<Source, Submit>
where
    Source: Stream<Item = Result<Planned, ItemError>> + Unpin,
    Submit: Fn(Job) -> JobHandle,
{
    /// A batch that has at most `window` jobs with the pool at a time, and reads no further ahead.
    pub fn new(source: Source, submit: Submit, window: usize, order: Order) -> Self {
        let running = FuturesUnordered::new();
        Self { source, submit, window, running, order, ending: None, counts: Counts::default() }
    }

    /// The next result; `None` when every job that was fed has ended. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<ResultRecord> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// Begins no more jobs. Those that wait for an instance are taken back, those that run go on.
    pub fn feed_no_more(&mut self) {
        self.ending.get_or_insert(Ending::Stopped);
        self.cancel(|stage| stage == Stage::Queued);
    }

    /// Begins no more jobs and takes back those that run. Their results still come.
    pub fn cancel_all(&mut self) {
        self.ending.get_or_insert(Ending::Stopped);
        self.cancel(|_| true);
    }

    fn cancel(&mut self, which: impl Fn(Stage) -> bool) {
        // Put in anew, because what is taken back in the queue has ended, and nobody would wake it.
        for running in std::mem::take(&mut self.running) {
            if which(running.handle.stage()) {
                running.handle.cancel();
            }
            self.running.push(running);
        }
    }

    /// The pool gave up: what waits is taken back, what is left is not run. What runs may end: instances that are given
    /// up with their tool finish the job at hand. A job that comes back as [`JobError::GivenUp`] says the same.
    pub fn pool_failed(&mut self, reason: impl Into<Arc<str>>) {
        if !matches!(self.ending, Some(Ending::PoolFailed(_))) {
            self.ending = Some(Ending::PoolFailed(reason.into()));
            self.feed_no_more();
        }
    }

    /// What the user calls the job that the pool knows by this number, while it is with the pool.
    #[must_use]
    pub fn info(&self, job: JobId) -> Option<&JobInfo> {
        self.running.iter().find(|running| running.handle.job() == job)?.info.as_ref()
    }

    /// The results that wait for an earlier one, by number: nobody waits any more.
    pub fn held_back(&mut self) -> Vec<ResultRecord> {
        match &mut self.order {
            Order::Input(reorder) => reorder.take_all(),
            Order::Finished(queue) => std::mem::take(queue).into(),
        }
    }

    /// Why no more jobs are begun; `None` while some may come.
    #[must_use]
    pub const fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// Where it stands.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |which: fn(Stage) -> bool| {
            self.running.iter().filter(|running| which(running.handle.stage())).count()
        };
        Counts {
            running: count(|stage| matches!(stage, Stage::Placed | Stage::Delivered)),
            waiting: count(|stage| stage == Stage::Queued),
            held: self.order.held(),
            blocked: self.ending.is_none() && self.order.is_full(),
            ..self.counts
        }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<ResultRecord>> {
        loop {
            if let Some(record) = self.order.pop() {
                return Poll::Ready(Some(record));
            }
            if self.feed(context) {
                continue;
            }
            match self.running.poll_next_unpin(context) {
                Poll::Ready(Some(ended)) => self.end(ended),
                Poll::Ready(None) if self.ending.is_some() => return Poll::Ready(self.order.pop()),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Fills the window; true if a job was refused on the spot, so that there may be a result.
    fn feed(&mut self, context: &mut Context<'_>) -> bool {
        while self.ending.is_none() && self.running.len() < self.window && !self.order.is_full() {
            match self.source.poll_next_unpin(context) {
                Poll::Pending => return false,
                Poll::Ready(None) => self.ending = Some(Ending::AllFed),
                Poll::Ready(Some(Err(error))) => self.ending = Some(Ending::BadList(error)),
                Poll::Ready(Some(Ok(planned))) => {
                    self.counts.fed += 1;
                    if self.begin(planned) {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// True if the job was refused.
    fn begin(&mut self, planned: Planned) -> bool {
        let now = super::clock::wall();
        match planned.job {
            Ok(job) => {
                let handle = (self.submit)(job);
                self.running.push(Running { handle, info: Some(planned.info), submitted: now });
                false
            }
            Err(reason) => {
                self.counts.ended += 1;
                self.order.push(ResultRecord::refused(planned.info, reason, now));
                true
            }
        }
    }

    fn end(&mut self, ended: Ended) {
        self.counts.ended += 1;
        if let Err(JobError::GivenUp(reason)) = &ended.result {
            self.pool_failed(reason.as_str());
        }
        self.order.push(ResultRecord::new(ended.info, ended.result, ended.submitted, ended.attempts));
    }
}

/// A job that is with the pool.
#[derive(Debug)]
struct Running {
    handle: JobHandle,
    info: Option<JobInfo>,
    submitted: Timestamp,
}

struct Ended {
    info: JobInfo,
    result: JobResult,
    submitted: Timestamp,
    attempts: u32,
}

impl Future for Running {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        let result = ready!(Pin::new(&mut self.handle).poll(context));
        let attempts = self.handle.attempts();
        let info = self.info.take().unwrap_or_default();
        Poll::Ready(Ended { info, result, submitted: self.submitted, attempts })
    }
}

#[cfg(test)]
mod tests;
