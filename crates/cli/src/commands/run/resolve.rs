//! From the names of tools to what is run.

use super::args::{FramingArgs, StartArgs};
use super::tool::{self, Named};
use crate::failure::Failure;
use crate::output::{redact, sanitize};
use cluster::profile::{Effects, Framing, Overrides, Profile, Surroundings};
use cluster::spec::{Allow, Recording};
use pool_core::process::home::Homes;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// A tool that can be run.
pub(crate) struct Tool {
    pub(crate) profile: Profile,
    pub(crate) instances: usize,
}

impl Tool {
    /// In a few words.
    pub(crate) fn headline(&self) -> String {
        let command = &self.profile.spec.command;
        let program = command.first().and_then(|program| program.rsplit('/').next()).unwrap_or_default();
        let more = if command.len() > 1 { " …" } else { "" };
        let Profile { name, .. } = &self.profile;
        format!("{} × {name} ({}{more}; {})", self.instances, sanitize::line(program, 40), self.effects())
    }

    /// What a turn may change.
    pub(crate) fn effects(&self) -> &'static str {
        match (self.profile.spec.agent().map(|agent| agent.allow), self.profile.effects) {
            (Some(Allow::Read), _) => "may read, --allow=read",
            (Some(Allow::Edits), _) => "may change files, --allow=edits",
            (Some(Allow::Ask), _) => "asks before it changes anything, --allow=ask",
            (Some(Allow::All), _) => "may do anything, --allow=all",
            (None, Effects::Read) => "changes nothing",
            (None, Effects::Write) => "may change anything",
        }
    }
}

/// Finds the tools and puts the flags on top of their profiles.
pub(crate) fn resolve(
    tools: &str,
    instances: u32,
    start: &StartArgs,
    framing: &FramingArgs,
) -> Result<Vec<Tool>, Failure> {
    let flags = overrides(start, framing)?;
    let around = Surroundings { tools: start.tools.clone(), ..Surroundings::current() };
    let load = |Named { tool, instances }: Named| {
        let mut profile = Profile::load(&tool, &flags, &around).map_err(Failure::usage)?;
        if profile.spec.agent().is_some() && !profile.rows.iter().any(|row| row.key == "agent.allow") {
            // Nobody has said what it may do.
            let allow = Some(by_default(profile.spec.cwd.as_deref()));
            profile = Profile::load(&tool, &Overrides { allow, ..flags.clone() }, &around)
                .map_err(Failure::usage)?;
        }
        let transcripts = |folder: &PathBuf| Recording { folder: folder.clone(), hide: redact::hide };
        profile.spec.record = start.record.as_ref().map(transcripts);
        Ok(Tool { profile, instances })
    };
    let named = tool::parse(tools, instances, flags.framing.is_some())?;
    let tools = named.into_iter().map(load).collect::<Result<Vec<Tool>, Failure>>()?;
    if start.record.is_some() && tools.iter().all(|tool| tool.profile.spec.agent().is_none()) {
        return Err(Failure::usage("--record: no tool of this run speaks a protocol of messages")
            .help("'cluster tools learn' writes transcripts of other tools"));
    }
    if start.allow().is_some() && tools.iter().all(|tool| tool.profile.spec.agent().is_none()) {
        return Err(Failure::usage("--allow: no tool of this run asks before it acts")
            .help("such tools may do whatever you may: remove the flag"));
    }
    let is_twice =
        |tool: &&Tool| tools.iter().filter(|other| other.profile.name == tool.profile.name).count() > 1;
    match tools.iter().find(is_twice) {
        None => Ok(tools),
        Some(tool) => Err(Failure::usage(format!("two profiles are named '{}'", tool.profile.name))
            .help("results tell tools apart by their names: rename one of the files")),
    }
}

/// What an agent may do where nobody says it: change files only where that can be undone.
fn by_default(folder: Option<&Path>) -> cluster::profile::Allow {
    let mut git = Command::new("git");
    // A folder's own settings may name a program that git would ask what has changed.
    git.args(["-c", "core.fsmonitor=false", "--no-optional-locks", "status", "--porcelain"])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    if let Some(folder) = folder {
        git.current_dir(folder);
    }
    match git.output() {
        Ok(said) if said.status.success() && said.stdout.is_empty() => cluster::profile::Allow::Edits,
        _ => cluster::profile::Allow::Read,
    }
}

/// Whose usage limits may hold one of them.
pub(crate) fn accounts(tools: &[Tool]) -> BTreeSet<Arc<str>> {
    tools.iter().map(|tool| tool.profile.spec.account.clone()).collect()
}

/// The homes that instances have of their own, to be removed when nobody lives there any more.
pub(crate) fn homes(tools: &[Tool]) -> Vec<Arc<Homes>> {
    tools.iter().filter_map(|tool| tool.profile.spec.home.clone()).collect()
}

fn overrides(start: &StartArgs, flags: &FramingArgs) -> Result<Overrides, Failure> {
    Ok(Overrides {
        model: start.model.clone(),
        tool_args: start.tool_args.clone(),
        env: start.env.clone(),
        cwd: start.cwd.as_deref().map(text).transpose()?,
        timeout: start.timeout,
        ready_timeout: start.ready_timeout,
        stall: start.stall,
        max_memory: start.max_memory,
        kill_stalled: start.kill_stalled,
        allow: start.allow(),
        pty: start.pty,
        framing: framing(flags),
    })
}

fn framing(flags: &FramingArgs) -> Option<Framing> {
    let until = flags.until.clone().map(Framing::Until);
    let sentinel = flags.sentinel.clone().map(Framing::Sentinel);
    let lines = flags.lines.then_some(Framing::Lines);
    until.or(sentinel).or(lines).or(flags.quiet_for.map(Framing::QuietFor))
}

fn text(path: &Path) -> Result<String, Failure> {
    let unreadable = || Failure::usage(format!("--cwd: {} is not UTF-8 text", path.display()));
    path.to_str().map(str::to_owned).ok_or_else(unreadable)
}
