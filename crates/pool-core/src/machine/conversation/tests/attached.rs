//! Somebody sits down, types, and goes.

use super::*;
use crate::message::{Seat, Size};

fn prompting(reset: &[&str]) -> ToolSpec {
    let until = Regex::new(r">>> $").expect("valid");
    let rule = TurnRule::Prompt { until, settle: Duration::ZERO };
    let mut spec = ToolSpec::new("fake", vec!["fake".into()], TurnSpec::new(rule));
    spec.reset = reset.iter().map(|line| (*line).to_owned()).collect();
    spec
}

fn at_prompt(spec: ToolSpec) -> Script {
    let mut script = Script::new(spec);
    script.conversation.launched(Some(7), script.now);
    script.print(">>> ");
    script.pass(Duration::from_secs(1));
    script.take_log();
    script.take_written();
    script
}

impl Script {
    fn order(&mut self, order: Order) {
        self.conversation.order(order, self.now);
        self.drain();
    }

    fn sit_down(&mut self) {
        self.take_log();
        self.take_written();
        self.order(Order::Attach(Seat::Person));
        assert_eq!(self.take_log(), ["seat Person"]);
    }

    fn types(&mut self, text: &str) {
        self.conversation.typed(text.as_bytes());
        assert_eq!(self.take_written(), text);
    }
}

#[test]
fn who_types_nothing_leaves_nothing() {
    let mut script = Script::warm(spec());
    script.sit_down();
    script.conversation.resized(Size { rows: 50, columns: 100 });
    script.order(Order::Detach);
    assert_eq!(script.take_log(), ["resize Size { rows: 50, columns: 100 }", "seat Pool", "idle"]);
    assert_eq!(script.take_written(), "");
}

#[test]
fn a_prompt_for_a_tool_that_is_going_comes_back() {
    let mut script = Script::warm(spec());
    script.sit_down();
    script.conversation.end_of_output(script.now);
    let (late, handle) = job(&["x"]);
    script.conversation.attend(Box::new(late), Vec::new(), script.now);
    assert_eq!((script.take_log().len(), script.take_written().as_str()), (0, ""));
    assert!(matches!(handle.wait(), Err(JobError::Closed)));
}

#[test]
fn what_was_typed_and_said_is_no_turn() {
    let mut script = Script::warm(spec());
    script.sit_down();
    script.types("look\n");
    script.print("end 0123456789abcdef\nanything\n");
    let (late, _) = job(&["x"]);
    script.assign(late);
    assert_eq!(script.take_log(), ["returned"], "it is nobody else's");
    script.order(Order::Detach);
    assert_eq!((script.take_log(), script.take_written().as_str()), (vec!["seat Pool".into()], "\n/end N\n"));
}

#[test]
fn it_has_to_answer_before_it_is_free() {
    for reset in [&[][..], &["/clear", "/reset"]] {
        let mut script =
            Script::warm(ToolSpec { reset: reset.iter().map(ToString::to_string).collect(), ..spec() });
        script.sit_down();
        script.types("x\n");
        script.order(Order::Detach);
        script.take_log();
        for left in (0..reset.len().max(1)).rev() {
            assert_eq!(script.take_log(), [""; 0]);
            script.answer("");
            assert_eq!(script.take_log().contains(&"idle".to_owned()), left == 0);
        }
    }
}

#[test]
fn one_that_does_not_answer_is_started_again_without_blame() {
    let mut script = Script::warm(spec());
    script.sit_down();
    script.types("for x in\n");
    script.order(Order::Detach);
    script.take_log();
    script.pass(script.conversation.spec.limits.reset);
    assert_eq!(script.take_log(), ["signal Kill"]);
    script.conversation.exited(ExitReport::Signalled(9), script.now);
    script.conversation.end_of_output(script.now);
    assert_eq!(script.take_log(), ["exited Stopped"]);
}

#[test]
fn half_a_line_is_never_completed_by_us() {
    for half in ["rm -rf /", "whole\nhalf", "\x1b[A"] {
        let mut script = Script::warm(spec());
        script.sit_down();
        script.types(half);
        script.order(Order::Detach);
        assert_eq!(
            (script.take_log(), script.take_written().as_str()),
            (vec!["seat Pool".into(), "signal Kill".into()], "")
        );
    }
    let mut script = Script::warm(spec());
    script.sit_down();
    script.types("rm -rf /");
    script.types("\x03");
    script.order(Order::Detach);
    assert_eq!(script.take_log(), ["seat Pool"], "taken back");
}

