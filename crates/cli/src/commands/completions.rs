//! `cluster completions`: what makes a shell complete the words of the program.

use crate::args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command};
use clap_complete::Shell;
use cluster::profile::{Profile, Surroundings};

const INSTALL: &str = "\
Where shells look for it:
  bash        cluster completions bash > ~/.local/share/bash-completion/completions/cluster
  zsh         cluster completions zsh > DIR/_cluster, for a DIR of $fpath
  fish        cluster completions fish > ~/.config/fish/completions/cluster.fish
  powershell  cluster completions powershell >> $PROFILE
  elvish      cluster completions elvish >> ~/.config/elvish/rc.elv

It knows the tools that there are when it is printed: print it again after you have added a profile.";

/// Print what makes a shell complete the words of cluster
#[derive(Debug, clap::Args)]
#[command(after_help = INSTALL)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: Shell,
}

/// The arguments that name a tool, and their verbs.
const TOOLS: [(&str, &str); 3] = [("run", "tool"), ("ask", "tools"), ("tools", "name")];

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let names = Profile::list(&Surroundings::current()).into_iter().map(|tool| tool.name).collect();
    let mut script = Vec::new();
    let mut command = with_tools(visible(&args::command()), names);
    clap_complete::generate(args.shell, &mut command, "cluster", &mut script);
    Output::document(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// What a user is to see of it.
fn visible(command: &Command) -> Command {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned();
    Command::new("cluster").version(env!("CARGO_PKG_VERSION")).subcommands(verbs)
}

/// Names of tools as if nothing else could stand there.
fn with_tools(command: Command, names: Vec<String>) -> Command {
    // What a shell would have to quote is left out: the scripts do not.
    let is_plain =
        |name: &String| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    let names: Vec<String> = names.into_iter().filter(is_plain).collect();
    TOOLS.into_iter().fold(command, |command, (verb, name)| {
        let name_of_a_tool = |arg: Arg| match arg.get_id() == name {
            true => arg.value_parser(PossibleValuesParser::new(names.clone())),
            false => arg,
        };
        command.mut_subcommand(verb, |verb| verb.mut_args(name_of_a_tool))
    })
}
