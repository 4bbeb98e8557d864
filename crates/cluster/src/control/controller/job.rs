//! A prompt that is with the pool: what happens to it on the way, until its result.

use crate::batch::ResultRecord;
use crate::batch::clock::wall;
use crate::batch::plan::JobInfo;
use crate::control::protocol::{TicketId, TicketState};
use crate::control::tickets::Tickets;
use pool_core::message::{JobHandle, JobResult, Progress};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

/// What comes from a job.
enum News {
    OnTheWay(Progress),
    Home(JobResult),
}

/// Tells its ticket what happens to a job.
pub(super) async fn follow(tickets: Tickets, ticket: TicketId, prompts: Vec<String>, mut handle: JobHandle) {
    let submitted = wall();
    loop {
        match poll_fn(|context| next(&mut handle, context)).await {
            News::OnTheWay(progress) => {
                if let Some(state) = state(&handle, progress) {
                    tickets.reached(ticket, state);
                }
            }
            News::Home(result) => {
                let index = ticket.0.saturating_sub(1);
                let info = JobInfo { index, id: ticket.to_string(), prompts, ..JobInfo::default() };
                let record = ResultRecord::new(info, result, submitted, handle.attempts());
                return tickets.ended(ticket, record);
            }
        }
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