#[test]
fn a_prompt_has_to_stand_before_another_line_is_sent() {
    let mut script = at_prompt(prompting(&["/reset"]));
    script.sit_down();
    script.types("1+1\r");
    script.print("\x1b[1m1+1\x1b[0m\n2\n>>> ");
    script.order(Order::Detach);
    assert_eq!((script.take_log(), script.take_written().as_str()), (vec!["seat Pool".into()], "/reset\n"));
    script.print("done\n>>> ");
    script.pass(Duration::from_secs(1));
    assert_eq!(script.take_log(), ["idle"]);

    let mut script = at_prompt(prompting(&["/reset"]));
    script.sit_down();
    script.types("sleep(5)\r");
    script.order(Order::Detach);
    assert_eq!(script.take_log(), ["seat Pool", "signal Kill"], "its prompt would end somebody else's turn");
}

#[test]
fn a_conversation_that_is_kept_is_not_reset() {
    let mut script = Script::warm(ToolSpec { reset: vec!["/reset".into()], ..spec() });
    let (mut one, _handle) = job(&["x"]);
    one.session = Some(SessionKey::Slot(SlotId(0)));
    script.assign(one);
    script.answer("y\n");
    script.take_written();
    script.sit_down();
    script.types("x\n");
    script.order(Order::Detach);
    assert_eq!(script.take_written(), "\n/end N\n");
}

#[test]
fn who_sits_there_does_not_keep_the_pool_from_ending() {
    let mut script = Script::warm(ToolSpec { stop: Shutdown::Kill, ..spec() });
    script.sit_down();
    script.order(Order::Drain);
    assert_eq!(script.take_log(), ["signal Kill"]);
    script.order(Order::Detach);
    script.conversation.typed(b"x");
    assert_eq!(script.take_written(), "");
}

#[test]
fn one_at_work_is_not_lent() {
    let mut script = Script::warm(spec());
    let (one, _handle) = job(&["x"]);
    script.assign(one);
    script.order(Order::Attach(Seat::Person));
    assert!(!script.conversation.is_attached());
}

impl Script {
    fn attends(&mut self, text: &str) -> JobHandle {
        let (job, handle) = job(&[text]);
        self.conversation.attend(Box::new(job), Vec::new(), self.now);
        handle
    }
}

#[test]
fn who_sits_there_has_turns_of_which_nobody_hears() {
    let mut script = Script::warm(ToolSpec { reset: vec!["/reset".into()], ..spec() });
    script.sit_down();
    let mine = script.attends("one");
    script.answer("1\n");
    assert_eq!(script.take_log(), ["finish Ok(Ok)"]);
    assert_eq!(script.take_written(), "one\n/end N\n");
    assert_eq!(reply(mine).text(), "1");
    assert!(script.conversation.is_attached(), "and goes on sitting there");
    script.order(Order::Detach);
    assert_eq!(script.take_log(), ["seat Pool"]);
    script.answer("");
    assert_eq!(script.take_log(), ["idle"]);
    assert_eq!(script.take_written(), "/reset\n/end N\n");
}

#[test]
fn who_gets_up_in_the_middle_of_a_turn_takes_it_back() {
    let mut script = Script::warm(ToolSpec { cancel: Cancel::Interrupt, ..spec() });
    script.sit_down();
    let mine = script.attends("long");
    script.order(Order::Detach);
    assert_eq!(script.take_log(), ["signal Interrupt"]);
    script.answer("interrupted\n");
    assert_eq!(script.take_log(), ["finish Ok(Cancelled)", "seat Pool"]);
    assert_eq!(reply(mine).outcome, Outcome::Cancelled);
    script.answer("");
    assert_eq!(script.take_log(), ["idle"]);
}

#[test]
fn a_turn_of_who_does_not_sit_there_is_refused() {
    let mut script = Script::warm(spec());
    let error = script.attends("x").wait().expect_err("nobody sits there");
    assert_eq!(error, JobError::Closed);
    assert_eq!(script.take_written().replace("/end N\n", ""), "");
}
