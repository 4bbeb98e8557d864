//! The reply as it comes: for people who watch, and for services that pass it on.

use futures_util::Stream;
use pool_core::message::{JobHandle, JobResult, Progress, Remote};
use std::pin::Pin;
use std::task::{Context, Poll};

/// What happens to one job, in order; the last item is its result.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use cluster::Piece;
///
/// let cluster = cluster::launch_cluster("bash", 1).await?;
/// let mut pieces = cluster.stream("echo one; sleep 0.1; echo two");
/// let mut text = String::new();
/// while let Some(piece) = pieces.next().await {
///     match piece {
///         Piece::Text { text: more, .. } => text += &more,
///         Piece::End(result) => assert_eq!(result?.text(), "one\ntwo"),
///         _ => {}
///     }
/// }
/// assert_eq!(text.trim_end(), "one\ntwo");
/// # cluster.shutdown().await;
/// # Ok(())
/// # }
/// ```
///
/// The texts are a preview, bounded for a slow reader by [`PROGRESS_TEXT`](pool_core::message::PROGRESS_TEXT): the
/// tool never waits for who reads. The result has the whole reply all the same. Dropping the stream before its end
/// cancels the job.
#[must_use = "dropping the stream cancels the job"]
pub struct JobStream {
    state: State,
}

enum State {
    /// The result has not come.
    Running(JobHandle),
    /// It has; some pieces may still wait in front of it.
    Ending(JobHandle, JobResult),
    Over,
}

/// One thing that happens to a job.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Piece {
    /// An attempt begins to be written to a tool. Texts of an earlier attempt are void.
    Sent,
    /// More of the reply to a step, as the tool meant it: whole lines, a good part of a long one, or the end.
    Text {
        /// Which step of the job, from 0.
        step: usize,
        /// What is new.
        text: String,
    },
    /// So many bytes of text are missing here, because this reader was too slow, or the reply too long; or so many that
    /// came are void, because the tool has drawn over them on its terminal.
    Missed(u64),
    /// The tool asks this and waits for [`JobStream::answer`].
    Question(String),
    /// The result; nothing follows.
    End(JobResult),
}

impl JobStream {
    pub(crate) const fn new(watched: JobHandle) -> Self {
        Self { state: State::Running(watched) }
    }

    /// The next piece; `None` after [`Piece::End`].
    pub async fn next(&mut self) -> Option<Piece> {
        std::future::poll_fn(|context| self.poll(context)).await
    }

    /// Waits for the result, whatever comes before it; `None` if it has been taken.
    pub async fn result(mut self) -> Option<JobResult> {
        while let Some(piece) = self.next().await {
            if let Piece::End(result) = piece {
                return Some(result);
            }
        }
        None
    }

    /// Takes the job back; its result still comes, as the last piece.
    pub fn cancel(&self) {
        if let Some(remote) = self.remote() {
            remote.cancel();
        }
    }

    /// Answers the question that the tool asks.
    pub fn answer(&self, text: impl Into<String>) {
        if let Some(remote) = self.remote() {
            remote.answer(text);
        }
    }

    fn remote(&self) -> Option<Remote> {
        match &self.state {
            State::Running(handle) => Some(handle.remote()),
            State::Ending(..) | State::Over => None,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        // The result first: once it is there, whatever came before it is there as well.
        let result = match &mut self.state {
            State::Running(handle) => Pin::new(handle).poll(context),
            _ => Poll::Pending,
        };
        if let Poll::Ready(result) = result
            && let State::Running(handle) = std::mem::replace(&mut self.state, State::Over)
        {
            self.state = State::Ending(handle, result);
        }
        let (State::Running(handle) | State::Ending(handle, _)) = &mut self.state else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(Some(piece)) = handle.poll_progress(context) {
            return Poll::Ready(Some(piece.into()));
        }
        match std::mem::replace(&mut self.state, State::Over) {
            State::Ending(_, result) => Poll::Ready(Some(Piece::End(result))),
            running => {
                self.state = running;
                Poll::Pending
            }
        }
    }
}

impl Stream for JobStream {
    type Item = Piece;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Piece>> {
        self.poll(context)
    }
}

impl From<Progress> for Piece {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Delivered => Self::Sent,
            Progress::Text { step, text } => Self::Text { step, text },
            Progress::Missed(bytes) => Self::Missed(bytes),
            Progress::NeedsInput(question) => Self::Question(question),
        }
    }
}
