//! A thin shell: it feeds the [`Dispatcher`], spends credits on what comes out, and minds one timer.

mod feed;
mod watch;

pub use feed::feed;
pub use watch::{RouterFault, Watch};

use crate::dispatcher::{Dispatcher, Placement, RouterSpec, Why};
use crate::metrics::Snapshot;
use crate::strategy::{Misbehaviour, Strategy};
use actix::dev::SendError;
use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, Recipient, SpawnHandle};
use pool_core::JobError;
use pool_core::message::{Credit, Job, PoolEvent, SessionKey, Submit, Unspent, tell};
use std::time::Instant;
use tokio::sync::oneshot;

/// The target of the log on which each placement is explained, in one line at level `DEBUG`. Explanations are made only
/// while somebody listens to it.
pub const EXPLAIN: &str = "routing::explain";

/// The way to a router, this crate's or your own: jobs go in at one end, the supervisor's news at the other.
#[derive(Debug, Clone)]
pub struct RouterHandle {
    jobs: Recipient<Submit>,
    events: Recipient<PoolEvent>,
    limit: usize,
    snapshots: Option<Recipient<Ask>>,
    sessions: Option<Recipient<CloseSession>>,
}

/// Why a router shows no figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It is one of the program's own that keeps none.
    #[error("this router keeps no figures: give its handle with_snapshots")]
    Unsupported,
    /// It has gone.
    #[error("the router does not answer: it has ended")]
    NoAnswer,
}

impl RouterHandle {
    /// The way to an actor that takes both. `limit` is the capacity of its mailbox, for the message to those who find
    /// it full.
    #[must_use]
    pub const fn new(jobs: Recipient<Submit>, events: Recipient<PoolEvent>, limit: usize) -> Self {
        Self { jobs, events, limit, snapshots: None, sessions: None }
    }

    /// The same, and the router shows its figures to those who ask.
    #[must_use]
    pub fn with_snapshots(self, asks: Recipient<Ask>) -> Self {
        Self { snapshots: Some(asks), ..self }
    }

    /// The same, and the router hears when a session is closed.
    #[must_use]
    pub fn with_sessions(self, closes: Recipient<CloseSession>) -> Self {
        Self { sessions: Some(closes), ..self }
    }

    /// Counts and times of everything routed so far.
    ///
    /// # Errors
    /// [`SnapshotError`] if the router keeps none, or does not answer.
    pub async fn snapshot(&self) -> Result<Snapshot, SnapshotError> {
        let asks = self.snapshots.as_ref().ok_or(SnapshotError::Unsupported)?;
        let (reply, answer) = oneshot::channel();
        // It waits while the router has much to do.
        asks.send(Ask { reply }).await.map_err(|_| SnapshotError::NoAnswer)?;
        answer.await.map_err(|_| SnapshotError::NoAnswer)
    }

    /// Ends a session. Never lost: at most one for each session, whose jobs went through the bounded mailbox.
    pub fn close_session(&self, key: SessionKey) {
        if let Some(sessions) = &self.sessions {
            tell(sessions, CloseSession(key));
        }
    }

    /// Hands a job in. Whatever happens, its caller gets one result: if the router takes no more jobs, at once.
    pub fn submit(&self, job: Box<Job>) {
        let (job, error) = match self.jobs.try_send(Submit(job)) {
            Ok(()) => return,
            Err(SendError::Full(Submit(job))) => (job, JobError::Overloaded { limit: self.limit }),
            Err(SendError::Closed(Submit(job))) => (job, JobError::Closed),
        };
        job.reply_to.send(Err(error));
    }

    /// Where the supervisor sends its news.
    #[must_use]
    pub const fn events(&self) -> &Recipient<PoolEvent> {
        &self.events
    }
}

/// Asks a [`RouterActor`] what is going on.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Ask {
    /// Where the answer goes.
    pub reply: oneshot::Sender<Snapshot>,
}

/// Ends a session: its slot serves everybody again, and the next job of this key begins anew.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct CloseSession(pub SessionKey);

/// Holds the queue, the credits and the strategy, and spends the one on the other.
///
/// No handler waits for anybody, and nothing ticks: between two messages there is at most one timer, and none without
/// sessions and without jobs that hope for a tool that no slot runs.
#[derive(Debug)]
pub struct RouterActor {
    dispatcher: Dispatcher<Box<Job>, Credit>,
    timer: Option<Timer>,
}

