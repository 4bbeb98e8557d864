//! `--dry-run`: what would run. Starts nothing.

use super::plan::Plan;
use super::resolve::Tool;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, sanitize};
use cluster::batch::plan::Planned;
use pool_core::message::Step;
use std::fmt::Write;

/// How many jobs are shown.
const SHOWN: usize = 10;
/// How much of a step is shown.
const WIDTH: usize = 200;

/// Prints the plan on standard output; code 2 if one of the jobs shown would be refused.
pub(super) fn show(plan: Plan) -> Result<Exit, Failure> {
    let mut text = String::new();
    for tool in &plan.tools {
        show_tool(&mut text, tool);
    }
    let _ = writeln!(text, "route {}, {} jobs with the pool at most", plan.route, plan.window());
    let mut exit = Exit::Ok;
    let total = plan.jobs.total();
    let mut jobs = plan.jobs.iter();
    for planned in jobs.by_ref().take(SHOWN) {
        let planned = planned.map_err(Failure::usage)?;
        if planned.job.is_err() {
            exit = Exit::Usage;
        }
        show_job(&mut text, &planned);
    }
    match total.map(|total| total.saturating_sub(SHOWN as u64)) {
        Some(0) => {}
        Some(more) => _ = writeln!(text, "and {more} more"),
        // Whether there is one more is all that can be asked of a list that may never end.
        None if jobs.next().is_some() => text.push_str("and more\n"),
        None => {}
    }
    Output::document(&text)?;
    Ok(exit)
}

fn show_tool(text: &mut String, tool: &Tool) {
    let spec = &tool.profile.spec;
    let _ = writeln!(text, "{} × {}, {}", tool.instances, spec.tool, tool.effects());
    let words = spec.command.iter().map(|word| sanitize::line(word, WIDTH));
    let _ = writeln!(text, "  command  {}", words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" "));
    if let Some(folder) = &spec.cwd {
        let _ = writeln!(text, "  folder   {}", sanitize::line(&folder.display().to_string(), WIDTH));
    }
    let names: Vec<&str> = spec.env.iter().map(|(name, _)| name.as_str()).collect();
    let _ = writeln!(text, "  passed   {}", list(&names));
    let dropped: Vec<&str> = tool.profile.dropped_env.iter().map(String::as_str).collect();
    let _ = writeln!(text, "  dropped  {}", list(&dropped));
}

fn show_job(text: &mut String, planned: &Planned) {
    let info = &planned.info;
    let name = info.item.as_deref().unwrap_or(&info.id);
    let _ = writeln!(text, "job {}: {}", info.index + 1, sanitize::line(name, 60));
    match &planned.job {
        Err(reason) => _ = writeln!(text, "  refused  {}", sanitize::line(reason, WIDTH)),
        Ok(job) => {
            for step in job.steps() {
                let kind = if matches!(step, Step::Say(_)) { "say    " } else { "command" };
                let _ = writeln!(text, "  {kind}  {}", sanitize::line(step.text(), WIDTH));
            }
        }
    }
}

/// As it would be typed into a shell.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(" ") }
}
