//! The runner: keeps the pool fed, and hands out results.
//!
//! A shell without a clock, a thread or a task of its own: it moves only while [`Batch::next`] is awaited, and
//! dropping that future loses nothing. What it decides: how far ahead to feed ([`window`]), in which order results
//! leave ([`Order`]), and when to stop ([`Ending`]).

mod ahead;
mod order;
mod running;

pub use ahead::AHEAD;
pub use order::Order;

use super::halt::{Halt, How};
use super::item::ItemError;
use super::plan::{JobInfo, Planned};
use super::result::ResultRecord;
use crate::Job;
use crate::control::Roster;
use crate::ledger::log::Log;
use crate::ledger::writer::Standing;
use crate::ledger::{LedgerError, Recorder};
use ahead::{Ahead, Kind};
use futures_util::stream::{FuturesUnordered, Stream, StreamExt};
use pool_core::message::{JobHandle, JobId, Offer, Outcome, Stage};
use running::{Ended, Keeping, Kept, Running, keep};
use std::sync::Arc;
use std::task::{Context, Poll};

/// Why no more jobs are begun.
#[derive(Debug)]
pub enum Ending {
    /// The list has ended.
    AllFed,
    /// The list could not be read to its end.
    BadList(ItemError),
    /// The pool gave up; what was left has not been run.
    PoolFailed(Arc<str>),
    /// The record takes no more; what came since has not been told.
    RecordFailed(Arc<LedgerError>),
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
    /// Of these, those that did not succeed; not those that were taken back.
    pub failed: u64,
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
    ahead: Ahead,
    running: FuturesUnordered<Running>,
    /// Results on their way to the disk. Instances do not wait for them.
    keeping: FuturesUnordered<Keeping>,
    order: Order,
    recorder: Option<Recorder>,
    ending: Option<Ending>,
    halt: Option<Halt>,
    halted: bool,
    counts: Counts,
    roster: Option<Roster>,
}

