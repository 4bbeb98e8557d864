//! The `cluster` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything else: a guard should be small.
    cluster::guard::init();
    cluster_cli::Cli::new().run()
}
