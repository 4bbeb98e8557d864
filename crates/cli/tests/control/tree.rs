//! A controller that is killed takes everything along: its guards, its tools, and whatever those have started and let go of.

use crate::events::happens;
use crate::lab::Lab;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::time::{Duration, Instant};

/// How soon after the end of the controller nothing may be left.
const GONE: Duration = Duration::from_secs(1);

/// How many instances.
const INSTANCES: usize = 20;

/// Everything below a process. A child is that of a thread.
fn below(process: i32) -> Vec<i32> {
    let mut found = vec![process];
    let mut at = 0;
    while at < found.len() {
        let threads = std::fs::read_dir(format!("/proc/{}/task", found[at])).unwrap();
        for thread in threads {
            let children =
                std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().map(|pid| pid.parse::<i32>().unwrap()));
        }
        at += 1;
    }
    found.split_off(1)
}

#[test]
fn nothing_of_twenty_tools_is_left_a_second_after_their_controller_was_killed() {
    let lab = Lab::new();
    let controller = lab.up(INSTANCES, &[]);
    for index in 0..INSTANCES {
        // One in a session of its own, one whose parent has gone.
        let prompt = "[[setsid doublefork]] x";
        lab.ok(&["send", "-q", "--to", &index.to_string(), prompt]);
    }
    let all = below(controller);
    assert!(all.len() >= 4 * INSTANCES, "{} processes", all.len());
    let open = |pid: i32| pidfd_open(Pid::from_raw(pid).unwrap(), PidfdFlags::empty()).unwrap();
    let (root, all) = (open(controller), all.into_iter().map(open).collect::<Vec<_>>());
    kill_process(Pid::from_raw(controller).unwrap(), Signal::KILL).unwrap();
    assert!(happens(&root, Instant::now() + GONE * 60), "it does not end");
    let ended = Instant::now();
    let left = all.iter().filter(|process| !happens(process, ended + GONE)).count();
    println!("{} processes, gone after {:?}", all.len(), ended.elapsed());
    assert_eq!(left, 0, "of {} processes", all.len());
    // Its name is free at once.
    assert_eq!(lab.run(&["status"]).status, 2);
    lab.up(1, &[]);
    assert_eq!(lab.ok(&["send", "hello"]), "hello\n");
}
