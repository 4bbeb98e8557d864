//! Scripts: what goes in, what must come out. The clock is moved by hand.
#![expect(clippy::disallowed_methods, reason = "a script needs some instant to count from")]

use super::*;
use crate::error::{JobError, StartError};
use crate::machine::dialect::text::TextDialect;
use crate::message::{
    Errand, Job, JobHandle, Outcome, Placement, Reply, SessionKey, StartStage, Step, reply_channel,
};
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
        Self { conversation, now, written: Vec::new(), log: Vec::new(), serial: 0, errands: 0 }
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
                Action::Arm(_) | Action::Settle(_) => {
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
        self.drain();
        let written = String::from_utf8_lossy(&self.written).into_owned();
        let nonce = written.lines().rev().find_map(|line| line.strip_prefix("/end ")).expect("a sentinel");
        let reply = format!("{text}end {nonce}\n");
        self.print(&reply);
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
        Event::Changed { change, .. } => format!("changed {change:?}"),
        Event::Revoked { serial, .. } => format!("revoked {serial}"),
        Event::Returned { .. } => "returned".into(),
        Event::Exited { exit, .. } => format!("exited {exit:?}"),
        Event::CreditDropped { .. } => "dropped".into(),
    }
}

/// A placed job of these steps, and its handle.
fn job(steps: &[&str]) -> (Job, JobHandle) {
    let (reply_to, handle) = reply_channel(false);
    assert!(reply_to.place());
    (Job::new(steps.iter().map(|step| Step::Say((*step).into())).collect(), reply_to, Instant::now()), handle)
}

fn reply(handle: JobHandle) -> Reply {
    handle.wait().expect("a reply")
}

#[test]
fn a_start_is_spawned_ready_warm() {
    let mut spec = spec();
    spec.start.warm = Some("/warm".into());
    let mut script = Script::new(spec);
    script.conversation.launched(Some(7), script.now);
    assert_eq!(script.take_log(), ["started Spawned"]);
    script.answer("banner\n");
    assert_eq!(script.take_log(), ["started Ready"]);
    assert!(script.take_written().ends_with("/warm\n/end N\n"));
}

