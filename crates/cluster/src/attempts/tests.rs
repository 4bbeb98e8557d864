use super::*;
use pool_core::message::{CompletedBy, InstanceRef, Stage, StepReply, Timings};
use std::time::Duration;

fn reply(slot: u32, outcome: Outcome, text: &str) -> JobResult {
    let step = StepReply {
        text: text.into(),
        raw: None,
        completed_by: CompletedBy::Exit,
        evidence: String::new(),
        outcome,
        detail: None,
        turn: Duration::ZERO,
        usage: None,
        cut: 0,
    };
    Ok(Reply {
        outcome,
        steps: if text.is_empty() { Vec::new() } else { vec![step] },
        instance: InstanceRef { tool: "t".into(), version: None, slot: SlotId(slot), generation: 1 },
        timings: Timings::default(),
        context_lost: false,
        warnings: Vec::new(),
        error: (outcome != Outcome::Ok).then(|| "it broke".into()),
    })
}

fn history(left: u32) -> History {
    History { left, ..History::default() }
}

#[test]
fn only_what_the_instance_did_is_worth_another_attempt() {
    use Outcome::*;
    for outcome in [
        Ok,
        Error,
        Denied,
        Limited,
        Refused,
        ContextFull,
        TimedOut,
        Truncated,
        Crashed,
        Unframed,
        Cancelled,
        Lost,
        Unknown,
    ] {
        let retryable = matches!(outcome, TimedOut | Truncated | Crashed | Unframed | Lost);
        let (_, verdict) = history(1).judge(reply(3, outcome, ""));
        let again = Verdict::Again { avoid: Some(SlotId(3)) };
        assert_eq!(verdict, if retryable { again } else { Verdict::Over }, "{outcome}");
        assert_eq!(history(0).judge(reply(3, outcome, "")).1, Verdict::Over, "none is left");
    }
    for (error, again) in [
        (JobError::Lost { stage: Stage::Delivered }, true),
        (JobError::Overloaded { limit: 1 }, false),
        (JobError::Unavailable(String::new()), false),
        (JobError::Cancelled, false),
        (JobError::Closed, false),
    ] {
        let (_, verdict) = history(1).judge(Err(error));
        assert_eq!(verdict, if again { Verdict::Again { avoid: None } } else { Verdict::Over });
    }
}

#[test]
fn the_last_result_tells_of_all_attempts() {
    let mut history = history(2);
    let _ = history.judge(reply(0, Outcome::TimedOut, ""));
    let _ = history.judge(reply(1, Outcome::Crashed, ""));
    let (result, verdict) = history.judge(reply(2, Outcome::Ok, "done"));
    assert_eq!(verdict, Verdict::Over);
    let reply = result.unwrap();
    assert_eq!((reply.text(), reply.error.as_deref()), ("done", None));
    assert_eq!(
        reply.warnings,
        ["attempt 1: timed_out on instance 0: it broke", "attempt 2: crashed on instance 1: it broke"]
    );
}

/// Fault 85: a poison job.
#[test]
fn two_crashed_instances_make_a_dead_letter() {
    let mut history = history(9);
    let (_, verdict) = history.judge(reply(0, Outcome::Crashed, "one\n\u{1b}[2J"));
    assert!(matches!(verdict, Verdict::Again { .. }));
    let (_, verdict) = history.judge(reply(0, Outcome::Crashed, ""));
    assert!(matches!(verdict, Verdict::Again { .. }), "the same one twice proves nothing");
    let (result, verdict) = history.judge(reply(2, Outcome::Truncated, &"x".repeat(1000)));
    assert_eq!(verdict, Verdict::Over, "whatever is left");
    let reply = result.unwrap();
    assert_eq!(reply.outcome, Outcome::Truncated, "the outcome stays what it was");
    let letter = format!(
        "dead letter: crashed instances 0 and 2: instance 0: it broke; its last output: {}; instance 2: it broke; its \
         last output: \"{}\"",
        r#""one\n\u{1b}[2J""#,
        "x".repeat(TAIL)
    );
    assert_eq!(reply.error, Some(letter));
}
