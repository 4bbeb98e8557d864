//! The one controller behind a socket: that of a pool that stays up, and that of a batch.

mod job;

use super::limits::PATIENCE;
use super::protocol::{
    Code, Fault, Greeting, Kind, PoolView, SendAsk, StatusDone, StepAsk, TicketId, TicketState, Until,
    Version,
};
use super::roster::Roster;
use super::terms::{Terms, no_such_instance};
use super::tickets::{Claim, Taken, Tickets};
use crate::batch::clock::wall;
use crate::ledger::pool::{Left, PoolRecord, Waiting};
use crate::{ClusterManager, Job};
use job::Carried;
use pool_core::message::{SlotId, Step};
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// What clients of a socket speak to. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Controller(Arc<Inner>);

struct Inner {
    about: About,
    since: String,
    pool: ClusterManager,
    work: Work,
    life: watch::Sender<Life>,
}

/// What a controller is, for people and for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The name of its socket.
    pub name: String,
    /// The recorded run that it belongs to.
    pub run: Option<String>,
    /// What it does, in a line.
    pub plan: String,
}

/// What it works on.
#[derive(Debug)]
pub(super) enum Work {
    /// Whatever it is sent.
    Prompts { terms: Terms, tickets: Tickets },
    /// A batch.
    Batch(Roster),
}

/// A prompt that was accepted.
pub(super) struct Sent {
    pub(super) ticket: TicketId,
    pub(super) state: watch::Receiver<TicketState>,
    /// On its result, if somebody waits for it.
    pub(super) claim: Option<Claim>,
}

/// How a pool is to end. Each further one asks for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// What was sent is done first; nothing more is taken.
    Drain,
    /// What runs is interrupted, what waits is left.
    Stop,
    /// Everything is killed.
    Kill,
}

/// Where a controller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Up,
    Ending(End),
    Over,
}

impl Controller {
    /// Of a pool that takes prompts on these terms. With a record it goes on with what is left in that; within a runtime
    /// only.
    #[must_use]
    pub fn of_pool(
        about: About,
        pool: ClusterManager,
        terms: Terms,
        record: Option<(PoolRecord, Left)>,
    ) -> Self {
        let Some((record, mut left)) = record else {
            return Self::new(about, pool, Work::Prompts { terms, tickets: Tickets::new() });
        };
        let tickets = Tickets::recorded(record, &left);
        let controller = Self::new(about, pool, Work::Prompts { terms, tickets });
        controller.go_on(std::mem::take(&mut left.waiting));
        controller
    }

    /// Of a batch with these jobs.
    #[must_use]
    pub fn of_run(about: About, pool: ClusterManager, roster: Roster) -> Self {
        Self::new(about, pool, Work::Batch(roster))
    }

    fn new(about: About, pool: ClusterManager, work: Work) -> Self {
        let since = wall().to_string();
        Self(Arc::new(Inner { about, since, pool, work, life: watch::Sender::new(Life::Up) }))
    }

    /// The pool itself.
    #[must_use]
    pub fn pool(&self) -> &ClusterManager {
        &self.0.pool
    }

