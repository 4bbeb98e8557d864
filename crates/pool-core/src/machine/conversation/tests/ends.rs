//! How a life begins and ends.

use super::*;

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
    assert_eq!(
        script.take_log(),
        ["exited Signalled(9)"],
        "its output has ended before: nothing is waited for"
    );
    assert_eq!(reply(handle).outcome, Outcome::Crashed);
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
    assert_eq!(script.take_log(), ["exited Unkillable"], "its slot is freed all the same");
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
fn a_question_at_the_start_ends_it_at_once() {
    // Before anything is sent, and behind the first sentinel.
    let (ready, asks) = (Regex::new(r"> \z").expect("valid"), Regex::new(r"\[y/n\] \z").expect("valid"));
    for ready in [Some(ready), None] {
        let mut spec = spec();
        (spec.start.ready, spec.turn.questions) = (ready, vec![asks.clone()]);
        let mut script = Script::new(spec);
        script.conversation.launched(Some(7), script.now);
        script.print("it broke\nreport it? [y/n] ");
        script.take_log();
        script.pass(TurnSpec::QUESTION_SETTLE - Duration::from_millis(1));
        assert_eq!(script.take_log(), [""; 0], "it may still go on");
        script.pass(Duration::from_millis(1));
        assert_eq!(script.take_log(), ["signal Kill"]);
        script.conversation.exited(ExitReport::Signalled(9), script.now);
        script.conversation.end_of_output(script.now);
        let log = script.take_log().join(" ");
        assert!(log.contains("Asks { question: \"report it? [y/n]\"") && log.contains("it broke"), "{log}");
    }
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
fn an_end_that_has_been_told_is_not_told_again_by_a_launch_that_fails() {
    let mut script = Script::new(spec());
    script.conversation.abandon();
    assert_eq!(script.take_log(), ["signal Kill", "exited Panicked"]);
    script.conversation.launch_failed(StartError::NoProgram { program: "nope".into() });
    assert_eq!(script.take_log(), [""; 0]);
}

/// Nobody watches the time during a launch.
#[test]
fn what_is_killed_while_it_is_launched_has_its_time_to_go_from_then_on() {
    let mut script = Script::new(spec());
    script.conversation.order(Order::Kill, script.now);
    script.now += Duration::from_secs(3600);
    script.conversation.launched(Some(7), script.now);
    script.pass(Duration::from_millis(1999));
    assert_eq!(script.take_log(), ["signal Kill", "signal Kill"]);
    script.pass(Duration::from_millis(1));
    assert_eq!(script.take_log(), ["exited Unkillable"]);
}

#[test]
fn a_start_has_three_stages_without_a_warm_up_too() {
    let mut script = Script::new(spec());
    script.conversation.launched(None, script.now);
    script.answer("");
    let stages = [StartStage::Spawned, StartStage::Ready, StartStage::Warm];
    assert_eq!(script.take_log(), stages.map(|stage| format!("started {stage:?}")));
}
