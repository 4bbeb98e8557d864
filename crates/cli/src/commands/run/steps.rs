//! Steps and items: from arguments to templates and to a source of jobs.

use super::args::RunArgs;
use crate::failure::Failure;
use cluster::batch::item::{ItemError, Lines, MAX_ITEM, Separator, arguments};
use cluster::batch::list;
use cluster::batch::plan::{ItemPlanner, ListPlanner, Planned, Settings};
use cluster::ledger::LedgerError;
use cluster::ledger::spool::Spool;
use futures_util::Stream;
use futures_util::stream;
use std::fs::File;
use std::io::{BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Poll, ready};
use tokio::sync::mpsc;

/// Planned jobs, as fast as the list can be read.
pub(super) type Source = Pin<Box<dyn Stream<Item = Result<Planned, ItemError>>>>;

/// How many items go from the thread that reads to the runner at a time: a hand-over costs more than an item.
const AT_ONCE: usize = 64;

/// The jobs of a run, checked as far as can be before it starts.
pub(super) enum Jobs {
    /// Of items on the command line.
    Arguments(ItemPlanner, Vec<String>),
    /// Of items in a file or on standard input, which may never end.
    File(ItemPlanner, Lines<BufReader<Box<dyn Read + Send>>>),
    /// Of a list.
    List(ListPlanner),
}

/// What standard input is.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// The real one.
    Direct,
    /// The real one, with a copy of it in this file.
    Copied(PathBuf),
    /// The copy in this file.
    Copy(PathBuf),
    /// As much of it as had come when its controller was stopped.
    Torn(PathBuf),
}

impl Jobs {
    /// Opens what is to be read, and checks the templates.
    pub(super) fn open(args: &RunArgs, settings: &Settings, input: &Input) -> Result<Self, Failure> {
        if let Some(path) = &args.input.from {
            return open_list(path, settings, input).map(Self::List);
        }
        let planner = ItemPlanner::new(settings).map_err(Failure::usage)?;
        if !args.items.is_empty() {
            return Ok(Self::Arguments(planner, arguments(args.items.clone()).map_err(Failure::usage)?));
        }
        let (file, name) = match &args.input.arg_file {
            Some(path) => open(path, input)?,
            None if !matches!(input, Input::Copy(_) | Input::Torn(_)) && std::io::stdin().is_terminal() => {
                return Err(no_items());
            }
            None => open(Path::new("-"), input)?,
        };
        let separator = if args.input.null { Separator::Nul } else { Separator::Line };
        let lines = Lines::new(BufReader::with_capacity(64 << 10, file), name, separator);
        // Another list may have been given in the place of the copy, and ends as its author wrote it.
        let is_copy = args.input.arg_file.as_deref().is_none_or(|path| path == Path::new("-"));
        let is_torn = is_copy && matches!(input, Input::Torn(_));
        Ok(Self::File(planner, if is_torn { lines.cut_off() } else { lines }))
    }

    /// How many there are, if that is known.
    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Self::Arguments(_, items) => Some(items.len() as u64),
            Self::File(..) => None,
            Self::List(jobs) => Some(jobs.len() as u64),
        }
    }

    /// One after the other, for showing.
    pub(super) fn iter(self) -> Box<dyn Iterator<Item = Result<Planned, ItemError>>> {
        match self {
            Self::Arguments(mut planner, items) => {
                Box::new(items.into_iter().map(move |item| planner.plan(Ok(item))))
            }
            Self::File(mut planner, lines) => Box::new(lines.map(move |item| planner.plan(item))),
            Self::List(jobs) => Box::new(jobs.map(Ok)),
        }
    }

    /// For running: a file is read on a thread of its own, because its next line may be long in coming.
    pub(super) fn stream(self) -> std::io::Result<Source> {
        let Self::File(mut planner, mut lines) = self else { return Ok(Box::pin(stream::iter(self.iter()))) };
        let (send, mut receive) = mpsc::channel(1);
        let read =
            move || while next_items(&mut lines).is_some_and(|items| send.blocking_send(items).is_ok()) {};
        std::thread::Builder::new().name("cluster-items".into()).spawn(read)?;
        let mut items = Vec::new().into_iter();
        let next = move |context: &mut std::task::Context<'_>| {
            loop {
                if let Some(item) = items.next() {
                    return Poll::Ready(Some(planner.plan(item)));
                }
                match ready!(receive.poll_recv(context)) {
                    Some(more) => items = Vec::into_iter(more),
                    None => return Poll::Ready(None),
                }
            }
        };
        Ok(Box::pin(stream::poll_fn(next)))
    }
}

/// Waits for the next item, and takes what else has come with it.
fn next_items<R: Read>(lines: &mut Lines<BufReader<R>>) -> Option<Vec<Result<String, ItemError>>> {
    let mut items = vec![lines.next()?];
    while items.len() < AT_ONCE && lines.is_next_buffered() {
        items.extend(lines.next());
    }
    Some(items)
}

fn open_list(path: &Path, settings: &Settings, input: &Input) -> Result<ListPlanner, Failure> {
    let (file, name) = open(path, input)?;
    let jobs = list::read(BufReader::new(file), &name).map_err(Failure::usage)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    ListPlanner::new(settings, jobs, &name, folder).map_err(Failure::usage)
}

/// All of a text file, or of standard input for `-`, without the line end at its end.
pub(crate) fn whole(path: &Path, input: &Input) -> Result<String, Failure> {
    let (file, name) = open(path, input)?;
    let mut bytes = Vec::new();
    file.take(MAX_ITEM as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("cannot read {name}: {error}")))?;
    if bytes.len() > MAX_ITEM {
        return Err(Failure::usage(format!(
            "{name} is longer than {MAX_ITEM} bytes: is this the right file?"
        )));
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{name} is not UTF-8 text: convert it, or name another file")))?;
    if text.ends_with('\n') {
        text.truncate(text.len() - if text.ends_with("\r\n") { 2 } else { 1 });
    }
    Ok(text)
}

/// A file, or standard input for `-`, and what errors call it.
fn open(path: &Path, input: &Input) -> Result<(Box<dyn Read + Send>, String), Failure> {
    if path == Path::new("-") {
        let stdin: Box<dyn Read + Send> = match input {
            Input::Direct => Box::new(std::io::stdin()),
            Input::Copied(to) => {
                let copy = Spool::copy(std::io::stdin(), to);
                Box::new(copy.map_err(|error| Failure::ledger(LedgerError::from(error)))?)
            }
            Input::Copy(path) | Input::Torn(path) => Box::new(file(path)?),
        };
        return Ok((stdin, "standard input".to_owned()));
    }
    Ok((Box::new(file(path)?), path.display().to_string()))
}

fn file(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

fn no_items() -> Failure {
    Failure::usage("no items").help(
        "give them as arguments, in a file (-a FILE), or on standard input; a whole prompt is an item too",
    )
}

/// The templates in the order of the command line.
pub(super) fn templates(args: &RunArgs, input: &Input) -> Result<Vec<String>, Failure> {
    let [step_places, file_places] = &args.step_order;
    let given = args.steps.steps.iter().cloned().map(Ok).zip(step_places);
    let files = args.steps.step_files.iter().map(|path| whole(path, input)).zip(file_places);
    let mut steps: Vec<_> = given.chain(files).collect();
    steps.sort_by_key(|(_, place)| **place);
    steps.into_iter().map(|(step, _)| step).collect()
}
