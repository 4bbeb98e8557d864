//! The cases that measure the whole program, as people start it.

use super::super::case::Bound::AtMost;
use super::super::case::{Case, Measure, Row, Target};
use super::{ratio, value};
use crate::{Failure, tool};

const XARGS_SLEEP: [&str; 6] = ["xargs", "-P5", "-n1", "sh", "-c", "exec sleep 0.05"];
const XARGS_NOTHING: [&str; 6] = ["xargs", "-P5", "-n1", "sh", "-c", "exec true"];

/// These cases, with this program and a tool for it.
pub(super) fn all(program: &str, tool: &str) -> [Case; 3] {
    [batch(program, tool), noop(program, tool), ledger(program, tool)]
}

/// The program of this workspace, built the same way; `CLUSTER_BIN` names another.
pub(super) fn ours() -> Result<String, Failure> {
    if let Ok(path) = std::env::var("CLUSTER_BIN") {
        return Ok(path);
    }
    // target/release/deps/limits-…
    let folder = tool::own_path()?.ancestors().nth(2).map(|folder| folder.join("cluster"));
    Ok(folder.ok_or("this program is not in a target folder")?.display().to_string())
}

/// A pool that is never idle takes 1,000 / 5 x 50 ms = 10 s; this is the limit, so the row `xargs` is for comparison.
/// What is recorded waits for a disk as well, twice a job, of which those of several jobs can be one.
fn batch(program: &str, tool: &str) -> Case {
    let tool = format!("{tool} --delay-ms 50");
    let pool = [program, "run", &tool, "--lines", "-n", "5", "-q"];
    let unrecorded = [&pool[..], &["--no-ledger"]].concat();
    Case {
        name: "batch",
        about: "the whole program: 1,000 jobs of 50 ms over 5 instances; 10 s would be ideal",
        rounds: 3,
        rows: vec![
            wall("xargs -P5", &XARGS_SLEEP, 0),
            wall("cluster run", &pool, 1000),
            wall("cluster run --no-ledger", &unrecorded, 1000),
            Row::new("1,000 fdatasyncs", "limit sync --pages 1000"),
        ],
        shown: &["wall_ms", "p50_ms"],
        targets: vec![
            value("batch of 50 ms jobs", "cluster run --no-ledger", "wall_ms", AtMost(10_150.0)),
            Target {
                name: "more than that if recorded, in fdatasyncs a job",
                measure: Measure::Syncs {
                    of: "cluster run",
                    beyond: 10_150.0,
                    jobs: 1000.0,
                    disk: "1,000 fdatasyncs",
                },
                bound: AtMost(1.5),
            },
        ],
    }
}

/// No-op jobs; `xargs` starts a shell for each, as people use it.
fn noop(program: &str, tool: &str) -> Case {
    let pool = [program, "run", tool, "--lines", "-n", "5", "-q"];
    let unrecorded = [&pool[..], &["--no-ledger"]].concat();
    Case {
        name: "noop",
        about: "the whole program: 1,000 jobs of nothing over 5 instances",
        rounds: 5,
        rows: vec![
            wall("xargs -P5 sh -c", &XARGS_NOTHING, 0),
            wall("xargs -P5 true", &["xargs", "-P5", "-n1", "true"], 0),
            wall("cluster run", &pool, 1000),
            wall("cluster run --no-ledger", &unrecorded, 1000),
        ],
        shown: &["wall_ms"],
        targets: vec![
            ratio("batch of no-ops", "cluster run", "xargs -P5 sh -c", "wall_ms", AtMost(0.05)),
            ratio(
                "the same, not recorded",
                "cluster run --no-ledger",
                "xargs -P5 sh -c",
                "wall_ms",
                AtMost(0.01),
            ),
        ],
    }
}

/// Lists of the largest size that is promised anything for, and who reads a record beside its writer.
fn ledger(program: &str, tool: &str) -> Case {
    let row = |name, line: &str| {
        let mut row = Row::new(name, &format!("limit record {line} --"));
        row.words.extend([program.to_owned(), tool.to_owned()]);
        row
    };
    let (begun, resumed) = ("100,000 jobs", "resumed, 99,000 done");
    let (alone, beside) = ("20,000 jobs", "20,000 jobs, read beside");
    Case {
        name: "ledger",
        about: "recorded runs: to the first result, in memory, and how long silent while somebody reads",
        rounds: 1,
        rows: vec![
            row(begun, "--jobs 100000"),
            row(resumed, "--jobs 100000 --done 99000"),
            row(alone, "--jobs 20000"),
            row(beside, "--jobs 20000 --beside"),
        ],
        shown: &["first_ms", "peak_mib", "gap_ms", "wall_ms", "reads"],
        targets: vec![
            value("start of 100,000 jobs", begun, "first_ms", AtMost(5000.0)),
            value("memory of 100,000 jobs", begun, "peak_mib", AtMost(150.0)),
            value("to go on where 99,000 are done", resumed, "first_ms", AtMost(3000.0)),
            value("memory of that", resumed, "peak_mib", AtMost(150.0)),
            value("longest silence while read", beside, "gap_ms", AtMost(1000.0)),
        ],
    }
}

fn wall(name: &'static str, argv: &[&str], expect: u32) -> Row {
    let mut row = Row::new(name, &format!("limit wall --lines 1000 --expect {expect} --"));
    row.words.extend(argv.iter().map(|word| (*word).to_owned()));
    row
}
