//! The cases and their targets, in the order in which they are run.

mod programs;
mod resident;

use super::case::{Bound, Case, Measure, Row, Target};
use crate::{Failure, tool};

use Bound::{AtLeast, AtMost};

/// Every case there is.
pub(crate) fn all() -> Result<Vec<Case>, Failure> {
    let tool = tool::argv(&[])?.join(" ");
    let mut cases = vec![trip(), terminal()];
    cases.extend(LOOPS.map(closed_loop));
    cases.extend([
        reply(
            "reply-1m",
            "a reply of 1 MB, kept and made a text of, on one processor",
            9,
            "--count 40",
            1_000_000,
            1.3,
        ),
        reply("reply-100m", "a reply of 100 MB, likewise", 5, "--count 2", 100_000_000, 2.6),
        prompt(),
        spawn("spawn", "100 tools from nothing to ready, and back", 100, 18),
        spawn("spawn-1000", "1,000 tools from nothing to ready, and back", 1000, 5),
        stop(),
        restart(),
        beside(),
        guards(),
        snapshot(),
        idle(),
    ]);
    let program = programs::ours()?;
    cases.extend(programs::all(&program, &tool));
    cases.extend(resident::all(&program, &tool));
    Ok(cases)
}

/// Round trips of one short line. On two processors the wake-up of the other one is the larger and wilder part.
fn trip() -> Case {
    Case {
        name: "trip",
        about: "round trip of one short line, all on one processor",
        rounds: 9,
        rows: vec![
            Row::new("ping-pong", "limit pingpong --pin"),
            Row::new("ping-pong again", "limit pingpong --pin"),
            Row::new("plain tokio", "plain pingpong --pin"),
            Row::new("ours, this arbiter", "ours pingpong --pin"),
            Row::new("ours, foreign thread", "ours foreign --pin"),
        ],
        shown: &["p50_us", "p99_us"],
        targets: vec![
            ratio("round trip, this arbiter", "ours, this arbiter", "ping-pong", "p50_us", AtMost(2.0)),
            ratio("round trip, foreign thread", "ours, foreign thread", "ping-pong", "p50_us", AtMost(4.0)),
        ],
    }
}

/// The same on a terminal, where the system does more for each byte. Ours needs guards there.
fn terminal() -> Case {
    let ours = "ours, this arbiter";
    Case {
        name: "pty",
        about: "round trip of one short line on a terminal, all on one processor",
        rounds: 9,
        rows: vec![
            Row::new("ping-pong", "limit pingpong --pin --pty"),
            Row::new("ping-pong again", "limit pingpong --pin --pty"),
            Row::new(ours, "ours pingpong --pin --pty --guarded"),
        ],
        shown: &["p50_us", "p99_us"],
        targets: vec![ratio("round trip on a terminal", ours, "ping-pong", "p50_us", AtMost(1.6))],
    }
}

/// Name, arguments of each row, the least share of the limit.
const LOOPS: [(&str, usize, f64); 4] =
    [("loop-5", 5, 0.6), ("loop-10", 10, 0.6), ("loop-20", 20, 0.6), ("loop-500", 500, 0.5)];

