//! `cluster completions`: what makes a shell complete the words of the program.
//!
//! The scripts call the program itself, with [`VARIABLE`] set, so that they offer the tools, pools, instances and runs that
//! there are when the key is pressed.

mod words;

use crate::args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use clap::{Command, ValueEnum};
use clap_complete::Shell;
use clap_complete::env::{CompleteEnv, Shells};
use std::ffi::OsString;

const INSTALL: &str = "\
Where shells look for it:
  bash        cluster completions bash > ~/.local/share/bash-completion/completions/cluster
  zsh         cluster completions zsh > DIR/_cluster, for a DIR of $fpath
  fish        cluster completions fish > ~/.config/fish/completions/cluster.fish
  powershell  cluster completions powershell >> $PROFILE
  elvish      cluster completions elvish >> ~/.config/elvish/rc.elv

It asks 'cluster' for the words: tools, pools, instances and runs, as they are then.";

/// What the scripts set when they ask.
const VARIABLE: &str = "CLUSTER_COMPLETE";

/// Print what makes a shell complete the words of cluster
#[derive(Debug, clap::Args)]
#[command(after_help = INSTALL)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let name = args.shell.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(&name) else {
        return Err(Failure::usage(format!("nothing is known of {name}")));
    };
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "cluster", "cluster", "cluster", &mut script)?;
    Output::document(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// Answers a shell that asks for words, if one does.
pub(crate) fn answer(words: &[OsString]) -> Option<Exit> {
    std::env::var_os(VARIABLE)?;
    let folder = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(command).var(VARIABLE).try_complete(words, folder.as_deref());
    match asked {
        Ok(true) => Some(Exit::Ok),
        Ok(false) => None,
        // A shell that this version does not know shows no words, and nobody reads why.
        Err(_) => Some(Exit::Usage),
    }
}

/// What a user is to see of the program.
fn command() -> Command {
    let all = args::command();
    let verbs = all.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned();
    words::offering(Command::new("cluster").version(env!("CARGO_PKG_VERSION")).subcommands(verbs))
}
