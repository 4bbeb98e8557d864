//! Settings as flags: what users have settled once stands for the flags that they do not write.

use crate::failure::Failure;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use cluster::config::{Config, KEYS, Key, Origin, Sources};
use cluster::profile::Surroundings;
use std::path::{PathBuf, absolute};

/// The verbs whose flags have defaults in the user's settings.
pub(crate) const VERBS: &[&str] = &[
    "run",
    "ask",
    "up",
    #[cfg(feature = "mcp")]
    "mcp",
];

/// The settings that hold: with the file that was named as the project's, or the one that is found.
pub(crate) fn load(matches: &ArgMatches) -> Result<Config, Failure> {
    let around = Surroundings::current();
    let file = match matches.subcommand() {
        Some(("up", matches)) => matches.get_one::<PathBuf>("file"),
        _ => None,
    };
    let Some(file) = file else { return Config::load(&around).map_err(Failure::usage) };
    let path = absolute(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let sources = Sources::with(&around, Some(path)).map_err(Failure::usage)?;
    if sources.project.is_none() {
        return Err(Failure::usage(format!("{}: is not there", file.display())));
    }
    Config::of(sources).and_then(|config| config.checked(&around)).map_err(Failure::usage)
}

/// Gives the flags of every verb that runs jobs the defaults that somebody has settled.
pub(crate) fn install(command: Command, config: &Config) -> Command {
    let made: Vec<_> = config.made().collect();
    let settled = |arg: Arg| match made.iter().find(|(key, _)| arg.get_long() == Some(long(key))) {
        Some((_, value)) => arg.default_value(value.clone()),
        None => arg,
    };
    VERBS.iter().fold(command, |command, verb| command.mut_subcommand(verb, |verb| verb.mut_args(&settled)))
}

/// Gives `cluster config` the flags of `cluster run` that are settings.
pub(crate) fn add_flags(command: Command) -> Command {
    let flags = command.find_subcommand("run").map(|run| {
        let flags =
            run.get_arguments().filter(|arg| KEYS.iter().any(|key| arg.get_long() == Some(long(key))));
        flags
            .cloned()
            .map(|arg| arg.help_heading("Settings, as if 'cluster run' had them"))
            .collect::<Vec<_>>()
    });
    command.mut_subcommand("config", |config| config.args(flags.unwrap_or_default()))
}

/// The settings among the flags that were written.
pub(crate) fn flags(matches: &ArgMatches) -> Vec<(&'static Key, String)> {
    let written = |key: &'static Key| {
        let id = key.name.replace('-', "_");
        if matches.value_source(&id) != Some(ValueSource::CommandLine) {
            return None;
        }
        let value = matches.get_raw(&id)?.next()?;
        Some((key, value.to_string_lossy().into_owned()))
    };
    KEYS.iter().filter_map(written).collect()
}

/// Which setting the value of a flag comes from, if the flag was not written.
pub(crate) fn origin(matches: &ArgMatches, key: &str, config: &Config) -> Option<Origin> {
    let is_written = matches.value_source(key) == Some(ValueSource::CommandLine);
    Some(config.origin(key)).filter(|origin| !is_written && *origin != Origin::Default)
}

fn long(key: &Key) -> &'static str {
    key.flag.trim_start_matches('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use cluster::config::{OnLimit, Written};

    #[test]
    fn every_setting_is_a_flag_with_the_same_default() {
        let command = crate::args::command();
        let run = command.find_subcommand("run").unwrap();
        let defaults = Config::of(Sources::default()).unwrap().rows();
        for key in KEYS {
            let arg = run.get_arguments().find(|arg| arg.get_long() == Some(long(key))).unwrap();
            assert_eq!(arg.get_id().as_str(), key.name.replace('-', "_"));
            let ours = arg.get_default_values().first().map(|value| value.to_str().unwrap().to_owned());
            let theirs = defaults.iter().find(|row| row.key == key.name);
            assert_eq!(ours, theirs.map(|row| row.value.trim_matches('"').to_owned()), "{}", key.name);
        }
    }

    #[test]
    fn whatever_a_setting_may_be_the_flag_takes() {
        let run = |env: Vec<(&str, &str)>| {
            let env = env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            let config = Config::of(Sources { env, ..Sources::default() }).unwrap();
            let command = install(crate::args::command(), &config);
            let matches = command.try_get_matches_from(["cluster", "run", "bash", "-n", "9", "x"]).unwrap();
            (config.settings, matches)
        };
        for word in ["wait", "next", "fail"] {
            let (Written { on_limit, .. }, _) = run(vec![("CLUSTER_ON_LIMIT", word)]);
            assert_eq!(on_limit == Some(OnLimit::Wait), word == "wait");
        }
        let most = vec![
            ("CLUSTER_INSTANCES", "10000"),
            ("CLUSTER_RETRIES", "100"),
            ("CLUSTER_TIMEOUT", "1h 30m"),
            ("CLUSTER_STALL", "1ms"),
            ("CLUSTER_READY_TIMEOUT", "2 hours"),
            ("CLUSTER_MAX_MEMORY", "2g"),
            ("CLUSTER_ROUTE", "weighted:0=3"),
        ];
        let (_, matches) = run(most);
        let run = matches.subcommand_matches("run").unwrap();
        assert_eq!(run.get_one::<u32>("instances"), Some(&9), "a flag wins");
        assert_eq!(run.get_one::<u32>("retries"), Some(&100));
        assert_eq!(run.get_one::<u64>("max_memory"), Some(&(2 << 30)));
        assert_eq!(
            run.get_one::<std::time::Duration>("timeout"),
            Some(&std::time::Duration::from_secs(5400))
        );
    }
}
