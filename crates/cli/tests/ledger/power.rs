//! Power cuts: a run is watched by strace, and then its disk is made as a cut at any moment may have left it. Nothing
//! has to be loaded into the program for that, and one watched run serves for any number of cuts.

mod disk;
mod trace;

use crate::checker::Promise;
use crate::torture::{Dice, Torture};
use cluster::ledger::crash::Point;
use disk::{Disk, Luck};
use trace::Event;

/// How many cuts a test makes; `just torture` makes more.
fn cuts() -> usize {
    std::env::var("CLUSTER_TORTURE_CUTS").map_or(10, |text| text.parse().unwrap())
}

/// Nothing without strace, which the machine need not have.
pub(crate) fn strace() -> bool {
    let is_there = std::process::Command::new("strace").arg("--version").output().is_ok();
    assert!(is_there || std::env::var_os("CLUSTER_TEST_ALL").is_none(), "strace is not installed");
    if !is_there {
        eprintln!("skipped: strace is not installed");
    }
    is_there
}

/// Cuts the power of the controller that the torture begins or resumes now, again and again.
fn cut_the_power_of(mut torture: Torture, dice: &mut Dice) {
    let state = torture.lab.path(".local/state/cluster");
    // It looks for a run to resume, which makes the folder for runs.
    let command = torture.command(torture.unfinished());
    let before = Disk::of(&state);
    let read = |torture: &Torture, name: &str| std::fs::read(torture.lab.path(name)).unwrap_or_default();
    let seen_before = ["told", "log"].map(|name| read(&torture, name));
    let mut watched = trace::traced(&command, &torture.lab.path("trace"));
    watched.stdout(torture.lab.told());
    Torture::run_to_the_end(watched);
    let events = trace::read(&torture.lab.path("trace"));
    let moments = moments(&events);
    torture.checker.kills += 1;
    for _ in 0..cuts() {
        let moment = moments[dice.below(moments.len() as u64) as usize];
        let luck = [Luck::None, Luck::All, Luck::Dice, Luck::Dice][dice.below(4) as usize];
        let _told = OnFailure(format!("a cut at {moment}, {luck:?}"));
        before.clone().cut(&state, &events, moment, luck, dice).restore(&state);
        let seen = trace::seen(&events, moment);
        for (name, before) in ["told", "log"].into_iter().zip(&seen_before) {
            let path = torture.lab.path(name);
            let since = seen.get(path.as_path()).map(Vec::as_slice).unwrap_or_default();
            std::fs::write(&path, [before, since].concat()).unwrap();
        }
        torture.finish();
    }
}

/// Says so if the test fails here.
struct OnFailure(String);

impl Drop for OnFailure {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.0);
        }
    }
}

/// Right before and right after each call.
fn moments(events: &[Event]) -> Vec<u64> {
    events.iter().flat_map(|event| [event.start, event.end + 1]).collect()
}

#[test]
fn after_a_power_cut_nothing_that_was_told_is_lost_and_nothing_is_sent_twice() {
    if !strace() {
        return;
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for promise in [Promise::AtMostOnce, Promise::AtLeastOnce] {
        cut_the_power_of(Torture::new(promise, 2), &mut dice);
        println!("{} cuts of a run that was begun, {promise:?}: lost=0 double_done=0", cuts());
    }
}

#[test]
fn after_a_power_cut_in_a_resumed_run_nothing_is_lost_either() {
    if !strace() {
        return;
    }
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut torture = Torture::new(Promise::AtMostOnce, 2);
    torture.die_at(Point::AfterIntent, 5);
    cut_the_power_of(torture, &mut dice);
    println!("{} cuts of a run that was resumed: lost=0 double_done=0", cuts());
}
