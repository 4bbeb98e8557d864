//! The `cluster` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    cluster_cli::Cli::new().run()
}
