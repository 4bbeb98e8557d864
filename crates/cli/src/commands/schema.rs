//! `cluster schema`: the shapes of what the program reads and writes.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::batch::{ResultRecord, list::JobLine};
use cluster::conformance::Conformance;
use cluster::control::protocol::Message;
use cluster::hooks::Event;
use cluster::{config, profile};
use pool_core::supervisor::InstanceStatus;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

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
    /// What hooks are told on standard input, a line
    Event,
    /// A profile of a tool: how it is started, framed and read
    Profile,
    /// The user's settings, config.toml; a project's pool.toml has the same
    Config,
    /// An instance, as status shows it
    Instance,
    /// What `cluster doctor --conformance --json` prints
    Conformance,
    /// The counts and times of a router, as the library's `metrics` gives them
    Metrics,
    /// A line between a pool and its clients, in either direction
    Control,
    /// A whole cluster at one moment, as the library's `snapshot` gives it
    Snapshot,
}

pub(crate) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let schema = match args.name {
        Shape::Result => written::<ResultRecord>(),
        Shape::Job => schemars::schema_for!(JobLine),
        Shape::Event => written::<Event>(),
        Shape::Profile => profile::schema(),
        Shape::Config => config::schema(),
        Shape::Instance => written::<InstanceStatus>(),
        Shape::Conformance => written::<Conformance>(),
        Shape::Metrics => written::<routing::Snapshot>(),
        Shape::Control => schemars::schema_for!(Message),
        Shape::Snapshot => written::<cluster::Snapshot>(),
    };
    Output::document(&format!("{:#}\n", schema.to_value()))?;
    Ok(Exit::Ok)
}

/// The schema of what the program writes: a key that it always writes is required, even if it may be null.
fn written<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
