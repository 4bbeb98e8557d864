//! The clients, and what they make of what they get.

use crate::TURN;
use cluster::{ClusterManager, Job, Outcome};
use pool_core::message::JobResult;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

/// How many wrong results are described; one is enough to fail.
const SHOWN: usize = 20;

/// What all clients have seen.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Jobs handed in.
    pub(crate) jobs: u64,
    /// Results that came.
    pub(crate) results: u64,
    /// Replies as they should be.
    pub(crate) ok: u64,
    /// Jobs that asked for no trouble and failed all the same.
    pub(crate) hurt: u64,
    /// Jobs that asked for trouble.
    pub(crate) asked: u64,
    /// Results that no trouble explains.
    pub(crate) wrong: Vec<String>,
}

/// Stops the tool, for ever unless somebody outside makes it go on.
const STOP: &str = "stop";

/// What a prompt asks the tool to do besides answering, and the outcome that follows.
const TROUBLE: &[(&str, Outcome)] = &[
    ("crash", Outcome::Crashed),
    ("kill", Outcome::Crashed),
    ("mid", Outcome::Truncated),
    ("hang", Outcome::TimedOut),
    (STOP, Outcome::TimedOut),
    ("silent", Outcome::Ok),
    ("exit=0", Outcome::Ok),
    ("noread", Outcome::Ok),
    ("flood=300000", Outcome::Ok),
    ("twice", Outcome::Ok),
    ("badutf8 nul ansi cr utf8 lookalike", Outcome::Ok),
    ("slow=1", Outcome::Ok),
    ("grandchild", Outcome::Ok),
    ("setsid", Outcome::Ok),
    ("setsid grandchild crash", Outcome::Crashed),
    ("ask", Outcome::Ok),
];

/// Keeps `clients` jobs under way until `end`.
pub(crate) async fn run(cluster: &ClusterManager, clients: usize, end: Instant) -> Tally {
    let tally = RefCell::new(Tally::default());
    let next = Cell::new(0);
    let client = || async {
        while Instant::now() < end {
            let number = next.replace(next.get() + 1);
            one(cluster, number, &tally).await;
        }
    };
    let all = futures_util::future::join_all((0..clients).map(|_| client()));
    LocalSet::new().run_until(all).await;
    tally.into_inner()
}

async fn one(cluster: &ClusterManager, number: u64, tally: &RefCell<Tally>) {
    // Every twentieth asks for trouble, each kind in turn.
    let trouble = (number % 20 == 7).then(|| TROUBLE[(number / 20) as usize % TROUBLE.len()]);
    let (words, expected) = trouble.unwrap_or(("", Outcome::Ok));
    let delay = 10 + number * 7 % 90;
    let prompt = format!("[[tag={number} delay={delay} {words}]] reply {number}");
    tally.borrow_mut().jobs += 1;
    let job = Job::new().step(prompt).timeout(TURN);
    // A result must come, whatever happens: the turn, its interruption, the stop and some waiting.
    let result = tokio::time::timeout(Duration::from_secs(60), cluster.ask(job)).await;
    let mut tally = tally.borrow_mut();
    let Ok(result) = result else {
        tally.wrong(format!("job {number} ({words}) has no result"));
        return;
    };
    tally.results += 1;
    tally.asked += u64::from(trouble.is_some());
    tally.judge(number, words, expected, &result);
}

impl Tally {
    fn judge(&mut self, number: u64, words: &str, expected: Outcome, result: &JobResult) {
        let outcome = match result {
            Ok(reply) => reply.outcome,
            Err(error) => cluster::batch::result::outcome(error),
        };
        let is_own = match result {
            Ok(reply) if outcome == Outcome::Ok => is_own(words, number, reply.text()),
            Ok(reply) => !mentions_another(begun(reply.text(), number), number),
            Err(_) => true,
        };
        if !is_own {
            self.wrong(format!("job {number} ({words}) got {result:?}"));
        } else if outcome == expected || (words == STOP && outcome == Outcome::Ok) {
            self.ok += u64::from(outcome == Outcome::Ok);
        } else if matches!(outcome, Outcome::Crashed | Outcome::Truncated | Outcome::TimedOut) {
            // Its instance was killed or stopped from outside.
            self.hurt += u64::from(words.is_empty());
        } else {
            self.wrong(format!("job {number} ({words}) should be {expected:?}: {result:?}"));
        }
    }

    fn wrong(&mut self, what: String) {
        if self.wrong.len() < SHOWN {
            self.wrong.push(what);
        }
    }
}

/// Whether a whole reply is what this prompt asked for.
fn is_own(words: &str, number: u64, text: &str) -> bool {
    let own = format!("reply {number}");
    match words {
        "silent" => text.is_empty(),
        "" | "exit=0" | "noread" | "slow=1" | STOP => text == own,
        "twice" => text == format!("{own}\n{own}"),
        _ => text.ends_with(&own) && !mentions_another(text, number),
    }
}

/// The text without the beginning of this prompt's own reply, which whoever was hit in the middle leaves at the end.
fn begun(text: &str, number: u64) -> &str {
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    if format!("reply {number}").starts_with(last) { before } else { text }
}

/// Whether some line is the reply to another prompt.
fn mentions_another(text: &str, number: u64) -> bool {
    let another = |line: &str| {
        line.strip_prefix("reply ")
            .and_then(|rest| rest.parse().ok())
            .is_some_and(|other: u64| other != number)
    };
    text.lines().any(another)
}
