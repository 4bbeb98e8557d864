//! [`ToolProcessPool`]: the index-addressed handle, for programs that want N instances of one tool and no routing.
//!
//! It embeds the smallest spender of credits there is: one bounded FIFO a slot, no strategy, no sessions.

use crate::error::{JobError, SpecError};
use crate::message::{Credit, Job, JobHandle, PoolEvent, SessionKey, SlotId, Step, Submit, reply_channel};
use crate::process::Launch;
use crate::spec::ToolSpec;
use crate::supervisor::{Command, InstanceStatus, PoolHealth, PoolPlan, PoolSupervisor, Supervise};
use actix::{Actor, Addr, Context, Handler};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{oneshot, watch};

/// How many jobs may wait for one slot.
pub const SLOT_QUEUE: usize = 64;

/// N instances of one tool, addressed by index. Runs on the arbiter that starts it; see the `cluster` crate for a
/// handle that works from any thread and runtime.
#[derive(Clone)]
pub struct ToolProcessPool {
    spender: Addr<Spender>,
    supervisor: Addr<PoolSupervisor>,
    health: watch::Receiver<PoolHealth>,
}

impl ToolProcessPool {
    /// Starts `count` instances on the current arbiter.
    ///
    /// # Errors
    /// [`SpecError`] if the specification makes no sense.
    pub fn start(spec: ToolSpec, count: usize) -> Result<Self, SpecError> {
        Self::start_with(spec, count, crate::process::launcher(), crate::random_seed())
    }

    /// As [`ToolProcessPool::start`], with another way to start processes and a fixed seed.
    ///
    /// # Errors
    /// [`SpecError`] if the specification makes no sense.
    pub fn start_with(
        spec: ToolSpec,
        count: usize,
        launcher: Arc<dyn Launch>,
        seed: u64,
    ) -> Result<Self, SpecError> {
        spec.validate()?;
        let spender = Spender { lanes: (0..count).map(|_| Lane::default()).collect(), closed: false }.start();
        let tools = vec![(Arc::new(spec), count)];
        let plan = PoolPlan { tools, launcher, router: spender.clone().recipient(), seed };
        let (supervisor, health) = PoolSupervisor::new(plan);
        Ok(Self { spender, supervisor: supervisor.start(), health })
    }

    /// Waits until an instance can take a job.
    ///
    /// # Errors
    /// [`JobError::Unavailable`] if none ever will.
    pub async fn ready(&self) -> Result<(), JobError> {
        let mut health = self.health.clone();
        let seen = health.wait_for(|health| *health != PoolHealth::Starting).await;
        match seen.as_deref() {
            Ok(PoolHealth::Failed(reason)) => Err(JobError::Unavailable(reason.to_string())),
            Ok(_) => Ok(()),
            Err(_) => Err(JobError::Closed),
        }
    }

    /// Hands `text` to the instance at `index`.
    pub fn send_prompt(&self, index: SlotId, text: impl Into<String>) -> JobHandle {
        let (reply_to, handle) = reply_channel(false);
        let mut job = Job::new(vec![Step::Say(text.into())], reply_to, now());
        job.session = Some(SessionKey::Slot(index));
        if let Err(error) = self.spender.try_send(Submit(Box::new(job))) {
            let (error, Submit(job)) = match error {
                actix::dev::SendError::Full(back) => (JobError::Overloaded { limit: SLOT_QUEUE }, back),
                actix::dev::SendError::Closed(back) => (JobError::Closed, back),
            };
            job.reply_to.send(Err(error));
        }
        handle
    }

    /// What every instance does.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the pool has gone.
    pub async fn status(&self) -> Result<Vec<InstanceStatus>, JobError> {
        self.ask(Supervise::Status).await
    }

    /// How the pool as a whole is.
    #[must_use]
    pub fn health(&self) -> PoolHealth {
        self.health.borrow().clone()
    }

    /// Restarts one instance after the job at hand; false if there is nothing to restart.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the pool has gone.
    pub async fn restart_instance(&self, index: SlotId) -> Result<bool, JobError> {
        self.ask(|home| Supervise::Restart(index, home)).await
    }

