//! `home = "per-instance"`: each instance has a home of its own, with what it needs from that of its user.

use crate::world::World;
use rustix::process::Signal;
use std::path::PathBuf;

/// A shell whose jobs meet each other, so that both instances get one.
const PROFILE: &str = r#"
schema = "cluster.profile/1"
command = ["bash"]
home = "per-instance"
home_files = [".tool/auth", ".tool/missing"]
[env]
home = { TOOL_HOME = ".tool" }
[turn]
by = "sentinel"
send = "echo {nonce}"
expect = "^{nonce}$"
"#;

/// What it says of its home.
const SAYS: &str = "echo $HOME; echo $TOOL_HOME $XDG_CONFIG_HOME; cat ~/.tool/auth; stat -c %a ~ ~/.tool ~/.tool/auth; echo x >~/left";

fn world() -> World {
    let world = World::new();
    world.file("shell.toml", PROFILE);
    std::fs::create_dir(world.path(".tool")).unwrap();
    world.file(".tool/auth", "secret\n");
    world
}

/// What is in the folder of all homes.
fn homes(world: &World) -> Vec<PathBuf> {
    let all = std::fs::read_dir(world.path(".local/state/cluster/homes")).unwrap();
    let paths = all.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}

#[test]
fn instances_have_homes_of_their_own_and_none_is_left() {
    let world = world();
    assert!(world.program("mkfifo").args(["a", "b"]).status().unwrap().success());
    // Each opens its end of both pipes when the other one does.
    let meet = ["echo >a; read -r <b; ", "read -r <a; echo >b; "].map(|meet| format!("{meet}{SAYS}"));
    let ran = world.run(&["./shell.toml:2", "--json", &meet[0], &meet[1]]);
    assert_eq!(ran.status, 0, "{ran}");
    let mut seen = Vec::new();
    for result in ran.results() {
        let reply = result["reply"].as_str().unwrap().to_owned();
        let home = reply.lines().next().unwrap().to_owned();
        assert!(home.contains("/.local/state/cluster/homes/"), "{ran}");
        assert_eq!(reply, format!("{home}\n{home}/.tool {home}/.config\nsecret\n700\n700\n600"), "{ran}");
        seen.push(home);
    }
    assert_ne!(seen[0], seen[1], "{ran}");
    assert_eq!(homes(&world), [] as [PathBuf; 0], "{ran}");
    assert!(!world.path("left").exists(), "their user's home is as it was");
}

#[test]
fn what_a_killed_run_has_left_is_removed_by_the_next() {
    let world = world();
    assert!(world.program("mkfifo").arg("never").status().unwrap().success());
    let run = world.start(&["./shell.toml:1", "--no-ledger", "touch begun; read -r <never"]);
    world.await_file("begun");
    run.signal(Signal::KILL);
    run.end_only();
    let left = homes(&world);
    assert_eq!(left.len(), 1, "{left:?}");
    let ran = world.run(&["./shell.toml:1", "-q", "echo $HOME"]);
    assert_eq!((ran.status, homes(&world)), (0, Vec::new()), "{ran}");
    assert!(!ran.stdout.starts_with(&left[0].display().to_string()), "{ran}");
}
