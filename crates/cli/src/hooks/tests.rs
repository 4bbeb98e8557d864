use super::program::{LINES, run};
use super::*;

fn bash(script: &str) -> Vec<String> {
    ["bash", "-c", script].map(str::to_owned).to_vec()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn said(script: &str, input: &[u8], limit: Duration) -> Vec<Said> {
    block_on(run("on_x", &bash(script), input.to_vec(), limit))
}

fn output(line: &str) -> Said {
    Said::Output(format!("hook on_x: {line}"))
}

fn warning(line: &str) -> Said {
    Said::Warning(format!("hook on_x: {line}"))
}

#[test]
fn a_program_reads_the_event_and_what_it_prints_is_told() {
    let table: [(&str, &[u8], Vec<Said>); 5] = [
        (
            "read -r line; echo \"$line\"; echo two >&2",
            b"an event\n",
            vec![output("an event"), output("two")],
        ),
        ("exit 3", b"x", vec![warning("ended with exit status: 3")]),
        ("kill -9 $$", b"x", vec![warning("ended with signal: 9 (SIGKILL)")]),
        // It does not read what is more than a pipe holds.
        ("exec <&-; echo hi", &[b'x'; 1 << 20], vec![output("hi")]),
        // Somebody else keeps its output open.
        ("echo hi; sleep 20 & exit 0", b"", vec![output("hi")]),
    ];
    for (script, input, expected) in table {
        assert_eq!(said(script, input, LIMIT), expected, "{script}");
    }
    let gone = block_on(run("on_x", &["/no/such".to_owned()], Vec::new(), LIMIT));
    assert_eq!(gone, [warning("/no/such cannot be started: No such file or directory (os error 2)")]);
}

#[test]
fn a_flood_is_cut_short() {
    let said = said("yes", b"", Duration::from_millis(300));
    assert_eq!(said.len(), LINES + 1);
    assert_eq!(said.last(), Some(&warning("took more than 300ms, and was killed")));
}

#[test]
fn a_program_that_takes_too_long_is_killed_with_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = format!("sleep 1000 >{0} & sleep 1000", pipe.display());
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    let told = said(&script, b"", Duration::from_millis(300));
    assert_eq!(told, [warning("took more than 300ms, and was killed")]);
    // The pipe ends with the last process that had it.
    assert_eq!(reader.join().unwrap(), b"");
}

#[test]
fn events_that_find_too_many_waiting_are_dropped_and_counted() {
    block_on(async {
        let wanted = Wanted { on_run_done: bash("cat >/dev/null"), ..Wanted::default() };
        let mut hooks = Hooks::new(wanted);
        let happened = || Happened::RunDone { exit: 0, jobs: 0, outcomes: [].into(), wall_us: 0 };
        for _ in 0..WAITING + 3 {
            hooks.run_done(happened);
        }
        let told = hooks.finish().await;
        let dropped = "hook on_run_done: was not told of 3 events: it is too slow for them";
        assert_eq!(told, [Said::Warning(dropped.into())]);
        hooks.run_done(happened);
        assert_eq!(hooks.finish().await, [], "nobody is left to be told");
    });
}
