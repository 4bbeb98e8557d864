//! `cluster runs`: the recorded runs. Reads beside a run that goes on.

mod export;
mod logs;
mod night;
mod show;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Bytes, Output, jobs, redact, sanitize};
use cluster::ledger::LedgerError;
use cluster::ledger::read::{Overview, Run};
use cluster::ledger::store::Store;
use serde::Serialize;
use std::fmt::Write;

/// How much of a plan is shown on its line.
const WIDTH: usize = 60;

/// List the recorded runs, or look at one
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct RunsArgs {
    /// As JSON: an array of runs
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    what: Option<What>,
}

/// What to do with a run.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show a run: how it stands, and each job that is not done; or the whole story of one job
    Show {
        /// The run [default: the last one]
        run: Option<String>,
        /// A job, by its id or number
        job: Option<String>,
    },
    /// Print what the tools of a run printed, in the order of its list
    ///
    /// That is the output of every turn of a job's last attempt as it came, without the marks that ended it, and also
    /// what is not in the reply: colours, progress, prompts. Of more than 256 KB in a turn, head and tail are kept. It is
    /// kept when an attempt ends, well or not.
    Logs(LogsArgs),
    /// Print the results of a run for other programs
    Export {
        /// The run [default: the last one]
        run: Option<String>,
        /// In which form
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Remove the records of runs, and everything they left
    Rm {
        /// The runs
        #[arg(required = true)]
        runs: Vec<String>,
        /// Also those that are unfinished
        #[arg(long)]
        force: bool,
    },
}

/// What to print of a run.
#[derive(Debug, clap::Args)]
struct LogsArgs {
    /// The run [default: the last one]
    run: Option<String>,
    /// A job, by its id or number
    job: Option<String>,
    /// Of this attempt at the job, from 1 [default: the last one that has ended]
    #[arg(long, value_name = "N", requires = "job")]
    attempt: Option<u32>,
    /// Exactly the bytes that came, also on a terminal, which acts on them
    #[arg(long)]
    raw: bool,
    /// Only the last reply of each job, as the run printed it
    #[arg(long, conflicts_with_all = ["raw", "attempt"])]
    replies: bool,
    /// What a run in the background has said, instead of what its tools printed
    #[arg(long, conflicts_with_all = ["job", "raw", "replies"])]
    talk: bool,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// One JSON object a job ('cluster schema result')
    #[default]
    Jsonl,
    /// A table with a header
    Csv,
    /// As GNU parallel's --joblog
    Joblog,
}

pub(crate) fn run(args: &RunsArgs) -> Result<Exit, Failure> {
    let store = Store::current().map_err(Failure::ledger)?;
    let run = |name: &Option<String>| open(&store, name.as_deref());
    let text = match &args.what {
        None => list(&store, args.json)?,
        Some(What::Show { run: name, job: None }) => show::run(&run(name)?)?,
        Some(What::Show { run: name, job: Some(job) }) => show::job(&run(name)?, job)?,
        Some(What::Logs(args)) if args.talk => logs::talk(&run(&args.run)?)?,
        Some(What::Logs(args)) => return args.print(&run(&args.run)?).map(|()| Exit::Ok),
        Some(What::Export { run: name, format }) => {
            return export::export(&run(name)?, *format).map(|()| Exit::Ok);
        }
        Some(What::Rm { runs, force }) => remove(&store, runs, *force)?,
    };
    Output::document(&text)?;
    Ok(Exit::Ok)
}

impl LogsArgs {
    fn print(&self, run: &Run) -> Result<(), Failure> {
        let (job, form) = (self.job.as_deref(), if self.raw { Bytes::AsTheyCame } else { Bytes::ForPeople });
        if self.replies { logs::replies(run, job) } else { logs::logs(run, job, self.attempt, form) }
    }
}

fn open(store: &Store, name: Option<&str>) -> Result<Run, Failure> {
    let name = name.map_or_else(|| last(store), |name| Ok(name.to_owned()))?;
    let run = Run::open(store, &name).map_err(Failure::ledger)?;
    redact::learn(&run.words().map_err(Failure::ledger)?);
    Ok(run)
}

