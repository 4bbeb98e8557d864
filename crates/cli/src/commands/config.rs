//! `cluster config`: the settings that hold, and where each comes from.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, sanitize};
use crate::strategies::Strategies;
use cluster::batch::nearest::nearest;
use cluster::config::{Config, Found, KEYS, Key, Origin, Row, Sources};
use cluster::profile::Surroundings;
use serde::Serialize;
use std::fmt::Write;

const LAYERS: &str = "\
Settings are defaults for the flags of 'cluster run' and 'cluster ask',
by their long names. The last of these that names a setting wins:

  built-in defaults
  config.toml in $XDG_CONFIG_HOME/cluster (~/.config/cluster). It may say
    how a tool is started:
      [tools.aider]
      model = \"gpt-5\"
      tool-arg = [\"--no-auto-lint\"]
      env = [\"OPENAI_API_KEY\"]
  pool.toml of the project: the nearest one from the working folder up to
    the root of its git repository, or to your home. What it says of how
    a tool is started holds only after 'cluster trust'
  the environment: CLUSTER_READY_TIMEOUT for ready-timeout, and so on; an
    empty variable says nothing
  flags

Beside config.toml, a profile profiles/NAME.toml makes NAME a tool.
What is printed is a config.toml; 'cluster schema config' describes it.";

/// Show the settings that hold, and where each comes from
#[derive(Debug, clap::Args)]
#[command(after_help = LAYERS)]
pub(crate) struct ConfigArgs {
    /// Say for each where it comes from, and which files are looked for
    #[arg(long)]
    origin: bool,
    /// As JSON: files, and values with their origins
    #[arg(long)]
    json: bool,

    /// The settings among the flags.
    #[arg(skip)]
    pub(crate) flags: Vec<(&'static Key, String)>,
}

pub(crate) fn run(args: &ConfigArgs, strategies: &Strategies) -> Result<Exit, Failure> {
    let around = Surroundings::current();
    let sources = Sources { flags: args.flags.clone(), ..Sources::find(&around).map_err(Failure::usage)? };
    let notes = misspelt(&sources);
    let config = Config::of(sources).and_then(|config| config.checked(&around)).map_err(Failure::usage)?;
    let route = config.settings.route.clone().unwrap_or_default();
    strategies.make_of(&route, Some(&config.origin("route")))?;
    notes.iter().for_each(|note| Output::aside(note));
    if let Some(note) = config.tools().note() {
        Output::aside(&note);
    }
    let text = if args.json { json(&config)? } else { page(&config, args.origin) };
    Output::document(&text)?;
    Ok(Exit::Ok)
}

/// Variables that are nearly those of settings. Others that begin alike may well be somebody else's.
fn misspelt(sources: &Sources) -> Vec<String> {
    let ours = |key: &Key| key.variable.trim_start_matches(PREFIX);
    let names = sources.env.iter().filter_map(|(name, _)| name.to_str()?.strip_prefix(PREFIX));
    let near = names.filter_map(|name| Some((name, nearest(name, KEYS.iter().map(ours))?)));
    near.filter(|(name, near)| name != near)
        .map(|(name, near)| format!("{PREFIX}{name} is no setting, did you mean {PREFIX}{near}?"))
        .collect()
}

/// What variables of settings begin with.
const PREFIX: &str = "CLUSTER_";

/// A `config.toml` with all that holds.
fn page(config: &Config, with_origin: bool) -> String {
    let mut text = String::new();
    for found in config.files.iter().filter(|_| with_origin) {
        let _ = match found {
            Found::Here(path) => writeln!(text, "# {}", sanitize::line(&path.display().to_string(), WIDTH)),
            Found::Nothing(path) => {
                writeln!(text, "# {}: not there", sanitize::line(&path.display().to_string(), WIDTH))
            }
            Found::Nowhere => writeln!(text, "# no folder for your own settings: HOME is unset"),
        };
    }
    let rows = config.rows();
    for Row { key, value, origin } in &rows {
        let line = format!("{key} = {}", sanitize::line(value, WIDTH));
        let _ = match with_origin {
            true => writeln!(text, "{line:<30}  # {origin}"),
            false => writeln!(text, "{line}"),
        };
    }
    let unset = KEYS.iter().filter(|key| rows.iter().all(|row| row.key != key.name));
    for Key { name, .. } in unset {
        let _ = writeln!(text, "# {name}: as each tool's profile says");
    }
    text
}

/// How much of a value is shown on its line.
const WIDTH: usize = 500;

/// The settings, as programs see them.
#[derive(Serialize)]
struct ConfigJson {
    files: Vec<FileJson>,
    values: Vec<ValueJson>,
}

/// A file that is looked for.
#[derive(Serialize)]
struct FileJson {
    path: String,
    /// Whether it is there.
    read: bool,
}

/// A setting that holds.
#[derive(Serialize)]
struct ValueJson {
    key: String,
    /// As TOML.
    value: String,
    origin: String,
    /// `default`, `file`, `variable` or `flag`.
    layer: &'static str,
}

fn json(config: &Config) -> Result<String, Failure> {
    let file = |found: &Found| {
        let path = found.path()?.display().to_string();
        Some(FileJson { path, read: matches!(found, Found::Here(_)) })
    };
    let value = |Row { key, value, origin }: Row| ValueJson {
        layer: match &origin {
            Origin::Default | Origin::BuiltIn => "default",
            Origin::File(_) | Origin::Line(..) => "file",
            Origin::Variable(_) => "variable",
            Origin::Flag(_) => "flag",
        },
        origin: origin.to_string(),
        key,
        value,
    };
    let files = config.files.iter().filter_map(file).collect();
    let json = ConfigJson { files, values: config.rows().into_iter().map(value).collect() };
    Ok(serde_json::to_string_pretty(&json).map_err(std::io::Error::from)? + "\n")
}
