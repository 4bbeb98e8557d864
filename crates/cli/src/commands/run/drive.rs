//! The loop of a run: results, signals, the pool's end and the clock, until every job has ended.

mod idle;
mod pace;
mod questions;
mod verdict;

pub(crate) use questions::Questions;

use super::bounds::{Bounds, Budget, Deadline, Denial, is_left, news};
use super::chronicle::Chronicle;
use super::pool::Pool;
use super::record::Closed;
use super::steps::Source;
use crate::exit::Exit;
use crate::output::{Output, Shown, jobs, redact};
use crate::signals::{Answer, Heard, Ladder};
use cluster::batch::ResultRecord;
use cluster::batch::run::{Batch, Counts, Ending};
use cluster::{Job, Standing};
use futures_util::{FutureExt, Stream, StreamExt};
use idle::{Idle, comes};
use pool_core::message::{JobHandle, JobId};
use pool_core::supervisor::{HoldStatus, InstanceStatus};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep_until};
use verdict::verdict;

/// How many results are taken at most before signals and the clock have their turn.
const BURST: usize = 256;

/// How long talk may take to be written before we stop or end; and the last results, after everything was killed.
const PATIENCE: Duration = Duration::from_secs(1);

/// Runs the batch to its end, stops the pool, and says how it went.
pub(crate) async fn drive<P, S, F>(
    pool: &P,
    changes: Receiver<InstanceStatus>,
    mut batch: Batch<Source, F>,
    bounds: Bounds,
    questions: Questions,
    mut signals: S,
    output: &mut Output,
) -> Exit
where
    P: Pool,
    S: Stream<Item = Heard> + Unpin,
    F: Fn(Job) -> JobHandle,
{
    questions.introduce(output);
    let ladder = Ladder::default();
    let chronicle = Chronicle::new(batch.recorder().cloned());
    let (write_error, record) = (None, Closed::Not);
    let batch = &mut batch;
    let mut run = Run { pool, batch, output, chronicle, ladder, bounds, questions, write_error, record };
    let mut over = run.until_all_ended(&mut signals, changes).await;
    if over.is_continue() {
        run.chronicle.over(run.batch.ending());
        run.record = Closed::of(run.batch.close().await);
        over = run.until_stopped(&mut signals).await;
    }
    run.until_written(over, &mut signals).await;
    let exit = run.conclude();
    if over.is_continue() {
        run.until_hooked(exit, &mut signals).await;
    }
    run.until_told().await;
    exit
}

/// Whether to go on.
type Flow = std::ops::ControlFlow<()>;

struct Run<'a, P, F> {
    pool: &'a P,
    batch: &'a mut Batch<Source, F>,
    output: &'a mut Output,
    chronicle: Chronicle,
    ladder: Ladder,
    bounds: Bounds,
    questions: Questions,
    /// Standard output is gone.
    write_error: Option<std::io::Error>,
    /// How the recorded run stands.
    record: Closed,
}