#[test]
fn the_steps_of_a_job_run_in_order_with_nothing_in_between() {
    let mut script = Script::warm(spec());
    script.take_written();
    let (first, handle) = job(&["one", "two"]);
    script.assign(first);
    assert_eq!(String::from_utf8_lossy(&script.written).lines().next(), Some("one"));
    let (other, other_handle) = job(&["other"]);
    script.assign(other);
    assert_eq!(script.take_log(), ["returned"], "a busy instance takes no second job");
    assert!(matches!(other_handle.wait(), Err(JobError::Lost { .. })), "this script drops what is returned");
    script.answer("1\n");
    assert!(script.log.is_empty(), "the first step alone is no news");
    script.answer("2\n");
    assert_eq!(script.take_log(), ["finish Ok(Ok)", "finished ok idle=true"]);
    let reply = reply(handle);
    assert_eq!(reply.steps.iter().map(|step| step.text.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(script.take_written(), "one\n/end N\ntwo\n/end N\n");
}

#[test]
fn a_job_without_a_session_is_followed_by_the_reset() {
    let mut spec = spec();
    spec.reset = vec!["/reset".into()];
    let mut script = Script::warm(spec);
    let (plain, plain_handle) = job(&["one"]);
    script.assign(plain);
    script.answer("1\n");
    assert_eq!(script.take_log(), ["finish Ok(Ok)", "finished ok idle=false"]);
    assert!(script.take_written().ends_with("/reset\n/end N\n"), "the reply does not wait for the reset");
    assert!(reply(plain_handle).is_ok());
}

#[test]
fn a_revocation_and_a_job_that_cross_are_settled_by_serial() {
    let mut script = Script::warm(spec());
    script.conversation.order(Order::Revoke(1), script.now);
    assert_eq!(script.take_log(), ["revoked 1"]);
    let (late, handle) = job(&["late"]);
    script.assign(late);
    assert_eq!(script.take_log(), ["returned"]);
    assert!(
        matches!(handle.wait(), Err(JobError::Lost { stage }) if stage < crate::message::Stage::Delivered)
    );
    let (paid, _handle) = job(&["paid"]);
    script.assign(paid);
    script.conversation.order(Order::Revoke(2), script.now);
    assert!(script.take_log().is_empty(), "spent before it was revoked: the job's end is the answer");
}

#[test]
fn an_exit_in_mid_turn_is_told_by_its_kind() {
    for (exit, outcome) in [
        (ExitReport::Exited(0), Outcome::Truncated),
        (ExitReport::Exited(3), Outcome::Crashed),
        (ExitReport::Signalled(9), Outcome::Crashed),
    ] {
        let mut script = Script::warm(spec());
        let (job, handle) = job(&["one"]);
        script.assign(job);
        script.print("half a rep");
        script.conversation.exited(exit.clone(), script.now);
        assert!(script.take_log().is_empty(), "its output may not have been read to the end");
        script.conversation.end_of_output(script.now);
        assert_eq!(script.take_log().last(), Some(&format!("exited {exit:?}")));
        let reply = reply(handle);
        assert_eq!((reply.outcome, reply.text()), (outcome, "half a rep"));
    }
}

#[test]
fn a_reply_that_was_whole_before_the_exit_stays_whole() {
    let mut script = Script::warm(spec());
    let (job, handle) = job(&["one"]);
    script.assign(job);
    script.conversation.exited(ExitReport::Exited(1), script.now);
    script.answer("1\n");
    script.conversation.end_of_output(script.now);
    assert_eq!(reply(handle).outcome, Outcome::Ok);
}

#[test]
fn a_grandchild_that_holds_the_output_is_not_waited_for() {
    let mut script = Script::warm(spec());
    script.conversation.exited(ExitReport::Exited(0), script.now);
    script.pass(DRAIN);
    assert_eq!(script.take_log(), ["signal Kill", "exited Exited(0)"]);
}

#[test]
fn a_tool_that_closes_its_output_and_lives_is_killed() {
    let mut script = Script::warm(spec());
    let (job, handle) = job(&["one"]);
    script.assign(job);
    script.conversation.end_of_output(script.now);
    script.pass(DRAIN);
    assert_eq!(script.take_log(), ["finish Ok(Crashed)", "finished crashed idle=false", "signal Kill"]);
    script.conversation.exited(ExitReport::Signalled(9), script.now);
    script.conversation.end_of_output(script.now);
    assert_eq!(script.take_log(), ["exited Signalled(9)"]);
    assert_eq!(reply(handle).outcome, Outcome::Crashed);
}

#[test]
fn a_late_turn_is_interrupted_and_the_instance_goes_on() {
    let mut spec = spec();
    spec.cancel = Cancel::Interrupt;
    let mut script = Script::warm(spec);
    let (late, handle) = job(&["one"]);
    script.assign(late);
    script.pass(Duration::from_secs(60));
    assert_eq!(script.take_log(), ["signal Interrupt"]);
    script.answer("^C\n");
    assert_eq!(script.take_log(), ["finish Ok(TimedOut)", "finished timed_out idle=true"]);
    assert_eq!(reply(handle).outcome, Outcome::TimedOut);
}

#[test]
fn an_interrupt_without_an_answer_ends_the_instance_without_blame() {
    let mut spec = spec();
    spec.cancel = Cancel::Interrupt;
    let mut script = Script::warm(spec);
    let (deaf, handle) = job(&["one"]);
    script.assign(deaf);
    let id = handle.job();
    script.conversation.control(ControlMessage { job: id, control: Control::Cancel }, script.now);
    script.pass(Duration::from_secs(5));
    assert_eq!(
        script.take_log(),
        ["signal Interrupt", "finish Ok(Cancelled)", "finished cancelled idle=false", "signal Kill"]
    );
    script.conversation.exited(ExitReport::Signalled(9), script.now);
    script.conversation.end_of_output(script.now);
    assert_eq!(script.take_log(), ["exited Stopped"]);
    drop(handle);
}

#[test]
fn a_second_interrupt_within_the_debounce_is_never_sent() {
    let mut spec = spec();
    spec.cancel = Cancel::Interrupt;
    let mut script = Script::warm(spec);
    for expected in ["signal Interrupt", "finish Ok(Cancelled)"] {
        let (job, handle) = job(&["one"]);
        let id = handle.job();
        script.assign(job);
        script.conversation.control(ControlMessage { job: id, control: Control::Cancel }, script.now);
        let log = script.take_log();
        assert_eq!(log.first().map(String::as_str), Some(expected), "{log:?}");
        if expected.starts_with("signal") {
            script.answer("^C\n");
            script.take_log();
        }
    }
}

#[test]
fn the_stop_ladder_has_three_rungs() {
    let mut spec = spec();
    let (quit, term) = (Duration::from_secs(2), Duration::from_secs(5));
    spec.stop = Shutdown::After { say: Some("/exit".into()), quit, term };
    let mut script = Script::warm(spec);
    script.take_written();
    script.conversation.order(Order::Stop, script.now);
    assert_eq!(script.take_log(), ["close input"]);
    assert_eq!(script.take_written(), "/exit\n");
    script.pass(quit);
    assert_eq!(script.take_log(), ["signal Terminate"]);
    script.pass(term);
    assert_eq!(script.take_log(), ["signal Kill"]);
    script.pass(Duration::from_secs(2));
    assert_eq!(script.take_log(), ["exited Stopped"], "unkillable: its slot is freed all the same");
}

#[test]
fn draining_finishes_the_job_at_hand() {
    let mut script = Script::warm(spec());
    let (job, handle) = job(&["one"]);
    script.assign(job);
    script.conversation.order(Order::Drain, script.now);
    assert!(script.take_log().is_empty());
    script.answer("1\n");
    assert_eq!(script.take_log(), ["finish Ok(Ok)", "finished ok idle=false", "close input"]);
    assert!(reply(handle).is_ok());
}

#[test]
fn not_ready_in_time_shows_the_last_output() {
    let mut script = Script::new(spec());
    script.conversation.launched(Some(7), script.now);
    script.print("password: \u{7}");
    script.take_log();
    script.pass(Duration::from_secs(60));
    assert_eq!(script.take_log(), ["signal Kill"]);
    script.conversation.exited(ExitReport::Signalled(9), script.now);
    script.conversation.end_of_output(script.now);
    let log = script.take_log().join(" ");
    assert!(log.contains("NotReady") && log.contains("password"), "{log}");
}

#[test]
fn a_silence_is_shown_once_and_not_killed() {
    let mut spec = spec();
    spec.limits.turn = Duration::from_secs(3600);
    let mut script = Script::warm(spec);
    let (job, handle) = job(&["one"]);
    script.assign(job);
    script.pass(Duration::from_secs(601));
    script.pass(Duration::from_secs(601));
    let log = script.take_log();
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].starts_with("changed Stalled"), "{log:?}");
    script.answer("1\n");
    assert!(reply(handle).is_ok());
}

