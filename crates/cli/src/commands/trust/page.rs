//! What is shown before somebody trusts it: everything that would be started, and everything else that is said of it.

use crate::failure::Failure;
use crate::output::sanitize;
use cluster::config::{Origin, Project, Trusted};
use cluster::profile::{Overrides, Profile, Row, Surroundings};
use similar::TextDiff;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// A change that takes longer to find is shown as a whole text that goes, and one that comes.
const PATIENCE: Duration = Duration::from_secs(2);

/// The lines around each change.
const AROUND: usize = 3;

/// What is said of tools and hooks, as it would be used.
pub(super) fn page(project: &Project, around: &Surroundings) -> Result<String, Failure> {
    let mut text = format!("{}\nsha256 {}\n", safe(&project.file.path.display()), project.digest());
    for name in project.tools().keys() {
        let profile = Profile::load(name, &Overrides::default(), around).map_err(Failure::usage)?;
        tool(&mut text, project, &profile).map_err(Failure::usage)?;
    }
    for (event, argv) in project.hooks() {
        let _ = writeln!(text, "\nhook {}\n  runs     {}", safe(&event), argv_line(&argv));
    }
    if !project.parts.is_empty() {
        text.push_str("\nfiles that are trusted with it\n");
    }
    for part in &project.parts {
        let _ = writeln!(text, "  {}", safe(&part.path.display()));
    }
    Ok(text)
}

fn tool(text: &mut String, project: &Project, profile: &Profile) -> Result<(), cluster::config::ConfigError> {
    let name = &*profile.name;
    let _ = writeln!(text, "\ntool {}", safe(name));
    let _ = writeln!(text, "  runs     {}", argv_line(&profile.spec.command));
    let own = project.profile(name)?;
    if own.as_ref().is_some_and(|own| own.version.is_some()) {
        let _ = writeln!(text, "  version  {}", argv_line(&profile.version));
    }
    let env = own.and_then(|own| own.env).unwrap_or_default();
    let more = project.tools().get(name).and_then(|tool| tool.env.clone()).unwrap_or_default();
    let (set, inherited): (Vec<_>, Vec<_>) = more.into_iter().partition(|variable| variable.contains('='));
    for name in env.inherit.into_iter().flatten().chain(inherited) {
        let _ = writeln!(text, "  passes   {}", safe(&name));
    }
    let own = env.set.into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
    for variable in own.chain(set) {
        let _ = writeln!(text, "  sets     {}", safe(&variable));
    }
    for word in project.tools().get(name).and_then(|tool| tool.changes.as_ref()).into_iter().flatten() {
        let _ = writeln!(text, "  changes  {}, which is not trusted with it", safe(word));
    }
    // Above, and not shortened.
    let is_shown =
        |key: &str| key == "schema" || key == "command" || key == "version" || key.starts_with("env.");
    for Row { key, value, .. } in profile.rows.iter().filter(|row| is_of(project, &row.origin)) {
        if !is_shown(key) {
            let _ = writeln!(text, "  {} = {}", safe(key), safe(value));
        }
    }
    Ok(())
}

/// Whether the project says so.
fn is_of(project: &Project, origin: &Origin) -> bool {
    let is_ours =
        |path: &Path| path == project.file.path || project.parts.iter().any(|part| part.path == path);
    matches!(origin, Origin::File(path) | Origin::Line(path, _) if is_ours(path))
}

/// What is new since it was trusted, file by file.
pub(super) fn changes(before: &Trusted, project: &Project) -> String {
    let mut files: BTreeMap<&Path, [&str; 2]> = BTreeMap::new();
    for part in &before.parts {
        files.entry(&part.path).or_default()[0] = &part.text;
    }
    let identity = project.identity();
    files.entry(&identity).or_default()[1] = &project.file.text;
    for part in &project.parts {
        files.entry(&part.path).or_default()[1] = &part.text;
    }
    let mut text = "\nchanged since you trusted it\n".to_owned();
    for (path, [old, new]) in files.into_iter().filter(|(_, [old, new])| old != new) {
        let _ = writeln!(text, "  {}", safe(&path.display()));
        let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
        let diff = diff.unified_diff().context_radius(AROUND).to_string();
        diff.lines().for_each(|line| {
            let _ = writeln!(text, "  {}", safe(line));
        });
    }
    text
}

/// Words as a shell would take them. None is shortened: what is hidden could not be judged.
fn argv_line(argv: &[String]) -> String {
    let word = |word: &String| {
        let word = safe(word);
        shlex::try_quote(&word).map_or_else(|_| word.clone(), std::borrow::Cow::into_owned)
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// On one line, whole.
fn safe(text: &(impl ToString + ?Sized)) -> String {
    sanitize::line(&text.to_string(), usize::MAX)
}
