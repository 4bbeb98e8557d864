//! `cluster doctor TOOL --conformance`: what of all that a pool does works with this tool.

use super::show;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, sanitize};
use cluster::conformance::{Conformance, Kit};
use cluster::profile::{Allow, Overrides, Profile, Surroundings};
use std::fmt::Write;
use std::path::Path;

/// How much of foreign text is shown on a line.
const WIDTH: usize = 120;

/// The tool twice, as two pools need it, and an empty folder for an agent.
pub(super) struct Bench {
    read: Profile,
    edits: Profile,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new(tool: &str, around: &Surroundings) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("cluster-conformance-").tempdir();
        let folder = folder.map_err(|error| {
            Failure::usage(format!("no folder for the trial can be made: {error}")).help("see TMPDIR")
        })?;
        let load = |allow| -> Result<Profile, Failure> {
            let flags = Overrides { allow: Some(allow), ..Overrides::default() };
            let profile = Profile::load(tool, &flags, around).map_err(Failure::usage)?;
            Ok(in_folder(profile, folder.path()))
        };
        Ok(Self { read: load(Allow::Read)?, edits: load(Allow::Edits)?, folder })
    }

    /// Tries everything, and shows it.
    pub(super) async fn run(&self, pays: bool, json: bool) -> Result<Exit, Failure> {
        let kit = Kit { profile: &self.read, free: &self.edits, folder: self.folder.path(), pays };
        announce(&kit);
        let found = kit.run(pool_core::process::launcher).await;
        Output::document(&if json { show::json(&found)? } else { page(&found) })?;
        Ok(if found.is_well() { Exit::Ok } else { Exit::Failed })
    }
}

/// An agent changes files: not those of whoever asks.
fn in_folder(mut profile: Profile, folder: &Path) -> Profile {
    if profile.spec.agent().is_some() {
        profile.spec.cwd = Some(folder.to_owned());
    }
    profile
}

/// Says what a tool whose prompts may cost is about to be sent, or would be.
fn announce(kit: &Kit<'_>) {
    let (plan, paid) = (kit.plan(), Kit { pays: true, ..*kit }.plan());
    if !plan.costs {
        return;
    }
    // What costs nothing comes first, and is sent anyway.
    let free = if kit.pays { 0 } else { plan.prompts().len() };
    let prompts = &paid.prompts()[free..];
    let what = if kit.pays { "sends" } else { "not sent without --ask:" };
    Output::aside(&format!("{what} {} prompts, which may cost", prompts.len()));
    let lines: Vec<String> = prompts.iter().map(|prompt| sanitize::line(prompt, WIDTH)).collect();
    Output::remarks("prompt", &lines);
}

/// A line for each feature.
fn page(found: &Conformance) -> String {
    let version =
        found.version.as_deref().map_or_else(|| "version not told".into(), |it| sanitize::line(it, WIDTH));
    let tested = match found.is_tested {
        Some(true) => " (tested)".to_owned(),
        Some(false) => format!(" (the profile was tested with {})", found.tested.join(", ")),
        None => String::new(),
    };
    let mut text = format!("{}: {version}{tested}\n", sanitize::line(&found.tool, WIDTH));
    for cell in &found.features {
        let (feature, word) = (cell.feature.word(), cell.is.word());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {feature:10} {word:11}  {}", sanitize::line(&cell.why, 2 * WIDTH));
    }
    text
}
