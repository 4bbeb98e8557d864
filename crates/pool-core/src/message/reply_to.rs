//! The way home of a job: a sender that cannot be forgotten, a shared stage, and a line back to the instance.

mod feed;
mod line;
#[cfg(test)]
mod tests;

use super::{Generation, JobId, JobResult, SlotId};
use crate::error::JobError;
use actix::{Message, Recipient};
use feed::{Feed, Feeder};
use line::Line;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

pub use feed::{PROGRESS_BOUND, PROGRESS_TEXT};

/// How many control messages may wait for a job that no instance has taken yet.
pub const CONTROL_BOUND: usize = 4;

/// How far a job has come. Moved by compare-and-swap only, so that a cancellation and a delivery that race
/// have one winner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stage {
    /// Waiting for a credit.
    Queued = 0,
    /// On its way to an instance, or waiting there; nothing has been written.
    Placed = 1,
    /// Its first byte has been handed to the tool. From here on a repeat may do the work twice.
    Delivered = 2,
    /// Its result has been sent.
    Done = 3,
    /// Its caller took it back before delivery.
    Cancelled = 4,
}

impl Stage {
    const fn from_u8(value: u8) -> Self {
        match value {
            0 => Self::Queued,
            1 => Self::Placed,
            2 => Self::Delivered,
            4 => Self::Cancelled,
            _ => Self::Done,
        }
    }
}

/// What a caller may tell the instance that works on its job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// Stop it: the tool is interrupted, and the job ends as cancelled.
    Cancel,
    /// The answer to the question the tool asks.
    Answer(String),
}

/// A [`Control`] with the job it is for; one that has ended meanwhile is ignored.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ControlMessage {
    /// The job.
    pub job: JobId,
    /// What to do.
    pub control: Control,
}

/// What happens on the way; lossy, never needed for correctness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// The first byte has been written.
    Delivered,
    /// More of the reply to a step, as text: whole lines, or the end of the reply, or a good part of a long line. What
    /// frames the reply is not in it. It is a preview: a profile may trim lines off the end of the reply that are told
    /// here. The texts of an attempt that is followed by another [`Progress::Delivered`] are void.
    Text {
        /// Which step of the job, from 0, those that an errand inserts counted.
        step: usize,
        /// What is new.
        text: String,
    },
    /// So many bytes of text are missing here, because the reader was too slow or the reply too long; or so many that
    /// were told are void, because the tool has drawn over them on its terminal.
    Missed(u64),
    /// The tool asks this and waits.
    NeedsInput(String),
}

impl Progress {
    const fn text_len(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.len(),
            Self::Delivered | Self::Missed(_) | Self::NeedsInput(_) => 0,
        }
    }
}

/// The sending end. Dropping it anywhere (a panic, a dead mailbox) sends [`JobError::Lost`]: a caller always gets
/// exactly one result.
pub struct ReplyTo {
    line: Arc<Line>,
    /// This end has not sent its result yet.
    open: bool,
    progress: Option<Feeder>,
    afterwards: Option<Box<dyn Afterwards>>,
}

/// What becomes of an attempt that has ended. It decides on the spot, wherever the attempt ended: it must not wait.
pub trait Afterwards: Send {
    /// This attempt has ended so: either [`ReplyTo::send`] this result, or another, home; or hand the job in again
    /// with [`ReplyTo::again`].
    fn ended(self: Box<Self>, reply_to: ReplyTo, result: JobResult);
}

/// The receiving end, a future of the result. Dropping it cancels the job; [`JobHandle::detach`] does not.
#[must_use = "dropping the handle cancels the job"]
pub struct JobHandle {
    line: Arc<Line>,
    home: oneshot::Receiver<JobResult>,
    progress: Option<Feed>,
    cancel_on_drop: bool,
}

/// Speaks to a job from elsewhere: to cancel it, or to answer its question.
#[derive(Clone)]
pub struct Remote {
    line: Arc<Line>,
}

impl Remote {
    /// As [`JobHandle::cancel`].
    pub fn cancel(&self) {
        self.line.cancel();
    }

    /// As [`JobHandle::answer`].
    pub fn answer(&self, text: impl Into<String>) {
        self.line.control(Control::Answer(text.into()));
    }

    /// How far the job has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.line.stage()
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.line.job
    }

    /// The slot that has it, from its placement to its end.
    #[must_use]
    pub fn slot(&self) -> Option<SlotId> {
        self.line.placed().map(|(slot, _)| slot)
    }

    /// The same with the life of the slot.
    #[must_use]
    pub fn place(&self) -> Option<(SlotId, Generation)> {
        self.line.placed()
    }

    /// Ends a job that is queued, wherever it is, with `error`: whoever holds it finds it cancelled. False if it is not
    /// queued.
    pub fn refuse(&self, error: JobError) -> bool {
        self.line.refuse(error)
    }
}

/// The two ends of a way home. With `with_progress`, [`JobHandle::progress`] yields what happens on the way.
pub fn reply_channel(with_progress: bool) -> (ReplyTo, JobHandle) {
    let (send, receive) = oneshot::channel();
    let line = Arc::new(Line::new(send));
    let (progress_send, progress_receive) = with_progress.then(feed::feed).unzip();
    (
        ReplyTo { line: line.clone(), open: true, progress: progress_send, afterwards: None },
        JobHandle { line, home: receive, progress: progress_receive, cancel_on_drop: true },
    )
}

