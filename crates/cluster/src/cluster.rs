//! [`ClusterManager`]: the handle to a running cluster.

use crate::attempts::Attempts;
use crate::builder::ClusterBuilder;
use crate::error::{LaunchError, ReadError};
use crate::job::Job;
use crate::outbox::{Delivery, Outbox, Ticket};
use crate::profile::{Overrides, Profile, Surroundings};
use crate::session::Session;
use crate::snapshot::Snapshot;
use crate::stream::JobStream;
use actix::{Addr, ArbiterHandle};
use pool_core::JobError;
use pool_core::message::{JobHandle, JobResult, Pause, Reply, SessionKey, SlotId, reply_channel, tell};
use pool_core::supervisor::{
    Command, HoldStatus, InstanceDump, InstanceStatus, PoolHealth, PoolSupervisor, Supervise,
};
use routing::RouterHandle;
use routing::metrics::Snapshot as Metrics;
use routing::router::SnapshotError;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};

/// Starts `instances` of the tool of this name (or of the profile at this path) and waits until the first can take a
/// job; the others follow.
///
/// # Errors
/// [`LaunchError`] if there is no such profile, or no instance starts.
pub async fn launch_cluster(tool: &str, instances: usize) -> Result<ClusterManager, LaunchError> {
    let profile = Profile::load(tool, &Overrides::default(), &Surroundings::current())?;
    let cluster = ClusterManager::builder().tool(profile.spec, instances).build().await?;
    cluster.ready().await?;
    Ok(cluster)
}

/// A running cluster. Cheap to clone, `Send + Sync`; works from any tokio runtime, from actix, and (see
/// [`crate::blocking`]) from code without one. Dropping the last handle kills the tools at once;
/// [`ClusterManager::shutdown`] is the graceful way.
#[derive(Clone)]
pub struct ClusterManager {
    shared: Arc<Shared>,
}

/// The actors, as seen from outside.
pub(crate) struct Engine {
    pub(crate) router: RouterHandle,
    pub(crate) supervisor: Addr<PoolSupervisor>,
    pub(crate) health: watch::Receiver<PoolHealth>,
    pub(crate) holds: watch::Receiver<Vec<HoldStatus>>,
}

/// Where the actors run.
pub(crate) enum Home {
    /// On a thread of their own.
    Thread(Option<std::thread::JoinHandle<()>>),
    /// On the caller's arbiter.
    Here,
}

struct Shared {
    engine: Engine,
    arbiter: ArbiterHandle,
    outbox: Arc<Outbox>,
    home: Mutex<Home>,
}

impl ClusterManager {
    /// What a cluster is made of.
    pub fn builder() -> ClusterBuilder {
        ClusterBuilder::default()
    }

    pub(crate) fn new(engine: Engine, arbiter: ArbiterHandle, home: Home) -> Self {
        let outbox = Arc::new(Outbox::default());
        Self { shared: Arc::new(Shared { engine, arbiter, outbox, home: Mutex::new(home) }) }
    }

    /// Waits until an instance can take a job.
    ///
    /// # Errors
    /// [`LaunchError::NotStarted`] if none ever will.
    pub async fn ready(&self) -> Result<(), LaunchError> {
        let mut health = self.shared.engine.health.clone();
        match health.wait_for(|health| *health != PoolHealth::Starting).await.as_deref() {
            Ok(PoolHealth::Failed(reason)) => Err(LaunchError::NotStarted(reason.to_string())),
            Ok(_) => Ok(()),
            Err(_) => Err(LaunchError::NotStarted("the cluster is closed".into())),
        }
    }

    /// Hands in a job. The handle is a future of its result; dropping it cancels the job.
    pub fn submit(&self, job: impl Into<Job>) -> JobHandle {
        self.hand_in(job.into(), false)
    }

    /// As [`ClusterManager::submit`], with [`JobHandle::progress`]: output as it comes, questions, delivery.
    pub fn submit_watched(&self, job: impl Into<Job>) -> JobHandle {
        self.hand_in(job.into(), true)
    }

