//! The cases about pools that stay up.

use super::super::case::Bound::AtMost;
use super::super::case::{Case, Measure, Row, Target};
use super::{ratio, value};

const QUIET: &str = "quiet";
const CROWD: &str = "beside 100 of them";
const STATUS: &str = "pool of 100";
const IDLE: &str = "pool of 20";

/// These cases, with this program and a tool for it.
pub(super) fn all(program: &str, tool: &str) -> [Case; 4] {
    let row = |name, line: &str| {
        let mut row = Row::new(name, &format!("resident {line} --"));
        row.words.extend([program.to_owned(), tool.to_owned()]);
        row
    };
    [
        send(
            row("over the socket", "send --pin --record --no-ledger"),
            row("and recorded", "send --pin --count 500"),
        ),
        crowd(
            row(QUIET, "beside --record --no-ledger"),
            row(CROWD, "beside --record --no-ledger --clients 100"),
        ),
        status(row(STATUS, "status --tools 100")),
        idle(row(IDLE, "idle --tools 20 --seconds 20")),
    ]
}

/// The library's round trip is that of a thread that is not the pool's, as a server's is not.
fn send(socket: Row, recorded: Row) -> Case {
    let (library, disk) = ("the library", "1,000 fdatasyncs");
    let (over, kept) = (socket.name, recorded.name);
    let trip = |name| Row::new(name, "ours foreign --pin --count 5000");
    Case {
        name: "send",
        about: "round trip of one short line over the control socket, all on one processor",
        rounds: 9,
        rows: vec![
            trip(library),
            trip("the library again"),
            socket,
            recorded,
            Row::new(disk, "limit sync --pages 1000"),
        ],
        shown: &["p50_us", "p99_us", "p50_ms"],
        targets: vec![
            Target {
                name: "more than in the library, in us",
                measure: Measure::Growth { from: library, to: over, key: "p50_us", each: 1.0 },
                bound: AtMost(200.0),
            },
            Target {
                name: "more than that if recorded, in fdatasyncs",
                measure: Measure::GrowthInSyncs { from: over, to: kept, disk },
                bound: AtMost(3.0),
            },
        ],
    }
}

/// Half requests, large results that nobody reads, nonsense, and clients that come and go.
fn crowd(quiet: Row, crowd: Row) -> Case {
    Case {
        name: "crowd",
        about: "round trips over the control socket beside clients that know no better",
        rounds: 5,
        rows: vec![quiet, crowd],
        shown: &["p99_us", "p50_us", "rss_mib"],
        targets: vec![
            ratio("misbehaving clients beside", CROWD, QUIET, "p99_us", AtMost(2.0)),
            value("memory for 100 of them", CROWD, "rss_mib", AtMost(256.0)),
        ],
    }
}

fn status(row: Row) -> Case {
    Case {
        name: "status",
        about: "the status of 100 instances over the control socket, and by `cluster status`",
        rounds: 3,
        rows: vec![row],
        shown: &["p50_us", "p99_us", "program_us"],
        targets: vec![
            value("status of 100", STATUS, "p50_us", AtMost(5000.0)),
            value("status of 100, by the program", STATUS, "program_us", AtMost(5000.0)),
        ],
    }
}

fn idle(row: Row) -> Case {
    Case {
        name: "resident",
        about: "processor time in 20 s of an idle pool that stays up: its controller, and everything of it",
        rounds: 2,
        rows: vec![row],
        shown: &["rss_kib", "cpu_ms", "all_cpu_ms"],
        targets: vec![value("idle processor time of a pool of 20 in 20 s", IDLE, "all_cpu_ms", AtMost(1.0))],
    }
}
