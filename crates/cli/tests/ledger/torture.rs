//! The program killed at random, and at every named point, again and again until its list is done.

use crate::checker::{Checker, Promise};
use crate::lab::{Lab, Ran};
use cluster::ledger::crash::Point;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How many jobs a list has.
const JOBS: usize = 12;
/// How often a run of it is killed.
const KILLS: usize = 10;

/// A run and its resumptions over one list.
pub(crate) struct Torture {
    pub(crate) lab: Lab,
    tool: String,
    pub(crate) checker: Checker,
}

impl Torture {
    pub(crate) fn new(promise: Promise, delay: u64) -> Self {
        let lab = Lab::new();
        let items = (0..JOBS).map(|number| format!("[[delay={delay} tag={number}]] reply {number}"));
        Self { tool: lab.tool(), checker: Checker { items: items.collect(), promise, kills: 0 }, lab }
    }

    /// Goes on with the list: resumes the run, or begins it if there is none yet.
    pub(crate) fn command(&self, resume: bool) -> Command {
        let policy = if self.checker.promise == Promise::AtMostOnce { "skip" } else { "retry" };
        let mut command = if resume {
            self.lab.command(&["resume", "--on-unknown", policy])
        } else {
            let items: Vec<&str> = self.checker.items.iter().map(String::as_str).collect();
            let words = [&["--on-unknown", policy][..], &items].concat();
            self.lab.command(&Lab::words(&self.tool, &words))
        };
        command.stdout(self.lab.told());
        command
    }

    /// Whether there is a run to resume.
    pub(crate) fn unfinished(&self) -> bool {
        self.is_listed_as("unfinished")
    }

    /// Whether the list is done. Nothing of it need have been told: where what is in between is left alone, kills at the
    /// right moments leave nothing else.
    fn is_done(&self) -> bool {
        self.is_listed_as("ended") && !self.unfinished()
    }

    fn is_listed_as(&self, state: &str) -> bool {
        self.lab.run(&["runs", "--json"]).stdout.contains(&format!("\"state\": \"{state}\""))
    }

    /// Kills it after this time, if it still runs.
    fn kill_after(&mut self, child: Child, time: Duration) {
        let process = pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).unwrap();
        let time = Timespec::try_from(time).unwrap();
        if poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&time)).unwrap() == 0 {
            kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
            self.checker.kills += 1;
        }
        Ran::of(child);
        self.checker.after_kill(&self.lab);
    }

    /// Lets it run to its end, and checks everything.
    pub(crate) fn finish(&self) {
        while !self.is_done() {
            Self::run_to_the_end(self.command(self.unfinished()));
        }
        self.checker.at_end(&self.lab);
    }

    pub(crate) fn run_to_the_end(mut command: Command) {
        let ran = Ran::of(command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
        assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
    }

    /// Goes on with the list, and is killed there.
    pub(crate) fn die_at(&mut self, point: Point, count: usize) {
        let at = format!("{}:{count}", point.name());
        let child = self.command(self.unfinished()).env("CLUSTER_CRASH_AT", at).spawn().unwrap();
        let ran = Ran::of(child);
        assert_eq!(ran.code, None, "it was not killed at {}: {ran:?}", point.name());
        self.checker.kills += 1;
        self.checker.after_kill(&self.lab);
    }
}

/// An xorshift generator.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[test]
fn a_run_that_was_killed_before_it_sent_anything_is_none() {
    let mut torture = Torture::new(Promise::AtMostOnce, 0);
    torture.die_at(Point::RunMade, 1);
    let listed = torture.lab.run(&["runs"]);
    assert_eq!(listed.stdout, "no run is recorded\n", "{listed:?}");
    assert_eq!(torture.lab.run(&["resume"]).code, Some(2));
    torture.finish();
    assert_eq!(torture.lab.received().len(), JOBS);
    assert_eq!(torture.lab.run(&["resume"]).code, Some(2), "nothing is left to go on with");
}

/// Fault 57.
#[test]
fn killed_at_random_nothing_is_lost_and_nothing_done_twice() {
    let wanted = std::env::var("CLUSTER_TORTURE_KILLS").map_or(40, |text| text.parse().unwrap());
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let (mut kills, mut lists) = (0, 0);
    while kills < wanted {
        let promise = if lists % 2 == 0 { Promise::AtMostOnce } else { Promise::AtLeastOnce };
        let mut torture = Torture::new(promise, 10 + dice.below(30));
        for _ in 0..KILLS {
            let child = torture.command(torture.unfinished()).spawn().unwrap();
            torture.kill_after(child, Duration::from_micros(1000 + dice.below(120_000)));
            if torture.is_done() {
                break;
            }
        }
        torture.finish();
        kills += torture.checker.kills;
        lists += 1;
    }
    println!("lists={lists} kills={kills} lost=0 double_done=0 resent_against_policy=0");
}

#[test]
fn killed_at_every_named_point_nothing_is_lost_and_nothing_done_twice() {
    let rounds = std::env::var("CLUSTER_TORTURE_ROUNDS").map_or(1, |text| text.parse().unwrap());
    for round in 0..rounds {
        for point in Point::ALL {
            let promise = if round % 2 == 0 { Promise::AtMostOnce } else { Promise::AtLeastOnce };
            let mut torture = Torture::new(promise, 3);
            if point == Point::AfterRecovery {
                torture.die_at(Point::AfterReply, 3);
            }
            let once_only = [
                Point::RunFolderMade,
                Point::RunMade,
                Point::BeforeClose,
                Point::AfterClose,
                Point::AfterRecovery,
            ];
            let count = if once_only.contains(&point) { 1 } else { 1 + (round as usize * 3 + 4) % JOBS };
            torture.die_at(point, count);
            torture.finish();
        }
    }
}
