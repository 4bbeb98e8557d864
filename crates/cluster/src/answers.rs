//! Several answers to one question: the jobs of a [`Fold`], and what they bring.

use crate::cluster::ClusterManager;
use crate::fold::{Fold, Standing};
use crate::job::Job;
use futures_util::stream::{FuturesUnordered, StreamExt};
use pool_core::message::{JobHandle, JobResult, Reply};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The answers to one question, as they come. Dropping it cancels what is still out.
#[derive(Debug)]
#[must_use = "dropping the answers cancels their jobs"]
pub struct Answers {
    out: FuturesUnordered<Numbered>,
    fold: Fold,
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    /// Which job it is of, in the order in which they were given.
    pub index: usize,
    /// What came.
    pub result: JobResult,
    /// What it is worth.
    pub standing: Standing,
}

/// Fewer good answers than were wanted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{} of {wanted} good answers; {}", .good.len(), reasons(.failed))]
pub struct NoQuorum {
    /// How many were wanted.
    pub wanted: usize,
    /// The good ones, and which jobs they are of.
    pub good: Vec<(usize, Reply)>,
    /// Those that were not good, likewise; without those that were cancelled because they could not help any more.
    pub failed: Vec<(usize, JobResult)>,
}

impl ClusterManager {
    /// Hands in several jobs at once, mostly one question to several tools ([`Job::tool`]), and gives out their answers
    /// as they end. When `fold` is decided, those that are still out are cancelled, wherever they are; their ends
    /// come all the same. A job that was not submitted because everything was decided before has no end.
    pub fn answers<J: Into<Job>>(&self, fold: Fold, jobs: impl IntoIterator<Item = J>) -> Answers {
        let mut out = FuturesUnordered::new();
        if !fold.is_decided() {
            let handles = jobs.into_iter().map(|job| self.submit(job));
            out.extend(handles.enumerate().map(|(index, handle)| Numbered { index, handle }));
        }
        Answers { out, fold }
    }

    /// Every job's result, in the order of the jobs. Dropping the future cancels those that are still out.
    pub async fn broadcast<J: Into<Job>>(&self, jobs: impl IntoIterator<Item = J>) -> Vec<JobResult> {
        let jobs: Vec<J> = jobs.into_iter().collect();
        let mut answers = self.answers(Fold::broadcast(jobs.len()), jobs);
        let mut all = Vec::new();
        while let Some(Answer { index, result, .. }) = answers.next().await {
            all.push((index, result));
        }
        all.sort_by_key(|(index, _)| *index);
        all.into_iter().map(|(_, result)| result).collect()
    }

    /// The first good reply, and which job it is of; the other jobs are cancelled, and this does not wait for their ends.
    ///
    /// ```no_run
    /// # async fn f(cluster: &cluster::ClusterManager) -> Result<(), cluster::NoQuorum> {
    /// use cluster::Job;
    ///
    /// let question = |tool| Job::from("Why does the build fail?").tool(tool);
    /// let (_, reply) = cluster.race(["aider", "codex"].map(question)).await?;
    /// println!("{} says: {}", reply.instance.tool, reply.text());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`NoQuorum`] if none is good.
    pub async fn race<J: Into<Job>>(
        &self,
        jobs: impl IntoIterator<Item = J>,
    ) -> Result<(usize, Reply), NoQuorum> {
        let mut winners = self.quorum(1, jobs).await?;
        let none = || NoQuorum { wanted: 1, good: Vec::new(), failed: Vec::new() };
        winners.pop().ok_or_else(none)
    }

    /// The first `wanted` good replies, in the order in which they came, and which jobs they are of; the other jobs are
    /// cancelled, and this does not wait for their ends.
    ///
    /// # Errors
    /// [`NoQuorum`] as soon as there cannot be so many.
    pub async fn quorum<J: Into<Job>>(
        &self,
        wanted: usize,
        jobs: impl IntoIterator<Item = J>,
    ) -> Result<Vec<(usize, Reply)>, NoQuorum> {
        let jobs: Vec<J> = jobs.into_iter().collect();
        let mut answers = self.answers(Fold::quorum(wanted, jobs.len()), jobs);
        let (mut good, mut failed) = (Vec::new(), Vec::new());
        while !answers.fold.is_decided()
            && let Some(Answer { index, result, .. }) = answers.next().await
        {
            match result {
                Ok(reply) if reply.is_ok() => good.push((index, reply)),
                other => failed.push((index, other)),
            }
        }
        if answers.fold.is_reached() { Ok(good) } else { Err(NoQuorum { wanted, good, failed }) }
    }
}

impl Answers {
    /// The next answer; `None` when all have ended. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Answer> {
        let (index, result) = self.out.next().await?;
        let was_decided = self.fold.is_decided();
        let standing = self.fold.ended(result.as_ref().is_ok_and(Reply::is_ok));
        if self.fold.is_decided() && !was_decided {
            self.cancel();
        }
        Some(Answer { index, result, standing })
    }

    /// What they come to so far.
    #[must_use]
    pub const fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Cancels what is still out; the ends still come.
    pub fn cancel(&mut self) {
        // Put in anew, because what is taken back in the queue has ended, and nobody would wake it.
        for numbered in std::mem::take(&mut self.out) {
            numbered.handle.cancel();
            self.out.push(numbered);
        }
    }
}

/// A job that is out, and which it is.
#[derive(Debug)]
struct Numbered {
    index: usize,
    handle: JobHandle,
}

impl Future for Numbered {
    type Output = (usize, JobResult);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let index = self.index;
        Pin::new(&mut self.handle).poll(context).map(|result| (index, result))
    }
}

/// Why answers are not good, in one line.
fn reasons(failed: &[(usize, JobResult)]) -> String {
    let reason = |(index, result): &(usize, JobResult)| match result {
        Ok(reply) => {
            let why = reply.error.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{index}: {}{why}", reply.outcome)
        }
        Err(error) => format!("{index}: {error}"),
    };
    let reasons: Vec<String> = failed.iter().map(reason).collect();
    if reasons.is_empty() { "so many were not asked for".to_owned() } else { reasons.join("; ") }
}
