use super::*;
use pool_core::message::{InstanceRef, SlotId, Stage, Timings};

fn info() -> JobInfo {
    let prompts = vec!["p1".into(), "p2".into()];
    JobInfo { index: 0, id: "sec-1".into(), prompts, ..JobInfo::default() }
}

fn step(text: &str, usage: Option<Usage>, cut: u64) -> StepReply {
    StepReply {
        text: text.into(),
        raw: None,
        completed_by: CompletedBy::Protocol,
        evidence: "result line".into(),
        outcome: Outcome::Ok,
        detail: None,
        turn: Duration::from_micros(41_200_000),
        usage,
        cut,
    }
}

fn reply(steps: Vec<StepReply>) -> Reply {
    Reply {
        outcome: Outcome::Ok,
        steps,
        instance: InstanceRef {
            tool: "claude".into(),
            version: Some("2.1.329".into()),
            slot: SlotId(1),
            generation: 2,
        },
        timings: Timings { queued: Duration::from_millis(12), turn: Duration::from_micros(41_200_000) },
        context_lost: false,
        warnings: Vec::new(),
        error: None,
    }
}

fn when() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

#[test]
fn the_object_is_as_documented() {
    let usage = Usage { input: Some(1200), output: Some(340), cost_usd: Some(0.011) };
    let record = ResultRecord::new(info(), Ok(reply(vec![step("done", Some(usage), 0)])), when(), 1);
    let expect = concat!(
        r#"{"schema":"cluster.result/1","run":null,"job":"sec-1","index":0,"item":null,"outcome":"ok","reply":"done","#,
        r#""steps":[{"prompt":"p1","reply":"done","completed_by":"protocol","evidence":"result line","turn_us":41200000}],"#,
        r#""instance":{"tool":"claude","version":"2.1.329","slot":1,"generation":2},"attempt":1,"#,
        r#""started_at":"2026-11-21T03:00:00.012Z","queued_us":12000,"turn_us":41200000,"files":[],"commit":null,"#,
        r#""verify":null,"usage":{"input":1200,"output":340,"cost_usd":0.011},"context_lost":false,"truncated":false,"#,
        r#""warnings":[],"error":null}"#,
    );
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(text, expect);
    assert_eq!(serde_json::from_str::<ResultRecord>(&text).unwrap(), record);
}

#[test]
fn steps_that_an_errand_added_have_no_prompt_and_usage_is_summed() {
    let some = Usage { input: Some(1), output: None, cost_usd: Some(0.5) };
    let steps = vec![step("a", Some(some), 0), step("b", None, 9), step("c", Some(some), 0)];
    let record = ResultRecord::new(info(), Ok(reply(steps)), when(), 1);
    let prompts: Vec<_> = record.steps.iter().map(|step| step.prompt.as_str()).collect();
    assert_eq!((prompts, record.reply.as_str()), (vec!["p1", "p2", ""], "c"));
    assert_eq!(record.usage, Some(Usage { input: Some(2), output: None, cost_usd: Some(1.0) }));
    assert!(record.truncated);
}

#[test]
fn every_error_has_its_word() {
    let table = [
        (JobError::Overloaded { limit: 3 }, Outcome::Refused),
        (JobError::Unavailable("x".into()), Outcome::Refused),
        (JobError::GivenUp("x".into()), Outcome::Refused),
        (JobError::Lost { stage: Stage::Delivered }, Outcome::Lost),
        (JobError::Cancelled, Outcome::Cancelled),
        (JobError::Closed, Outcome::Cancelled),
    ];
    for (error, outcome) in table {
        let record = ResultRecord::new(info(), Err(error.clone()), when(), 1);
        assert_eq!((record.outcome, record.error), (outcome, Some(error.to_string())));
        assert_eq!((record.instance, record.started_at), (None, when()));
    }
}