#[derive(Debug)]
struct Timer {
    at: Instant,
    handle: SpawnHandle,
}

impl RouterActor {
    /// A router that asks `strategy`, within the bounds of `spec`.
    #[must_use]
    pub fn new(strategy: Box<dyn Strategy>, spec: RouterSpec) -> Self {
        Self { dispatcher: Dispatcher::new(strategy, spec), timer: None }
    }

    /// The way to one that was started with this `spec`.
    #[must_use]
    pub fn handle(address: &Addr<Self>, spec: &RouterSpec) -> RouterHandle {
        RouterHandle::new(address.clone().recipient(), address.clone().recipient(), spec.queue)
            .with_snapshots(address.clone().recipient())
            .with_sessions(address.clone().recipient())
    }

    /// Does all that can be done now, then sets the timer.
    fn drive(&mut self, now: Instant, context: &mut Context<Self>) {
        self.dispatcher.explain(tracing::enabled!(target: EXPLAIN, tracing::Level::DEBUG));
        while let Some(placement) = self.dispatcher.poll(now) {
            self.spend(placement, now);
        }
        while let Some((job, error)) = self.dispatcher.poll_refused() {
            job.reply_to.send(Err(error.into()));
        }
        self.set_timer(now, context);
    }

    fn spend(&mut self, placement: Placement<Box<Job>, Credit>, now: Instant) {
        let Placement { mut job, credit, decision, explanation, context_lost, reset_first } = placement;
        if let Some(explanation) = explanation {
            tracing::debug!(target: EXPLAIN, "{explanation}");
        }
        if let Why::Fallback(misbehaviour) = decision.why {
            self.complain(misbehaviour);
        }
        (job.context_lost, job.reset_first) = (context_lost, reset_first);
        if let Err(Unspent(job)) = credit.spend(job) {
            self.dispatcher.returned(job, now);
        }
    }

    /// Once, then at every doubling: a strategy that is always wrong shall not flood the log.
    fn complain(&self, misbehaviour: Misbehaviour) {
        let counts = self.dispatcher.metrics().counts();
        let times = counts.chose_nobody + counts.chose_no_candidate + counts.after_panic;
        if times.is_power_of_two() {
            tracing::warn!(times, "{misbehaviour}: a free instance got the job");
        }
    }

    /// A timer that is early stays: it does nothing, and sets the next one. So a stream of jobs sets few timers.
    fn set_timer(&mut self, now: Instant, context: &mut Context<Self>) {
        let Some(at) = self.dispatcher.poll_timeout() else { return };
        if let Some(timer) = &self.timer {
            if timer.at <= at {
                return;
            }
            context.cancel_future(timer.handle);
        }
        let handle = context.run_later(at.saturating_duration_since(now), |router, context| {
            router.timer = None;
            let now = clock();
            router.dispatcher.handle_timeout(now);
            router.drive(now, context);
        });
        self.timer = Some(Timer { at, handle });
    }
}

impl Actor for RouterActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(self.dispatcher.spec().queue);
    }
}

impl Handler<Submit> for RouterActor {
    type Result = ();

    fn handle(&mut self, Submit(job): Submit, context: &mut Context<Self>) {
        let now = clock();
        match self.dispatcher.push(job, now) {
            Ok(()) => self.drive(now, context),
            Err((job, error)) => job.reply_to.send(Err(error.into())),
        }
    }
}

impl Handler<PoolEvent> for RouterActor {
    type Result = ();

    fn handle(&mut self, event: PoolEvent, context: &mut Context<Self>) {
        let now = clock();
        feed(&mut self.dispatcher, event, now);
        self.drive(now, context);
    }
}

impl Handler<CloseSession> for RouterActor {
    type Result = ();

    fn handle(&mut self, CloseSession(key): CloseSession, context: &mut Context<Self>) {
        let now = clock();
        self.dispatcher.close_session(&key, now);
        self.drive(now, context);
    }
}

impl Handler<Ask> for RouterActor {
    type Result = ();

    fn handle(&mut self, Ask { reply }: Ask, _: &mut Context<Self>) {
        // Whoever asked may have gone.
        let _ = reply.send(self.dispatcher.snapshot());
    }
}

/// The runtime's clock: it stands still where the runtime's time is paused.
fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}
