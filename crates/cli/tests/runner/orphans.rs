//! Whichever way the program ends, nothing of its tools is left a second later: not the children that moved to sessions
//! of their own, not those that ignore every signal they can, not the stopped ones, not the guards; whether the tools had
//! pipes or terminals.
//!
//! `CLUSTER_TEST_ORPHANS=100` repeats each way so often; `just orphans` does.

use crate::events::await_files;
use crate::gone::all_end;
use crate::world::{PATIENCE, Running, World, processes};
use rustix::process::Signal;
use std::process::Command;
use std::time::{Duration, Instant};

/// How soon after the end of the program nothing may be left.
const GONE: Duration = Duration::from_secs(1);

/// How often each way out is taken.
const REPEATS: usize = 3;

/// Children that do all they can to stay; then the job ends when it is told to.
const ESCAPE: &str = r#"
for i in $(seq 30); do
    setsid bash -c 'trap "" TERM HUP INT; while :; do sleep 100; done' </dev/null >/dev/null 2>&1 &
done
(setsid sleep 1000 </dev/null >/dev/null 2>&1 &)
sleep 1000 &
bash -c 'kill -STOP $$' </dev/null >/dev/null 2>&1 &
me=$BASHPID
while [[ $(pgrep -cP $me) -lt 32 ]]; do sleep 0.01; done
touch up.$$
until [[ -e go ]]; do sleep 0.01; done
"#;

/// A way out.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// All jobs end.
    Normal,
    /// The tools exit in the middle of their jobs.
    Error,
    /// These signals, one after the other; the jobs may end before the last one.
    Signals(&'static [Signal], Jobs),
}

/// What the jobs do when the program has got its signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Jobs {
    End,
    GoOn,
}

const WAYS: &[Way] = &[
    Way::Normal,
    Way::Error,
    Way::Signals(&[Signal::INT], Jobs::End),
    Way::Signals(&[Signal::INT, Signal::INT], Jobs::GoOn),
    Way::Signals(&[Signal::INT, Signal::INT, Signal::INT], Jobs::GoOn),
    Way::Signals(&[Signal::TERM], Jobs::End),
    Way::Signals(&[Signal::HUP], Jobs::End),
    Way::Signals(&[Signal::KILL], Jobs::GoOn),
];

/// What connects the tools: pipes, terminals.
const IO: [&[&str]; 2] = [&[], &["--pty"]];

#[test]
fn f12_f18_f57_nothing_is_left_whichever_way_it_ends() {
    for repeat in 0..repeats() {
        for (way, io) in WAYS.iter().flat_map(|way| IO.map(|io| (way, io))) {
            let took = leave(*way, io);
            assert!(took < GONE, "{way:?} {io:?}, time {repeat}: something was left for {took:?}");
        }
    }
}

#[test]
fn f62_nothing_is_left_when_the_program_around_the_pool_panics() {
    for repeat in 0..repeats() {
        let world = World::new();
        let mut command = world.program(std::env::current_exe().unwrap().to_str().unwrap());
        command.args(["--exact", "orphans::embedded", "--ignored"]);
        let status = world.marked(&mut command).status().unwrap();
        assert!(!status.success(), "it should have panicked");
        let took = gone_after(&world);
        assert!(took < GONE, "time {repeat}: something was left for {took:?}");
    }
}

/// A child in a session of its own that traces its tool and never waits for it: until it goes, nobody can reap the tool.
const TRACER: &str = r#"
import ctypes, os, sys, time
os.setsid()
allowed = ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0) == 0
open("up.tracer", "w").write(str(allowed))
time.sleep(1000)
"#;

#[test]
fn f57_a_tool_that_its_child_holds_fast_is_not_left() {
    if crate::missing::is_missing("python3") {
        return;
    }
    let world = World::new();
    world.file("tracer.py", TRACER);
    let item = "python3 tracer.py $$ </dev/null >/dev/null 2>&1 & sleep 1000";
    let run = world.start(&["bash", "-n", "1", item]);
    await_up(&world.path("."), 1);
    run.signal(Signal::KILL);
    run.end_only();
    let took = gone_after(&world);
    assert!(took < GONE, "something was left for {took:?}");
}

/// Not a test: the program around a pool that panics while its tools work.
#[test]
#[ignore = "panics; started by the test above"]
fn embedded() {
    use cluster::guard::Guards;
    use cluster::profile::{Overrides, Profile, Surroundings};
    let marked = Overrides { env: vec![world_mark()], ..Overrides::default() };
    let bash = Profile::load("bash", &marked, &Surroundings::current()).unwrap();
    let guards = std::sync::Arc::new(Guards::of(env!("CARGO_BIN_EXE_cluster")));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let pool = cluster::ClusterManager::builder().tool(bash.spec, 1).launcher(guards);
        let pool = pool.build().await.unwrap();
        let _job = pool.submit(cluster::Job::new().step(ESCAPE));
        await_up(std::path::Path::new("."), 1);
        panic!("on purpose");
    });
}

fn world_mark() -> String {
    crate::world::MARK.to_owned()
}

fn repeats() -> usize {
    std::env::var("CLUSTER_TEST_ORPHANS").map_or(REPEATS, |text| text.parse().unwrap())
}

/// Takes one way out with two instances; how long something was left.
fn leave(way: Way, io: &[&str]) -> Duration {
    let world = World::new();
    let item = match way {
        Way::Error => format!("{ESCAPE}\nexit 7"),
        _ => ESCAPE.to_owned(),
    };
    let mut run = world.start(&[&["bash", "-n", "2", &item, &item], io].concat());
    await_up(&world.path("."), 2);
    let alive = processes(&world.mark()).len();
    assert!(alive >= 2 * 34, "only {alive} processes: what should be left?");
    if let Way::Signals(signals, _) = way {
        send(&mut run, signals);
    }
    if !matches!(way, Way::Signals(_, Jobs::GoOn)) {
        world.file("go", "");
    }
    run.end_only();
    gone_after(&world)
}

/// What the program says when it has heard so many signals. Those that come faster than it hears them are one.
const HEARD: [&str; 3] = ["finishing 2 jobs", "cancelling 2 jobs", "killing the tools"];

fn send(run: &mut Running, signals: &[Signal]) {
    for (signal, heard) in signals.iter().zip(HEARD) {
        run.signal(*signal);
        if *signal != Signal::KILL {
            run.says(heard);
        }
    }
}

/// Waits until so many tools say that their children are there.
fn await_up(folder: &std::path::Path, count: usize) {
    let up = || {
        let names = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with("up.")).count()
    };
    let missing = || format!("the children of {} tools never came", count - up());
    await_files(folder, PATIENCE, || up() >= count, missing);
}

/// How long it takes until no process carries the mark.
fn gone_after(world: &World) -> Duration {
    let ended = Instant::now();
    if let Err(left) = all_end(GONE * 10, || processes(&world.mark())) {
        // Clean up, then fail.
        for (pid, _) in &left {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
        panic!("{left:?}");
    }
    ended.elapsed()
}
