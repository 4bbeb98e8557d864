//! [`Adapter`]: one call for programs that start a process for each request today, and may not want to tomorrow.

mod decide;

pub use decide::{Decision, WORTH, pays_from};

use crate::builder::ClusterBuilder;
use crate::cluster::ClusterManager;
use crate::error::LaunchError;
use crate::job::Job;
use decide::Known;
use pool_core::JobError;
use pool_core::message::Reply;
use pool_core::spec::ToolSpec;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

/// How many processes of their own may run at a time; further jobs wait.
pub const ONE_SHOTS: usize = 64;

/// Asks a tool, by a process for each job or by a pool. The call is the same, so that the choice is made in one place
/// and can be changed while the program runs, by [`Adapter::use_pool`] and [`Adapter::disable_pool`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use cluster::adapter::Adapter;
/// use cluster::profile::{Overrides, Profile, Surroundings};
///
/// let bash = Profile::load("bash", &Overrides::default(), &Surroundings::current())?;
/// let tool = Adapter::one_shot(bash.spec);
/// let first = tool.ask("echo $$").await?.text().to_owned();
/// assert_ne!(tool.ask("echo $$").await?.text(), first, "a process of its own");
///
/// tool.use_pool(1);
/// let first = tool.ask("echo $$").await?.text().to_owned();
/// assert_eq!(tool.ask("echo $$").await?.text(), first, "the same warm instance");
/// # tool.shutdown().await;
/// # Ok(())
/// # }
/// ```
///
/// Cheap to clone; all clones make one choice. Dropping the last one kills the pool. A process of its own keeps no
/// conversation: a job that continues one is refused, or, with [`Adapter::auto`], a reason for the pool.
#[derive(Clone)]
pub struct Adapter {
    shared: Arc<Shared>,
}

struct Shared {
    spec: ToolSpec,
    one_shots: Semaphore,
    state: Mutex<State>,
}

struct State {
    mode: Mode,
    known: Known,
    configure: Configure,
}

type Configure = Arc<dyn Fn(ClusterBuilder) -> ClusterBuilder + Send + Sync>;

/// How jobs are done.
enum Mode {
    OneShot,
    /// By a process of its own, as long as no pool pays.
    Auto,
    Pool {
        instances: usize,
        why: String,
        /// Started by the first job that needs it.
        pool: Arc<Pool>,
    },
}

type Pool = OnceCell<ClusterManager>;

/// What becomes of a job.
enum Choice {
    Process,
    Pool(usize, Arc<Pool>),
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The tool, or the pool of it, could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The job brought none.
    #[error(transparent)]
    Job(#[from] JobError),
}

impl Adapter {
    /// A process for each job.
    #[must_use]
    pub fn one_shot(spec: ToolSpec) -> Self {
        Self::new(spec, Mode::OneShot, 1)
    }

    /// A pool of so many instances, started by the first job.
    #[must_use]
    pub fn pooled(spec: ToolSpec, instances: usize) -> Self {
        Self::new(spec, Mode::pool(instances, format!("a pool of {instances} was asked for")), instances)
    }

    /// A process for each job at first, and a pool of so many instances once it pays: see [`Adapter::decision`] for
    /// which it is, and why. What a start costs is measured; how many jobs will come is guessed from those that have
    /// come, unless [`Adapter::expect`] says so. A choice for the pool is kept.
    #[must_use]
    pub fn auto(spec: ToolSpec, instances: usize) -> Self {
        Self::new(spec, Mode::Auto, instances)
    }

    fn new(spec: ToolSpec, mode: Mode, instances: usize) -> Self {
        let known = Known { instances: instances.max(1), ..Known::default() };
        let state = State { mode, known, configure: Arc::new(|builder| builder) };
        let one_shots = Semaphore::new(ONE_SHOTS);
        Self { shared: Arc::new(Shared { spec, one_shots, state: Mutex::new(state) }) }
    }

    /// Changes what each cluster is made of that is started from now on: its launcher, its strategy, its queue.
    ///
    /// ```
    /// # fn f(spec: cluster::spec::ToolSpec) {
    /// let tool = cluster::adapter::Adapter::pooled(spec, 5).configure(|builder| builder.queue(100_000));
    /// # }
    /// ```
    #[must_use]
    pub fn configure(
        self,
        configure: impl Fn(ClusterBuilder) -> ClusterBuilder + Send + Sync + 'static,
    ) -> Self {
        self.state().configure = Arc::new(configure);
        self
    }

    /// Announces how many jobs will come from now on. Once they have come, it is guessed again.
    pub fn expect(&self, jobs: u64) {
        let known = &mut self.state().known;
        known.expected = Some(known.jobs.saturating_add(jobs));
    }

