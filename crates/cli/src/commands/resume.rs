//! `cluster resume`: goes on with a run. What is done stays done; what was never sent is sent.

use super::run::args::{BoundsArgs, RunArgs, TalkArgs, Unknown};
use super::run::detach;
use super::run::record::{Old, Record};
use super::run::steps::Input;
use crate::args::{Unread, Verb, parse};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::redact;
use crate::strategies::Strategies;
use cluster::ledger::read::Run;
use cluster::ledger::store::Store;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Go on with a run that was stopped, killed, or has failed jobs
///
/// It is run as it was begun, in the same folder; its list is read again. Jobs that are done stay done, jobs that were
/// never sent are sent. A list that was edited can be given: new jobs are run, those that are gone are dropped.
#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    /// The run [default: the last one that has not ended; with --failed, if all have, the last one]
    #[arg(value_name = "RUN")]
    run: Option<String>,
    /// Also run the jobs that failed
    #[arg(long)]
    failed: bool,
    /// What to do with a job that was sent, and whose end nobody knows [default: as the run was begun with]
    #[arg(long, value_name = "WHAT", value_enum)]
    on_unknown: Option<Unknown>,
    /// Read the items from this file instead
    #[arg(short = 'a', long = "arg-file", value_name = "FILE")]
    arg_file: Option<PathBuf>,
    /// Read the structured jobs from this file instead
    #[arg(long, value_name = "FILE.jsonl", conflicts_with = "arg_file")]
    from: Option<PathBuf>,
    /// Go on in the background ('cluster wait', 'cluster runs logs')
    #[arg(short, long)]
    detach: bool,
    /// One JSON object a job, as they finish ('cluster schema result')
    #[arg(long)]
    json: bool,
    /// Leave results in this folder instead: for another list, because the folders of jobs are numbered by their places
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Replies as they finish, not in the order of the items
    #[arg(long)]
    unordered: bool,
    #[command(flatten)]
    talk: TalkArgs,
    #[command(flatten)]
    bounds: BoundsArgs,
}

/// Reads the run's own command line, and runs it with its record.
pub(crate) fn run(args: &ResumeArgs, strategies: &Strategies) -> Result<Exit, Failure> {
    if args.detach
        && let Some(exit) = detach::begin(args.talk.level())?
    {
        return Ok(exit);
    }
    let store = Store::current().map_err(Failure::ledger)?;
    let name = match &args.run {
        Some(name) => name.clone(),
        None => last_open(&store, args.failed)?,
    };
    if let Some(pid) = store.holder(&name) {
        return Err(Failure::ledger(cluster::ledger::LedgerError::Held { run: name, pid }));
    }
    let run = Run::open(&store, &name).map_err(Failure::ledger)?;
    let overview = run.overview().map_err(Failure::ledger)?;
    let (arg_file, from) = (absolute(args.arg_file.as_deref())?, absolute(args.from.as_deref())?);
    let results = args.results.as_deref().map(std::path::absolute).transpose();
    let results = results.map_err(|error| Failure::usage(format!("--results: {error}")))?;
    std::env::set_current_dir(&overview.folder).map_err(|error| {
        Failure::usage(format!(
            "the folder of the run, {}, cannot be used: {error}",
            overview.folder.display()
        ))
    })?;
    redact::learn(&overview.words);
    // The settings of a project are those of the run's folder.
    let mut again = recorded(overview.words)?;
    args.put_on(&mut again, arg_file, from);
    again.output.results = results.or(again.output.results);
    let input = args.input(&again, run.input())?;
    if matches!(input, Input::Torn(_)) && args.arg_file.is_none() && args.from.is_none() {
        crate::output::Output::aside(&format!(
            "standard input had not ended when {name} was stopped: the whole lines that came are run; give a longer list \
             with -a"
        ));
    }
    drop(run);
    let record = Record::Old(Old {
        store,
        name,
        input,
        on_unknown: args.on_unknown.map(Into::into),
        failed: args.failed,
    });
    super::run::go(&again, record, strategies)
}

impl ResumeArgs {
    /// What `-` is: the copy that the run has made, unless the list comes from there now.
    fn input(&self, run: &RunArgs, copy: Option<(PathBuf, bool)>) -> Result<Input, Failure> {
        let is_input = |path: &PathBuf| path == Path::new("-");
        if self.arg_file.iter().chain(&self.from).any(is_input) {
            if run.steps.step_files.iter().any(is_input) {
                return Err(Failure::usage(
                    "a step of the run came on standard input, and the list is to come there, too",
                )
                .help("put the list into a file"));
            }
            return Ok(Input::Direct);
        }
        Ok(match copy {
            None => Input::Direct,
            Some((path, true)) => Input::Copy(path),
            Some((path, false)) => Input::Torn(path),
        })
    }

    /// What is given now goes before what was given then.
    fn put_on(&self, run: &mut RunArgs, arg_file: Option<PathBuf>, from: Option<PathBuf>) {
        if arg_file.is_some() || from.is_some() {
            run.items.clear();
            run.input.arg_file = arg_file;
            run.input.from = from;
        }
        run.record.detach = self.detach;
        self.bounds.put_on(&mut run.bounds);
        let output = &mut run.output;
        output.json |= self.json;
        output.unordered |= self.unordered;
        self.talk.put_on(&mut output.talk);
    }
}

/// The command line of the run, read as it was then.
fn recorded(words: Vec<OsString>) -> Result<RunArgs, Failure> {
    let program = OsString::from("cluster");
    match parse(std::iter::once(program).chain(words)) {
        Ok(Verb::Run(args)) => Ok(*args),
        Err(Unread::Settings(failure)) => Err(failure),
        _ => Err(Failure::usage("this version does not understand the command line of the run")
            .help("'cluster runs show' prints it; use the version that began the run")),
    }
}

/// A path that means the same in another folder; `-` is no path.
fn absolute(path: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let absolute = |path: &Path| {
        if path == Path::new("-") {
            return Ok(path.to_owned());
        }
        std::path::absolute(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    };
    path.map(absolute).transpose()
}

/// The last run that has not ended. Failed jobs are also those of one that has.
fn last_open(store: &Store, failed: bool) -> Result<String, Failure> {
    match store.last_open().map_err(Failure::ledger)? {
        Some(name) => Ok(name),
        None if failed => super::runs::last(store),
        None => Err(Failure::usage("no run is unfinished")
            .help("--failed runs the failed jobs of the last run again; 'cluster runs' lists them all")),
    }
}