    /// Hands in a job and yields its reply as it comes, then its result. Dropping the stream cancels the job.
    pub fn stream(&self, job: impl Into<Job>) -> JobStream {
        JobStream::new(self.submit_watched(job))
    }

    /// Asks one question of whichever instance is free, and waits for the reply. Dropping the future cancels it.
    ///
    /// # Errors
    /// [`JobError`] if the job brought no reply. A reply may still tell of a failure: see [`Reply::outcome`].
    pub async fn ask(&self, prompt: impl Into<Job>) -> Result<Reply, JobError> {
        self.submit(prompt).await
    }

    /// Hands in a job and returns a ticket for its reply, which waits in a bounded outbox
    /// ([`crate::outbox::OUTBOX`]) until read. Waits itself while the outbox is full.
    pub async fn send(&self, job: impl Into<Job>) -> Ticket {
        let place = self.shared.outbox.reserve().await;
        let handle = self.submit(job);
        let ticket = self.shared.outbox.expect(place, handle.remote());
        // If the arbiter has gone, or goes, dropping the delivery answers.
        self.shared.arbiter.spawn(Delivery::new(self.shared.outbox.clone(), ticket, handle).carry_out());
        ticket
    }

    /// As [`ClusterManager::send`], to the instance at `index`; the conversation of that slot is kept.
    pub async fn send_to(&self, index: SlotId, job: impl Into<Job>) -> Ticket {
        self.send(job.into().on_slot(index)).await
    }

    /// Waits for the reply under a ticket. Each is given out once.
    ///
    /// # Errors
    /// [`ReadError::NoSuchTicket`] if it was read before.
    pub async fn read(&self, ticket: Ticket) -> Result<JobResult, ReadError> {
        self.shared.outbox.take(ticket).await
    }

    /// Waits for the oldest unread reply of the instance at `index`.
    ///
    /// # Errors
    /// [`ReadError::Nothing`] if nothing is under way.
    pub async fn read_from(&self, index: SlotId) -> Result<(Ticket, JobResult), ReadError> {
        self.shared.outbox.take_first(|reply| reply.instance.slot == index).await
    }

    /// Waits for the oldest unread reply, whoever gave it.
    ///
    /// # Errors
    /// [`ReadError::Nothing`] if nothing is under way.
    pub async fn read_any(&self) -> Result<(Ticket, JobResult), ReadError> {
        self.shared.outbox.take_any().await
    }

    /// Takes back the job under a ticket; its result still comes.
    pub fn cancel(&self, ticket: Ticket) {
        self.shared.outbox.cancel(ticket);
    }

    /// A conversation that is kept from job to job, on one slot.
    #[must_use]
    pub fn session(&self, name: &str) -> Session {
        Session::new(self.clone(), name)
    }

    /// What every instance does.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the cluster has gone.
    pub async fn status(&self) -> Result<Vec<InstanceStatus>, JobError> {
        self.order(Supervise::Status).await
    }

    /// What every instance does, what it waits for, its last output, its processes. For people: it takes a while.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the cluster has gone.
    pub async fn dump(&self) -> Result<Vec<InstanceDump>, JobError> {
        self.order(Supervise::Dump).await
    }

    /// Every change of an instance's state from now on. What is not taken in time is missed (at most `bound` wait);
    /// [`ClusterManager::status`] has the whole. Ends when the cluster has gone.
    #[must_use]
    pub fn watch(&self, bound: usize) -> mpsc::Receiver<InstanceStatus> {
        let (send, receive) = mpsc::channel(bound.max(1));
        // If it has gone, the sender is dropped, and the watch ends.
        tell(&self.shared.engine.supervisor.clone().recipient(), Command(Supervise::Watch(send)));
        receive
    }

    /// This program is about to be stopped (SIGTSTP): from when this returns until [`ClusterManager::resume`], no time
    /// passes for jobs and starts. The tools themselves go on.
    pub async fn pause(&self) {
        let (fence, mut taken_in) = mpsc::channel(1);
        if self.shared.engine.supervisor.send(Command(Supervise::Pause(Pause(fence)))).await.is_ok() {
            while taken_in.recv().await.is_some() {}
        }
    }

