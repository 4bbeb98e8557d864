//! Is a tool well? It is looked for, asked for its version, started twice, tried and measured.

mod memory;
pub(crate) mod version;

pub use version::is_tested;

use crate::adapter::pays_from;
use crate::job::Job;
use crate::profile::Profile;
use crate::profile::written::Free;
use crate::{ClusterManager, LaunchError, Outcome};
use pool_core::process::Launch;
use pool_core::spec::ToolSpec;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How many instances the verdict on a pool is about: as many as `cluster run` starts unless told.
pub const INSTANCES: usize = 3;

/// What is said of a tool that ends with a code by which it asks for that; here we do.
const ASKS: &str = ", by which it asks not to be started again";

/// What was found out about a tool.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Checkup {
    /// The profile.
    pub tool: String,
    /// Its program, if that is there.
    pub program: Option<PathBuf>,
    /// The program that is not there.
    pub missing: Option<String>,
    /// What it says its version is.
    pub version: Option<String>,
    /// The versions that the profile has been tried with.
    pub tested: Vec<String>,
    /// Whether that version is one of them; absent if either is not known.
    pub is_tested: Option<bool>,
    /// How the first start went.
    pub first: Option<Start>,
    /// How the second one went, when the system had the tool's files at hand.
    pub second: Option<Start>,
    /// Bytes of memory of all its processes after the test; what they share with others is counted in part.
    pub memory: Option<u64>,
    /// The profile's own test; absent if it has none, or the tool did not start.
    pub test: Option<Trial>,
    /// A real prompt, if one was asked for.
    pub asked: Option<Trial>,
    /// From how many prompts on a pool of [`INSTANCES`] pays; absent if it never does, or nothing could be measured.
    pub pool_pays_from: Option<u64>,
    /// Names of variables that the tool does not get.
    pub dropped_env: Vec<String>,
    /// What is wrong with a tool that is there.
    pub problems: Vec<String>,
}

/// How long a start took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Start {
    /// Until it answered, in µs.
    pub ready_us: u64,
    /// Until it answered at full speed, in µs.
    pub warm_us: u64,
    /// Its stop, in µs.
    pub stop_us: u64,
}

impl Start {
    /// What a process for a single prompt costs.
    #[must_use]
    pub const fn cost(&self) -> Duration {
        Duration::from_micros(self.warm_us.saturating_add(self.stop_us))
    }
}

/// A prompt, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// What was said.
    pub say: String,
    /// The reply, or why there is none.
    pub reply: String,
    /// How the turn ended; absent if there is no reply.
    pub outcome: Option<Outcome>,
    /// How long it took, in µs.
    pub turn_us: u64,
    /// Whether it is what was expected.
    pub is_right: bool,
}