impl<P: Pool, F: Fn(Job) -> JobHandle> Run<'_, P, F> {
    /// `Break`: everything was killed.
    async fn until_all_ended(
        &mut self,
        signals: &mut (impl Stream<Item = Heard> + Unpin),
        mut changes: Receiver<InstanceStatus>,
    ) -> Flow {
        let mut next_look = Instant::now();
        let pool = self.pool;
        let mut failure = std::pin::pin!(pool.failure());
        let mut holds = pool.holds();
        let mut failed = false;
        let mut idle = Idle::since(Instant::now());
        loop {
            tokio::select! {
                biased;
                Some(heard) = signals.next() => self.heard(heard).await?,
                reason = &mut failure, if !failed => {
                    failed = true;
                    self.batch.pool_failed(reason);
                }
                Ok(()) = holds.changed() => {
                    let holds = holds.borrow_and_update().clone();
                    self.limited(holds, Instant::now());
                }
                () = sleep_until(next_look) => {
                    let now = Instant::now();
                    self.tick(&mut idle, now).await;
                    let deadline = self.bounds.deadline.as_ref().and_then(Deadline::ahead);
                    next_look = pace::next(self.output.draws(), deadline, now);
                }
                Some(status) = changes.recv() => self.changed(&status),
                key = self.questions.key() => self.pressed(key),
                written = self.output.moved(), if self.output.is_behind() => self.written(written),
                record = self.batch.next(), if !self.output.is_full() => match record {
                    Some(record) => self.burst(&record),
                    None => return Flow::Continue(()),
                },
            }
        }
    }

    /// The jobs have ended; the tools are asked to go, and may take their time unless somebody is impatient.
    async fn until_stopped(&mut self, signals: &mut (impl Stream<Item = Heard> + Unpin)) -> Flow {
        let pool = self.pool;
        let mut shutdown = std::pin::pin!(pool.shutdown());
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => return Flow::Continue(()),
                Some(heard) = signals.next() => self.heard(heard).await?,
            }
        }
    }

    /// Who reads us may take the time as well; not after a kill.
    async fn until_written(&mut self, over: Flow, signals: &mut (impl Stream<Item = Heard> + Unpin)) {
        let mut patience = std::pin::pin!(tokio::time::sleep(PATIENCE));
        while self.output.is_behind() {
            tokio::select! {
                biased;
                written = self.output.moved() => self.written(written),
                () = &mut patience, if over.is_break() => return,
                Some(heard) = signals.next() => {
                    if self.heard(heard).await.is_break() {
                        return;
                    }
                }
            }
        }
    }

    /// The user's programs have been told; a signal takes back what is left of that.
    async fn until_hooked(&mut self, exit: Exit, signals: &mut (impl Stream<Item = Heard> + Unpin)) {
        tokio::select! {
            () = self.output.run_done(exit, Instant::now().into_std()) => {}
            Some(_) = signals.next() => {}
        }
    }

    /// What has been said is written; not for long, if nobody listens.
    async fn until_told(&mut self) {
        let mut patience = std::pin::pin!(tokio::time::sleep(PATIENCE));
        while self.output.is_talking() {
            tokio::select! {
                biased;
                written = self.output.moved() => self.written(written),
                () = &mut patience => return,
            }
        }
    }

    fn written(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.broken(error);
        }
    }

    async fn heard(&mut self, heard: Heard) -> Flow {
        let running = self.batch.counts().running as u64;
        match self.ladder.climb(heard) {
            Answer::FeedNoMore => {
                self.batch.feed_no_more();
                self.output.note(&format!("finishing {}, beginning no more; again to cancel", jobs(running)));
            }
            Answer::Cancel => {
                self.batch.cancel_all();
                self.output.note(&format!("cancelling {}; again to kill the tools", jobs(running)));
            }
            Answer::Kill => {
                self.output.note("killing the tools");
                self.pool.kill().await;
                return Flow::Break(());
            }
            Answer::Suspend => {
                self.output.note(&format!(
                    "suspended: {} on in their tools, and their time stands still",
                    go(running)
                ));
                self.output.put_away();
                self.questions.rest();
                // The thread that writes is stopped too.
                self.until_told().await;
                self.pool.suspend().await;
                self.put();
            }
            Answer::Dump => {
                let dump = self.pool.dump().await;
                self.output.dump(&dump, |job| self.batch.info(JobId(job)));
            }
        }
        Flow::Continue(())
    }

    async fn tick(&mut self, idle: &mut Idle, now: Instant) {
        let counts = self.batch.counts();
        let drawn = if self.output.draws() { self.pool.status().await } else { Vec::new() };
        self.output.tick(counts, &drawn, |job| self.batch.info(JobId(job)), now.into_std());
        self.look_at_the_clock(counts, now);
        if !idle.is_worth_showing(counts, now) {
            self.give_up_on_limits(false, now);
            return;
        }
        let status = self.pool.status().await;
        let is_stuck = !status.iter().any(|instance| comes(instance.state));
        self.give_up_on_limits(is_stuck, now);
        // While a limit lasts, why they wait has been said.
        if !self.bounds.limits.any() {
            self.output.note("jobs wait, and no instance takes them:");
            self.output.status(&status, |job| self.batch.info(JobId(job)));
        }
    }

    fn look_at_the_clock(&mut self, counts: Counts, now: Instant) {
        if let Some(deadline) = &mut self.bounds.deadline
            && deadline.passes(now)
        {
            self.batch.feed_no_more();
            self.output.note(&news(&deadline.reason(), counts));
        }
    }

    /// Usage limits came, moved or went.
    fn limited(&mut self, holds: Vec<HoldStatus>, now: Instant) {
        let counts = self.batch.counts();
        for news in self.bounds.limits.update(holds) {
            self.chronicle.limited(&news, now.into_std());
            self.output.limit(&news, counts, now.into_std());
        }
        self.give_up_on_limits(false, now);
    }

    /// A limit that lasts too long ends the run: what waits is taken back, what runs goes on.
    fn give_up_on_limits(&mut self, is_stuck: bool, now: Instant) {
        if self.bounds.limits.give_up(is_stuck, now.into_std()) {
            self.batch.feed_no_more();
        }
    }

    /// A result, and those that are there already: they leave together.
    fn burst(&mut self, first: &ResultRecord) {
        self.ended(first);
        for _ in 1..BURST {
            if self.output.is_full() {
                break;
            }
            let Some(Some(record)) = self.batch.next().now_or_never() else { break };
            self.ended(&record);
        }
        if let Err(error) = self.output.flush() {
            self.broken(error);
        }
    }

    fn ended(&mut self, record: &ResultRecord) {
        // From here on nobody sees secrets.
        let hidden = redact::record(record);
        let record = hidden.as_ref();
        let pool_failed = matches!(self.batch.ending(), Some(Ending::PoolFailed(_)));
        let not_run = pool_failed && record.instance.is_none();
        let shown = if not_run { Shown::NotRun } else { self.weigh(record) };
        self.output.keep(record, shown);
        if let Some(budget) = &mut self.bounds.budget
            && budget.spends(record)
        {
            self.batch.feed_no_more();
            self.output.note(&news(&budget.reason(), self.batch.counts()));
        }
        if let Some(denial) = &mut self.bounds.denial
            && denial.decides(record)
            && let Some(reason) = denial.reason()
        {
            self.batch.feed_no_more();
            self.output.note(&news(&reason, self.batch.counts()));
        }
        if self.write_error.is_some() {
            return;
        }
        if let Err(error) = self.output.result(record, shown) {
            self.broken(error);
        }
    }

    /// What an answer is worth. When enough are there, the others are taken back.
    fn weigh(&mut self, record: &ResultRecord) -> Shown {
        let Some(fold) = &mut self.bounds.fold else { return Shown::Whole };
        let standing = fold.ended(record.is_ok());
        if fold.is_decided() && standing != Standing::TooLate {
            self.batch.cancel_all();
        }
        match standing {
            Standing::TooLate => Shown::NotNeeded,
            Standing::Failed if !fold.wants_all() => Shown::NoAnswer,
            Standing::Counts | Standing::Failed => Shown::Whole,
        }
    }

    /// Nobody takes the results any more.
    fn broken(&mut self, error: std::io::Error) {
        self.write_error.get_or_insert(error);
        self.batch.cancel_all();
    }

    /// Keeps what is left, also of jobs that have ended after one that has not; false if something could not be kept.
    fn keep_all(&mut self) -> bool {
        for record in self.batch.held_back() {
            self.output.keep(&record, Shown::Whole);
        }
        self.output.keep_all(Instant::now().into_std())
    }

    fn conclude(&mut self) -> Exit {
        match self.batch.ending() {
            Some(Ending::PoolFailed(reason)) => self.output.error(&format!("the pool gave up: {reason}")),
            Some(Ending::BadList(error)) => self.output.error(&error.to_string()),
            Some(Ending::RecordFailed(error)) => self.output.error(&error.to_string()),
            Some(Ending::AllFed | Ending::Stopped) | None => {}
        }
        if let Some(hold) = self.bounds.limits.given_up() {
            self.output.error(&Output::too_long(hold, Instant::now().into_std()));
        }
        let stopped = self.is_stopped();
        match &self.write_error {
            Some(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                self.output.error(&format!("cannot write to standard output: {error}"));
            }
            _ => {}
        }
        self.record.tell(self.batch.recorder(), self.output);
        let kept = self.keep_all();
        self.output.summary(Instant::now().into_std());
        let reader = self.write_error.as_ref().map(std::io::Error::kind);
        let fold = self.bounds.fold.as_ref();
        let failed_before = self.batch.recorder().is_some_and(|recorder| recorder.passed().failed > 0);
        let won = fold.is_some_and(|fold| !fold.wants_all() && fold.is_reached());
        match verdict(&self.ladder, self.batch.ending(), stopped, reader, self.output.tally()) {
            // Enough good answers are there, whatever became of the others.
            Exit::Failed | Exit::Pool | Exit::Stopped if won && self.write_error.is_none() => Exit::Ok,
            // A file that somebody waits for is not there.
            Exit::Ok if !kept || self.record.is_short() || failed_before => Exit::Failed,
            exit => exit,
        }
    }

    /// Whether a bound has ended the batch; says which, if something is left because of it.
    fn is_stopped(&mut self) -> bool {
        if self.bounds.limits.given_up().is_some() {
            return true;
        }
        let halted = self.batch.halted().map(|halt| {
            format!("{} failed: the run was halted (--halt {halt})", jobs(self.batch.counts().failed))
        });
        let deadline = self.bounds.deadline.filter(Deadline::has_passed).map(|deadline| deadline.reason());
        let spent = self.bounds.budget.filter(Budget::is_spent).map(|budget| budget.reason());
        let denied = self.bounds.denial.as_ref().and_then(Denial::reason);
        let Some(reason) = halted.or(deadline).or(spent).or(denied) else { return false };
        let is_left = is_left(self.batch.ending(), self.output.tally().cancelled());
        if is_left {
            self.output.error(&reason);
        }
        is_left
    }
}

fn go(running: u64) -> String {
    format!("{} {}", jobs(running), if running == 1 { "goes" } else { "go" })
}

#[cfg(test)]
mod tests;
