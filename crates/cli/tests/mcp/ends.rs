//! The end of a client is the end of its own pool, however it comes.

use crate::client::Client;
use crate::lab::Lab;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use serde_json::json;
use std::os::fd::OwnedFd;

/// Holds on to these processes.
fn hold(pids: &[u64]) -> Vec<OwnedFd> {
    let open =
        |pid: &u64| pidfd_open(Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap(), PidfdFlags::empty());
    pids.iter().map(|pid| open(pid).unwrap()).collect()
}

/// Whether all of them are gone within so many seconds.
fn are_gone(processes: &[OwnedFd], seconds: i64) -> bool {
    let limit = Timespec { tv_sec: seconds, tv_nsec: 0 };
    processes
        .iter()
        .all(|process| poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&limit)).unwrap() == 1)
}

/// A client with a pool at work, and the processes of its tools.
fn busy(lab: &Lab) -> (Client, Vec<OwnedFd>) {
    let mut client = Client::start(lab, &[&format!("{}:2", lab.tame())]);
    // Both have started.
    for (slot, ticket) in [(0, "t1"), (1, "t2")] {
        client.ok("send", json!({"prompt": "x", "slot": slot}));
        client.ok("read", json!({"ticket": ticket, "wait_s": 50}));
    }
    let jobs =
        [json!({"prompt": "[[hang]]"}), json!({"prompt": "[[setsid hang]]"}), json!({"prompt": "waits"})];
    client.ok("run", json!({"jobs": jobs}));
    let pids = lab.pids(&client.pool());
    assert_eq!(pids.len(), 2);
    (client, hold(&pids))
}

#[test]
fn the_end_of_input_ends_all_tools() {
    let lab = Lab::new();
    let (client, tools) = busy(&lab);
    let (status, talk) = client.leave();
    assert!(status.success() && talk.is_empty(), "{status} {talk}");
    assert!(are_gone(&tools, 0), "they went before the server");
    assert!(
        !lab.path("run/cluster")
            .read_dir()
            .unwrap()
            .any(|entry| { entry.unwrap().path().extension().is_some_and(|extension| extension == "sock") })
    );
}

#[test]
fn a_signal_ends_all_tools() {
    let lab = Lab::new();
    let (mut client, tools) = busy(&lab);
    kill_process(Pid::from_child(&client.child), Signal::TERM).unwrap();
    assert_eq!(client.child.wait().unwrap().code(), Some(143));
    assert!(are_gone(&tools, 0), "they went before the server");
}

#[test]
fn a_server_that_is_killed_leaves_no_tool() {
    let lab = Lab::new();
    let (mut client, tools) = busy(&lab);
    client.child.kill().unwrap();
    client.child.wait().unwrap();
    assert!(are_gone(&tools, 5));
}

#[test]
fn a_tool_that_cannot_start_is_told_to_the_client() {
    let lab = Lab::new();
    let profile = lab.write(
        "broken.toml",
        "schema = 'cluster.profile/1'\ncommand = ['false']\ninterprets = false\n[turn]\nby = 'lines'\n\
         [restart]\nwhen = 'temporary'\n",
    );
    let mut client = Client::start(&lab, &[&profile, "-n", "1"]);
    let said = match client.call("send", json!({"prompt": "x"})) {
        (why, _, true) => why,
        _ => client.call("read", json!({"ticket": "t1"})).0,
    };
    assert!(said.contains("broken") || said.contains("instance"), "{said}");
    assert_eq!(client.ok("status", json!({}))["health"], "failed");
    assert!(client.leave().0.success());
}