impl Checkup {
    /// Whether it is there, and nothing is wrong with it.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.missing.is_none() && self.problems.is_empty()
    }

    /// Of a profile that cannot be used, and why.
    #[must_use]
    pub fn unreadable(tool: &str, reason: String) -> Self {
        Self { tool: tool.to_owned(), problems: vec![reason], ..Self::default() }
    }

    /// Examines a tool. `launcher` makes the launcher of each start; `ask` is a real prompt that is sent, too.
    pub async fn of(profile: &Profile, launcher: impl Fn() -> Arc<dyn Launch>, ask: Option<&str>) -> Self {
        let mut checkup = Self::blank(profile);
        let programs =
            [&profile.spec.command, &profile.version].into_iter().filter_map(|command| command.first());
        checkup.missing = programs.into_iter().find(|program| !is_there(program)).cloned();
        if checkup.missing.is_some() {
            return checkup;
        }
        let version = version::ask(&profile.version, &profile.spec, &*launcher()).await;
        if version == version::Answer::NoProgram {
            checkup.missing = Some(profile.name.to_string());
            return checkup;
        }
        checkup.program = profile.spec.command.first().map(PathBuf::from);
        checkup.version = version.said();
        checkup.is_tested = is_tested(checkup.version.as_deref(), &profile.tested);
        if let Err(reason) = checkup.start(profile, &launcher, ask).await {
            checkup.problems.push(reason);
        }
        checkup
    }

    fn blank(profile: &Profile) -> Self {
        let (tested, dropped_env) = (profile.tested.clone(), profile.dropped_env.clone());
        Self { tool: profile.name.to_string(), tested, dropped_env, ..Self::default() }
    }

    async fn start(
        &mut self,
        profile: &Profile,
        launcher: &impl Fn() -> Arc<dyn Launch>,
        ask: Option<&str>,
    ) -> Result<(), String> {
        // Whoever wonders whether it starts wants to hear why not, and not to wait for another try.
        let spec = ToolSpec { no_restart_on: (0..=255).collect(), ..profile.spec.clone() };
        let why = |error: LaunchError| error.to_string().replace(ASKS, "");
        let (first, pool) = Life::start(&spec, launcher()).await.map_err(why)?;
        self.first = Some(first.end(pool).await);
        let (second, pool) = Life::start(&spec, launcher()).await.map_err(why)?;
        if let Some(test) = profile.test.free() {
            let trial = test_of(&pool, test).await;
            if !trial.is_right {
                let problem = format!("its test failed: {:?} was to bring {:?}", trial.say, test.expect);
                self.problems.push(problem);
            }
            self.test = Some(trial);
        }
        if let Some(prompt) = ask {
            let trial = said(&pool, Job::from(prompt), prompt, |_| true).await;
            if !trial.is_right {
                let how = trial.outcome.map_or_else(|| trial.reply.clone(), |outcome| outcome.word().into());
                self.problems.push(format!("a real prompt failed: {how}"));
            }
            self.asked = Some(trial);
        }
        self.memory = memory::of(&pool).await;
        let second = second.end(pool).await;
        self.second = Some(second);
        self.pool_pays_from = pays_from(second.cost(), INSTANCES);
        Ok(())
    }
}

/// A start that has been measured, until its stop is, too.
struct Life {
    ready_us: u64,
    warm_us: u64,
}

impl Life {
    async fn start(
        spec: &ToolSpec,
        launcher: Arc<dyn Launch>,
    ) -> Result<(Self, ClusterManager), LaunchError> {
        let began = Instant::now();
        let pool = ClusterManager::builder().tool(spec.clone(), 1).launcher(launcher).build().await?;
        pool.ready().await?;
        let waited = micros(began.elapsed());
        let status = pool.status().await.unwrap_or_default();
        let started = status.first().map(|instance| instance.started).unwrap_or_default();
        let warm_us = started.warm_us.unwrap_or(waited);
        Ok((Self { ready_us: started.ready_us.unwrap_or(warm_us), warm_us }, pool))
    }

    async fn end(self, pool: ClusterManager) -> Start {
        let began = Instant::now();
        pool.shutdown().await;
        Start { ready_us: self.ready_us, warm_us: self.warm_us, stop_us: micros(began.elapsed()) }
    }
}

async fn test_of(pool: &ClusterManager, test: Free<'_>) -> Trial {
    let job = if test.is_command { Job::new().command(test.say) } else { Job::from(test.say) };
    said(pool, job, test.say, |reply| reply.contains(test.expect)).await
}

async fn said(pool: &ClusterManager, job: Job, say: &str, is_right: impl Fn(&str) -> bool) -> Trial {
    let began = Instant::now();
    let (outcome, reply) = match pool.ask(job).await {
        Ok(reply) => (Some(reply.outcome), reply.text().to_owned()),
        Err(error) => (None, error.to_string()),
    };
    let is_right = outcome == Some(Outcome::Ok) && is_right(&reply);
    Trial { say: say.to_owned(), reply, outcome, turn_us: micros(began.elapsed()), is_right }
}

/// A program that was found has become a path.
fn is_there(program: &str) -> bool {
    program.contains('/') && Path::new(program).is_file()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
