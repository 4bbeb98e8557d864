//! The record of a run: begun for a new one, opened for one that goes on, or none.

use super::args::RunArgs;
use super::plan::Plan;
use super::resolve::Tool;
use super::steps::{Input, Source};
use crate::failure::Failure;
use crate::output::{Output, jobs};
use cluster::batch::item::ItemError;
use cluster::batch::list::OnUnknown;
use cluster::batch::plan::Planned;
use cluster::ledger::LedgerError;
use cluster::ledger::identity::Identities;
use cluster::ledger::log::MAX_LOG;
use cluster::ledger::recorder::{Policy, Recorder};
use cluster::ledger::store::{Draft, NewRun, Store};
use cluster::ledger::writer::Standing;
use futures_util::stream::{self, StreamExt};
use std::ffi::OsString;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// For how long an instance waits for its intent to be written: a full disk may take its time, and nothing is lost
/// meanwhile. A year.
pub(crate) const PATIENCE: Duration = Duration::from_secs(365 * 24 * 3600);

/// What kind of record a run has.
pub(crate) enum Record {
    /// None.
    No,
    /// One that begins with its first job.
    New(Store, Draft),
    /// One that goes on.
    Old(Old),
}

/// A run that goes on.
pub(crate) struct Old {
    pub(crate) store: Store,
    pub(crate) name: String,
    /// Its standard input: a copy, or another one.
    pub(crate) input: Input,
    /// What the user says about jobs whose end nobody knows.
    pub(crate) on_unknown: Option<OnUnknown>,
    /// Failed jobs are run again.
    pub(crate) failed: bool,
}

/// A file that may not grow is an error like a full disk, not the end of the program: SIGXFSZ is heard, and not heeded.
/// Tools get the default back.
pub(crate) fn survive_file_limits() -> std::io::Result<()> {
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
}

/// A run whose jobs can be fed.
pub(super) struct Begun {
    pub(super) source: Source,
    pub(super) recorder: Option<Recorder>,
    /// Worth saying.
    pub(super) note: Option<String>,
}

impl Begun {
    /// The tools, with instances that wait for the disk, and keep what tools print, if there is a record.
    pub(super) fn patient(&self, mut tools: Vec<Tool>) -> Vec<Tool> {
        if self.recorder.is_some() {
            let limits = tools.iter_mut().map(|tool| &mut tool.profile.spec.limits);
            limits.for_each(|limits| (limits.errand, limits.max_raw) = (PATIENCE, MAX_LOG));
        }
        tools
    }
}

impl Record {
    /// Of a run that these arguments begin.
    pub(super) fn of_new(args: &RunArgs) -> Result<Self, Failure> {
        if args.record.no_ledger || args.output.dry_run {
            return Ok(Self::No);
        }
        let store = Store::current().map_err(Failure::ledger)?;
        let draft = store.draft().map_err(Failure::ledger)?;
        Ok(Self::New(store, draft))
    }

    /// Where standard input comes from, or goes to.
    pub(super) fn input(&self) -> Input {
        match self {
            Self::No => Input::Direct,
            Self::New(_, draft) => Input::Copied(draft.input()),
            Self::Old(old) => old.input.clone(),
        }
    }

    /// What to do about a folder of results that is another run's: that of one that goes on was its own, with its list.
    pub(super) fn advise(&self, failure: Failure) -> Failure {
        match self {
            Self::Old(_) if failure.message.ends_with("is not empty") => {
                failure.help("its folders are numbered by the list as it was: with --results DIR those of this list go elsewhere")
            }
            _ => failure,
        }
    }

    /// Begins the record, or opens it. Waits for the first job: it tells whether an unfinished run holds the list.
    pub(super) async fn begin(self, facts: Facts, mut jobs: Source) -> Result<Begun, Failure> {
        let (recorder, note) = match self {
            Self::No => return Ok(Begun { source: jobs, recorder: None, note: None }),
            Self::Old(old) => {
                if old.on_unknown.is_some() {
                    jobs = Box::pin(jobs.map(answered));
                }
                (old.open(&facts)?, None)
            }
            Self::New(store, draft) => {
                let first = match jobs.next().await {
                    Some(Ok(first)) => first,
                    // Nothing to run: nothing to record.
                    other => {
                        let source = Box::pin(stream::iter(other).chain(jobs));
                        return Ok(Begun { source, recorder: None, note: None });
                    }
                };
                let (anew, tools) = (facts.anew, facts.tools.clone());
                let run = facts.new_run(&first)?;
                let note = holding(&store, &run, anew)?;
                jobs = Box::pin(stream::iter([Ok(first)]).chain(jobs));
                (draft.begin(&run, &tools).map_err(Failure::ledger)?, note)
            }
        };
        let planner = recorder.clone();
        let to_do = move |planned: Result<Planned, _>| {
            ready(match planned {
                Ok(planned) => planner.plan(planned).map(Ok),
                Err(error) => Some(Err(error)),
            })
        };
        Ok(Begun { source: Box::pin(jobs.filter_map(to_do)), recorder: Some(recorder), note })
    }
}

