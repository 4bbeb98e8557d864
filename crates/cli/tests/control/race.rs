//! Several that want to be the same pool, at once.

use crate::lab::Lab;
use std::process::Child;

/// How many start at once, and how often.
const STARTS: usize = 6;
const ROUNDS: usize = 3;

#[test]
fn of_several_that_come_up_at_once_one_does_and_the_others_say_so() {
    let lab = Lab::new();
    let tool = lab.tool(&[]);
    for round in 0..ROUNDS {
        let starts: Vec<Child> = (0..STARTS).map(|_| lab.command(&["up", tool]).spawn().unwrap()).collect();
        let ended = starts.into_iter().map(|child| lab.ran(&child.wait_with_output().unwrap()));
        let (up, refused): (Vec<_>, Vec<_>) = ended.partition(|ran| ran.status == 0);
        assert_eq!(up.len(), 1, "round {round}: {refused:?}");
        let controller = format!("(pid {})", lab.status()["pool"]["pid"]);
        assert!(up[0].stderr.contains(&controller), "{}", up[0]);
        for ran in refused {
            assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran}");
            assert!(
                ran.stderr.starts_with(&format!("error: pool main is up {controller}")),
                "{controller}: {ran}"
            );
        }
        assert_eq!(lab.ok(&["send", "whose pool is it?"]), "whose pool is it?\n");
        lab.ok(&["down"]);
    }
}
