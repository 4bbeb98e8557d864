//! What the program inherits and what reaches it on its way: closed streams, masks, the terminal that goes, Ctrl-Z.

use crate::tool::{SENTINEL, await_received, fake, received};
use crate::world::{PATIENCE, Running, World};
use rustix::process::{Signal, WaitId, WaitIdOptions, waitid};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Two instances of the tool, and these items.
fn words<'a>(tool: &'a str, items: &[&'a str]) -> Vec<&'a str> {
    [&[tool, "--sentinel", SENTINEL, "-n", "2"], items].concat()
}

/// Waits until the program has stopped itself.
fn await_stop(run: &Running) {
    let (stopped, news) = channel();
    let program = WaitId::Pid(run.process());
    // No descriptor tells of a stop, and `waitid` knows no deadline.
    std::thread::spawn(move || {
        let news = waitid(program, WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT);
        stopped.send(news.unwrap().is_some_and(|news| news.stopped())).unwrap();
    });
    assert!(news.recv_timeout(PATIENCE).expect("it stops in time"));
}

#[test]
fn f59_a_terminal_that_goes_drains() {
    let world = World::new();
    let tool = fake(&world, "");
    let mut run =
        world.start(&words(&tool, &["[[delay=300]] a", "[[delay=300 tag=1]] b", "[[delay=300 tag=2]] c"]));
    await_received(&world, 2);
    run.signal(Signal::HUP);
    run.says("beginning no more");
    let ran = run.end();
    assert_eq!((ran.status, ran.stdout.as_str()), (129, "a\nb\n"), "{ran}");
    assert_eq!(received(&world).len(), 2);
}

#[test]
fn f59_under_nohup_a_terminal_that_goes_changes_nothing() {
    let world = World::new();
    let tool = fake(&world, "");
    let run = world.start_through(&["nohup"], &words(&tool, &["[[delay=300]] a", "b", "c"]));
    await_received(&world, 2);
    run.signal(Signal::HUP);
    let ran = run.end();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "a\nb\nc\n"), "{ran}");
}

/// Blocks every signal and ignores some, then becomes its arguments.
const DEAF: &str = "\
import os, signal, sys
for ignored in signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD:
    signal.signal(ignored, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
os.execvp(sys.argv[1], sys.argv[1:])
";

#[test]
fn f58_signals_are_heard_whatever_was_blocked_or_ignored_before() {
    if crate::missing::is_missing("python3") {
        return;
    }
    let world = World::new();
    let tool = fake(&world, "");
    let items = ["[[crash]] a", "[[delay=300]] b", "[[delay=300 tag=1]] c", "[[delay=300 tag=2]] d"];
    let mut run = world.start_through(&["python3", "-c", DEAF], &words(&tool, &items));
    run.says("it exited with code 3");
    await_received(&world, 3);
    run.signal(Signal::USR1);
    run.says("instance 0 fake-tool");
    run.signal(Signal::TERM);
    run.says("beginning no more");
    assert_eq!(run.end().status, 143);
}

#[test]
fn f60_time_between_ctrl_z_and_fg_is_not_charged() {
    let world = World::new();
    let tool = fake(&world, "");
    let mut run = world.start(&words(&tool, &["--timeout", "2500ms", "[[delay=3500]] a"]));
    await_received(&world, 1);
    run.signal(Signal::TSTP);
    run.says("suspended: 1 job goes on");
    await_stop(&run);
    assert!(run.is_silent(Duration::from_millis(2700)));
    run.signal(Signal::CONT);
    let ran = run.end();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "a\n"), "{ran}");
    assert_eq!(received(&world).len(), 1);
}

#[test]
fn f39_a_reader_who_pauses_does_not_make_us_deaf() {
    let world = World::new();
    let tool = fake(&world, "");
    let items: Vec<_> = (0..40).map(|number| format!("[[flood=200000]] reply {number}")).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let mut blocked = world.start_blocked(&words(&tool, &items));
    await_received(&world, 7);
    blocked.signal(Signal::USR1);
    blocked.says("instance 0");
    for (signal, says) in
        [(Signal::TERM, "finishing"), (Signal::TERM, "cancelling"), (Signal::TERM, "killing")]
    {
        blocked.signal(signal);
        blocked.says(says);
    }
    let ran = blocked.end();
    assert_eq!(ran.status, 143, "{}", ran.stderr);
    assert!(received(&world).len() < 40, "results wait for their reader, and so do jobs");
}

#[test]
fn f39_nobody_reads_the_talk_and_the_run_goes_on() {
    let world = World::new();
    let tool = fake(&world, "");
    let items = [["[[crash]] a"; 3], ["[[stderr=x]] b"; 3]].concat();
    let mut run = world.start(&[words(&tool, &items), vec!["-vv", "--json"]].concat());
    run.close_stderr();
    let ran = run.end();
    assert_eq!((ran.status, ran.stdout.lines().count()), (1, 6), "{ran}");
}

#[test]
fn f68_closed_streams_harm_nobody() {
    for (closed, out, err) in [
        ("<&-", "a\nb\n", "2 jobs: 2 ok"),
        (">&-", "", "2 jobs: 2 ok"),
        ("2>&-", "a\nb\n", ""),
        ("<&- >&-", "", "2 jobs: 2 ok"),
        ("<&- >&- 2>&-", "", ""),
    ] {
        let world = World::new();
        let tool = fake(&world, "");
        let through = ["bash", "-c", &format!("exec \"$@\" {closed}"), "bash"];
        let ran = world.start_through(&through, &words(&tool, &["a", "[[stderr=x]] b"])).end();
        assert_eq!((ran.status, received(&world).len()), (0, 2), "{closed}\n{ran}");
        assert_eq!(ran.stdout.replace("x\n", ""), out, "{closed}\n{ran}");
        assert!(ran.stderr.contains(err) && ran.stderr.is_empty() == err.is_empty(), "{closed}\n{ran}");
    }
}