    /// What it is.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.0.about
    }

    pub(super) fn work(&self) -> &Work {
        &self.0.work
    }

    /// What it says first to everybody.
    pub(super) fn greeting(&self) -> Greeting {
        Greeting {
            schema: Version::default(),
            pool: self.0.about.name.clone(),
            kind: self.kind(),
            run: self.0.about.run.clone(),
            pid: std::process::id(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn kind(&self) -> Kind {
        match self.0.work {
            Work::Prompts { .. } => Kind::Pool,
            Work::Batch(_) => Kind::Run,
        }
    }

    /// The tickets of a pool that stays up.
    ///
    /// # Errors
    /// [`Code::Refused`] by a batch.
    pub(super) fn tickets(&self) -> Result<&Tickets, Fault> {
        match &self.0.work {
            Work::Prompts { tickets, .. } => Ok(tickets),
            Work::Batch(_) => {
                let why = format!("{} is a batch, and takes no prompts", self.0.about.name);
                Err(Fault::new(Code::Refused, why).help("'cluster up' starts a pool that does"))
            }
        }
    }

    /// Takes a prompt in; resolves when it is accepted. Whoever asked may go away meanwhile.
    pub(super) async fn send(&self, ask: &SendAsk) -> Result<Sent, Fault> {
        let tickets = self.tickets()?;
        let Work::Prompts { terms, .. } = &self.0.work else { return Err(self.gone()) };
        if *self.0.life.borrow() != Life::Up {
            return Err(self.gone());
        }
        let (job, prompts) = terms.job(ask)?;
        let claimed = ask.until == Until::Completed;
        let Taken { ticket, state, claim, recorded } =
            tickets.accept(&prompts, claimed, || request(ask, &job))?;
        let (told, accepted) = oneshot::channel();
        let (prompt, on_disk) = recorded.unzip();
        let work = Carried { pool: self.0.pool.clone(), tickets: tickets.clone(), ticket, prompts, prompt };
        tokio::spawn(work.carry_out(job, on_disk, told));
        accepted.await.unwrap_or_else(|_| Err(self.gone())).map(|()| Sent { ticket, state, claim })
    }

    /// Sends what an earlier controller has accepted and not sent.
    fn go_on(&self, waiting: Vec<Waiting>) {
        let Work::Prompts { terms, tickets } = &self.0.work else { return };
        for Waiting { number, request, prompt } in waiting {
            let ask =
                serde_json::from_str(&request).map_err(|error| Fault::new(Code::Record, error.to_string()));
            let (pool, tickets, ticket) = (self.0.pool.clone(), tickets.clone(), TicketId(number));
            match ask.and_then(|ask| terms.job(&ask)) {
                Ok((job, prompts)) => {
                    let work = Carried { pool, tickets, ticket, prompts, prompt: Some(prompt) };
                    tokio::spawn(work.carry_out(job, None, oneshot::channel().0));
                }
                Err(fault) => {
                    let work = Carried { pool, tickets, ticket, prompts: Vec::new(), prompt: Some(prompt) };
                    tokio::spawn(work.refuse(fault));
                }
            }
        }
    }

    /// Answers the question that a tool asks in the turn of this ticket.
    pub(super) fn answer(&self, ticket: TicketId, text: String) -> Result<(), Fault> {
        let tickets = self.tickets()?;
        let state = tickets.follow(ticket).ok_or_else(|| no_such_ticket(ticket))?.borrow().clone();
        match (state, tickets.remote(ticket)) {
            (TicketState::Working { slot, generation, asks: Some(_) }, Some(remote)) => {
                remote.answer(text);
                tickets.reached(ticket, TicketState::Working { slot, generation, asks: None });
                Ok(())
            }
            _ => Err(Fault::new(Code::Refused, format!("{ticket} asks nothing"))),
        }
    }

    /// The slot of this number.
    pub(super) async fn slot(&self, index: u32) -> Result<SlotId, Fault> {
        let all = self.0.pool.status().await.map_err(|_| self.gone())?.len();
        if (index as usize) < all { Ok(SlotId(index)) } else { Err(no_such_instance(index, all)) }
    }

    /// What a person has typed for this tool, as a step.
    pub(super) fn typed(&self, tool: &Arc<str>, text: &str) -> Result<Step, Fault> {
        match &self.0.work {
            Work::Prompts { terms, .. } => terms.typed(tool, text),
            Work::Batch(_) => Ok(Step::Say(text.to_owned())),
        }
    }

    /// These slots came later: prompts may be sent there.
    pub(super) fn grown(&self, tool: Option<&str>, slots: &[SlotId]) {
        if let Work::Prompts { terms, .. } = &self.0.work {
            terms.grown(tool, slots);
        }
    }

    /// Everything at this moment.
    pub(super) async fn status(&self) -> Result<StatusDone, Fault> {
        let snapshot = self.0.pool.snapshot().await.map_err(|_| self.gone())?;
        let (tickets, jobs, names) = match &self.0.work {
            Work::Prompts { tickets, .. } => (Some(tickets.counts()), None, tickets.names()),
            Work::Batch(roster) => (None, Some(roster.counts()), roster.names()),
        };
        let (tools, cost_usd) = match &self.0.work {
            Work::Prompts { tickets, terms } => (terms.tools.clone(), tickets.cost()),
            Work::Batch(_) => (Vec::new(), 0.0),
        };
        let About { name, run, plan } = self.0.about.clone();
        let pool = PoolView {
            name,
            run,
            plan,
            kind: self.kind(),
            pid: std::process::id(),
            since: self.0.since.clone(),
            ending: *self.0.life.borrow() != Life::Up,
            tools,
        };
        Ok(StatusDone { pool, snapshot, tickets, jobs, names, cost_usd })
    }

    /// The pool has gone, or is about to.
    pub(super) fn gone(&self) -> Fault {
        Fault::new(Code::Gone, format!("{} is about to end", self.0.about.name))
    }

    /// Asks for the end. [`Controller::run`] brings it about; what asks for less than was asked for changes nothing.
    pub fn end(&self, end: End) {
        self.0.life.send_if_modified(|life| {
            let is_more = match *life {
                Life::Up => true,
                Life::Ending(already) => end > already,
                Life::Over => false,
            };
            if is_more {
                *life = Life::Ending(end);
            }
            is_more
        });
    }

    /// Resolves when the end has been asked for, or the pool has none but that.
    pub(super) async fn over(&self) {
        self.until(|life| *life == Life::Over).await;
    }

    /// Waits for somebody to ask for the end, brings it about, and tells everybody that it has come.
    pub async fn run(&self) {
        let mut end = self.ending(None).await;
        loop {
            tokio::select! {
                () = self.bring_about(end) => break,
                more = self.ending(Some(end)) => end = more,
            }
        }
        self.0.life.send_replace(Life::Over);
    }

    async fn bring_about(&self, end: End) {
        if let Work::Prompts { tickets, .. } = &self.0.work {
            match end {
                End::Drain => tickets.idle().await,
                End::Stop | End::Kill => {
                    tickets.remotes().iter().for_each(pool_core::message::Remote::cancel);
                }
            }
        }
        match end {
            End::Drain | End::Stop => self.0.pool.shutdown().await,
            End::Kill => self.0.pool.kill().await,
        }
        let Work::Prompts { tickets, .. } = &self.0.work else { return };
        let written = until_written(tickets);
        match end {
            End::Drain | End::Stop => written.await,
            // A disk that takes nothing is not waited for.
            End::Kill => _ = timeout(PATIENCE, written).await,
        }
    }

    /// Resolves when more is asked for than this.
    async fn ending(&self, than: Option<End>) -> End {
        let is_more = |life: &Life| matches!(life, Life::Ending(end) if Some(*end) > than);
        match self.until(is_more).await {
            Life::Ending(end) => end,
            Life::Up | Life::Over => End::Kill,
        }
    }

    async fn until(&self, is_it: impl FnMut(&Life) -> bool) -> Life {
        let mut life = self.0.life.subscribe();
        // The sender is ours, and lives.
        life.wait_for(is_it).await.map_or(Life::Over, |life| *life)
    }
}

/// What came of the last prompts is on its way to the disk.
async fn until_written(tickets: &Tickets) {
    tickets.idle().await;
    if let Some(record) = tickets.record()
        && let Err(error) = record.close().await
    {
        tracing::warn!("{error}");
    }
}

/// What is needed to send it again: what was typed, as it was taken.
fn request(ask: &SendAsk, job: &Job) -> String {
    let step = |step: &Step| match step {
        Step::Say(text) => StepAsk::Say(text.clone()),
        Step::Command(line) => StepAsk::Command(line.clone()),
    };
    let steps = job.steps().iter().map(step).collect();
    let ask = SendAsk { steps, to: ask.to.clone(), ..*ask };
    // A request is plain data: it always has a text.
    serde_json::to_string(&ask).unwrap_or_default()
}

/// Nothing is known of it.
pub(super) fn no_such_ticket(ticket: TicketId) -> Fault {
    let why = format!("no ticket {ticket}: it was never given, or its result is kept no more");
    Fault::new(Code::NoSuchTicket, why)
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Controller")
            .field("about", &self.about)
            .field("work", &self.work)
            .finish_non_exhaustive()
    }
}