    /// Jobs from now on go to a pool of so many instances, started by the first of them; those that still wait to have a
    /// process do, too. A pool of that size that is there already stays.
    pub fn use_pool(&self, instances: usize) {
        if matches!(&self.state().mode, Mode::Pool { instances: there, .. } if *there == instances) {
            return;
        }
        self.set(Mode::pool(instances, format!("a pool of {instances} was asked for")));
    }

    /// Jobs from now on have a process each. The pool goes when its last job has ended.
    pub fn disable_pool(&self) {
        self.set(Mode::OneShot);
    }

    /// What would become of a job that came now, and why.
    #[must_use]
    pub fn decision(&self) -> Decision {
        let state = self.state();
        match &state.mode {
            Mode::OneShot => Decision::OneShot("a process for each job was asked for".into()),
            Mode::Auto => state.known.decide(),
            Mode::Pool { why, .. } => Decision::Pool(why.clone()),
        }
    }

    /// Does a job and waits for its reply. Dropping the future cancels it. A pool that has given up is left with it: the
    /// next job starts another one.
    ///
    /// # Errors
    /// [`AskError`] if there is no reply. One may still tell of a failure: see [`Reply::outcome`].
    pub async fn ask(&self, job: impl Into<Job>) -> Result<Reply, AskError> {
        let job = job.into();
        // For a process there must be a place, and while a job waited for one, much may have been learnt.
        let place = match self.decision() {
            Decision::OneShot(_) => self.shared.one_shots.acquire().await.ok(),
            Decision::Pool(_) => None,
        };
        match self.choose(&job)? {
            Choice::Process => self.by_a_process(job).await,
            Choice::Pool(instances, pool) => {
                drop(place);
                let reply = pool.get_or_try_init(|| self.launch(instances)).await?.clone().ask(job).await;
                if matches!(reply, Err(JobError::GivenUp(_))) {
                    self.forget(&pool);
                }
                Ok(reply?)
            }
        }
    }

    /// Lets the jobs at hand finish and stops the pool, if there is one. A later job starts it anew.
    pub async fn shutdown(&self) {
        let pool = match &mut self.state().mode {
            Mode::Pool { pool, .. } => std::mem::take(pool),
            Mode::OneShot | Mode::Auto => return,
        };
        if let Some(pool) = pool.get() {
            pool.shutdown().await;
        }
    }

    /// Counts a job, and chooses.
    fn choose(&self, job: &Job) -> Result<Choice, JobError> {
        let mut state = self.state();
        if matches!(state.mode, Mode::Auto)
            && let Decision::Pool(why) = state.decide(job)
        {
            tracing::info!(tool = %self.shared.spec.tool, why, "a pool from now on");
            state.mode = Mode::pool(state.known.instances, why);
        }
        state.known.jobs += 1;
        match &state.mode {
            Mode::Pool { instances, pool, .. } => Ok(Choice::Pool(*instances, pool.clone())),
            Mode::OneShot | Mode::Auto if job.continues() => Err(JobError::Unavailable(
                "a process for each job keeps no conversation: use a pool, or leave the session out".into(),
            )),
            Mode::OneShot | Mode::Auto => Ok(Choice::Process),
        }
    }

    async fn by_a_process(&self, job: Job) -> Result<Reply, AskError> {
        let began = Instant::now();
        let process = self.launch(1).await?;
        let started = began.elapsed();
        let reply = process.ask(job).await;
        let replied = Instant::now();
        process.shutdown().await;
        self.measured(started + replied.elapsed());
        Ok(reply?)
    }

    /// This pool has given up.
    fn forget(&self, given_up: &Arc<Pool>) {
        if let Mode::Pool { pool, .. } = &mut self.state().mode
            && Arc::ptr_eq(pool, given_up)
        {
            *pool = Arc::default();
        }
    }

    async fn launch(&self, instances: usize) -> Result<ClusterManager, LaunchError> {
        let builder = ClusterManager::builder().tool(self.shared.spec.clone(), instances);
        let configure = self.state().configure.clone();
        let cluster = configure(builder).build().await?;
        cluster.ready().await?;
        Ok(cluster)
    }

    /// The least counts: whatever took longer was in the way of something else.
    fn measured(&self, start: Duration) {
        let known = &mut self.state().known;
        known.start = Some(known.start.map_or(start, |least| least.min(start)));
    }

    fn set(&self, mode: Mode) {
        let before = std::mem::replace(&mut self.state().mode, mode);
        // Dropped here, not under the lock: it may be the last handle of a pool.
        drop(before);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What pays, for this job.
    fn decide(&self, job: &Job) -> Decision {
        if job.continues() {
            return Decision::Pool(
                "a job continues a conversation, which a process for each job would not keep".into(),
            );
        }
        self.known.decide()
    }
}

impl Mode {
    fn pool(instances: usize, why: String) -> Self {
        Self::Pool { instances, why, pool: Arc::default() }
    }
}
