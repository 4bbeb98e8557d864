//! What stands behind a word that is only begun: names of tools, pools and runs, and numbers of instances, as they are at
//! that moment. Nothing is started for it, and whatever fails offers nothing.

use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use cluster::config::Config;
use cluster::control::protocol::{Ask, Event, StatusDone};
use cluster::control::{Client, Place};
use cluster::ledger::Store;
use cluster::profile::{Profile, Surroundings};
use std::ffi::OsStr;
use std::time::Duration;

/// Somebody is waiting with a finger on a key.
const PATIENCE: Duration = Duration::from_secs(1);

/// Lets each argument that names something of ours offer what there is.
pub(super) fn offering(command: Command) -> Command {
    let verb = command.get_name().to_owned();
    let names = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect::<Vec<_>>();
    let command = command.mut_args(|arg| match source(&verb, &arg) {
        Some(source) => arg.add(ArgValueCompleter::new(move |begun: &OsStr| offers(begun, source))),
        None => arg,
    });
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, offering))
}

type Source = fn() -> Vec<String>;

/// What an argument names, by what its help calls it.
fn source(verb: &str, arg: &Arg) -> Option<Source> {
    let value = arg.get_value_names().and_then(|names| names.first()).map(|name| name.to_string());
    let value = value.unwrap_or_else(|| arg.get_id().as_str().to_uppercase());
    match (value.as_str(), arg.get_long()) {
        (_, Some("pool")) => Some(pools),
        ("INSTANCE", _) => Some(instances),
        ("RUN" | "RUNS", _) => Some(runs),
        ("NAME", None) if verb == "tools" => Some(tools),
        (value, _) if value.starts_with("TOOL") => Some(tools),
        _ => None,
    }
}

/// What begins so; of a list behind commas its last word.
fn offers(begun: &OsStr, source: Source) -> Vec<CompletionCandidate> {
    let Some(begun) = begun.to_str() else { return Vec::new() };
    let (before, begun) = begun.rfind(',').map_or(("", begun), |comma| begun.split_at(comma + 1));
    // What a shell would have to quote is left out: the scripts do not.
    let is_plain =
        |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    let names = source().into_iter().filter(|name| name.starts_with(begun) && is_plain(name));
    names.map(|name| CompletionCandidate::new(format!("{before}{name}"))).collect()
}

fn tools() -> Vec<String> {
    let mut around = Surroundings::current();
    around.tools = Config::load(&around).map(|config| config.tools()).unwrap_or_default();
    Profile::list(&around).into_iter().map(|tool| tool.name).collect()
}

fn pools() -> Vec<String> {
    let live = Place::current().and_then(|place| place.live()).unwrap_or_default();
    live.into_iter().map(|pool| pool.name).collect()
}

fn runs() -> Vec<String> {
    Store::current().and_then(|store| store.begun()).unwrap_or_default()
}

/// Those of the only pool: which one is meant by other words is not known here.
fn instances() -> Vec<String> {
    let ask = async {
        let live = Place::current().and_then(|place| place.find(None)).ok()?;
        let mut client = Client::to(&live).await.ok()?;
        let status: StatusDone = client.call(Ask::Status {}, |_: Event| ()).await.ok()?;
        Some(status.snapshot.instances.iter().map(|it| it.status.index.to_string()).collect())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return Vec::new() };
    runtime.block_on(async { tokio::time::timeout(PATIENCE, ask).await.ok().flatten() }).unwrap_or_default()
}
