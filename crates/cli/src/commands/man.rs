//! `cluster man`: the manual pages, for those who package the program.

use crate::args;
use crate::exit::Exit;
use crate::failure::Failure;
use std::path::PathBuf;

/// Write the manual pages into a folder
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(args: &ManArgs) -> Result<Exit, Failure> {
    let written = std::fs::create_dir_all(&args.folder)
        .and_then(|()| clap_mangen::generate_to(args::command(), &args.folder));
    written.map_err(|error| Failure::usage(format!("{}: {error}", args.folder.display())))?;
    Ok(Exit::Ok)
}