impl ReplyTo {
    /// The job this is the way home of: the same for all attempts at it.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.line.job
    }

    /// How far the job has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.line.stage()
    }

    /// Whether the caller took the job back while it was queued.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.stage() == Stage::Cancelled
    }

    /// A way to the job for whoever passes it on.
    #[must_use]
    pub fn remote(&self) -> Remote {
        Remote { line: self.line.clone() }
    }

    /// Sends the one result, or the result of this attempt if [`ReplyTo::then`] says that there may be others.
    pub fn send(mut self, result: JobResult) {
        self.finish(result);
    }

    /// The end of this attempt, whichever it is, goes to `afterwards` instead of home.
    pub fn then(&mut self, afterwards: Box<dyn Afterwards>) {
        self.afterwards = Some(afterwards);
    }

    /// The way home of another attempt: the job waits again. What the last attempt brought is kept, and goes home if
    /// the next one does not get as far as the tool.
    #[must_use = "dropping it ends the job"]
    pub fn again(self, brought: JobResult) -> Self {
        self.line.again(brought);
        self
    }

    /// What a service calls the task that the job's first step has become, if that is under way there.
    #[must_use]
    pub fn task(&self) -> Option<Arc<str>> {
        self.line.task().clone()
    }

    /// Remembers that for all attempts to come; `None`: there is none any more.
    pub fn keep_task(&self, task: Option<Arc<str>>) {
        *self.line.task() = task;
    }

    /// Queued => Placed; false if it was cancelled.
    pub(crate) fn place(&self, slot: SlotId, generation: Generation) -> bool {
        self.line.place(slot, generation)
    }

    /// Placed => Queued, for a job that comes back undelivered.
    pub(crate) fn unplace(&self) {
        self.line.requeue(Stage::Placed);
    }

    /// Delivered => Queued, for a job that a limit turned away and that is to run again.
    pub(crate) fn undeliver(&self) {
        self.line.undeliver();
    }

    /// Placed => Delivered, right before the first byte; false if it was cancelled.
    pub(crate) fn deliver(&self) -> bool {
        let delivered = self.line.deliver();
        if delivered {
            self.report(|| Progress::Delivered);
        }
        delivered
    }

    /// From now on control messages go to `instance`; those that waited are returned.
    pub(crate) fn attach(&self, instance: &Arc<Recipient<ControlMessage>>) -> Vec<Control> {
        self.line.attach(instance)
    }

    /// Tells the caller what happens, if it listens. The piece is made only then.
    pub(crate) fn report(&self, piece: impl FnOnce() -> Progress) {
        if let Some(progress) = &self.progress {
            progress.put(piece);
        }
    }

    /// Whether somebody listens to [`Progress`].
    pub(crate) fn is_watched(&self) -> bool {
        self.progress.as_ref().is_some_and(Feeder::is_read)
    }

    fn finish(&mut self, result: JobResult) {
        if !std::mem::replace(&mut self.open, false) {
            return;
        }
        if let Some(afterwards) = self.afterwards.take() {
            let (line, progress) = (self.line.clone(), self.progress.take());
            return afterwards.ended(Self { line, open: true, progress, afterwards: None }, result);
        }
        self.line.done(result);
    }
}

impl Drop for ReplyTo {
    fn drop(&mut self) {
        let stage = self.stage();
        let result = if stage == Stage::Cancelled { JobError::Cancelled } else { JobError::Lost { stage } };
        self.finish(Err(result));
    }
}

impl JobHandle {
    /// The job this is the result of.
    #[must_use]
    pub fn job(&self) -> JobId {
        self.line.job
    }

    /// How far the job has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.line.stage()
    }

    /// How many attempts got as far as the tool; 1 if none did.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.line.sent().max(1)
    }

    /// Takes the job back. A queued one never runs; a placed or delivered one is interrupted by its instance. The
    /// result still comes, once.
    pub fn cancel(&self) {
        self.line.cancel();
    }

    /// Answers the question that the tool asks ([`Progress::NeedsInput`]).
    pub fn answer(&self, text: impl Into<String>) {
        self.line.control(Control::Answer(text.into()));
    }

    /// The next piece of progress; `None` when there will be no more, or none was asked for.
    pub async fn progress(&mut self) -> Option<Progress> {
        std::future::poll_fn(|context| self.poll_progress(context)).await
    }

    /// As [`JobHandle::progress`], for streams. Only the last caller is woken.
    pub fn poll_progress(&mut self, context: &mut Context<'_>) -> Poll<Option<Progress>> {
        self.progress.as_ref().map_or(Poll::Ready(None), |progress| progress.poll(context))
    }

    /// A plain way to speak to the job from elsewhere, without owning its result.
    #[must_use]
    pub fn remote(&self) -> Remote {
        Remote { line: self.line.clone() }
    }

    /// Lets the job run on when this handle is dropped.
    pub fn detach(mut self) {
        self.cancel_on_drop = false;
    }

    /// Waits for the result on a thread without a runtime.
    ///
    /// # Errors
    /// As the future does.
    pub fn wait(self) -> JobResult {
        crate::block_on(self)
    }
}

impl Future for JobHandle {
    type Output = JobResult;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<JobResult> {
        let result = std::task::ready!(Pin::new(&mut self.home).poll(context));
        self.cancel_on_drop = false;
        Poll::Ready(result.unwrap_or(Err(JobError::Lost { stage: Stage::Delivered })))
    }
}

impl Drop for JobHandle {
    fn drop(&mut self) {
        if self.cancel_on_drop {
            self.cancel();
        }
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote({:?}, {:?})", self.line.job, self.line.stage())
    }
}

impl std::fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReplyTo({:?}, {:?})", self.line.job, self.stage())
    }
}

impl std::fmt::Debug for JobHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JobHandle({:?}, {:?})", self.line.job, self.stage())
    }
}
