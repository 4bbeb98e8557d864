//! Our own program is stopped for a while.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Brings a script somewhere.
type Prepare = fn(&mut Script);

/// We are stopped for so long.
fn stop(script: &mut Script, time: Duration) {
    script.conversation.pause(script.now);
    script.pass(time);
    assert_eq!(script.conversation.poll_timeout(), None, "nothing is due");
    script.conversation.handle_timeout(script.now);
    script.conversation.resume(script.now);
    script.drain();
}

#[test]
fn f60_every_deadline_moves_by_the_time_that_we_were_stopped() {
    let table: [(&str, Prepare); 3] = [
        ("start", |_| {}),
        ("turn", |script| {
            script.conversation.launched(Some(7), script.now);
            script.answer("");
            script.assign(job(&["one"]).0);
        }),
        ("stop", |script| {
            script.conversation.launched(Some(7), script.now);
            script.answer("");
            script.conversation.order(Order::Stop, script.now);
        }),
    ];
    for (what, prepare) in table {
        let mut script = Script::new(spec());
        prepare(&mut script);
        script.take_log();
        let due = script.conversation.poll_timeout().expect("a deadline");
        stop(&mut script, 3600 * SECOND);
        assert_eq!(script.conversation.poll_timeout(), Some(due + 3600 * SECOND), "{what}");
        assert_eq!(script.take_log(), [""; 0], "{what}: nothing happened");
    }
}

#[test]
fn f60_silence_in_which_we_were_stopped_ends_no_reply() {
    let mut spec = spec();
    spec.turn.rule = TurnRule::Quiet { after: 2 * SECOND };
    let mut script = Script::new(spec);
    script.conversation.launched(Some(7), script.now);
    script.print("ready\n");
    script.pass(2 * SECOND);
    let (job, handle) = job(&["count"]);
    script.assign(job);
    script.print("one ");
    script.pass(SECOND);
    stop(&mut script, 3600 * SECOND);
    // What the tool has said meanwhile is still in the pipe.
    script.pass(SECOND);
    script.print("two");
    script.pass(2 * SECOND);
    assert_eq!(reply(handle).text(), "one two");
}
