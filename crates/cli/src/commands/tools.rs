//! `cluster tools`: the tools that are known, and what each is.

use crate::exit::Exit;
use crate::failure::Failure;

/// List the tools that cluster knows, or show one and where each value comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct ToolsArgs {
    /// Show this one
    name: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ToolsArgs) -> Result<Exit, Failure> {
    let _ = (&args.name, args.json);
    Err(Failure::usage("not yet"))
}
