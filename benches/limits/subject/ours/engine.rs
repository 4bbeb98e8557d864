//! What the facade puts together, router and supervisor, until the facade itself can be measured.

use crate::Failure;
use actix::{Actor as _, Addr};
use pool_core::message::{Job, JobHandle, Step, reply_channel};
use pool_core::process::pipe::Pipes;
use pool_core::spec::ToolSpec;
use pool_core::supervisor::{Command, InstanceState, PoolHealth, PoolPlan, PoolSupervisor, Supervise};
use routing::dispatcher::RouterSpec;
use routing::router::{RouterActor, RouterHandle};
use routing::strategy::LeastBusy;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// A running pool.
pub(super) struct Engine {
    router: RouterHandle,
    supervisor: Addr<PoolSupervisor>,
    health: watch::Receiver<PoolHealth>,
}

impl Engine {
    /// Starts one on this arbiter.
    pub(super) fn start(spec: ToolSpec, instances: usize) -> Self {
        let bounds = RouterSpec::default();
        let router = RouterActor::new(Box::<LeastBusy>::default(), bounds).start();
        let handle = RouterActor::handle(&router, &bounds);
        let plan = PoolPlan {
            tools: vec![(Arc::new(spec), instances)],
            launcher: Arc::new(Pipes::default()),
            router: router.recipient(),
            seed: pool_core::random_seed(),
        };
        let (supervisor, health) = PoolSupervisor::new(plan);
        Self { router: handle, supervisor: supervisor.start(), health }
    }

    /// Starts one on a thread of its own, and waits until it can take a job.
    pub(super) fn start_elsewhere(spec: ToolSpec, instances: usize) -> Result<Self, Failure> {
        let (send, started) = mpsc::channel();
        std::thread::spawn(move || {
            actix::System::new().block_on(async move {
                let engine = Self::start(spec, instances);
                let mut health = engine.health.clone();
                if engine.all_ready().await.is_ok() && send.send(engine).is_ok() {
                    let _ = health.wait_for(|health| *health == PoolHealth::Gone).await;
                }
            });
        });
        Ok(started.recv()?)
    }

    /// Waits until every instance can take a job.
    pub(super) async fn all_ready(&self) -> Result<(), Failure> {
        let mut health = self.health.clone();
        health.wait_for(|health| *health != PoolHealth::Starting).await?;
        loop {
            let (home, answer) = oneshot::channel();
            self.supervisor
                .try_send(Command(Supervise::Status(home)))
                .map_err(|_| "the supervisor is busy")?;
            if answer.await?.iter().all(|instance| instance.state == InstanceState::Ready) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Hands a job in.
    pub(super) fn submit(&self, prompt: String) -> JobHandle {
        let (reply_to, handle) = reply_channel(false);
        self.router.submit(Box::new(Job::new(vec![Step::Say(prompt)], reply_to, Instant::now())));
        handle
    }

    /// Stops every tool.
    pub(super) async fn shutdown(self) -> Result<(), Failure> {
        let (home, answer) = oneshot::channel();
        self.supervisor.try_send(Command(Supervise::Drain(home))).map_err(|_| "the supervisor is busy")?;
        Ok(answer.await?)
    }
}
