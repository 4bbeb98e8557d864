//! Whether and how a run is recorded, as typed.

use cluster::batch::list::OnUnknown;

/// Whether and how the run is recorded.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Record")]
pub(crate) struct RecordArgs {
    /// Keep no record: the run cannot be resumed
    #[arg(long)]
    pub(in crate::commands::run) no_ledger: bool,
    /// Begin anew, although an unfinished run holds this list
    #[arg(long, conflicts_with = "no_ledger")]
    pub(in crate::commands::run) new: bool,
    /// Run in the background, in a session of its own, and print the name of the run: its replies are in its record
    /// ('cluster wait', 'cluster runs logs')
    #[arg(short, long, conflicts_with = "no_ledger")]
    pub(crate) detach: bool,
    /// What 'cluster resume' does with a job that was sent, and whose end nobody knows [default: retry where the tool
    /// changes nothing, else ask]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(in crate::commands::run) on_unknown: Option<Unknown>,
}

/// What to do with a job that was sent, and whose end nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Unknown {
    /// Leave it, and say so
    Ask,
    /// Send it again
    Retry,
    /// Take it for failed
    Skip,
}

impl From<Unknown> for OnUnknown {
    fn from(what: Unknown) -> Self {
        match what {
            Unknown::Ask => Self::Ask,
            Unknown::Retry => Self::Retry,
            Unknown::Skip => Self::Skip,
        }
    }
}
