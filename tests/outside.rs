//! Programs outside of the workspace: each library alone, and a cluster in a program that has a life of its own.
//!
//! They are built from a copy of `tests/outside` in a folder of their own, with the versions of this workspace's lock
//! file. That takes a minute, so it is done where all tests are asked for (`CLUSTER_TEST_ALL`, as in `.ci/run`).

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, io};

#[test]
fn each_library_alone_and_a_host_that_is_left_in_peace() {
    if std::env::var_os("CLUSTER_TEST_ALL").is_none() {
        return eprintln!("not built: set CLUSTER_TEST_ALL=1");
    }
    let copy = copy().expect("a copy");
    for (package, says) in [
        ("core", "core: 3 replies of 2 instances\n"),
        ("routes", "routes: [(1, 1), (2, 0)], one waits\n"),
        ("facade", "facade: 2 replies\n"),
        ("host", "host: 1000 replies, 100 children of its own, 2 signals\n"),
    ] {
        let Output { status, stdout, stderr } = run(&copy, package);
        let (said, complained) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        assert!(status.success() && said == says, "{package}: {status}\n{said}{complained}");
        assert_eq!(complained, "", "the libraries print nothing");
    }
}

/// One package at a time, so that none gets what another one asks for.
fn run(copy: &Path, package: &str) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--package", package, "--target-dir"]).arg(copy.with_extension("target"));
    cargo.current_dir(copy).output().expect("cargo starts")
}

/// A copy of the packages, with the place of the libraries in it.
fn copy() -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
    let libraries = root.join("crates").display().to_string();
    let from = root.join("tests/outside");
    let put = |name: &str| {
        let text = fs::read_to_string(from.join(name))?.replace("LIBRARIES", &libraries);
        let place = copy.join(name);
        fs::create_dir_all(place.parent().expect("a folder"))?;
        fs::write(place, text)
    };
    put("Cargo.toml")?;
    for package in ["core", "routes", "facade", "host"] {
        put(&format!("{package}/Cargo.toml"))?;
        put(&format!("{package}/src/main.rs"))?;
    }
    fs::copy(root.join("Cargo.lock"), copy.join("Cargo.lock"))?;
    Ok(copy)
}