/// Jobs that ask what is to be done with them have been answered by a flag.
fn answered(planned: Result<Planned, ItemError>) -> Result<Planned, ItemError> {
    planned.map(|mut planned| {
        planned.info.on_unknown = planned.info.on_unknown.filter(|own| *own != OnUnknown::Ask);
        planned
    })
}

impl Old {
    fn open(self, facts: &Facts) -> Result<Recorder, Failure> {
        let on_unknown = self.on_unknown.unwrap_or(facts.on_unknown);
        let policy = Policy { on_unknown, failed: self.failed };
        self.store.resume(&self.name, &facts.tools, policy).map_err(Failure::ledger)
    }
}

/// What the record wants to know of a run.
pub(super) struct Facts {
    words: Vec<OsString>,
    headline: String,
    writes: bool,
    tools: Vec<String>,
    on_unknown: OnUnknown,
    anew: bool,
}

impl Facts {
    pub(super) fn new(plan: &Plan, args: &RunArgs) -> Self {
        let writes = plan.writes();
        let default = if writes { OnUnknown::Ask } else { OnUnknown::Retry };
        Self {
            words: args.words.clone(),
            headline: plan.headline(),
            writes,
            tools: plan.identities(),
            on_unknown: args.record.on_unknown.map_or(default, Into::into),
            anew: args.record.new,
        }
    }

    fn new_run(self, first: &Planned) -> Result<NewRun, Failure> {
        let folder = std::env::current_dir()
            .map_err(|error| Failure::usage(format!("the working folder cannot be had: {error}")))?;
        let first = Identities::new(self.tools.iter().map(String::as_str)).of(first);
        Ok(NewRun { words: self.words, folder, plan: self.headline, writes: self.writes, first })
    }
}

/// Refuses a list that an unfinished run holds, if a repeat can do harm; else what to say about it.
fn holding(store: &Store, run: &NewRun, anew: bool) -> Result<Option<String>, Failure> {
    if anew {
        return Ok(None);
    }
    let Some(name) = store.holding(&run.folder, run.first).map_err(Failure::ledger)? else { return Ok(None) };
    let what = match store.holder(&name) {
        Some(pid) => format!("run {name} is at work on this list (pid {pid})"),
        None => format!("the unfinished run {name} holds this list"),
    };
    if !run.writes {
        return Ok(Some(format!("{what}; this is another run of it")));
    }
    let help =
        format!("'cluster resume {name}' goes on with it; --new begins anew, and may do the same work twice");
    Err(Failure::usage(what).help(help))
}

/// How a recorded run stands when its controller lets go of it.
pub(super) enum Closed {
    /// There is no record, or its controller was told to kill everything.
    Not,
    /// The record is in order.
    Standing(Standing),
    /// The disk did not take it.
    Failed(Arc<LedgerError>),
}

impl Closed {
    /// What closing came to.
    pub(super) fn of(result: Option<Result<Standing, Arc<LedgerError>>>) -> Self {
        match result {
            None => Self::Not,
            Some(Ok(standing)) => Self::Standing(standing),
            Some(Err(error)) => Self::Failed(error),
        }
    }

    /// Whether something is left that the results do not tell.
    pub(super) fn is_short(&self) -> bool {
        match self {
            Self::Not => false,
            Self::Standing(standing) => standing.unknown > 0,
            Self::Failed(_) => true,
        }
    }

    /// Says how the run stands, and what to do about it.
    pub(super) fn tell(&self, recorder: Option<&Recorder>, output: &mut Output) {
        match (self, recorder) {
            (Self::Not, None) => {}
            (Self::Not, Some(recorder)) => output.note(&broken_off(recorder)),
            (Self::Standing(standing), Some(recorder)) => {
                report(recorder, *standing).iter().for_each(|line| output.note(line));
            }
            (Self::Failed(error), _) => output.error(&error.to_string()),
            (Self::Standing(_), None) => {}
        }
    }
}

/// What to say of a run that has not ended.
fn broken_off(recorder: &Recorder) -> String {
    let name = recorder.name();
    format!("{name} is unfinished: 'cluster resume {name}' goes on with it")
}

/// How a recorded run stands when this controller lets go of it, for people.
fn report(recorder: &Recorder, standing: Standing) -> Vec<String> {
    let name = recorder.name();
    let passed = recorder.passed();
    let mut lines = Vec::new();
    if passed.done > 0 {
        lines.push(format!("{name}: {} done before", jobs(passed.done)));
    }
    if passed.failed > 0 {
        lines.push(format!("{name}: {} failed before: --failed runs them again", jobs(passed.failed)));
    }
    if standing.unknown > 0 {
        lines.push(format!(
            "{name}: {} sent, with an end that nobody knows: resumed, --on-unknown retry sends again, skip takes for failed",
            jobs(standing.unknown)
        ));
    }
    if !standing.is_finished && standing.is_begun {
        lines.push(broken_off(recorder));
    }
    lines
}
