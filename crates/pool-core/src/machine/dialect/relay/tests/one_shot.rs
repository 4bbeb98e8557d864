//! Turns that are processes.

use super::extract::{claude, codex};
use super::{Talk, end, words};
use crate::machine::dialect::relay::one_shot::OneShotDialect;
use crate::machine::dialect::relay::wire::{End, Frame, Request};
use crate::machine::dialect::{Dialect, Found};
use crate::message::{CompletedBy, Outcome, Step};
use crate::spec::{Cancel, Extract, OneShotSpec, PromptBy, ToolSpec, TurnRule, TurnSpec};
use serde_json::json;
use std::sync::Arc;

fn talk(how: &OneShotSpec, thread: Option<&str>, adjust: impl FnOnce(&mut ToolSpec)) -> Talk<OneShotDialect> {
    let command = ["tool", "{file}", "-v"].map(str::to_owned).into_iter();
    let command = command.filter(|word| how.prompt == PromptBy::File || word != "{file}").collect();
    let mut spec = ToolSpec::new("t", command, TurnSpec::new(TurnRule::OneShot(Box::new(how.clone()))));
    (spec.cancel, spec.state_dir) = (Cancel::Message, Some("/state".into()));
    adjust(&mut spec);
    spec.validate().expect("a specification");
    Talk::begun(OneShotDialect::new(Arc::new(spec), how, 1, thread.map(Into::into)))
}

fn resuming(extract: Extract) -> OneShotSpec {
    OneShotSpec {
        extract,
        resume: ["--resume", "{session}"].map(str::to_owned).into(),
        ..OneShotSpec::default()
    }
}

fn codex_says(session: &str, text: &str, tokens: u64) -> String {
    [
        json!({"type": "thread.started", "thread_id": session}),
        json!({"type": "item.completed", "item": {"type": "agent_message", "text": text}}),
        json!({"type": "turn.completed", "usage": {"input_tokens": tokens, "output_tokens": 1}}),
    ]
    .map(|line| format!("{line}\n"))
    .concat()
}

#[test]
fn a_prompt_goes_in_and_the_end_of_the_process_is_the_end() {
    let mut talk = talk(&OneShotSpec::default(), None, |_| {});
    talk.says("two\nlines");
    let run = talk.run();
    assert_eq!((words(&run).as_str(), run.input.as_str(), run.file), ("tool -v", "two\nlines", None));
    assert!(talk.comes(&Frame::Output(b"re")).is_empty());
    assert_eq!(talk.dialect.preview(&mut 0), "re");
    let end = end(talk.ends("ply\n", "warning\n", End::Code(0)));
    assert_eq!((end.text.as_str(), end.outcome, end.completed_by), ("reply", Outcome::Ok, CompletedBy::Exit));
    assert_eq!(end.evidence, "exit code 0");
    assert!(talk.dialect.tail().ends_with(b"warning\n"));
    assert!(talk.comes(&Frame::Output(b"late")).is_empty());
    assert_eq!(talk.dialect.unsolicited(), 4);
}

#[test]
fn a_prompt_in_a_file_is_neither_argument_nor_input() {
    let mut talk = talk(&OneShotSpec { prompt: PromptBy::File, ..OneShotSpec::default() }, None, |_| {});
    talk.says("secret {file}");
    let run = talk.run();
    assert_eq!((words(&run).as_str(), run.input.as_str()), ("tool FILE -v", ""));
    assert_eq!(run.file.as_deref(), Some("secret {file}"));
}

#[test]
fn text_is_wrapped_as_everywhere() {
    let mut talk = talk(&OneShotSpec::default(), None, |spec| spec.turn.text.wrap = Some(" {text}\n".into()));
    talk.says("/help");
    assert_eq!(talk.run().input, " /help\n");
    talk.prints("");
    talk.step(Step::Command("/help".into()));
    assert_eq!(talk.run().input, "/help");
}

#[test]
fn turns_of_one_conversation_go_on_by_its_id_until_it_is_forgotten() {
    let mut talk = talk(&resuming(codex()), None, |_| {});
    talk.says("one");
    assert_eq!(words(&talk.run()), "tool -v");
    assert_eq!(talk.dialect.thread(), None);
    let first = end(talk.prints(&codex_says("s1", "1", 100)));
    assert_eq!(first.usage.and_then(|usage| usage.input), Some(100));
    assert_eq!(talk.dialect.thread().map(|id| &**id), Some("s1"));
    talk.says("two");
    assert_eq!(words(&talk.run()), "tool -v --resume s1");
    let second = end(talk.prints(&codex_says("s1", "2", 230)));
    assert_eq!(second.usage.and_then(|usage| usage.input), Some(130), "it counts the whole conversation");
    talk.step(Step::Command(OneShotSpec::FORGET.into()));
    assert!(talk.asked.is_empty() && talk.dialect.deadline().is_some(), "nothing is started for that");
    assert_eq!(end(talk.polls()).outcome, Outcome::Ok);
    assert!(talk.dialect.deadline().is_none());
    talk.says("three");
    assert_eq!(words(&talk.run()), "tool -v");
    let third = end(talk.prints(&codex_says("s2", "3", 100)));
    assert_eq!(third.usage.and_then(|usage| usage.input), Some(100));
}

