//! What instances do, in words: changes worth telling at once, and everything for those who look.

mod why;

pub(super) use why::why;

use super::sanitize;
use super::talk::WIDTH;
use pool_core::message::SlotId;
use pool_core::supervisor::{InstanceState, InstanceStatus};
use std::collections::HashSet;
use std::time::Duration;

/// What has been told of instances.
#[derive(Debug, Default)]
pub(super) struct States {
    /// Why tools have been given up: the reason is the same for all of their instances.
    failures: HashSet<String>,
    /// Those that were told to be stuck, and have not been told to work again.
    stuck: HashSet<SlotId>,
}

impl States {
    /// A change in one line, if it is worth it: who has to know that a job does not go on, or who could help. `job` is
    /// what the user calls the job.
    pub(super) fn changed(&mut self, status: &InstanceStatus, job: Option<&str>) -> Option<String> {
        let was_stuck = self.stuck.remove(&status.index);
        let what = match remarkable(status.state) {
            None if was_stuck && status.state == InstanceState::Working => "works again",
            what => what?,
        };
        if matches!(status.state, InstanceState::NeedsInput | InstanceState::Stalled) {
            self.stuck.insert(status.index);
        }
        if status.state == InstanceState::Failed && !self.failures.insert(status.evidence.clone()) {
            return None;
        }
        let job = job.map(|job| format!(" (job {job})")).unwrap_or_default();
        let evidence = match status.state {
            InstanceState::Working => String::new(),
            _ => format!(": {}", sanitize::line(&status.evidence, WIDTH)),
        };
        Some(format!("{} {what}{job}{evidence}", name(status)))
    }
}

const fn remarkable(state: InstanceState) -> Option<&'static str> {
    match state {
        InstanceState::NeedsInput => Some("needs input"),
        InstanceState::Stalled => Some("has stalled"),
        InstanceState::Open => Some("gets no jobs for now"),
        InstanceState::BackingOff => Some("has ended"),
        InstanceState::Failed => Some("has failed"),
        InstanceState::Waiting
        | InstanceState::Starting
        | InstanceState::Warming
        | InstanceState::Ready
        | InstanceState::Working
        | InstanceState::Throttled
        // Told once for the account, with how many jobs wait.
        | InstanceState::Limited
        | InstanceState::Attached
        | InstanceState::Draining
        | InstanceState::Gone => None,
    }
}

fn name(status: &InstanceStatus) -> String {
    format!("instance {} {}", status.index, sanitize::line(&status.tool_id, WIDTH))
}

/// An instance in one line.
pub(super) fn line(status: &InstanceStatus, job: Option<&str>) -> String {
    let state = serde_json::to_value(status.state).unwrap_or_default();
    let state = state.as_str().unwrap_or_default();
    let pid = status.pid.map(|pid| format!("pid {pid}, ")).unwrap_or_default();
    let last = status.last_exit.as_ref().map(|exit| format!("; before: it {}", sanitize::line(exit, WIDTH)));
    format!(
        "{} {state} for {:.1?}: {} ({pid}life {}, {}){}",
        name(status),
        Duration::from_millis(status.for_ms),
        match (status.state, job) {
            (InstanceState::Working, Some(job)) => format!("job {job} runs"),
            _ => sanitize::line(&status.evidence, WIDTH),
        },
        status.generation,
        super::jobs(status.jobs),
        last.unwrap_or_default(),
    )
}

/// An instance in one line, and no more than its state.
pub(super) fn short(status: &InstanceStatus, job: Option<&str>) -> String {
    let state = serde_json::to_value(status.state).unwrap_or_default();
    let lives = match status.restarts {
        0 => String::new(),
        1 => ", restarted once".to_owned(),
        more => format!(", restarted {more} times"),
    };
    let evidence = match (status.state, job) {
        (InstanceState::Working, Some(job)) => format!(": {}", sanitize::line(job, WIDTH)),
        // The number of a job says nothing to people.
        (InstanceState::Working, None) => String::new(),
        _ => format!(": {}", sanitize::line(&status.evidence, WIDTH)),
    };
    format!("{} {}{evidence}{lives}", name(status), state.as_str().unwrap_or_default())
}

/// What the user can do about an instance in this state.
pub(super) const fn advice(state: InstanceState) -> &'static str {
    match state {
        InstanceState::Waiting => "nothing: it starts when others have started",
        InstanceState::Starting | InstanceState::Warming => "wait; --ready-timeout says for how long",
        InstanceState::Ready => "nothing: it is free",
        InstanceState::Working => "wait; --timeout says for how long",
        InstanceState::NeedsInput => {
            "nobody answers in a run: find the option with which the tool does not ask; Ctrl-C twice takes its job back"
        }
        InstanceState::Throttled => {
            "wait: the tool tries again by itself; fewer instances (-n) are turned away less"
        }
        InstanceState::Stalled => {
            "wait, if a slow model is likely; else Ctrl-C twice takes its job back, and --kill-stalled does so by itself"
        }
        InstanceState::Open => "wait, and look at why its jobs failed; it gets one job on trial",
        InstanceState::Limited => "wait: it goes on by itself; --on-limit fail does not wait",
        InstanceState::BackingOff => "wait; if it ends again and again, start the tool by hand and look",
        InstanceState::Attached => "detach, where it is attached",
        InstanceState::Draining => "wait; one more Ctrl-C is less patient",
        InstanceState::Failed => "mend what the reason says, and run again",
        InstanceState::Gone => "nothing: it has gone",
    }
}

#[cfg(test)]
pub(super) mod tests;
