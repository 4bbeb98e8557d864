//! Jobs, turns, interrupts, errands, races.

use super::*;

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

/// Whoever wants no bound may say so by the largest one.
#[test]
fn no_wait_is_longer_than_the_clock_can_tell() {
    let mut spec = spec();
    let (limits, longest) = (&mut spec.limits, Duration::MAX);
    (limits.turn, limits.ready, limits.stall) = (longest, longest, longest);
    (limits.cancel, limits.errand, limits.reset) = (longest, longest, longest);
    spec.stop = Shutdown::After { say: None, quit: longest, term: longest };
    (spec.cancel, spec.reset) = (Cancel::Interrupt, vec!["/reset".into()]);
    let mut script = Script::warm(spec);
    let (mut job, handle) = job(&["one"]);
    job.errand = Some(Box::new(ByHand));
    (job.timeout, job.reset_first) = (Some(longest), true);
    let id = job.id;
    script.assign(job);
    script.conversation.armed(id, Ok(()), script.now);
    script.answer("");
    script.pass(Duration::from_secs(3600));
    assert_eq!(script.conversation.describe(script.now).timers.len(), 2, "the turn's, and that of a stall");
    script.answer("1\n");
    script.conversation.settled(id, Next::Say(Step::Say("two".into())), script.now);
    script.conversation.control(ControlMessage { job: id, control: Control::Cancel }, script.now);
    script.answer("^C\n");
    script.answer("");
    assert_eq!(reply(handle).outcome, Outcome::Cancelled);
    script.conversation.order(Order::Stop, script.now);
    script.take_log();
    script.pass(Duration::from_secs(3600));
    assert_eq!(script.take_log(), [""; 0]);
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
pub(super) struct ByHand;

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
    let id = job.id;
    script.assign(job);
    assert_eq!((script.take_log(), script.take_written()), (vec!["errand".into()], String::new()));
    script.conversation.armed(id, Err(Refused("the tree is not clean".into())), script.now);
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
    let id = job.id;
    script.assign(job);
    script.conversation.armed(id, Ok(()), script.now);
    script.answer("1\n");
    script.conversation.settled(id, Next::Say(Step::Say("again".into())), script.now);
    script.answer("2\n");
    script.conversation.settled(id, Next::Continue, script.now);
    assert_eq!(script.take_written(), "one\n/end N\nagain\n/end N\n");
    assert_eq!(reply(handle).steps.len(), 2);
}

/// An errand that was given up may end at any later time: it says nothing about whoever is at hand then.
#[test]
fn a_late_errand_does_not_speak_for_the_next_job() {
    let mut script = Script::warm(spec());
    script.take_written();
    let (mut late, given_up) = job(&["one"]);
    late.errand = Some(Box::new(ByHand));
    let id = late.id;
    script.assign(late);
    script.pass(spec().limits.errand);
    assert_eq!(reply(given_up).outcome, Outcome::Refused);
    let (mut next, handle) = job(&["two"]);
    next.errand = Some(Box::new(ByHand));
    let next_id = next.id;
    script.assign(next);
    script.conversation.armed(id, Ok(()), script.now);
    assert_eq!(script.take_written(), "", "its own errand has not agreed");
    script.conversation.armed(next_id, Ok(()), script.now);
    script.conversation.armed(id, Ok(()), script.now);
    script.conversation.settled(id, Next::Done, script.now);
    script.answer("2\n");
    script.conversation.armed(id, Ok(()), script.now);
    script.conversation.settled(id, Next::Done, script.now);
    script.conversation.settled(next_id, Next::Continue, script.now);
    script.drain();
    assert_eq!(reply(handle).text(), "2");
}

/// The steps that ran went well, and yet the job did not.
#[test]
fn an_end_while_the_errand_looks_at_a_step_is_an_end_before_the_next() {
    for (steps, exit, outcome) in [
        (&["one", "two"][..], ExitReport::Exited(0), Outcome::Truncated),
        (&["one", "two"], ExitReport::Signalled(9), Outcome::Crashed),
        (&["one"], ExitReport::Signalled(9), Outcome::Ok),
    ] {
        let mut script = Script::warm(spec());
        let (mut job, handle) = job(steps);
        job.errand = Some(Box::new(ByHand));
        let id = job.id;
        script.assign(job);
        script.conversation.armed(id, Ok(()), script.now);
        script.answer("1\n");
        script.conversation.exited(exit, script.now);
        script.conversation.end_of_output(script.now);
        script.drain();
        let reply = reply(handle);
        assert_eq!((reply.outcome, reply.steps.len()), (outcome, 1), "{steps:?}");
    }
}

/// The router has the next job placed in the belief that the reset was done.
#[test]
fn a_job_that_is_never_sent_still_clears_what_it_was_to_clear() {
    for cancelled in [false, true] {
        let mut spec = spec();
        spec.reset = vec!["/reset".into()];
        let mut script = Script::warm(spec);
        script.take_written();
        let (mut job, handle) = job(&["one"]);
        job.errand = Some(Box::new(ByHand));
        job.reset_first = true;
        let id = job.id;
        script.assign(job);
        if cancelled {
            script.conversation.control(ControlMessage { job: id, control: Control::Cancel }, script.now);
        } else {
            script.conversation.armed(id, Err(Refused("no".into())), script.now);
        }
        assert_eq!(script.take_written(), "/reset\n/end N\n", "cancelled: {cancelled}");
        drop(handle);
    }
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
fn a_reset_that_fails_is_charged_to_the_instance() {
    let mut spec = spec();
    spec.reset = vec!["/reset".into()];
    let mut script = Script::warm(spec);
    let (job, handle) = job(&["one"]);
    script.assign(job);
    script.answer("1\n");
    assert!(reply(handle).is_ok());
    script.take_log();
    script.pass(Duration::from_secs(30));
    assert_eq!(script.take_log(), ["signal Kill"]);
    script.conversation.exited(ExitReport::Signalled(9), script.now);
    script.conversation.end_of_output(script.now);
    assert_eq!(script.take_log(), ["exited Signalled(9)"], "not 'stopped', which costs nothing");
}