/// Throughput with one prompt in flight at each tool.
fn closed_loop((name, tools, share): (&'static str, usize, f64)) -> Case {
    let row = |name, who| Row::new(name, &format!("{who} loop --tools {tools} --seconds 0.6"));
    Case {
        name,
        about: "prompts a second, closed loop, one in flight at each tool",
        rounds: 7,
        rows: vec![
            row("epoll loop", "limit"),
            row("epoll loop again", "limit"),
            row("plain tokio", "plain"),
            row("ours", "ours"),
        ],
        shown: &["per_s", "cpu_us_each"],
        targets: vec![ratio("throughput", "ours", "epoll loop", "per_s", AtLeast(share))],
    }
}

/// Ours finds the end by the way of most tools, a mark that it has them print, and by the line that the others go by.
fn reply(
    name: &'static str,
    about: &'static str,
    rounds: usize,
    count: &str,
    bytes: usize,
    most: f64,
) -> Case {
    let row = |name, who, end| {
        Row::new(name, &format!("{who} reader --pin {count} -- --ready --reply-bytes {bytes} {end}"))
    };
    Case {
        name,
        about,
        rounds,
        rows: vec![
            row("line reader", "limit", ""),
            row("line reader again", "limit", ""),
            row("plain tokio", "plain", ""),
            row("ours, by a mark", "ours", "--mark mark"),
            row("ours, by the last line", "ours", ""),
        ],
        shown: &["ms", "rss_kib"],
        targets: vec![
            ratio("large reply, by a mark", "ours, by a mark", "line reader", "ms", AtMost(most)),
            ratio(
                "large reply, by the last line",
                "ours, by the last line",
                "line reader",
                "ms",
                AtMost(most),
            ),
        ],
    }
}

fn prompt() -> Case {
    let row = |name, who| Row::new(name, &format!("{who} prompt --pin --bytes 100000 -- --len"));
    Case {
        name: "prompt",
        about: "a prompt of 100 kB, answered by its length, on one processor",
        rounds: 9,
        rows: vec![
            row("blocking write", "limit"),
            row("blocking write again", "limit"),
            row("plain tokio", "plain"),
            row("ours", "ours"),
        ],
        shown: &["p50_us", "p99_us"],
        targets: vec![ratio("large prompt", "ours", "blocking write", "p50_us", AtMost(1.3))],
    }
}

/// The tools end when their input does; the limit kills them instead, which is the least that there is.
fn spawn(name: &'static str, about: &'static str, tools: usize, rounds: usize) -> Case {
    let row = |name, line| Row::new(name, &format!("{line} --tools {tools} -- --ready"));
    let (limit, bare, guarded) = ("posix_spawn, kill", "ours, bare", "ours, guarded");
    Case {
        name,
        about,
        rounds,
        rows: vec![
            row(limit, "limit spawn --kill"),
            row("posix_spawn, kill again", "limit spawn --kill"),
            row("plain tokio", "plain spawn"),
            row(bare, "ours spawn"),
            row(guarded, "ours spawn --guarded"),
        ],
        shown: &["ready_ms", "stop_ms"],
        targets: vec![
            ratio("spawn until ready", bare, limit, "ready_ms", AtMost(1.1)),
            ratio("spawn until ready, guarded", guarded, limit, "ready_ms", AtMost(2.5)),
            ratio("shutdown", bare, limit, "stop_ms", AtMost(2.5)),
            ratio("shutdown, guarded", guarded, limit, "stop_ms", AtMost(2.5)),
        ],
    }
}

fn stop() -> Case {
    let (bare, guarded) = ("ours, bare", "ours, guarded");
    Case {
        name: "stop",
        about: "one obedient tool from ready to gone",
        rounds: 9,
        rows: vec![
            Row::new("posix_spawn, kill", "limit spawn --kill --tools 1 -- --ready"),
            Row::new(bare, "ours spawn --tools 1 -- --ready"),
            Row::new(guarded, "ours spawn --guarded --tools 1 -- --ready"),
        ],
        shown: &["stop_ms"],
        targets: vec![
            value("shutdown of one", bare, "stop_ms", AtMost(5.0)),
            value("shutdown of one, guarded", guarded, "stop_ms", AtMost(5.0)),
        ],
    }
}

/// Ours has more to do: the crash itself and the news of it are in its time.
fn restart() -> Case {
    let (limit, guarded) = ("posix_spawn", "ours, guarded");
    Case {
        name: "restart",
        about: "a crash, and the first answer of the next life, without back-off",
        rounds: 9,
        rows: vec![
            Row::new(limit, "limit restart"),
            Row::new("posix_spawn again", "limit restart"),
            Row::new("ours, bare", "ours restart"),
            Row::new(guarded, "ours restart --guarded"),
        ],
        shown: &["answer_ms"],
        targets: vec![ratio("restart after a crash", guarded, limit, "answer_ms", AtMost(2.0))],
    }
}

fn beside() -> Case {
    let (quiet, crashing) = ("quiet", "50 crashes a second");
    let row = |name, crash| Row::new(name, &format!("ours beside --guarded --tools 1 --crash-ms {crash}"));
    Case {
        name: "beside",
        about: "round trips of one tool while another crashes again and again",
        rounds: 9,
        rows: vec![row(quiet, 0), row("quiet again", 0), row(crashing, 20)],
        shown: &["p99_us", "p50_us", "lives"],
        targets: vec![ratio("crashes beside", crashing, quiet, "p99_us", AtMost(2.0))],
    }
}

fn guards() -> Case {
    let row = "ours, 100 tools";
    Case {
        name: "guards",
        about: "memory of the guards, for each of their slots",
        rounds: 3,
        rows: vec![Row::new(row, "ours guards --guarded --tools 100")],
        shown: &["pss_kib", "private_kib"],
        targets: vec![value("memory of a guard", row, "pss_kib", AtMost(400.0))],
    }
}

/// What a program pays that looks at its pool ten times a second.
fn snapshot() -> Case {
    let row = "ours, 1,000 tools";
    Case {
        name: "snapshot",
        about: "one snapshot of 1,000 instances, each of which has had a job",
        rounds: 3,
        rows: vec![Row::new(row, "ours snapshot --tools 1000")],
        shown: &["p50_us", "p99_us"],
        targets: vec![value("snapshot of 1,000", row, "p50_us", AtMost(1000.0))],
    }
}

/// The limit is the plain pool here: no program holds tools without any memory.
fn idle() -> Case {
    let row = |name, who, tools, seconds| {
        Row::new(name, &format!("{who} idle --tools {tools} --seconds {seconds}"))
    };
    let (none, full) = ("ours, 1 idle", "ours, 101 idle");
    Case {
        name: "idle",
        about: "memory of the controller, and its processor time in 20 s of nothing to do",
        rounds: 2,
        rows: vec![
            row("plain, 1 idle", "plain", 1, 1),
            row("plain, 101 idle", "plain", 101, 20),
            row(none, "ours", 1, 1),
            row(full, "ours", 101, 20),
        ],
        shown: &["rss_kib", "pss_kib", "cpu_ms"],
        targets: vec![
            value("base memory", none, "rss_kib", AtMost(6.0 * 1024.0)),
            Target {
                name: "memory of an idle instance",
                measure: Measure::Growth { from: none, to: full, key: "rss_kib", each: 100.0 },
                bound: AtMost(16.0),
            },
            value("idle processor time of 100 in 20 s", full, "cpu_ms", AtMost(1.0)),
        ],
    }
}

const fn ratio(
    name: &'static str,
    of: &'static str,
    to: &'static str,
    key: &'static str,
    bound: Bound,
) -> Target {
    Target { name, measure: Measure::Ratio { of, to, key }, bound }
}

const fn value(name: &'static str, of: &'static str, key: &'static str, bound: Bound) -> Target {
    Target { name, measure: Measure::Value { of, key }, bound }
}
