//! A turn that a usage limit ends.

use super::*;
use crate::message::{LimitMet, OnLimit, Patience, Reset, Stage};
use crate::spec::OutcomeRule;

fn limited_spec() -> ToolSpec {
    let mut spec = spec();
    let pattern = Regex::new(r"(?m)^429(?: in (?P<reset_s>\d+)s)?").expect("valid");
    spec.turn.outcomes = vec![OutcomeRule { outcome: Outcome::Limited, pattern }];
    spec.reset = vec!["/reset".into()];
    spec
}

/// The news of the end of the job at hand, which answers with `text`.
fn end_with(script: &mut Script, text: &str) -> LimitMet {
    script.answer_silently(text);
    let mut limit = None;
    while let Some(action) = script.conversation.poll_action() {
        match action {
            Action::Tell(Event::Finished { report, idle, limit: Some(met), .. }) => {
                assert_eq!((report.outcome, idle), (Outcome::Limited, false), "it is reset first");
                limit = Some(*met);
            }
            Action::Finish(reply_to, result) => reply_to.send(*result),
            _ => {}
        }
    }
    limit.expect("news of a limit")
}

#[test]
fn a_job_that_does_not_wait_goes_home_and_the_limit_is_told() {
    let mut script = Script::warm(limited_spec());
    let (job, handle) = job(&["one", "two"]);
    script.assign(job);
    let met = end_with(&mut script, "429 in 20s\n");
    assert_eq!((met.reason.as_str(), met.reset), ("429 in 20s", Some(Reset::After(Duration::from_secs(20)))));
    assert!(met.again.is_none());
    let reply = reply(handle);
    assert_eq!((reply.outcome, reply.steps.len()), (Outcome::Limited, 1));
    assert!(script.take_written().ends_with("/reset\n/end N\n"), "the instance goes on");
}

#[test]
fn a_job_that_waits_goes_along_whole() {
    let mut script = Script::warm(limited_spec());
    let (mut job, handle) = job(&["one", "two"]);
    job.on_limit = OnLimit::Wait(Patience::AtMost(Duration::from_secs(60)));
    script.assign(job);
    script.answer("fine\n");
    let again = end_with(&mut script, "429\n").again.expect("the job");
    assert_eq!(again.job.steps, [Step::Say("one".into()), Step::Say("two".into())], "all of its steps");
    assert_eq!((again.reply.outcome, again.reply.steps.len()), (Outcome::Limited, 2));
    assert_eq!(again.reply.error.as_deref(), Some("429"));
    again.job.reply_to.undeliver();
    assert_eq!(handle.stage(), Stage::Queued);
    let mut next = Script::warm(limited_spec());
    assert!(again.job.reply_to.place(SlotId(0), 1));
    next.assign(*again.job);
    next.answer("fine\n");
    next.answer("done\n");
    let reply = reply(handle);
    assert_eq!((reply.outcome, reply.text(), reply.steps.len()), (Outcome::Ok, "done", 2));
}

#[test]
fn a_tool_that_goes_away_because_of_a_limit_has_met_one() {
    for (text, outcome) in [("some text\n429 in 20s\n", Outcome::Limited), ("some text\n", Outcome::Crashed)]
    {
        let mut script = Script::warm(limited_spec());
        let (job, handle) = job(&["one"]);
        script.assign(job);
        script.print(text);
        script.conversation.exited(ExitReport::Exited(1), script.now);
        script.conversation.end_of_output(script.now);
        let finished = format!("finished {outcome} idle=false");
        assert_eq!(script.take_log()[1..], [finished, "exited Exited(1)".into()]);
        let reply = reply(handle);
        assert_eq!((reply.outcome, reply.text()), (outcome, text.trim_end()));
    }
}

/// The caller may speak while the job is on its way back.
#[test]
fn a_job_that_was_taken_back_on_its_instance_does_not_run_again() {
    let mut script = Script::warm(limited_spec());
    let (mut job, handle) = job(&["one"]);
    job.on_limit = OnLimit::Wait(Patience::AtMost(Duration::from_secs(60)));
    script.assign(job);
    let again = end_with(&mut script, "429\n").again.expect("the job");
    handle.cancel();
    assert_eq!(handle.stage(), Stage::Delivered, "too late for the instance, too early for the queue");
    again.job.reply_to.undeliver();
    assert!(again.job.reply_to.is_cancelled() && !again.job.reply_to.place(SlotId(0), 1));
}

/// `--wait-for-limits` for as long as it takes.
#[test]
fn patience_without_a_bound_is_patience() {
    let now = Instant::now();
    let end = OnLimit::Wait(Patience::AtMost(Duration::MAX)).patience(now);
    assert!(end.is_some_and(|end| end > now + Duration::from_secs(365 * 24 * 3600)), "{end:?}");
}

#[test]
fn patience_is_counted_from_the_first_limit() {
    let now = Instant::now();
    let minute = Duration::from_secs(60);
    let table = [
        (OnLimit::Return, None),
        (OnLimit::Wait(Patience::AtMost(minute)), Some(now + minute)),
        (OnLimit::Next(Patience::AtMost(minute)), Some(now + minute)),
        (OnLimit::Next(Patience::AtMost(minute)).met(now + 2 * minute), Some(now + 2 * minute)),
    ];
    for (on_limit, expected) in table {
        assert_eq!((on_limit.patience(now), on_limit.waits()), (expected, expected.is_some()));
    }
}
