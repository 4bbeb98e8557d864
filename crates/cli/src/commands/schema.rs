//! `cluster schema`: the shapes of what the program reads and writes.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::batch::{ResultRecord, list::JobLine};
use cluster::{config, profile};
use pool_core::supervisor::InstanceStatus;

/// Print the JSON Schema of what cluster reads or writes.
#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// Which shape
    #[arg(value_enum)]
    name: Shape,
}

/// A shape that programs may rely on.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Shape {
    /// A line of `cluster run --json`
    Result,
    /// A line of a list for `cluster run --from`
    Job,
    /// A profile of a tool: how it is started, framed and read
    Profile,
    /// The user's settings, config.toml; a project's pool.toml has all of it but 'tools'
    Config,
    /// An instance, as status shows it
    Instance,
    /// The counts and times of a router, as the library's `metrics` gives them
    Metrics,
    /// A whole cluster at one moment, as the library's `snapshot` gives it
    Snapshot,
}

pub(crate) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let schema = match args.name {
        Shape::Result => schemars::schema_for!(ResultRecord),
        Shape::Job => schemars::schema_for!(JobLine),
        Shape::Profile => profile::schema(),
        Shape::Config => config::schema(),
        Shape::Instance => schemars::schema_for!(InstanceStatus),
        Shape::Metrics => schemars::schema_for!(routing::Snapshot),
        Shape::Snapshot => schemars::schema_for!(cluster::Snapshot),
    };
    Output::document(&format!("{:#}\n", schema.to_value()))?;
    Ok(Exit::Ok)
}
