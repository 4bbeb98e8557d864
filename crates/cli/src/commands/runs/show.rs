//! One run, or one job of it, for people.

use super::{counts, night, state};
use crate::failure::Failure;
use crate::output::{Output, redact, sanitize};
use cluster::ledger::read::{Happening, RecordedJob, Run};
use std::fmt::Write;

/// How much of a foreign text is shown on a line.
pub(super) const WIDTH: usize = 160;

/// How much is printed at once, in bytes.
const AT_ONCE: usize = 1 << 20;

/// How a run stands, and each job that is not done.
pub(super) fn run(run: &Run) -> Result<String, Failure> {
    let overview = run.overview().map_err(Failure::ledger)?;
    let mut text = String::new();
    let words = overview.words.iter().map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words
        .map(|word| shlex::try_quote(&word).map_or(word.clone(), |quoted| quoted.into_owned()))
        .collect();
    let _ = writeln!(text, "run      {}, {}", overview.name, state(&overview));
    let _ = writeln!(text, "plan     {}", sanitize::line(&overview.plan, WIDTH));
    let _ = writeln!(text, "command  cluster {}", sanitize::line(&redact::hide(&words.join(" ")), 4 * WIDTH));
    let _ = writeln!(text, "folder   {}", sanitize::line(&overview.folder.display().to_string(), WIDTH));
    let _ = writeln!(text, "began    {:.0}", overview.began);
    let chronicle = run.chronicle().map_err(Failure::ledger)?;
    for line in night::lines(&chronicle, overview.holder.is_some(), overview.ended.is_some()) {
        let _ = writeln!(text, "         {line}");
    }
    if let Some(ended) = overview.ended {
        let _ = writeln!(text, "ended    {ended:.0}");
    }
    if let Some(pid) = overview.holder {
        let _ = writeln!(text, "pid      {pid}");
    }
    let resumed = overview.controllers.saturating_sub(1);
    let _ = writeln!(text, "resumed  {resumed} {}", if resumed == 1 { "time" } else { "times" });
    let _ = writeln!(text, "jobs     {}", counts(&overview));
    for number in run.jobs_not_done().map_err(Failure::ledger)? {
        let _ = writeln!(text, "{}", line(&run.job(number).map_err(Failure::ledger)?));
    }
    Ok(text)
}

/// A job on a line.
fn line(job: &RecordedJob) -> String {
    let name = job.item.as_deref().unwrap_or(&job.id);
    let why = job.result.as_ref().and_then(|result| result.error.clone()).unwrap_or_default();
    let outcome = job.result.as_ref().map_or(job.state.word(), |result| result.outcome.word());
    let tried = if job.attempts > 1 { format!(" ({} attempts)", job.attempts) } else { String::new() };
    let mut text = format!("  {} {}: {outcome}{tried}", job.place + 1, sanitize::line(name, 60));
    if !why.is_empty() {
        let _ = write!(text, ": {}", sanitize::line(&why, WIDTH));
    }
    text
}

/// The whole story of a job.
pub(super) fn job(run: &Run, id: &str) -> Result<String, Failure> {
    let job = run.job(find(run, id)?).map_err(Failure::ledger)?;
    let mut text = String::new();
    let _ = writeln!(text, "job      {} (number {})", sanitize::line(&job.id, WIDTH), job.place + 1);
    let attempts = if job.attempts == 1 { "attempt" } else { "attempts" };
    let _ = writeln!(text, "state    {}, {} {attempts}", job.state.word(), job.attempts);
    if let Some(item) = &job.item {
        let _ = writeln!(text, "item     {}", sanitize::line(item, WIDTH));
    }
    for happening in &job.story {
        let _ = writeln!(text, "{}", told(happening));
    }
    let Some(result) = &job.result else {
        for prompt in &job.prompts {
            let _ = writeln!(text, "── said ──\n{}", sanitize::text(prompt));
        }
        return Ok(text);
    };
    if let Some(error) = &result.error {
        let _ = writeln!(text, "error    {}", sanitize::line(error, 4 * WIDTH));
    }
    for warning in &result.warnings {
        let _ = writeln!(text, "warning  {}", sanitize::line(warning, 4 * WIDTH));
    }
    for step in &result.steps {
        let ended = serde_json::to_value(step.completed_by).unwrap_or_default();
        let (ended, turn) = (ended.as_str().unwrap_or_default().to_owned(), step.turn_us / 1000);
        let _ = writeln!(text, "── said ──\n{}", sanitize::text(&step.prompt));
        let _ = writeln!(
            text,
            "── replied in {turn} ms, ended by {ended}: {} ──",
            sanitize::line(&step.evidence, 60)
        );
        let _ = writeln!(text, "{}", sanitize::text(&step.reply));
    }
    Ok(text)
}

/// A line of a story.
fn told(happening: &Happening) -> String {
    let Happening { at, attempt, controller, .. } = happening;
    let slot = happening.slot.map(|slot| format!(" to instance {slot}")).unwrap_or_default();
    let outcome = happening.outcome.map(|outcome| format!(" {outcome}")).unwrap_or_default();
    let what = match happening.what.as_str() {
        "send" => format!("attempt {attempt} sent{slot}"),
        "end" => format!("attempt {attempt} ended{outcome}"),
        "bury" => format!("attempt {attempt} ended{outcome}, kept away from instances"),
        "late" => format!("attempt {attempt} answered late{outcome}, kept and not counted"),
        "again" => format!("attempt {attempt} ended{outcome}; another one follows"),
        "put back" => "the pool gave up before the next attempt; still to be done".to_owned(),
        "refuse" => "refused".to_owned(),
        "orphan" => format!("attempt {attempt} was under way when its controller was gone"),
        "retry" => "to be sent again".to_owned(),
        "skip" => "left alone".to_owned(),
        other => sanitize::line(other, 20),
    };
    format!("{at:.3}  controller {controller}  {what}")
}

/// Prints what `add` says of every job of a run, in the order of the list, after `text`: a run may be larger than memory.
pub(super) fn print_each(
    run: &Run,
    mut text: String,
    add: impl Fn(&RecordedJob, &mut String) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for number in run.jobs().map_err(Failure::ledger)? {
        add(&run.job(number).map_err(Failure::ledger)?, &mut text)?;
        if text.len() >= AT_ONCE {
            Output::document(&text)?;
            text.clear();
        }
    }
    Ok(Output::document(&text)?)
}

/// The job that is called so.
pub(super) fn find(run: &Run, id: &str) -> Result<u64, Failure> {
    let number = run.find(id).map_err(Failure::ledger)?;
    number.ok_or_else(|| {
        Failure::usage(format!("the run has sent no job {id}"))
            .help("a job is named by its id, or its number from 1")
    })
}
