//! Our pool, through its handle: on this arbiter, and on a thread of its own.

use super::{Framing, Setup, Subject};
use crate::args::Args;
use crate::sample::Sample;
use crate::{Failure, tool};
use cluster::{ClusterBuilder, ClusterManager};
use pool_core::message::JobResult;
use pool_core::spec::{ToolSpec, TurnRule, TurnSpec};
use pool_core::supervisor::{InstanceState, InstanceStatus};
use regex::Regex;
use std::future::Future;
use std::time::{Duration, Instant};

/// The pool on this arbiter.
pub(crate) struct Ours(ClusterManager);

impl Subject for Ours {
    fn run<F: Future>(future: F) -> Result<F::Output, Failure> {
        Ok(actix::System::new().block_on(future))
    }

    async fn start(setup: Setup) -> Result<Self, Failure> {
        let pool = builder(&setup)?.on_this_arbiter().build().await?;
        all_ready(&pool).await?;
        Ok(Self(pool))
    }

    async fn ask(&self, prompt: String) -> Result<usize, Failure> {
        length(self.0.submit(prompt).await)
    }

    async fn stop(self) -> Result<(), Failure> {
        self.0.shutdown().await;
        Ok(())
    }
}

/// Measures our pool: as every subject, and in the ways that only it has.
pub(crate) fn measure(what: &str, args: &Args) -> Result<Sample, Failure> {
    match what {
        "foreign" => foreign(args),
        "restart" => Ours::run(super::faults::restart(Setup::from_args(args), args))?,
        "beside" => Ours::run(super::faults::beside(Setup::from_args(args), args))?,
        "snapshot" => Ours::run(super::faults::snapshot(Setup::from_args(args)))?,
        "guards" => Ours::run(super::faults::guards(Setup::from_args(args)))?,
        other => super::measure::<Ours>(other, args),
    }
}

/// Round trips from a thread without a runtime, to the pool on a thread of its own.
fn foreign(args: &Args) -> Result<Sample, Failure> {
    let pool = pool_core::block_on(builder(&Setup::from_args(args))?.build())?;
    pool_core::block_on(pool.ready())?;
    let (count, warm_up) = (args.value("--count", 10_000), 200);
    let mut times = Vec::with_capacity(count);
    for trip in 0..count + warm_up {
        let start = Instant::now();
        length(pool.submit(tool::PROMPT.to_owned()).wait())?;
        if trip >= warm_up {
            times.push(start.elapsed());
        }
    }
    pool_core::block_on(pool.shutdown());
    Ok(Sample::latencies(times))
}

/// Waits until every instance can take a job. The status is asked for now and then: a tool that is ready does not
/// wait for us.
pub(crate) async fn all_ready(pool: &ClusterManager) -> Result<Vec<InstanceStatus>, Failure> {
    pool.ready().await?;
    loop {
        let status = pool.status().await?;
        if status.iter().all(|instance| instance.state == InstanceState::Ready) {
            return Ok(status);
        }
        // The status of a thousand costs something; the end may be late by a hundredth.
        tokio::time::sleep(Duration::from_millis(1 + status.len() as u64 / 150)).await;
    }
}

fn length(result: JobResult) -> Result<usize, Failure> {
    let reply = result?;
    if reply.is_ok() {
        Ok(reply.text().len())
    } else {
        Err(format!("{}: {:?}", reply.outcome, reply.error).into())
    }
}

fn builder(setup: &Setup) -> Result<ClusterBuilder, Failure> {
    Ok(ClusterManager::builder().tool(spec(setup)?, setup.tools))
}

/// The tool as our pool knows tools.
pub(crate) fn spec(setup: &Setup) -> Result<ToolSpec, Failure> {
    let rule = match setup.framing {
        Framing::Line => TurnRule::Lines,
        Framing::End => TurnRule::Prompt { until: Regex::new(r"\nEND\n\z")?, settle: Duration::ZERO },
        Framing::Mark => TurnRule::Sentinel {
            send: "mark{nonce}".to_owned(),
            expect: Regex::new("(?m)^(?P<nonce>[0-9a-f]{16})$")?,
            before: None,
            begin: false,
        },
    };
    let mut spec = ToolSpec::new("echo", tool::argv(&setup.options)?, TurnSpec::new(rule));
    if setup.says_ready() {
        spec.start.ready = Some(Regex::new(r"ready\n\z")?);
    }
    spec.io = setup.io;
    spec.limits.max_reply = 256 << 20;
    Ok(spec)
}
