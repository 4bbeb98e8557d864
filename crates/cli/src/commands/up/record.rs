//! The record of a pool that stays up.

use super::args::UpArgs;
use crate::commands::run::plan::identities;
use crate::commands::run::record::PATIENCE;
use crate::commands::run::resolve::Tool;
use crate::failure::Failure;
use cluster::batch::list::OnUnknown;
use cluster::ledger::LedgerError;
use cluster::ledger::pool::{Left, NewPool, PoolRecord, Pools};
use cluster::profile::Effects;

/// The record, and what earlier controllers have left in it; none if none is kept.
pub(super) type Recorded = Option<(PoolRecord, Left)>;

/// Opens the record of this name, or begins it.
pub(super) fn open(args: &UpArgs, tools: &[Tool], name: &str) -> Result<Recorded, Failure> {
    if args.record.no_ledger {
        return Ok(None);
    }
    let pools = Pools::current().map_err(Failure::ledger)?;
    if args.record.new {
        pools.forget(name).map_err(Failure::ledger)?;
    }
    let writes = tools.iter().any(|tool| tool.profile.effects == Effects::Write);
    let default = if writes { OnUnknown::Ask } else { OnUnknown::Retry };
    let pool = NewPool {
        plan: tools.iter().map(Tool::headline).collect::<Vec<_>>().join(", "),
        writes,
        tools: identities(tools, args.start.model.as_deref()),
        on_unknown: args.record.on_unknown.map_or(default, Into::into),
    };
    pools.open(name, &pool).map(Some).map_err(|error| match error {
        LedgerError::OtherTools(name) => {
            let why = format!("prompts for other tools wait in the record of pool {name}");
            Failure::usage(why)
                .help("name those tools; or --new forgets them, or -p NAME starts another pool")
        }
        error => Failure::ledger(error),
    })
}

/// What earlier controllers have left, for people.
pub(super) fn notes(record: Option<&(PoolRecord, Left)>) -> Vec<String> {
    let Some((_, left)) = record else { return Vec::new() };
    let [waiting, unread, unknown] = left.counts();
    let prompts = |count: usize| if count == 1 { "1 prompt".to_owned() } else { format!("{count} prompts") };
    let mut notes = Vec::new();
    if waiting > 0 {
        notes.push(format!("{} of before: sent now", prompts(waiting)));
    }
    if unread > 0 {
        let replies = if unread == 1 { "1 reply".to_owned() } else { format!("{unread} replies") };
        notes.push(format!("{replies} of before: 'cluster read --any' has what nobody has read"));
    }
    if unknown > 0 {
        notes.push(format!(
            "{} sent before, with an end that nobody knows: --on-unknown retry sends again, skip takes for failed",
            prompts(unknown)
        ));
    }
    notes
}

/// The same tools, with instances that wait for the disk: nothing is lost meanwhile.
pub(super) fn patient(mut tools: Vec<Tool>) -> Vec<Tool> {
    tools.iter_mut().for_each(|tool| tool.profile.spec.limits.errand = PATIENCE);
    tools
}
