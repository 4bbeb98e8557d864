//! From tools and numbers to a running cluster.

use crate::cluster::{ClusterManager, Engine, Home};
use crate::error::LaunchError;
use actix::Actor;
use pool_core::process::{Launch, descriptors};
use pool_core::spec::ToolSpec;
use pool_core::supervisor::{InstanceStatus, PoolPlan, PoolSupervisor};
use routing::dispatcher::RouterSpec;
use routing::router::Watch;
use routing::{RouterActor, RouterHandle, strategy::Strategy};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// How many jobs may wait, unless the builder says otherwise.
pub const DEFAULT_QUEUE: usize = 1024;

/// What a cluster is made of.
#[must_use = "a builder does nothing until it is built"]
pub struct ClusterBuilder {
    tools: Vec<(ToolSpec, usize)>,
    routing: Routing,
    queue: usize,
    launcher: Arc<dyn Launch>,
    seed: u64,
    here: bool,
    raise: bool,
    /// Who is told of every change from the start.
    watchers: Vec<mpsc::Sender<InstanceStatus>>,
}

/// Who decides which job goes where.
enum Routing {
    /// The shipped router, with this strategy.
    Strategy(Box<dyn Strategy>),
    /// A router of the program's own.
    Own(Box<dyn FnOnce() -> RouterHandle + Send>),
}

impl Default for ClusterBuilder {
    fn default() -> Self {
        Self {
            tools: Vec::new(),
            routing: Routing::Strategy(Box::<routing::strategy::LeastBusy>::default()),
            queue: DEFAULT_QUEUE,
            launcher: pool_core::process::launcher(),
            seed: pool_core::random_seed(),
            here: false,
            raise: false,
            watchers: Vec::new(),
        }
    }
}

impl ClusterBuilder {
    /// Adds `instances` of a tool. Tools of different names make one pool: a job goes to whichever is free, unless it
    /// says which it needs ([`Job::tool`](crate::Job::tool)).
    pub fn tool(mut self, spec: ToolSpec, instances: usize) -> Self {
        self.tools.push((spec, instances));
        self
    }

    /// Chooses who gets the next job; `least_busy` unless told.
    pub fn strategy(mut self, strategy: Box<dyn Strategy>) -> Self {
        self.routing = Routing::Strategy(strategy);
        self
    }

    /// Puts a router of your own in the place of [`RouterActor`]: `start` is called on the arbiter of the pool, starts
    /// an actor that handles [`pool_core::message::Submit`] and [`pool_core::message::PoolEvent`], and returns the way to it.
    /// It has a queue of its own; [`ClusterBuilder::queue`] bounds only the jobs of [`RouterActor`].
    ///
    /// What it does wrong is answered by name, see [`routing::router::Watch`]: it cannot lose a job or do one twice.
    pub fn router(mut self, start: impl FnOnce() -> RouterHandle + Send + 'static) -> Self {
        self.routing = Routing::Own(Box::new(start));
        self
    }

    /// Bounds the queue: further jobs are answered with [`pool_core::JobError::Overloaded`].
    pub const fn queue(mut self, bound: usize) -> Self {
        self.queue = bound;
        self
    }

    /// Starts processes another way than [`pool_core::process::launcher`]; for guards that are another program than
    /// this one, [`Guards::of`](crate::guard::Guards::of) its path.
    pub fn launcher(mut self, launcher: Arc<dyn Launch>) -> Self {
        self.launcher = launcher;
        self
    }

    /// Lets the pool raise this process's soft limit of open files to the hard one if it needs more. Tools under
    /// guards get the old limit. Without this, too many instances are refused.
    pub const fn raise_descriptor_limit(mut self) -> Self {
        self.raise = true;
        self
    }

    /// Fixes nonces and jitter, for tests.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs the actors on the current arbiter instead of a thread of their own: for programs on actix, for
    /// virtual time, and for the shortest way. The arbiter must keep running.
    pub const fn on_this_arbiter(mut self) -> Self {
        self.here = true;
        self
    }

    /// Every change of an instance's state from the first start on; as [`ClusterManager::watch`], which may come too late
    /// for what happens at once.
    #[must_use]
    pub fn watch(&mut self, bound: usize) -> mpsc::Receiver<InstanceStatus> {
        let (send, receive) = mpsc::channel(bound.max(1));
        self.watchers.push(send);
        receive
    }

    /// Starts the actors. Resolves when they run; instances start in the background, see
    /// [`ClusterManager::ready`].
    ///
    /// # Errors
    /// [`LaunchError`] if there is nothing to run, a specification makes no sense, or no thread can be started.
    pub async fn build(self) -> Result<ClusterManager, LaunchError> {
        self.validate()?;
        if self.here {
            let arbiter = actix::Arbiter::current();
            let engine = self.start();
            return Ok(ClusterManager::new(engine, arbiter, Home::Here));
        }
        let (started, running) = oneshot::channel();
        let thread = std::thread::Builder::new().name("cluster-pool".into());
        let thread = thread.spawn(move || run(self, started)).map_err(LaunchError::Thread)?;
        let (engine, arbiter) =
            running.await.map_err(|_| LaunchError::NotStarted("the actor system did not start".into()))?;
        Ok(ClusterManager::new(engine, arbiter, Home::Thread(Some(thread))))
    }

    fn validate(&self) -> Result<(), LaunchError> {
        let instances = self.tools.iter().fold(0_usize, |sum, (_, count)| sum.saturating_add(*count));
        if instances == 0 {
            return Err(LaunchError::Empty);
        }
        if self.raise && descriptors::check(instances).is_err() {
            descriptors::raise();
        }
        descriptors::check(instances)?;
        for (at, (spec, _)) in self.tools.iter().enumerate() {
            if self.tools[..at].iter().any(|(earlier, _)| earlier.tool == spec.tool) {
                return Err(LaunchError::NamedTwice(spec.tool.to_string()));
            }
            spec.validate().map_err(|source| LaunchError::Spec { tool: spec.tool.to_string(), source })?;
        }
        Ok(())
    }

    /// Starts router and supervisor on the current arbiter.
    fn start(self) -> Engine {
        let terms = RouterSpec { queue: self.queue, ..RouterSpec::default() };
        let router = match self.routing {
            Routing::Strategy(strategy) => {
                // At once: jobs may come before the actor is started.
                let routing = RouterActor::create(|context| {
                    context.set_mailbox_capacity(terms.queue);
                    RouterActor::new(strategy, terms)
                });
                RouterActor::handle(&routing, &terms)
            }
            Routing::Own(start) => Watch::over(start(), terms.patience),
        };
        let tools = self.tools.into_iter().map(|(spec, count)| (Arc::new(spec), count)).collect();
        let plan =
            PoolPlan { tools, launcher: self.launcher, router: router.events().clone(), seed: self.seed };
        let (mut supervisor, health) = PoolSupervisor::new(plan);
        self.watchers.into_iter().for_each(|watcher| supervisor.watched_by(watcher));
        let holds = supervisor.holds();
        Engine { router, supervisor: supervisor.start(), health, holds }
    }
}

/// The thread of the actors: one arbiter for router, instances and readers; it ends with the pool.
fn run(builder: ClusterBuilder, started: oneshot::Sender<(Engine, actix::ArbiterHandle)>) {
    actix::System::new().block_on(async move {
        let engine = builder.start();
        let mut health = engine.health.clone();
        if started.send((engine, actix::Arbiter::current())).is_ok() {
            let _ = health.wait_for(|health| *health == pool_core::supervisor::PoolHealth::Gone).await;
        }
    });
}
