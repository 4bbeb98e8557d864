//! An end has two halves, and something may come between them: a job, a stop, output that waits.

use super::turns::ByHand;
use super::*;
use crate::message::{ErrandFuture, Refused};
use std::sync::atomic::{AtomicBool, Ordering};

/// One half of an end.
type Half = fn(&mut Script);

const OUTPUT: Half = |script| script.conversation.end_of_output(script.now);
const PROCESS: Half = |script| script.conversation.exited(ExitReport::Exited(1), script.now);
const INPUT: Half = |script| script.conversation.input_broken(script.now);

/// Whoever is not told goes elsewhere, unblamed.
#[test]
fn a_process_that_is_known_to_be_ending_gets_no_job() {
    for half in [OUTPUT, PROCESS, INPUT] {
        for reset in [&[][..], &["/reset".to_owned()]] {
            let mut spec = spec();
            spec.reset = reset.to_vec();
            let mut script = Script::warm(spec);
            half(&mut script);
            script.take_written();
            let (mut late, handle) = job(&["one"]);
            late.errand = Some(Box::new(ByHand));
            late.reset_first = true;
            script.assign(late);
            assert_eq!(script.take_log(), ["returned"], "and its errand has not been asked");
            assert_eq!(script.take_written(), "");
            let undelivered = |stage| stage < crate::message::Stage::Delivered;
            assert!(matches!(handle.wait(), Err(JobError::Lost { stage }) if undelivered(stage)));
            script.conversation.order(Order::Revoke(script.serial), script.now);
            assert_eq!(script.take_log(), [""; 0], "its credit is spent: another one would be for nothing");
        }
    }
}

/// It may be asked for its job, and hears that nothing came of that.
struct TakesBack(Arc<AtomicBool>);

impl Errand for TakesBack {
    fn before(&mut self, placement: &Placement) -> ErrandFuture<Result<(), Refused>> {
        ByHand.before(placement)
    }

    fn turned_away(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The intent may be on the disk then: it is told to be void.
#[test]
fn an_end_while_the_errand_prepares_sends_the_job_back() {
    for (half, reset) in [(OUTPUT, false), (PROCESS, false), (INPUT, false), (OUTPUT, true)] {
        let mut spec = spec();
        spec.reset = vec!["/reset".into()];
        let mut script = Script::warm(spec);
        script.take_written();
        let (mut armed, handle) = job(&["one"]);
        let is_void = Arc::new(AtomicBool::new(false));
        armed.errand = Some(Box::new(TakesBack(is_void.clone())));
        armed.reset_first = reset;
        let id = armed.id;
        script.assign(armed);
        if reset {
            script.conversation.armed(id, Ok(()), script.now);
            half(&mut script);
            script.answer("");
            assert_eq!(script.take_written(), "/reset\n/end N\n");
        } else {
            half(&mut script);
            script.conversation.armed(id, Ok(()), script.now);
            assert_eq!(script.take_written(), "");
        }
        assert_eq!(script.take_log(), ["errand", "returned"]);
        assert!(is_void.load(Ordering::Relaxed));
        drop(handle);
    }
}

#[test]
fn what_was_said_before_the_end_is_heard_although_the_input_broke_first() {
    let mut script = Script::warm(spec());
    let (job, handle) = job(&["one"]);
    script.assign(job);
    INPUT(&mut script);
    PROCESS(&mut script);
    assert_eq!(script.take_log(), [""; 0], "its output may not have been read to the end");
    script.answer("1\n");
    OUTPUT(&mut script);
    assert_eq!(script.take_log().last().map(String::as_str), Some("exited Exited(1)"));
    assert_eq!(reply(handle).outcome, Outcome::Ok);
}

fn slow_to_go() -> ToolSpec {
    let mut spec = spec();
    spec.stop = Shutdown::After { say: None, quit: 3 * DRAIN, term: DRAIN };
    spec
}

#[test]
fn a_tool_that_closes_its_pipes_when_it_is_stopped_has_its_time_to_go() {
    for before in [false, true] {
        for half in [OUTPUT, INPUT] {
            let mut script = Script::warm(slow_to_go());
            if before {
                half(&mut script);
            }
            script.conversation.order(Order::Stop, script.now);
            half(&mut script);
            script.pass(3 * DRAIN - Duration::from_millis(1));
            assert_eq!(script.take_log(), ["close input"]);
            script.pass(Duration::from_millis(1));
            assert_eq!(script.take_log(), ["signal Terminate"]);
            OUTPUT(&mut script);
            PROCESS(&mut script);
            assert_eq!(script.take_log(), ["exited Stopped"]);
        }
    }
}

#[test]
fn last_words_of_a_tool_that_is_stopped_break_no_rule() {
    let mut spec = slow_to_go();
    spec.turn = TurnSpec::new(TurnRule::Lines);
    let mut script = Script::new(spec);
    script.conversation.launched(Some(7), script.now);
    assert_eq!(script.take_log().last().map(String::as_str), Some("started Warm"));
    script.conversation.order(Order::Stop, script.now);
    script.print("bye\nall the best\n");
    script.conversation.violated("one line too many", script.now);
    OUTPUT(&mut script);
    assert_eq!(script.take_log(), ["close input"]);
    assert!(script.conversation.buffer().is_empty(), "however much it is");
    PROCESS(&mut script);
    assert_eq!(script.take_log(), ["exited Stopped"], "and nobody is to blame");
}
