//! `cluster trust`: what a project would start, and whether it may.

mod page;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, sanitize};
use cluster::config::{Config, Found, Project, Sources, Standing, TrustError, Trusts};
use cluster::profile::Surroundings;
use std::fmt::Write;
use std::path::{Path, PathBuf, absolute};

const NOTES: &str = "\
Of a project's pool.toml, only what chooses among what is known holds by
itself. What it says below [tools] and [hooks] starts programs, and holds
only after this command has shown it and you have said yes.

Trusted is exactly what was shown: the path, the bytes of the file, of the
profiles that it includes, and of files of the project that its command
lines name. After any change of these you are asked again, and see what is
new. What those programs read in turn is not watched.

The trust is kept in $XDG_STATE_HOME/cluster/trust (~/.local/state).
Exit status: 0 trusted, or nothing to trust; 2 refused; 4 you said no.";

/// Show what a project's pool.toml would start, and trust it
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct TrustArgs {
    /// The project's file; the one that holds here without it
    file: Option<PathBuf>,
    /// Trust it without asking if this is its hash: for places without a terminal, which are told the hash
    #[arg(long, value_name = "SHA256", conflicts_with_all = ["list", "revoke"])]
    trust_hash: Option<String>,
    /// List what is trusted
    #[arg(long, conflicts_with = "file")]
    list: bool,
    /// Trust it no longer
    #[arg(long, conflicts_with = "list")]
    revoke: bool,
}

pub(crate) fn run(args: &TrustArgs) -> Result<Exit, Failure> {
    let around = Surroundings::current();
    let trusts = Trusts::at(around.trust.as_deref()).map_err(refused)?;
    if args.list {
        return list(&trusts, &around);
    }
    let file = args.file.as_deref().map(absolute).transpose();
    let file = file.map_err(|error| Failure::usage(format!("FILE: {error}")))?;
    if args.revoke {
        return revoke(&trusts, &file.or_else(|| Sources::place(&around)).ok_or_else(nowhere)?);
    }
    let sources = match file {
        Some(file) => Sources::with(&around, Some(file)),
        None => Sources::find(&around),
    };
    let mut sources = sources.map_err(Failure::usage)?;
    let Some(project) = sources.project.take() else {
        let place = sources.files.last().and_then(Found::path).ok_or_else(nowhere)?;
        return Err(Failure::usage(format!("{}: is not there", place.display())));
    };
    if !project.needs_trust() {
        Output::aside(&format!("{} starts nothing: it needs no trust", project.file.path.display()));
        return Ok(Exit::Ok);
    }
    if let Standing::Barred(reason) = &project.standing {
        return Err(Failure::usage(reason));
    }
    show(&project, sources, &around, &trusts)?;
    decide(&project, args, &trusts)
}

/// What it would start, and how that differs from what is trusted.
fn show(project: &Project, sources: Sources, around: &Surroundings, trusts: &Trusts) -> Result<(), Failure> {
    // As if it were trusted: what would be, is checked and shown.
    let mut as_trusted = project.clone();
    as_trusted.standing = Standing::Trusted;
    let config = Config::of(Sources { project: Some(as_trusted), ..sources });
    let config = config.and_then(|config| config.checked(around)).map_err(Failure::usage)?;
    let around = Surroundings { tools: config.tools(), ..around.clone() };
    let mut text = page::page(project, &around)?;
    if project.standing == Standing::Changed
        && let Some(before) = trusts.trusted(project).map_err(refused)?
    {
        text.push_str(&page::changes(&before, project));
    }
    Ok(Output::document(&text)?)
}

/// By the hash, by an answer, or not at all.
fn decide(project: &Project, args: &TrustArgs, trusts: &Trusts) -> Result<Exit, Failure> {
    let (path, hash) = (project.file.path.display(), project.digest());
    if project.standing == Standing::Trusted {
        Output::aside(&format!("{path} is trusted already"));
        return Ok(Exit::Ok);
    }
    match &args.trust_hash {
        Some(given) if given.eq_ignore_ascii_case(&hash) => {}
        Some(_) => return Err(Failure::usage(format!("--trust-hash: {path} is another by now, {hash}"))),
        None => match Output::consent("Trust this? [y/N] ")? {
            Some(true) => {}
            Some(false) => {
                Output::aside(&format!("{path} is not trusted"));
                return Ok(Exit::Stopped);
            }
            None => {
                let again = format!("if that is what you want: cluster trust {path} --trust-hash {hash}");
                return Err(Failure::usage("there is no terminal to ask on").help(again));
            }
        },
    }
    // What has been read is kept, and not what the file may be by now.
    trusts.keep(project).map_err(refused)?;
    Output::aside(&format!("{path} is trusted, until it changes"));
    Ok(Exit::Ok)
}

fn list(trusts: &Trusts, around: &Surroundings) -> Result<Exit, Failure> {
    let mut text = String::new();
    for trusted in trusts.list().map_err(refused)? {
        let now = Sources::with(around, Some(trusted.path.clone())).map(|sources| sources.project);
        let state = match now {
            Ok(Some(project)) if project.standing == Standing::Trusted => "trusted",
            Ok(Some(_)) => "changed",
            Ok(None) => "gone",
            Err(_) => "broken",
        };
        let path = trusted.path.display().to_string();
        let _ = writeln!(text, "{state:<7}  {}", sanitize::line(&path, usize::MAX));
    }
    Output::document(&text)?;
    Ok(Exit::Ok)
}

fn revoke(trusts: &Trusts, file: &Path) -> Result<Exit, Failure> {
    let path = Project::identity_of(file);
    if !trusts.revoke(&path).map_err(refused)? {
        return Err(Failure::usage(format!("{} was not trusted", path.display())));
    }
    Output::aside(&format!("{} is not trusted any more", path.display()));
    Ok(Exit::Ok)
}

fn refused(error: TrustError) -> Failure {
    Failure::usage(error)
}

fn nowhere() -> Failure {
    Failure::usage("no project's pool.toml could be here: name the file")
}
