//! `cluster tools`: the tools that are known, and what each is.

mod learn;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, sanitize};
use cluster::config::Config;
use cluster::profile::{Listed, Overrides, Profile, ProfileError, Row, Surroundings};
use cluster::spec::TurnRule;
use serde::Serialize;
use std::fmt::Write;

/// List the tools that cluster knows, or show one and where each value comes from.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ToolsArgs {
    #[command(subcommand)]
    verb: Option<Verb>,

    /// Show this one: a name, or a path to a profile
    name: Option<String>,
    /// As JSON: an array of tools, or one tool with its values
    #[arg(long)]
    json: bool,
}

/// What else is done about tools.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Try a command line out and write a profile for it
    Learn(learn::LearnArgs),
}

/// How much of a value is shown on its line.
const WIDTH: usize = 100;

pub(crate) fn run(args: &ToolsArgs) -> Result<Exit, Failure> {
    if let Some(Verb::Learn(args)) = &args.verb {
        return learn::run(args);
    }
    let mut around = Surroundings::current();
    match Config::load(&around) {
        Ok(config) => around.tools = config.tools(),
        // The tools can be listed all the same.
        Err(_) if args.name.is_none() => {}
        Err(error) => return Err(Failure::usage(error)),
    }
    let text = match &args.name {
        None if args.json => {
            json(&Profile::list(&around).iter().map(ToolJson::of_listed).collect::<Vec<_>>())?
        }
        None => table(&Profile::list(&around)),
        Some(name) => {
            let profile = Profile::load(name, &Overrides::default(), &around).map_err(Failure::usage)?;
            if args.json { json(&ToolJson::of_profile(&profile))? } else { page(&profile) }
        }
    };
    Output::document(&text)?;
    Ok(Exit::Ok)
}

/// One line a tool.
fn table(tools: &[Listed]) -> String {
    let width = tools.iter().map(|tool| tool.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for tool in tools {
        let about = match &tool.about {
            Ok(about) => about.clone().unwrap_or_default(),
            Err(error) => format!("cannot be used: {error}"),
        };
        let name = sanitize::line(&tool.name, 40);
        let _ = writeln!(text, "{name:width$}  {}  ({})", sanitize::line(&about, WIDTH), tool.origin);
    }
    text
}

/// Everything there is to know about one tool.
fn page(profile: &Profile) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}: {}", profile.name, profile.about.as_deref().unwrap_or("a tool"));
    if !profile.tested.is_empty() {
        let _ = writeln!(text, "tried with {}", profile.tested.join(", "));
    }
    if matches!(profile.spec.turn.rule, TurnRule::Quiet { .. }) {
        text.push_str("best effort: silence is taken for the end of a reply\n");
    }
    for note in &profile.notes {
        let _ = writeln!(text, "- {note}");
    }
    text.push('\n');
    // What is said above is not said again.
    let rows =
        profile.rows.iter().filter(|row| !["about", "notes", "tested", "schema"].contains(&row.key.as_str()));
    for Row { key, value, origin } in rows {
        let _ = writeln!(text, "{key} = {}  ({origin})", sanitize::line(value, WIDTH));
    }
    let dropped = &profile.dropped_env;
    let names = if dropped.is_empty() { "nothing".to_owned() } else { dropped.join(" ") };
    let _ = writeln!(text, "\nnot passed on from the environment: {names}");
    text
}

/// A tool, as programs see it.
#[derive(Serialize)]
struct ToolJson<'a> {
    name: &'a str,
    about: Option<&'a str>,
    /// Where the profile is.
    origin: Option<String>,
    /// Why it cannot be used.
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<ValueJson<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_env: Option<&'a [String]>,
}

/// A value of its profile.
#[derive(Serialize)]
struct ValueJson<'a> {
    key: &'a str,
    /// As TOML.
    value: &'a str,
    origin: String,
}

impl<'a> ToolJson<'a> {
    fn of_listed(tool: &'a Listed) -> Self {
        Self {
            name: &tool.name,
            about: tool.about.as_ref().ok().and_then(Option::as_deref),
            origin: Some(tool.origin.to_string()),
            error: tool.about.as_ref().err().map(ProfileError::to_string),
            values: None,
            dropped_env: None,
        }
    }

    fn of_profile(profile: &'a Profile) -> Self {
        let value =
            |row: &'a Row| ValueJson { key: &row.key, value: &row.value, origin: row.origin.to_string() };
        Self {
            name: &profile.name,
            about: profile.about.as_deref(),
            origin: None,
            error: None,
            values: Some(profile.rows.iter().map(value).collect()),
            dropped_env: Some(&profile.dropped_env),
        }
    }
}

fn json(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).map_err(std::io::Error::from)? + "\n")
}
