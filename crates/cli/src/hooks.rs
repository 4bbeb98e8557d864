//! Programs of the user's that are told of what happens: one at a time for each kind of event.
//!
//! Nothing waits for them while the run goes on. An event that finds [`WAITING`] others of its kind waiting is dropped,
//! and said to be; a program that takes more than [`LIMIT`] is killed with all that it started in its group. What a hook
//! prints, and how it fails, is told; nothing of it changes how the run ends.

mod program;

use cluster::batch::ResultRecord;
use cluster::batch::plan::JobInfo;
use cluster::hooks::{Event, Happened, Hooks as Wanted};
use pool_core::message::Outcome;
use pool_core::supervisor::{InstanceState, InstanceStatus};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long a program may take; and all that are left at the end of the run.
const LIMIT: Duration = Duration::from_secs(30);

/// How many events of a kind wait at most.
const WAITING: usize = 16;

/// How many lines of what was said wait to be told.
const SAID: usize = 1024;

/// The hooks of a run.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    run_done: Option<Lane>,
    job_failed: Option<Lane>,
    needs_input: Option<Lane>,
    said: Option<mpsc::Receiver<Said>>,
}

/// A line of a hook's, not made safe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It printed this.
    Output(String),
    /// This went wrong.
    Warning(String),
}

/// One kind of event.
#[derive(Debug)]
struct Lane {
    name: &'static str,
    events: mpsc::Sender<Vec<u8>>,
    dropped: u64,
    /// Runs the programs, one after the other.
    runner: JoinHandle<()>,
}

impl Hooks {
    /// Those that are wanted. Within a runtime.
    pub(crate) fn new(wanted: Wanted) -> Self {
        let (say, said) = mpsc::channel(SAID);
        let lane = |name, argv: Vec<String>| (!argv.is_empty()).then(|| Lane::new(name, argv, say.clone()));
        Self {
            run_done: lane("on_run_done", wanted.on_run_done),
            job_failed: lane("on_job_failed", wanted.on_job_failed),
            needs_input: lane("on_needs_input", wanted.on_needs_input),
            said: Some(said),
        }
    }

    /// A job has ended.
    pub(crate) fn ended(&mut self, record: &ResultRecord) {
        if let Some(lane) = &mut self.job_failed
            && !matches!(record.outcome, Outcome::Ok | Outcome::Cancelled)
        {
            lane.tell(&Event::job_failed(record));
        }
    }

    /// An instance has become something else.
    pub(crate) fn changed(&mut self, status: &InstanceStatus, job: Option<&JobInfo>) {
        if let Some(lane) = &mut self.needs_input
            && status.state == InstanceState::NeedsInput
        {
            lane.tell(&Event::needs_input(status, job));
        }
    }

    /// The run has ended.
    pub(crate) fn run_done(&mut self, happened: impl FnOnce() -> Happened) {
        if let Some(lane) = &mut self.run_done {
            lane.tell(&Event::now(happened()));
        }
    }

    /// What they have said since the last time.
    pub(crate) fn said(&mut self) -> Vec<Said> {
        let Some(said) = &mut self.said else { return Vec::new() };
        std::iter::from_fn(|| said.try_recv().ok()).collect()
    }

    /// Takes no more events, and waits for the programs that are left; those that take too long are killed. What was not
    /// done is said.
    pub(crate) async fn finish(&mut self) -> Vec<Said> {
        let lanes = [&mut self.run_done, &mut self.job_failed, &mut self.needs_input];
        let deadline = tokio::time::Instant::now() + LIMIT;
        let mut lost = Vec::new();
        for lane in lanes.into_iter().filter_map(Option::take) {
            lost.extend(lane.finish(deadline).await);
        }
        let mut all = self.said();
        all.extend(lost);
        all
    }
}

impl Lane {
    fn new(name: &'static str, argv: Vec<String>, say: mpsc::Sender<Said>) -> Self {
        let (events, mut to_tell) = mpsc::channel::<Vec<u8>>(WAITING);
        let runner = tokio::spawn(async move {
            while let Some(event) = to_tell.recv().await {
                for line in program::run(name, &argv, event, LIMIT).await {
                    // Who says more than anybody takes is cut short.
                    let _ = say.try_send(line);
                }
            }
        });
        Self { name, events, dropped: 0, runner }
    }

    fn tell(&mut self, event: &Event) {
        if self.events.try_send(event.line()).is_err() {
            self.dropped += 1;
        }
    }

    /// What has to be said about it.
    async fn finish(self, deadline: tokio::time::Instant) -> Vec<Said> {
        let Self { name, events, dropped, mut runner } = self;
        drop(events);
        let mut lines = Vec::new();
        if dropped > 0 {
            lines.push(Said::Warning(format!(
                "hook {name}: was not told of {dropped} events: it is too slow for them"
            )));
        }
        if tokio::time::timeout_at(deadline, &mut runner).await.is_err() {
            runner.abort();
            lines.push(Said::Warning(format!(
                "hook {name}: was not told of all events: it took more than {LIMIT:.0?}"
            )));
        }
        lines
    }
}

#[cfg(test)]
mod tests;
