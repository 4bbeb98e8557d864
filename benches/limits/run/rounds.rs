//! Runs the programs of a case: in each round every program once, in random order, a fresh process each.

use super::case::{Case, Row};
use crate::sample::Sample;
use crate::{Failure, machine, tool};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// No measurement takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(180);

/// What the rounds of a case brought: a sample for each round and row, or why there is none.
pub(crate) struct Measured {
    pub(crate) rounds: Vec<Vec<Result<Sample, String>>>,
    /// The load before and after.
    pub(crate) load: (f64, f64),
}

/// Runs so many rounds.
pub(crate) fn run(case: &Case, rounds: usize) -> Result<Measured, Failure> {
    let started = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let mut dice = Dice(started.as_nanos() as u64 | 1);
    let mut record = record(case.name)?;
    let before = machine::load();
    let mut measured = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let mut samples: Vec<Option<Result<Sample, String>>> = case.rows.iter().map(|_| None).collect();
        for position in dice.order(case.rows.len()) {
            let row = &case.rows[position];
            let sample = measure(row).map_err(|failure| failure.to_string());
            let numbers = sample.as_ref().map_or_else(|failure| failure.as_str().into(), Sample::to_json);
            let line = serde_json::json!({ "run": started.as_secs(), "case": case.name, "round": round,
                "row": row.name, "load": machine::load(), "sample": numbers });
            writeln!(record, "{line}")?;
            samples[position] = Some(sample);
        }
        measured.push(samples.into_iter().flatten().collect());
    }
    Ok(Measured { rounds: measured, load: (before, machine::load()) })
}

/// `target/bench/CASE.jsonl`, to append to.
fn record(case: &str) -> Result<File, Failure> {
    let program = tool::own_path()?;
    // target/release/deps/limits-…
    let target = program.ancestors().nth(3).ok_or("this program is not in a target folder")?;
    let folder = target.join("bench");
    fs::create_dir_all(&folder)?;
    Ok(File::options().create(true).append(true).open(folder.join(format!("{case}.jsonl")))?)
}

/// One measurement: a process of its own, whose last line of output is its sample.
fn measure(row: &Row) -> Result<Sample, Failure> {
    let mut command = Command::new(tool::own_path()?);
    command.args(&row.words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (mut output, mut errors) = (child.stdout.take(), child.stderr.take());
    let (send, ended) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.as_mut().map(|output| output.read_to_string(&mut text));
        // Nobody waits any more if the measurement took too long.
        let _ = send.send(());
        read.transpose().map(|_| text)
    });
    let complaints = std::thread::spawn(move || {
        let mut text = String::new();
        errors.as_mut().map(|errors| errors.read_to_string(&mut text)).transpose().map(|_| text)
    });
    let in_time = ended.recv_timeout(PATIENCE).is_ok();
    if !in_time {
        child.kill()?;
    }
    let status = child.wait()?;
    if !in_time {
        return Err(format!("took longer than {} s", PATIENCE.as_secs()).into());
    }
    let text = reader.join().map_err(|_| "the reader panicked")??;
    match text.lines().last() {
        Some(line) if status.success() => Sample::from_json(line),
        _ => {
            let complaint = complaints.join().map_err(|_| "the reader panicked")??;
            Err(complaint.lines().last().map_or_else(|| status.to_string(), str::to_owned).into())
        }
    }
}

/// A small generator (xorshift64) for the order of a round; the order needs to be different, not unpredictable.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.roll(last + 1));
        }
        order
    }
}