/// An errand whose futures are never run: its answers are fed by hand.
struct ByHand;

impl Errand for ByHand {
    fn before(&mut self, _: &Placement) -> ErrandFuture<Result<(), Refused>> {
        Box::pin(std::future::pending())
    }

    fn after_step(&mut self, _: &crate::message::StepReply) -> ErrandFuture<Next> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn nothing_is_sent_before_the_errand_agrees() {
    let mut script = Script::warm(spec());
    script.take_written();
    let (mut job, handle) = job(&["one"]);
    job.errand = Some(Box::new(ByHand));
    script.assign(job);
    assert_eq!((script.take_log(), script.take_written()), (vec!["errand".into()], String::new()));
    script.conversation.armed(Err(Refused("the tree is not clean".into())), script.now);
    assert_eq!(script.take_log(), ["finish Ok(Refused)", "finished refused idle=true"]);
    assert_eq!(script.take_written(), "");
    let reply = reply(handle);
    assert_eq!(reply.error.as_deref(), Some("refused before sending: the tree is not clean"));
}

#[test]
fn an_errand_may_add_a_step() {
    let mut script = Script::warm(spec());
    script.take_written();
    let (mut job, handle) = job(&["one"]);
    job.errand = Some(Box::new(ByHand));
    script.assign(job);
    script.conversation.armed(Ok(()), script.now);
    script.answer("1\n");
    script.conversation.settled(Next::Say(Step::Say("again".into())), script.now);
    script.answer("2\n");
    script.conversation.settled(Next::Continue, script.now);
    assert_eq!(script.take_written(), "one\n/end N\nagain\n/end N\n");
    assert_eq!(reply(handle).steps.len(), 2);
}

#[test]
fn a_session_keeps_its_context_and_a_foreign_one_is_cleared_first() {
    let mut spec = spec();
    spec.reset = vec!["/reset".into()];
    let mut script = Script::warm(spec);
    script.take_written();
    let (mut mine, handle) = job(&["one"]);
    mine.session = Some(SessionKey::Named("s".into()));
    script.assign(mine);
    script.answer("1\n");
    assert_eq!(script.take_log(), ["finish Ok(Ok)", "finished ok idle=true"]);
    assert!(reply(handle).is_ok());
    let (mut other, handle) = job(&["two"]);
    other.session = Some(SessionKey::Named("t".into()));
    other.reset_first = true;
    script.assign(other);
    script.answer("");
    script.answer("2\n");
    assert_eq!(script.take_written(), "one\n/end N\n/reset\n/end N\ntwo\n/end N\n");
    assert_eq!(reply(handle).text(), "2");
}

#[test]
fn a_panic_on_our_side_loses_the_job_by_name() {
    let mut script = Script::warm(spec());
    let (job, handle) = job(&["one"]);
    script.assign(job);
    script.conversation.abandon();
    assert_eq!(script.take_log(), ["signal Kill", "exited Panicked"]);
    assert!(matches!(handle.wait(), Err(JobError::Lost { .. })));
}

#[test]
fn a_program_that_cannot_be_started_is_told_and_never_healed() {
    let mut script = Script::new(spec());
    script.conversation.launch_failed(StartError::NoProgram { program: "nope".into() });
    let log = script.take_log().join(" ");
    assert!(log.contains("NoProgram"), "{log}");
    assert!(script.conversation.is_gone());
}

#[test]
fn a_start_has_three_stages_without_a_warm_up_too() {
    let mut script = Script::new(spec());
    script.conversation.launched(None, script.now);
    script.answer("");
    let stages = [StartStage::Spawned, StartStage::Ready, StartStage::Warm];
    assert_eq!(script.take_log(), stages.map(|stage| format!("started {stage:?}")));
}
