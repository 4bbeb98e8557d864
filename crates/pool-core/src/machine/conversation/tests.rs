//! Scripts: what goes in, what must come out. The clock is moved by hand.
#![expect(clippy::disallowed_methods, reason = "a script needs some instant to count from")]

mod attached;
mod closing;
mod ends;
mod limits;
mod pauses;
mod turns;
mod weight;

use super::*;
use crate::error::{JobError, StartError};
use crate::machine::dialect::text::TextDialect;
use crate::message::{
    Errand, Job, JobHandle, Outcome, Placement, Reply, SessionKey, StartStage, Step, reply_channel,
};
use crate::process::look::Seen;
use crate::spec::{Cancel, Shutdown, TurnRule, TurnSpec};
use regex::Regex;
use std::time::Duration;

/// A conversation on a stage: it is fed, and what it does is written down.
struct Script {
    conversation: Conversation<TextDialect>,
    now: Instant,
    written: Vec<u8>,
    log: Vec<String>,
    serial: Serial,
    errands: usize,
    /// What a look at the tool sees.
    seen: Vec<Seen>,
}

fn spec() -> ToolSpec {
    let expect = Regex::new(r"(?m)^end (?P<nonce>[0-9a-f]{16})$").expect("valid");
    let rule = TurnRule::Sentinel { send: "/end {nonce}".into(), expect, before: None, begin: false };
    ToolSpec::new("fake", vec!["fake".into()], TurnSpec::new(rule))
}

impl Script {
    fn new(spec: ToolSpec) -> Self {
        let now = Instant::now();
        let spec = Arc::new(spec);
        let dialect = TextDialect::new(spec.clone(), 1);
        let conversation = Conversation::new(spec, SlotId(0), 1, dialect, now);
        Self {
            conversation,
            now,
            written: Vec::new(),
            log: Vec::new(),
            serial: 0,
            errands: 0,
            seen: Vec::new(),
        }
    }

    /// A script whose tool is warm already.
    fn warm(spec: ToolSpec) -> Self {
        let mut script = Self::new(spec);
        script.conversation.launched(Some(7), script.now);
        script.answer("");
        script.log.clear();
        script
    }

    fn drain(&mut self) {
        self.written.append(self.conversation.outgoing());
        while let Some(action) = self.conversation.poll_action() {
            let line = match action {
                Action::Signal(signal) => format!("signal {signal:?}"),
                Action::CloseInput => "close input".into(),
                Action::Finish(reply_to, result) => {
                    let outcome = result.as_ref().as_ref().map(|reply| reply.outcome);
                    let line = format!("finish {outcome:?}");
                    reply_to.send(*result);
                    line
                }
                Action::Tell(event) => told(&event),
                Action::Seat(seat) => format!("seat {seat:?}"),
                Action::Resize(size) => format!("resize {size:?}"),
                Action::Weigh => {
                    self.conversation.weighed(&self.seen.clone());
                    "weigh".into()
                }
                Action::Look(_) => {
                    self.conversation.looked(&self.seen.clone(), self.now);
                    continue;
                }
                Action::Arm(..) | Action::Settle(..) => {
                    self.errands += 1;
                    "errand".into()
                }
            };
            self.log.push(line);
        }
    }

    fn take_log(&mut self) -> Vec<String> {
        self.drain();
        std::mem::take(&mut self.log)
    }

    /// What has been written since the last call, nonces replaced.
    fn take_written(&mut self) -> String {
        self.drain();
        let text = String::from_utf8(std::mem::take(&mut self.written)).expect("text");
        Regex::new("[0-9a-f]{16}").expect("valid").replace_all(&text, "N").into_owned()
    }

    fn print(&mut self, text: &str) {
        self.conversation.buffer().extend_from_slice(text.as_bytes());
        self.conversation.output(text.len(), self.now);
        self.drain();
    }

    /// Prints `text` and answers the sentinel that was written last.
    fn answer(&mut self, text: &str) {
        self.answer_silently(text);
        self.drain();
    }

    /// The same, but what it does is left to be looked at.
    fn answer_silently(&mut self, text: &str) {
        self.drain();
        let written = String::from_utf8_lossy(&self.written).into_owned();
        let nonce = written.lines().rev().find_map(|line| line.strip_prefix("/end ")).expect("a sentinel");
        let reply = format!("{text}end {nonce}\n");
        self.conversation.buffer().extend_from_slice(reply.as_bytes());
        self.conversation.output(reply.len(), self.now);
    }

    fn assign(&mut self, job: Job) {
        self.serial += 1;
        let assign = Assign { serial: self.serial, job: Box::new(job) };
        self.conversation.assign(assign, Vec::new(), self.now);
        self.drain();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        while self.conversation.poll_timeout().is_some_and(|deadline| deadline <= self.now) {
            self.conversation.handle_timeout(self.now);
            self.drain();
        }
    }
}

fn told(event: &Event) -> String {
    match event {
        Event::Started { stage, .. } => format!("started {stage:?}"),
        Event::Finished { report, idle, .. } => format!("finished {} idle={idle}", report.outcome),
        Event::Idle { .. } => "idle".into(),
        Event::Conversing { thread, .. } => format!("conversing {thread:?}"),
        Event::TakenUp { .. } => "taken up".into(),
        Event::Changed { change, .. } => format!("changed {change:?}"),
        Event::Outgrown { memory, .. } => format!("outgrown {memory}"),
        Event::Revoked { serial, .. } => format!("revoked {serial}"),
        Event::Returned { .. } => "returned".into(),
        Event::Exited { exit, .. } => format!("exited {exit:?}"),
        Event::CreditDropped { .. } => "dropped".into(),
        Event::Detached { .. } => "detached".into(),
    }
}

/// A placed job of these steps, and its handle.
fn job(steps: &[&str]) -> (Job, JobHandle) {
    let (reply_to, handle) = reply_channel(false);
    assert!(reply_to.place(SlotId(0), 1));
    (Job::new(steps.iter().map(|step| Step::Say((*step).into())).collect(), reply_to, Instant::now()), handle)
}

fn reply(handle: JobHandle) -> Reply {
    handle.wait().expect("a reply")
}