    /// This program goes on.
    pub async fn resume(&self) {
        // One that has gone needs no time.
        let _ = self.shared.engine.supervisor.send(Command(Supervise::Resume)).await;
    }

    /// How the pool as a whole is.
    #[must_use]
    pub fn health(&self) -> PoolHealth {
        self.shared.engine.health.borrow().clone()
    }

    /// The accounts that are held by usage limits, to look at and to watch.
    #[must_use]
    pub fn holds(&self) -> watch::Receiver<Vec<HoldStatus>> {
        self.shared.engine.holds.clone()
    }

    /// Counts and times of everything routed so far.
    ///
    /// # Errors
    /// [`SnapshotError`] if the cluster has gone, or a router of your own keeps no figures.
    pub async fn metrics(&self) -> Result<Metrics, SnapshotError> {
        self.shared.engine.router.snapshot().await
    }

    /// Everything at this moment: health, figures, every instance, holds.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the cluster has gone.
    pub async fn snapshot(&self) -> Result<Snapshot, JobError> {
        let router = match self.metrics().await {
            Ok(router) => Some(router),
            Err(SnapshotError::Unsupported) => None,
            Err(SnapshotError::NoAnswer) => return Err(JobError::Closed),
        };
        let instances = self.status().await?;
        let (health, holds) = (self.health(), self.shared.engine.holds.borrow().clone());
        let now = tokio::time::Instant::now().into_std();
        Ok(Snapshot::new(&health, router, instances, &holds, now))
    }

    /// Resolves when every instance has gone for ever, with the reason.
    pub async fn failure(&self) -> String {
        let mut health = self.shared.engine.health.clone();
        match health.wait_for(|health| matches!(health, PoolHealth::Failed(_))).await.as_deref() {
            Ok(PoolHealth::Failed(reason)) => reason.to_string(),
            _ => std::future::pending().await,
        }
    }

    /// Restarts one instance after the job at hand; false if there is nothing to restart.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the cluster has gone.
    pub async fn restart_instance(&self, index: SlotId) -> Result<bool, JobError> {
        self.order(|home| Supervise::Restart(index, home)).await
    }

    /// Lets the jobs at hand finish, refuses those that wait, stops every tool by its ladder, all at once.
    pub async fn shutdown(&self) {
        let _ = self.order(Supervise::Drain).await;
        self.join();
    }

    /// Kills every tool and waits until all are gone.
    pub async fn kill(&self) {
        let _ = self.order(Supervise::Kill).await;
        self.join();
    }

    /// Ends a conversation: its slot serves others again.
    pub(crate) fn close_session(&self, key: SessionKey) {
        self.shared.engine.router.close_session(key);
    }

    fn hand_in(&self, job: Job, watched: bool) -> JobHandle {
        let (mut reply_to, handle) = reply_channel(watched);
        if let Some(attempts) = Attempts::of(&job, &self.shared.engine.router) {
            reply_to.then(attempts);
        }
        if let Some(task) = job.task() {
            reply_to.keep_task(Some(task.clone()));
        }
        let now = tokio::time::Instant::now().into_std();
        self.shared.engine.router.submit(Box::new(job.into_message(reply_to, now)));
        handle
    }

    pub(crate) async fn order<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Supervise,
    ) -> Result<T, JobError> {
        let (home, answer) = oneshot::channel();
        // It waits while the supervisor has much to do: only one that has gone is closed.
        self.shared.engine.supervisor.send(Command(command(home))).await.map_err(|_| JobError::Closed)?;
        answer.await.map_err(|_| JobError::Closed)
    }

    fn join(&self) {
        self.shared.join();
    }
}

impl Shared {
    /// The thread ends when the last instance has gone; this takes no longer than its last few lines.
    fn join(&self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        if let Home::Thread(thread) = &mut *home
            && let Some(thread) = thread.take()
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Shared {
    /// Kills the groups before it returns, so that a program that ends here leaves nothing behind.
    fn drop(&mut self) {
        let (home, _) = oneshot::channel();
        let supervisor = self.engine.supervisor.clone().recipient();
        if supervisor.connected() {
            tell(&supervisor, Command(Supervise::Kill(home)));
            self.join();
        }
    }
}