#[test]
fn a_conversation_is_taken_up_again_by_another_life() {
    let mut talk = talk(&resuming(codex()), Some("s1"), |_| {});
    assert!(talk.dialect.has_taken_up());
    talk.says("more");
    assert_eq!(words(&talk.run()), "tool -v --resume s1");
    let first = end(talk.prints(&codex_says("s1", "1", 500)));
    assert_eq!(first.usage, None, "how much it was before is not known");
    talk.says("more");
    assert_eq!(words(&talk.run()), "tool -v --resume s1");
    assert_eq!(end(talk.prints(&codex_says("s1", "2", 510))).usage.and_then(|usage| usage.input), Some(10));
}

#[test]
fn costs_may_count_otherwise_than_tokens() {
    let mut talk = talk(&resuming(claude()), None, |_| {});
    let says = |cost: f64| {
        let usage = json!({"input_tokens": 100, "output_tokens": 20});
        json!({"type": "result", "is_error": false, "result": "x", "session_id": "s", "total_cost_usd": cost,
            "usage": usage})
        .to_string()
    };
    for (total, cost) in [(1.0, 1.0), (1.5, 0.5)] {
        talk.says("go");
        let usage = end(talk.prints(&says(total))).usage.expect("usage");
        assert_eq!((usage.input, usage.cost_usd), (Some(100), Some(cost)));
    }
}

#[test]
fn a_tool_without_a_way_back_has_no_conversations() {
    let how = OneShotSpec { extract: codex(), ..OneShotSpec::default() };
    let mut talk = talk(&how, Some("s0"), |_| {});
    assert!(!talk.dialect.has_taken_up());
    for _ in 0..2 {
        talk.says("go");
        assert_eq!(words(&talk.run()), "tool -v");
        talk.prints(&codex_says("s1", "1", 100));
        assert_eq!(talk.dialect.thread(), None);
    }
}

#[test]
fn an_id_that_is_an_option_is_none() {
    let mut talk = talk(&resuming(codex()), Some("--dangerous"), |_| {});
    assert!(!talk.dialect.has_taken_up());
    talk.says("one");
    assert_eq!(words(&talk.run()), "tool -v");
    talk.prints(&codex_says("-rf", "1", 1));
    talk.says("two");
    assert_eq!(words(&talk.run()), "tool -v");
}

#[test]
fn an_exit_without_the_end_of_the_reply_is_a_reply_that_broke_off() {
    let mut talk = talk(&OneShotSpec { extract: codex(), ..OneShotSpec::default() }, None, |_| {});
    talk.says("go");
    let said = codex_says("s1", "half", 1);
    let half: String = said.lines().take(2).map(|line| format!("{line}\n")).collect();
    let end = end(talk.prints(&half));
    assert_eq!((end.outcome, end.text.as_str()), (Outcome::Truncated, "half"));
}

#[test]
fn a_turn_is_taken_back_by_ending_its_process() {
    for (cancel, asked) in [(Cancel::Message, 1), (Cancel::Interrupt, 0)] {
        let mut talk = talk(&OneShotSpec::default(), None, |spec| spec.cancel = cancel);
        talk.says("go");
        talk.run();
        talk.calls(|dialect, out, now| dialect.interrupted(out, now));
        assert_eq!(talk.asked, vec![Request::Cancel; asked]);
        let end = end(talk.ends("half", "", End::Signal(9)));
        assert_eq!((end.text.as_str(), end.outcome), ("half", Outcome::Crashed));
    }
}

#[test]
fn what_had_come_when_the_instance_went_is_kept() {
    let mut talk = talk(&OneShotSpec::default(), None, |_| {});
    talk.says("go");
    talk.comes(&Frame::Output(b"half"));
    assert_eq!(talk.dialect.end_of_output().text, "half");
}

#[test]
fn what_no_relay_says_breaks_the_rule() {
    let mut talk = talk(&OneShotSpec::default(), None, |_| {});
    talk.says("go");
    talk.dialect.buffer().extend_from_slice(b"hello, this is no frame");
    assert!(matches!(talk.dialect.poll(talk.now), Some(Found::Violation(_))));
}

#[test]
fn specifications_that_make_no_sense_are_refused() {
    let file = OneShotSpec { prompt: PromptBy::File, ..OneShotSpec::default() };
    let refused = |command: &[&str], how: OneShotSpec| {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let mut spec = ToolSpec::new("t", command, TurnSpec::new(TurnRule::OneShot(Box::new(how))));
        spec.state_dir = Some("/state".into());
        spec.validate().expect_err("no sense").to_string()
    };
    let pointer = Extract { reply: super::extract::at("result"), ..codex() };
    let table = [
        (refused(&["t"], file.clone()), "no argument is {file}"),
        (refused(&["t", "--message={file}"], file), "no argument is {file}"),
        (refused(&["t", "{file}"], OneShotSpec::default()), "say prompt = \"file\""),
        (refused(&["t"], resuming(Extract::default())), "needs `session`"),
        (refused(&["t"], OneShotSpec { resume: vec!["--last".into()], ..resuming(codex()) }), "{session}"),
        (refused(&["t"], OneShotSpec { extract: pointer, ..OneShotSpec::default() }), "write \"/result\""),
    ];
    for (said, expected) in table {
        assert!(said.contains(expected), "{said}");
    }
}
