//! A prompt that is with the pool: what happens to it on the way, until its result.

use crate::batch::ResultRecord;
use crate::batch::clock::wall;
use crate::batch::result::is_back;
use crate::control::protocol::{Code, Fault, TicketId, TicketState};
use crate::control::tickets::{Tickets, untold};
use crate::ledger::pool::{Accepted, End, Prompt, info};
use crate::{ClusterManager, Job};
use pool_core::JobError;
use pool_core::message::{JobHandle, JobResult, Outcome, Progress};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// What comes from a job.
enum News {
    OnTheWay(Progress),
    Home(JobResult),
}

/// A prompt that is carried out.
pub(super) struct Carried {
    pub(super) pool: ClusterManager,
    pub(super) tickets: Tickets,
    pub(super) ticket: TicketId,
    pub(super) prompts: Vec<String>,
    /// As its record has it.
    pub(super) prompt: Option<Prompt>,
}

impl Carried {
    /// Hands the job in, tells its ticket what happens to it, and brings the result there.
    ///
    /// It is handed in while its acceptance is on the way to the disk: the intent, without which nothing is sent, is written
    /// behind that.
    pub(super) async fn carry_out(
        self,
        mut job: Job,
        on_disk: Option<Accepted>,
        told: oneshot::Sender<Result<(), Fault>>,
    ) {
        if let (Some(record), Some(prompt)) = (self.tickets.record(), &self.prompt) {
            job = job.errand(record.errand(prompt));
        }
        let (submitted, mut handle) = (wall(), self.pool.submit_watched(job));
        self.tickets.begin(self.ticket, handle.remote());
        if let Some(on_disk) = on_disk
            && let Err(error) = on_disk.wait().await
        {
            handle.remote().cancel();
            self.tickets.forget(self.ticket);
            let _ = told.send(Err(Fault::new(Code::Record, error.to_string())));
            return;
        }
        // Whoever has sent it may have gone.
        let _ = told.send(Ok(()));
        let result = loop {
            match poll_fn(|context| next(&mut handle, context)).await {
                News::OnTheWay(progress) => {
                    if let Some(state) = state(&handle, progress) {
                        self.tickets.reached(self.ticket, state);
                    }
                }
                News::Home(result) => break result,
            }
        };
        let attempts = handle.attempts();
        let info = info(self.ticket.0, self.prompts.clone());
        let end = self.end_of(&result);
        self.end(ResultRecord::new(info, result, submitted, attempts), end).await;
    }

    /// What its record is told.
    fn end_of(&self, result: &JobResult) -> End {
        // One that was lost before it was sent will be sent, too.
        let is_unsent =
            is_back(result) || matches!(result, Err(error @ JobError::Lost { .. }) if !error.was_sent());
        let is_cut = result.as_ref().is_ok_and(|reply| reply.outcome == Outcome::Cancelled);
        match (self.tickets.is_withdrawn(self.ticket), result) {
            (true, _) if is_unsent || is_cut => End::Withdrawn,
            (true, Err(JobError::Lost { .. })) => End::Withdrawn,
            _ if is_unsent => End::Back,
            _ => End::Ended,
        }
    }

    /// It cannot be sent any more.
    pub(super) async fn refuse(self, fault: Fault) {
        let info = info(self.ticket.0, self.prompts.clone());
        self.end(ResultRecord::refused(info, fault.message, wall()), End::Ended).await;
    }

    async fn end(self, record: ResultRecord, end: End) {
        let kept = match (self.tickets.record(), &self.prompt) {
            (Some(to), Some(prompt)) => {
                let copy = record.clone();
                to.keep(prompt, record, end).await.unwrap_or_else(|error| untold(copy, &error))
            }
            _ => record,
        };
        self.tickets.ended(self.ticket, kept);
    }
}

fn next(handle: &mut JobHandle, context: &mut Context<'_>) -> Poll<News> {
    if let Poll::Ready(Some(progress)) = handle.poll_progress(context) {
        return Poll::Ready(News::OnTheWay(progress));
    }
    Pin::new(handle).poll(context).map(News::Home)
}

fn state(handle: &JobHandle, progress: Progress) -> Option<TicketState> {
    let asks = match progress {
        Progress::Delivered => None,
        Progress::NeedsInput(question) => Some(question),
        Progress::Text { .. } | Progress::Missed(_) => return None,
    };
    let (slot, generation) = handle.remote().place()?;
    Some(TicketState::Working { slot: slot.0, generation, asks })
}
