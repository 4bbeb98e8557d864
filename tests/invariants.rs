//! What ARCHITECTURE.md says is absent, is absent.

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file under `folder`, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder exists") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// The lines of code that hold one of `words`, without comments and without the tests at the end of a file.
fn offences(folder: &str, words: &[&str]) -> Vec<String> {
    let mut offences = Vec::new();
    for (path, text) in sources(folder) {
        let is_test =
            path.file_stem().is_some_and(|stem| stem == "tests") || path.iter().any(|part| part == "tests");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate().filter(|_| !is_test) {
            let code = line.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                offences.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    offences
}

/// Invariant 1: what decides neither awaits, reads a clock, nor names actix or tokio.
#[test]
fn the_pure_half_is_pure() {
    let words = [
        "actix",
        "tokio",
        ".await",
        "async ",
        "Instant::now",
        "SystemTime",
        "std::thread",
        "std::fs",
        "std::env",
        "path::absolute",
    ];
    for folder in [
        "crates/pool-core/src/machine",
        "crates/routing/src/strategy",
        "crates/routing/src/dispatcher",
        "crates/routing/src/metrics",
    ] {
        assert_eq!(offences(folder, &words), Vec::<String>::new());
    }
}

/// Fault 61: setting the wall clock moves no deadline and no delay, for nothing that waits reads it. Results are stamped
/// with it, and a tool's "again at 3 pm" is turned into a wait once, when it is said.
#[test]
fn f61_the_wall_clock_decides_nothing() {
    let words = ["SystemTime::now", "Zoned::now", "Timestamp::now", "clock_gettime"];
    let places = [
        "cluster/src/batch/clock.rs",
        "pool-core/src/supervisor/holds.rs",
        "pool-core/src/supervisor/status.rs",
    ];
    let crates = ["crates/pool-core/src", "crates/routing/src", "crates/cluster/src", "crates/cli/src"];
    let read: Vec<String> = crates.iter().flat_map(|folder| offences(folder, &words)).collect();
    let others: Vec<_> =
        read.iter().filter(|line| !places.iter().any(|place| line.contains(place))).collect();
    assert_eq!(others, Vec::<&String>::new());
    for place in places {
        assert!(read.iter().any(|line| line.contains(place)), "{place} no longer reads it: strike it off");
    }
}

/// Invariant 7: only the program prints, reads its arguments or exits. A guard is a program of its own: where it
/// begins, and nowhere else, the library looks at the arguments and exits.
#[test]
fn the_libraries_are_silent() {
    let words = ["println!", "eprintln!", "print!(", "std::env::args", "process::exit", "ExitCode"];
    for folder in ["crates/pool-core/src", "crates/routing/src", "crates/cluster/src"] {
        let mut offences = offences(folder, &words);
        offences.retain(|offence| !offence.contains("process/guard.rs"));
        assert_eq!(offences, Vec::<String>::new());
    }
}

/// Texts of configuration are read in one part of the library, which knows how to say what is wrong with them.
#[test]
fn configuration_is_read_in_one_place() {
    let words = ["toml::from_str", "toml::from_slice", "toml::de", "DeTable"];
    for folder in ["crates/pool-core/src", "crates/routing/src", "crates/cluster/src", "crates/cli/src"] {
        let mut offences = offences(folder, &words);
        offences.retain(|offence| {
            !["cluster/src/config", "cluster/src/profile"].iter().any(|it| offence.contains(it))
        });
        assert_eq!(offences, Vec::<String>::new());
    }
}

/// What the compiler is not asked to check stands in one file.
#[test]
fn unsafe_code_is_in_one_place() {
    for folder in ["crates", "tests", "examples", "benches"] {
        let mut offences = offences(folder, &["unsafe {", "unsafe fn", "unsafe impl"]);
        offences.retain(|offence| {
            !offence.contains("process/guard/sys.rs") && !offence.contains("invariants.rs")
        });
        assert_eq!(offences, Vec::<String>::new());
    }
}

/// The crates are one straight line: `pool-core ← routing ← cluster ← cli`.
#[test]
fn the_crates_are_one_straight_line() {
    let line = ["cluster-pool-core", "cluster-routing", "cluster", "cluster-cli"];
    let folders = ["pool-core", "routing", "cluster", "cli"];
    let names = ["pool_core", "routing", "cluster", "cluster_cli"];
    for (position, folder) in folders.iter().enumerate() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates").join(folder).join("Cargo.toml");
        let manifest = fs::read_to_string(path).expect("a manifest");
        let dependencies = manifest.split("[dependencies]").nth(1).expect("dependencies");
        for later in position + 1..line.len() {
            let names_it = |line: &str| {
                line.starts_with(&format!("{}.", names[later]))
                    || line.starts_with(&format!("{} ", names[later]))
            };
            assert!(!dependencies.lines().any(names_it), "{folder} must not depend on {}", line[later]);
        }
    }
}

/// Files aim at 200 lines; 400 is the limit.
#[test]
fn no_file_outgrows_a_head() {
    for folder in ["crates", "tests", "examples", "benches"] {
        for (path, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 400, "{} has {lines} lines: split it by idea", path.display());
        }
    }
}
