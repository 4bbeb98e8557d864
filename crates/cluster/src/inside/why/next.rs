//! The next step to take, in words.

use super::{ProcessView, Why};
use pool_core::supervisor::InstanceState;

/// A tool that has said something so recently is at work, in ms.
const RECENT: u64 = 5000;

/// What somebody who wonders should do about an instance.
pub(super) fn next(why: &Why) -> String {
    let index = why.status.index;
    match why.status.state {
        InstanceState::Waiting => "nothing: it starts when others have started".into(),
        InstanceState::Starting | InstanceState::Warming => starting(why),
        InstanceState::Ready => "nothing: it is free".into(),
        InstanceState::Working => working(why),
        InstanceState::NeedsInput => {
            "answer its question (cluster answer TICKET TEXT), or take its prompt back (cluster cancel TICKET)"
                .into()
        }
        InstanceState::Throttled => {
            "wait: the tool tries again by itself; fewer instances are turned away less (cluster scale N)".into()
        }
        InstanceState::Stalled => stuck(why).unwrap_or_else(|| {
            format!(
                "wait, if a slow model is likely; else look at it (cluster attach {index}), take its prompt back \
                 (cluster cancel TICKET), or start it again (cluster restart {index})"
            )
        }),
        InstanceState::Open => {
            "wait: it gets a job on trial; look at why its last ones failed (cluster logs)".into()
        }
        InstanceState::Limited => "wait: it goes on by itself when the account is free again".into(),
        InstanceState::BackingOff => {
            format!("wait; if it ends again and again, look at what it said last (cluster logs {index})")
        }
        InstanceState::Attached => "detach, where it is attached; or start it again (cluster down ends it, too)".into(),
        InstanceState::Draining => "wait: it finishes the job at hand, and goes".into(),
        InstanceState::Failed => "mend what the reason says, and start the pool again".into(),
        InstanceState::Gone => "nothing: it has gone".into(),
    }
}

fn starting(why: &Why) -> String {
    let wait = "wait; the start ends by itself when its time is over";
    match stuck(why) {
        Some(stuck) => stuck,
        None if why.said == 0 => format!("{wait}; so far it has said nothing"),
        None => {
            format!("{wait}; what is awaited does not stand at the end of its output: see its last lines")
        }
    }
}

fn working(why: &Why) -> String {
    let silent = why.silent_ms.unwrap_or(why.status.for_ms).min(why.status.for_ms);
    if silent < RECENT {
        return "wait: it is at work".into();
    }
    stuck(why).unwrap_or_else(|| match busy(&why.processes) {
        Some(process) => format!("wait: it computes ({} runs)", process.name),
        None => "wait: it is silent, and may be waiting for a service; its time is limited".into(),
    })
}

/// What its processes tell of a tool that will not go on by itself.
fn stuck(why: &Why) -> Option<String> {
    let index = why.status.index;
    if busy(&why.processes).is_some() {
        return None;
    }
    let stopped = why.processes.iter().find(|process| matches!(process.state, 'T' | 't'));
    if let Some(process) = stopped {
        return Some(format!("a signal has stopped {0} ({1}): kill -CONT {1}", process.name, process.pid));
    }
    if let Some(process) = why.processes.iter().find(|process| process.state == 'D') {
        return Some(format!(
            "{} ({}) waits for a device or a file system: see to that; no signal reaches it meanwhile",
            process.name, process.pid
        ));
    }
    let has_child = |parent: &&ProcessView| why.processes.iter().any(|other| other.parent == parent.pid);
    let mut leaves = why.processes.iter().filter(|process| !has_child(process));
    let reads = leaves.find(|process| reads_input(process))?;
    Some(format!(
        "{} ({}) waits for input, and what is awaited has not come: see its last lines, look at it (cluster attach \
         {index}), or start it again (cluster restart {index})",
        reads.name, reads.pid
    ))
}

fn busy(processes: &[ProcessView]) -> Option<&ProcessView> {
    processes.iter().find(|process| process.state == 'R')
}

fn reads_input(process: &ProcessView) -> bool {
    let waits = process.waits_for.as_deref().unwrap_or_default();
    let is_fed = waits.contains("(pipe:") || waits.contains("(/dev/pts/");
    waits.starts_with("reads from its input") || (waits.starts_with("reads from") && is_fed)
}
