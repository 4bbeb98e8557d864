//! Names, sockets and locks in a folder of their own.

use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

fn place() -> (tempfile::TempDir, Place) {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::at(dir.path().join("cluster")).unwrap();
    (dir, place)
}

#[test]
fn the_folder_is_ours_alone_and_no_link() {
    let (dir, place) = place();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&place.folder), 0o700);
    std::fs::set_permissions(&place.folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    Place::at(place.folder.clone()).unwrap();
    assert_eq!(mode(&place.folder), 0o700);
    let link = dir.path().join("link");
    symlink(&place.folder, &link).unwrap();
    assert!(Place::at(link).is_err());
    std::fs::write(dir.path().join("file"), "").unwrap();
    assert!(Place::at(dir.path().join("file")).is_err());
}

#[test]
fn a_name_is_taken_once_and_found_while_it_is() {
    let (_dir, place) = place();
    assert!(matches!(place.find(None), Err(PlaceError::None)));
    let main = place.claim("main").unwrap();
    let pid = std::process::id();
    assert!(matches!(place.claim("main"), Err(PlaceError::Taken { pid: held, .. }) if held == pid));
    let run = place.claim_run(Some("r7")).unwrap();
    assert_eq!(place.find(None).unwrap().name, "main", "a batch is not in the way");
    assert_eq!(place.find(Some("r7")).unwrap().pid, pid);
    let twin = place.claim_run(Some("r7")).unwrap();
    assert_eq!(twin.name, format!("run-{pid}"), "of another folder of records");
    drop(twin);
    let other = place.claim("other").unwrap();
    assert_eq!(place.find(None).unwrap_err().to_string(), "main and other are up");
    assert_eq!(place.find(Some("x")).unwrap_err().to_string(), "no pool x is up: main, other, r7");
    drop((main, other));
    assert_eq!(place.find(None).unwrap().name, "r7");
    drop(run);
    assert!(matches!(place.find(None), Err(PlaceError::None)));
}

#[test]
fn a_batch_leaves_nothing_and_what_was_killed_is_swept_away() {
    let (_dir, place) = place();
    std::fs::write(place.lock("r3"), "").unwrap();
    std::fs::write(place.socket("r3"), "").unwrap();
    std::fs::write(place.lock("main"), "").unwrap();
    let run = place.claim_run(Some("r7")).unwrap();
    assert_eq!(place.names().unwrap().len(), 2);
    assert!(!place.socket("r3").exists());
    drop(run);
    assert_eq!(place.names().unwrap(), ["main"]);
}

#[test]
fn names_are_plain() {
    let (_dir, place) = place();
    for name in ["main", "a.b", "run", "r", "r7x", "7", &"x".repeat(64)] {
        assert!(place.claim(name).is_ok(), "{name}");
    }
    for name in ["", "../x", "a/b", ".x", "-p", "r7", "run-12", "mcp-7", "a b", "ä", "a\0b", &"x".repeat(65)]
    {
        assert!(matches!(place.claim(name), Err(PlaceError::Name(_))), "{name}");
    }
}

#[test]
fn a_path_that_is_too_long_is_shortened_not_cut() {
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("x".repeat(LONGEST - SHORT.len() - 1 - dir.path().as_os_str().len() - 1));
    let place = Place::at(long).unwrap();
    let (one, other) = (place.socket("one-long-enough-name"), place.socket("one-long-enough-namf"));
    assert!(fits(&one) && fits(&other) && one != other);
    assert_eq!(one.as_os_str().len(), LONGEST);
    std::os::unix::net::UnixListener::bind(&one).unwrap();
}