impl<Source, Submit> Batch<Source, Submit>
where
    Source: Stream<Item = Result<Planned, ItemError>> + Unpin,
    Submit: Fn(Job) -> JobHandle,
{
    /// A batch that has at most `window` jobs with the pool at a time, and reads no further ahead (see [`Batch::over`]).
    pub fn new(source: Source, submit: Submit, window: usize, order: Order) -> Self {
        let (running, keeping) = (FuturesUnordered::new(), FuturesUnordered::new());
        Self {
            source,
            submit,
            window,
            ahead: Ahead::new(window),
            running,
            keeping,
            order,
            recorder: None,
            ending: None,
            halt: None,
            halted: false,
            counts: Counts::default(),
            roster: None,
        }
    }

    /// The same, over so many instances of each tool: jobs that not all of them may take do not keep the others from being
    /// fed, as far as [`AHEAD`] goes.
    pub fn over(mut self, offers: Vec<(Offer, usize)>) -> Self {
        self.ahead = self.ahead.over(offers);
        self
    }

    /// The same, ended by failures.
    pub const fn halted_by(mut self, halt: Halt) -> Self {
        self.halt = Some(halt);
        self
    }

    /// The same, with every result put on disk before it is told. The jobs must have been planned by the same
    /// [`Recorder`].
    pub fn recorded(mut self, recorder: Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// The same, with its jobs in a list that others look at.
    pub fn listed_in(mut self, roster: Roster) -> Self {
        self.roster = Some(roster);
        self
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

    /// Answers what the tool asks about this job, if it is with the pool.
    pub fn answer(&self, job: JobId, text: &str) {
        if let Some(running) = self.running.iter().find(|running| running.handle.job() == job) {
            running.handle.answer(text);
        }
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
    /// up with their tool finish the job at hand. A job that comes back as [`JobError::GivenUp`](pool_core::JobError::GivenUp) says the same.
    pub fn pool_failed(&mut self, reason: impl Into<Arc<str>>) {
        if !matches!(self.ending, Some(Ending::PoolFailed(_))) {
            self.ending = Some(Ending::PoolFailed(reason.into()));
            self.feed_no_more();
        }
    }

    /// What has ended the batch, if failures have.
    #[must_use]
    pub fn halted(&self) -> Option<Halt> {
        self.halt.filter(|_| self.halted)
    }

    fn halt_if_due(&mut self) {
        let Some(halt) = self.halt else { return };
        if self.halted || !halt.is_due(self.counts.failed, self.counts.ended) {
            return;
        }
        self.halted = true;
        match halt.how {
            How::Now => self.cancel_all(),
            How::Soon => self.feed_no_more(),
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
            if let Poll::Ready(Some((kind, ended))) = self.running.poll_next_unpin(context) {
                self.ahead.ends(&kind);
                self.keep(ended);
            } else if let Poll::Ready(Some(kept)) = self.keeping.poll_next_unpin(context) {
                self.end(kept);
            } else if self.ending.is_some() && self.running.is_empty() && self.keeping.is_empty() {
                return Poll::Ready(self.order.pop());
            } else {
                return Poll::Pending;
            }
        }
    }

    /// Fills the window; true if a job was refused on the spot, so that there may be a result.
    fn feed(&mut self, context: &mut Context<'_>) -> bool {
        while self.ending.is_none() && self.ahead.has_room() && !self.is_held_up() {
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

    /// True if there is a result at once: the job was refused.
    fn begin(&mut self, planned: Planned) -> bool {
        let now = super::clock::wall();
        self.order.expect(planned.info.index);
        match planned.job {
            Ok(job) => {
                let kind = Kind::of(&job);
                self.ahead.begins(&kind);
                let handle = (self.submit)(job);
                if let Some(roster) = &self.roster {
                    roster.begin(&planned.info, handle.remote());
                }
                self.running.push(Running { handle, info: Some(planned.info), submitted: now, kind });
                false
            }
            Err(reason) => {
                let record = ResultRecord::refused(planned.info, reason, now);
                self.keep(Ended { record, log: Log::default(), is_back: false, given_up: None });
                true
            }
        }
    }

    /// A result goes through the disk, if the run is recorded.
    fn keep(&mut self, ended: Ended) {
        match self.recorder.clone() {
            Some(recorder) => self.keeping.push(keep(recorder, ended)),
            None => self.end(Kept { record: ended.record, given_up: ended.given_up, error: None }),
        }
    }

    /// Whether too many results wait, for an earlier one or for the disk.
    fn is_held_up(&self) -> bool {
        self.order.is_full() || self.keeping.len() >= self.window
    }

    fn end(&mut self, Kept { record, given_up, error }: Kept) {
        self.counts.ended += 1;
        if let Some(roster) = &self.roster {
            roster.end(&record);
        }
        if !matches!(record.outcome, Outcome::Ok | Outcome::Cancelled) {
            self.counts.failed += 1;
            self.halt_if_due();
        }
        if let Some(reason) = given_up {
            self.pool_failed(reason);
        }
        if let Some(error) = error {
            self.record_failed(error);
        }
        self.order.push(record);
    }

    /// The record takes no more: what runs is taken back, what is left is not run.
    fn record_failed(&mut self, error: Arc<LedgerError>) {
        if !matches!(self.ending, Some(Ending::RecordFailed(_))) {
            self.ending = Some(Ending::RecordFailed(error));
            self.cancel_all();
        }
    }

    /// The record, if there is one.
    #[must_use]
    pub const fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Lets go of the record, when all jobs have ended: how the run stands. Nothing without a record.
    ///
    /// # Errors
    /// As [`Recorder::close`].
    pub async fn close(&self) -> Option<Result<Standing, Arc<LedgerError>>> {
        let recorder = self.recorder.as_ref()?;
        Some(recorder.close(matches!(self.ending, Some(Ending::AllFed))).await)
    }
}

#[cfg(test)]
mod tests;
