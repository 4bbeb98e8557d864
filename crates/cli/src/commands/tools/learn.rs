//! `cluster tools learn`: a profile for a tool that nobody has described.

use crate::commands::run::block_on;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::batch::duration::duration;
use cluster::learn::{LearnError, Learnt, Lesson, learn};
use cluster::profile::Surroundings;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Try a command line out and write a profile for it.
#[derive(Debug, clap::Args)]
pub(super) struct LearnArgs {
    /// The command line in one word, as in 'mysql -N'; no shell runs
    command: String,
    /// Write NAME.toml, and the transcript of the trial as NAME.golden.txt, into this folder; the profile alone goes to
    /// standard output without it
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// What the profile is called; the name of the program unless given
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Replace files that are there
    #[arg(long, requires = "to")]
    force: bool,
    /// Talk to it on a terminal only; pipes are tried first without this
    #[arg(long)]
    pty: bool,
    /// The longest that all of it may take
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "3m")]
    timeout: Duration,
}

pub(super) fn run(args: &LearnArgs) -> Result<Exit, Failure> {
    let lesson = lesson(args)?;
    let files = args.to.as_deref().map(|folder| Files::of(folder, &lesson.name, args.force)).transpose()?;
    block_on(async move {
        let learnt = learn(&lesson, pool_core::process::launcher(), &Surroundings::current()).await;
        show(&learnt.map_err(failure)?, files)
    })
}

/// What is asked for, checked.
fn lesson(args: &LearnArgs) -> Result<Lesson, Failure> {
    let command = shlex::split(&args.command).filter(|command| !command.is_empty()).ok_or_else(|| {
        Failure::usage(format!("{:?} is no command line", args.command))
            .help("check its quotes; no shell runs, so | and > mean nothing")
    })?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => command[0].rsplit('/').next().unwrap_or_default().to_owned(),
    };
    if name.is_empty() || name.starts_with('.') || name.contains('/') {
        return Err(Failure::usage(format!("{name:?} cannot be the name of a profile"))
            .help("choose one with --name"));
    }
    Ok(Lesson { command, name, pty: args.pty, limit: args.timeout })
}

fn failure(error: LearnError) -> Failure {
    match error {
        LearnError::Empty | LearnError::Refused { .. } => Failure::usage(error),
        error => Failure { exit: Exit::Failed, message: error.to_string(), help: None },
    }
}

fn show(learnt: &Learnt, files: Option<Files>) -> Result<Exit, Failure> {
    Output::remarks("found", &learnt.found);
    Output::remarks("open", &learnt.open);
    match files {
        None => Output::document(&learnt.profile)?,
        Some(files) => files.write(learnt)?,
    }
    Ok(Exit::Ok)
}

/// Where it is written.
struct Files {
    profile: PathBuf,
    transcript: PathBuf,
    force: bool,
}

impl Files {
    /// Refused before anything is tried if there is no such folder, or one of them is there.
    fn of(folder: &Path, name: &str, force: bool) -> Result<Self, Failure> {
        if !folder.is_dir() {
            let failure = Failure::usage(format!("{} is no folder", folder.display()));
            return Err(failure.help("make it first, or write to standard output without --to"));
        }
        let file = |end| folder.join(format!("{name}{end}"));
        let files = Self { profile: file(".toml"), transcript: file(".golden.txt"), force };
        let there = [&files.profile, &files.transcript].into_iter().find(|path| !force && path.exists());
        there.map_or(Ok(()), |path| Err(is_there(path)))?;
        Ok(files)
    }

    fn write(&self, learnt: &Learnt) -> Result<(), Failure> {
        self.put(&self.profile, &learnt.profile)?;
        if let Some(transcript) = &learnt.transcript {
            self.put(&self.transcript, transcript)?;
        }
        Output::remarks("try it", &[format!("cluster doctor {}", self.profile.display())]);
        Ok(())
    }

    fn put(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let opened = if self.force { File::create(path) } else { File::create_new(path) };
        let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => is_there(path),
            _ => Failure::usage(format!("cannot write {}: {error}", path.display())),
        })?;
        Output::remarks("written", &[path.display().to_string()]);
        Ok(())
    }
}

fn is_there(path: &Path) -> Failure {
    Failure::usage(format!("{} is there already", path.display()))
        .help("replace it with --force, or choose another --name")
}
