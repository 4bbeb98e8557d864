//! What the tools of a run printed, its replies, and what it said in the background.

use super::show::{find, print_each};
use crate::commands::run::detach::TALK;
use crate::failure::Failure;
use crate::output::{Bytes, Output};
use cluster::ledger::read::{RecordedJob, Run};

/// How much is printed at once, in bytes.
const AT_ONCE: usize = 1 << 20;

/// Prints what the tool printed in the last attempt at each job, in the order of the list, or in one attempt at one job.
pub(super) fn logs(run: &Run, job: Option<&str>, attempt: Option<u32>, form: Bytes) -> Result<(), Failure> {
    let one = job.map(|id| find(run, id)).transpose()?;
    let jobs = one.map_or_else(|| run.jobs().map_err(Failure::ledger), |job| Ok(vec![job]))?;
    let mut text = Vec::new();
    for number in jobs {
        match (run.log(number, attempt).map_err(Failure::ledger)?, job) {
            (Some(turns), _) => add(&mut text, turns, form),
            (None, Some(id)) => return Err(nothing(id, attempt)),
            (None, None) => {}
        }
        if text.len() >= AT_ONCE {
            Output::bytes(&text, form)?;
            text.clear();
        }
    }
    Ok(Output::bytes(&text, form)?)
}

/// Adds the output of a job's turns. For people, each begins on a line of its own.
fn add(text: &mut Vec<u8>, turns: Vec<Vec<u8>>, form: Bytes) {
    for output in turns {
        text.extend(output);
        if form == Bytes::ForPeople && !matches!(text.last(), None | Some(b'\n')) {
            text.push(b'\n');
        }
    }
}

fn nothing(job: &str, attempt: Option<u32>) -> Failure {
    let which = attempt.map_or_else(|| "no attempt".to_owned(), |attempt| format!("no attempt {attempt}"));
    Failure::usage(format!("{which} at job {job} has ended"))
        .help("what a tool prints is kept when its attempt has ended; 'cluster runs show RUN JOB' tells how it stands")
}

/// Prints the replies, in the order of the list.
pub(super) fn replies(run: &Run, id: Option<&str>) -> Result<(), Failure> {
    let reply = |job: &RecordedJob, text: &mut String| {
        let reply = job.result.as_ref().map(|result| result.reply.as_str()).unwrap_or_default();
        *text += reply;
        if !(reply.is_empty() || reply.ends_with('\n')) {
            text.push('\n');
        }
        Ok(())
    };
    let Some(id) = id else { return print_each(run, String::new(), reply) };
    let mut text = String::new();
    reply(&run.job(find(run, id)?).map_err(Failure::ledger)?, &mut text)?;
    Ok(Output::document(&text)?)
}

/// What a run in the background has said; nothing if it was in the foreground.
pub(super) fn talk(run: &Run) -> Result<String, Failure> {
    match std::fs::read(run.folder().join(TALK)) {
        Ok(said) => Ok(String::from_utf8_lossy(&said).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Failure::usage(format!("cannot read what the run has said: {error}"))),
    }
}
