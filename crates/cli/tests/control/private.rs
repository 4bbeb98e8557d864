//! Nobody else gets in: the modes of what is made, and the user on the other side.

use crate::lab::Lab;
use crate::missing::is_missing;
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Every file and folder from here on, with its mode.
fn modes(path: &Path, found: &mut Vec<(String, u32)>) {
    let metadata = path.symlink_metadata().unwrap();
    found.push((path.display().to_string(), metadata.mode() & 0o7777));
    if metadata.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| modes(&entry.unwrap().path(), found));
    }
}

#[test]
fn whatever_the_umask_is_everything_is_private() {
    let lab = Lab::new();
    let tool = lab.tool(&[]);
    let up = format!("umask 000; exec {} up {tool}:1", env!("CARGO_BIN_EXE_cluster"));
    let mut command = Command::new("sh");
    let plain = lab.command(&[]);
    command.args(["-c", &up]).env_clear().current_dir(lab.path("."));
    plain.get_envs().for_each(|(name, value)| _ = command.env(name, value.unwrap()));
    let ran = lab.ran(&command.output().unwrap());
    assert_eq!(ran.status, 0, "{ran}");
    lab.ok(&["send", "hello"]);
    let mut found = Vec::new();
    modes(&lab.place(), &mut found);
    modes(&lab.path(".local/state/cluster"), &mut found);
    assert!(found.len() > 8, "{found:?}");
    for (path, mode) in &found {
        assert_eq!(mode & 0o077, 0, "{path} has mode {mode:o}");
    }
    assert!(found.iter().any(|(path, mode)| path.ends_with("main.sock") && *mode == 0o600), "{found:?}");
}

/// Connects as another user, and says what it is told.
const STRANGER: &str = "
import socket, sys
client = socket.socket(socket.AF_UNIX)
try:
    client.connect(sys.argv[1])
    client.settimeout(20)
    print('heard', len(client.recv(1000)))
except PermissionError:
    print('not let in')
except ConnectionResetError:
    print('heard 0')
";

#[test]
fn another_user_is_turned_away() {
    if !rustix::process::geteuid().is_root() {
        return println!("skipped: only root can be another user");
    }
    if is_missing("python3") {
        return;
    }
    let lab = Lab::new();
    lab.up(1, &[]);
    let socket = lab.place().join("main.sock");
    let stranger = || {
        let mut command = Command::new("python3");
        command.args(["-c", STRANGER]).arg(&socket).uid(65534).gid(65534).current_dir("/");
        lab.ran(&command.output().unwrap()).stdout
    };
    let open = |path: &Path| set_permissions(path, Permissions::from_mode(0o777)).unwrap();
    [lab.path("."), lab.path("run")].iter().for_each(|path| open(path));
    assert_eq!(stranger(), "not let in\n");
    // The folder is the first door, and not the only one.
    [lab.place(), socket.clone()].iter().for_each(|path| open(path));
    assert_eq!(stranger(), "heard 0\n");
    assert_eq!(lab.ok(&["send", "hello"]), "hello\n");
    assert_eq!(modes_of(&lab.place()), 0o700, "the program closes its folder again");
}

fn modes_of(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o7777
}