    /// Finishes the jobs at hand, refuses the rest and stops every instance by its ladder.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the pool has gone already.
    pub async fn shutdown(&self) -> Result<(), JobError> {
        self.ask(Supervise::Drain).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Supervise) -> Result<T, JobError> {
        let (home, answer) = oneshot::channel();
        // It waits while the supervisor has much to do: only one that has gone is closed.
        self.supervisor.send(Command(command(home))).await.map_err(|_| JobError::Closed)?;
        answer.await.map_err(|_| JobError::Closed)
    }
}

fn now() -> std::time::Instant {
    tokio::time::Instant::now().into_std()
}

/// Jobs here are addressed: their session is the slot's own.
const fn slot_of(job: &Job) -> Option<SlotId> {
    match job.session {
        Some(SessionKey::Slot(slot)) => Some(slot),
        _ => None,
    }
}

/// The smallest router: a queue and at most one credit a slot.
struct Spender {
    lanes: Vec<Lane>,
    closed: bool,
}

#[derive(Default)]
struct Lane {
    queue: VecDeque<Box<Job>>,
    credit: Option<Credit>,
    /// It will never be free again, and why.
    over: Option<String>,
}

impl Lane {
    /// Spends the credit on the next job that still wants it.
    fn drive(&mut self) {
        self.queue.retain(|job| !job.reply_to.is_cancelled());
        while let Some(credit) = self.credit.take() {
            let Some(job) = self.queue.pop_front() else {
                self.credit = Some(credit);
                return;
            };
            if let Err(back) = credit.spend(job) {
                self.queue.push_front(back.0);
            }
        }
    }

    fn refuse(&mut self, error: &JobError) {
        for job in self.queue.drain(..) {
            job.reply_to.send(Err(error.clone()));
        }
    }
}

impl Actor for Spender {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(SLOT_QUEUE * self.lanes.len().max(1));
    }
}

impl Handler<Submit> for Spender {
    type Result = ();

    fn handle(&mut self, Submit(job): Submit, _: &mut Self::Context) {
        let slot = slot_of(&job).unwrap_or(SlotId(u32::MAX));
        let error = match self.lanes.get(slot.index()) {
            None => JobError::Unavailable(format!("there is no instance {slot}")),
            Some(_) if self.closed => JobError::Closed,
            Some(Lane { over: Some(reason), .. }) => JobError::Unavailable(reason.clone()),
            Some(lane) if lane.queue.len() >= SLOT_QUEUE => JobError::Overloaded { limit: SLOT_QUEUE },
            Some(_) => {
                let lane = &mut self.lanes[slot.index()];
                lane.queue.push_back(job);
                lane.drive();
                return;
            }
        };
        job.reply_to.send(Err(error));
    }
}

impl Handler<PoolEvent> for Spender {
    type Result = ();

    fn handle(&mut self, event: PoolEvent, _: &mut Self::Context) {
        match event {
            PoolEvent::Added { .. } => {}
            PoolEvent::Ready(credit) | PoolEvent::Finished { credit: Some(credit), .. } => {
                let lane = &mut self.lanes[credit.slot.index()];
                lane.credit = Some(credit);
                lane.drive();
            }
            PoolEvent::Finished { credit: None, .. } => {}
            PoolEvent::Revoked { slot, serial } => {
                let lane = &mut self.lanes[slot.index()];
                lane.credit.take_if(|credit| credit.serial == serial);
            }
            PoolEvent::Returned(job) => {
                // Dropping a job that names no slot of ours tells its caller that it was lost.
                if let Some(lane) = slot_of(&job).and_then(|slot| self.lanes.get_mut(slot.index())) {
                    lane.queue.push_front(job);
                    lane.drive();
                }
            }
            PoolEvent::Gone { slot, generation, for_ever } => {
                let lane = &mut self.lanes[slot.index()];
                lane.credit.take_if(|credit| credit.generation == generation);
                if for_ever {
                    let reason = format!("instance {slot} is gone for ever");
                    lane.refuse(&JobError::Unavailable(reason.clone()));
                    lane.over = Some(reason);
                }
            }
            PoolEvent::Failed { reason, .. } => {
                for lane in &mut self.lanes {
                    lane.refuse(&JobError::Unavailable(reason.to_string()));
                    lane.over = Some(reason.to_string());
                }
            }
            PoolEvent::Closed => {
                self.closed = true;
                self.lanes.iter_mut().for_each(|lane| lane.refuse(&JobError::Closed));
            }
        }
    }
}
