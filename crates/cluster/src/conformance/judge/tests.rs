use super::*;
use pool_core::JobError;
use pool_core::message::{InstanceRef, Reply, SlotId, StepReply, Timings};

fn reply(outcome: Outcome, text: &str) -> Reply {
    let step = StepReply {
        text: text.into(),
        raw: None,
        completed_by: CompletedBy::Sentinel,
        evidence: String::new(),
        outcome,
        detail: None,
        turn: Duration::ZERO,
        usage: None,
        cut: 0,
    };
    Reply {
        outcome,
        steps: vec![step],
        instance: InstanceRef { tool: "t".into(), version: None, slot: SlotId(0), generation: 1 },
        timings: Timings::default(),
        context_lost: false,
        warnings: Vec::new(),
        error: (outcome != Outcome::Ok).then(|| "why".to_owned()),
    }
}

fn ended(outcome: Outcome) -> JobResult {
    Ok(reply(outcome, "42"))
}

/// Whether it is a yes, and for a no its words.
fn word(said: Said) -> Result<(), String> {
    said.map(|_| ())
}

#[test]
fn a_turn_is_right_or_not() {
    let table = [
        (ended(Outcome::Ok), "42", Ok(())),
        (ended(Outcome::Ok), "43", Err("\"43\" is not in its reply \"42\"")),
        (ended(Outcome::Error), "42", Err("it ended as error: why")),
        (Err(JobError::Closed), "42", Err("no reply: ")),
    ];
    for (result, expect, expected) in table {
        match (word(turn(&result, expect)), expected) {
            (Ok(()), Ok(())) => {}
            (Err(why), Err(words)) => assert!(why.starts_with(words), "{why}"),
            (is, expected) => panic!("{result:?}: {is:?} and not {expected:?}"),
        }
    }
}

#[test]
fn a_stream_has_a_good_part_well_before_its_end() {
    let part = |at, bytes| Part { at: Duration::from_millis(at), bytes };
    let whole: JobResult = Ok(reply(Outcome::Ok, "0123456789"));
    let table: [(&[Part], bool); 6] = [
        (&[part(100, 3), part(300, 10)], true),
        (&[part(100, 5), part(280, 10)], true),
        (&[], false),
        // All but a last line of its own.
        (&[part(100, 8), part(300, 10)], false),
        (&[part(290, 3), part(300, 10)], false),
        (&[part(100, 0), part(300, 10)], false),
    ];
    for (parts, expected) in table {
        let said = stream(parts, Duration::from_millis(300), &whole);
        assert_eq!(said.is_ok(), expected, "{parts:?}: {said:?}");
    }
    let parts = [part(100, 1), part(300, 2)];
    assert!(stream(&parts, Duration::from_millis(300), &ended(Outcome::Error)).is_err());
}

#[test]
fn permission_is_two_tries() {
    let (ok, denied) = (ended(Outcome::Ok), ended(Outcome::Denied));
    let table = [
        ((&denied, false), (&ok, true), Some(true)),
        // Denied in words alone; done silently; never done; denied for good.
        ((&denied, true), (&ok, true), Some(false)),
        ((&ok, false), (&ok, true), Some(false)),
        ((&denied, false), (&ok, false), Some(false)),
        ((&denied, false), (&denied, false), Some(false)),
        // A model of its own mind.
        ((&ok, false), (&ok, false), None),
    ];
    for (one, two, expected) in table {
        let written = |(result, is_there)| Written { result, is_there };
        let said = permission(&written(one), &written(two));
        assert_eq!(said.as_ref().map(Result::is_ok), expected, "{said:?}");
    }
}

#[test]
fn a_cancel_is_as_the_profile_promises() {
    let right = || Ok(String::new());
    let table = [
        (Cancel::Message, Outcome::Cancelled, true, right(), Some(true)),
        (Cancel::Interrupt, Outcome::Cancelled, true, right(), Some(true)),
        (Cancel::Restart, Outcome::Cancelled, false, right(), Some(true)),
        (Cancel::Message, Outcome::Cancelled, false, right(), Some(false)),
        (Cancel::Message, Outcome::Cancelled, true, Err("wrong".to_owned()), Some(false)),
        (Cancel::Message, Outcome::TimedOut, true, right(), Some(false)),
        // It was quicker.
        (Cancel::Message, Outcome::Ok, true, right(), None),
    ];
    for (way, outcome, is_same, after, expected) in table {
        let said = cancel(way, Cut { result: &ended(outcome), is_same, after });
        assert_eq!(said.as_ref().map(Result::is_ok), expected, "{way:?} {outcome:?}: {said:?}");
    }
}

#[test]
fn what_is_remembered_is_said_again() {
    let (ok, lost) = (ended(Outcome::Ok), Ok(Reply { context_lost: true, ..reply(Outcome::Ok, "42") }));
    assert!(resume(&ok, &ok, "42").is_ok());
    assert!(resume(&ok, &ok, "43").is_err());
    assert!(resume(&ok, &lost, "42").unwrap_err().contains("context_lost"));
    assert!(resume(&ended(Outcome::Error), &ok, "42").is_err());
}

#[test]
fn usage_is_what_was_told() {
    let told = |input, cost_usd| Some(Usage { input, output: None, cost_usd });
    assert_eq!(usage(3, told(Some(1), Some(0.5))), Ok("input, cost".to_owned()));
    assert_eq!(usage(3, None), Err("nothing was told in 3 turns".to_owned()));
    assert!(usage(3, told(None, None)).is_err());
}

#[test]
fn a_failure_has_its_name_and_leaves_the_tool_well() {
    let after = || Ok(String::new());
    assert_eq!(ends_as(Outcome::Limited, &ended(Outcome::Limited), after()), Ok("why".to_owned()));
    let table = [
        (Outcome::Error, "it ended as error: why"),
        (Outcome::Ok, "it ended as ok"),
        (Outcome::TimedOut, "it ended as timed_out: why"),
    ];
    for (outcome, expected) in table {
        assert_eq!(ends_as(Outcome::Limited, &ended(outcome), after()), Err(expected.to_owned()));
    }
    let said = ends_as(Outcome::Error, &ended(Outcome::Error), Err("wrong".into()));
    assert_eq!(said, Err("after it: wrong".to_owned()));
}
