//! What ends a run before its list does, as typed.

use cluster::batch::duration::duration;
use cluster::batch::halt::Halt;
use std::time::Duration;

/// What ends a run before its list does: exit code 4, and `cluster resume` goes on.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Bounds: the run stops with exit code 4, and can be resumed")]
pub(crate) struct BoundsArgs {
    /// After so many failed jobs, or such a share of those that have ended (and at least three): 'soon' begins no more,
    /// 'now' also takes back those that run
    #[arg(long, value_name = "now|soon,fail=N|N%")]
    pub(in crate::commands::run) halt: Option<Halt>,
    /// After this time begin no more jobs, and wait for those that run
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(in crate::commands::run) deadline: Option<Duration>,
    /// When the jobs have cost so much, by what their tools say, begin no more; refused for tools that do not tell it
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub(in crate::commands::run) max_cost: Option<f64>,
}

fn dollars(text: &str) -> Result<f64, String> {
    let amount = text.parse().ok().filter(|amount: &f64| amount.is_finite() && *amount > 0.0);
    amount.ok_or_else(|| "write a number of US dollars above 0, as in 1.50".to_owned())
}

impl BoundsArgs {
    /// What is said now goes before what was said then.
    pub(crate) fn put_on(&self, then: &mut Self) {
        then.halt = self.halt.or(then.halt);
        then.deadline = self.deadline.or(then.deadline);
        then.max_cost = self.max_cost.or(then.max_cost);
    }
}