/// The last run.
pub(super) fn last(store: &Store) -> Result<String, Failure> {
    store.last().map_err(Failure::ledger)?.ok_or_else(|| Failure::usage("no run is recorded"))
}

/// How a run stands, in a word.
pub(super) fn state(overview: &Overview) -> &'static str {
    match (overview.holder, overview.ended) {
        (Some(_), _) => "running",
        (None, Some(_)) => "ended",
        (None, None) => "unfinished",
    }
}

/// How many jobs ended how: `3 of 10: 2 ok, 1 error, 1 in between`.
pub(super) fn counts(overview: &Overview) -> String {
    let settled: u64 = overview.outcomes.values().sum();
    let mut text = match overview.total {
        Some(total) => format!("{settled} of {}", jobs(total)),
        None => jobs(settled),
    };
    let outcomes = overview.outcomes.iter().map(|(outcome, count)| format!("{count} {outcome}"));
    let between = (overview.in_between > 0).then(|| format!("{} in between", overview.in_between));
    for (place, part) in outcomes.chain(between).enumerate() {
        let _ = write!(text, "{}{part}", if place == 0 { ": " } else { ", " });
    }
    text
}

/// A run, as `--json` has it.
#[derive(Debug, Serialize)]
struct RunJson {
    run: String,
    state: &'static str,
    began: String,
    ended: Option<String>,
    folder: String,
    plan: String,
    pid: Option<u32>,
    total: Option<u64>,
    outcomes: std::collections::BTreeMap<&'static str, u64>,
    in_between: u64,
    error: Option<String>,
}

fn list(store: &Store, as_json: bool) -> Result<String, Failure> {
    let names = store.begun().map_err(Failure::ledger)?;
    let read = |name: String| {
        let overview = Run::open(store, &name).and_then(|run| run.overview());
        (name, overview)
    };
    let runs = names.into_iter().map(read);
    if as_json {
        let runs: Vec<RunJson> = runs.map(|(name, overview)| json(name, overview)).collect();
        return serde_json::to_string_pretty(&runs)
            .map(|text| text + "\n")
            .map_err(|error| Failure::from(std::io::Error::from(error)));
    }
    let mut text = String::new();
    for (name, overview) in runs {
        let line = match overview {
            Ok(run) => {
                let plan = sanitize::line(&run.plan, WIDTH);
                format!("{name}  {:.0}  {}  {}  {plan}", run.began, state(&run), counts(&run))
            }
            Err(error) => format!("{name}  {}", sanitize::line(&error.to_string(), 200)),
        };
        let _ = writeln!(text, "{line}");
    }
    Ok(if text.is_empty() { "no run is recorded\n".to_owned() } else { text })
}

fn json(name: String, overview: Result<Overview, LedgerError>) -> RunJson {
    let blank = RunJson {
        run: name,
        state: "unreadable",
        began: String::new(),
        ended: None,
        folder: String::new(),
        plan: String::new(),
        pid: None,
        total: None,
        outcomes: std::collections::BTreeMap::new(),
        in_between: 0,
        error: None,
    };
    match overview {
        Err(error) => RunJson { error: Some(error.to_string()), ..blank },
        Ok(run) => RunJson {
            state: state(&run),
            began: run.began.to_string(),
            ended: run.ended.map(|ended| ended.to_string()),
            folder: run.folder.display().to_string(),
            pid: run.holder,
            total: run.total,
            outcomes: run.outcomes.iter().map(|(outcome, count)| (outcome.word(), *count)).collect(),
            in_between: run.in_between,
            plan: run.plan,
            ..blank
        },
    }
}

fn remove(store: &Store, runs: &[String], force: bool) -> Result<String, Failure> {
    let open = runs.iter().find(|name| store.is_open(name) && !store.was_never_begun(name));
    if let Some(name) = open.filter(|_| !force) {
        return Err(Failure::usage(format!("run {name} is unfinished"))
            .help(format!("'cluster resume {name}' goes on with it; --force removes it all the same")));
    }
    for name in runs {
        store.remove(name).map_err(Failure::ledger)?;
    }
    Ok(String::new())
}
