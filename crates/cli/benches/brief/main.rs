//! The example that this project was begun for: many small files, each edited by aider as a model says, over a scripted
//! model that takes 1, 3 and 20 s to answer.
//!
//! ```text
//! CLUSTER_TEST_AIDER=PATH/OF/aider cargo bench -p cluster-cli --bench brief -- [FILES [SECONDS…]]
//! ```
//!
//! Three parts: the files edited in four ways (`edits.rs`), prompts a minute (`minutes.rs`), and a run that is killed at
//! half and resumed (`resumed.rs`). What misses its target is printed as a miss; the program fails if a file is
//! not what it should be.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
#![allow(dead_code, reason = "the tests use more of what they share with this")]

mod edits;
#[path = "../../tests/common/events.rs"]
mod events;
#[path = "../../tests/aider/files.rs"]
mod files;
#[path = "../../tests/aider/killed.rs"]
mod killed;
#[path = "../../tests/aider/lab.rs"]
mod lab;
mod measure;
mod minutes;
#[path = "../../tests/aider/model.rs"]
mod model;
mod resumed;
#[path = "../../tests/aider/warm.rs"]
mod warm;
mod ways;

use files::Files;
use lab::Lab;
use measure::Cost;
use std::process::ExitCode;
use std::time::Duration;

/// Without arguments.
const FILES: usize = 218;
const SECONDS: [u64; 3] = [1, 3, 20];

/// What is to be measured.
struct Wish {
    files: Files,
    /// What the model takes to answer, in seconds.
    thinking: Vec<u64>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == measure::WORD) {
        return measure::child(&words[1..]);
    }
    let Some(wish) = Wish::parse(&words) else {
        eprintln!("usage: brief [FILES [SECONDS...]], whole numbers, FILES at least {}", killed::INSTANCES);
        return ExitCode::from(2);
    };
    let Some(lab) = Lab::new(&[]) else { return ExitCode::SUCCESS };
    println!("a first aider, so that none of those that count comes to a cold disk ...");
    let one = ways::Way::EachAlone.edit(&lab, Files(1)).cost;
    wish.announce(one);
    let mut is_right = true;
    for seconds in &wish.thinking {
        is_right &= edits::print(wish.files, *seconds, one);
    }
    minutes::print(wish.longest());
    is_right &= resumed::print(wish.files, wish.quickest());
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Wish {
    fn parse(words: &[String]) -> Option<Self> {
        let numbers: Option<Vec<u64>> = words.iter().map(|word| word.parse().ok()).collect();
        let numbers = numbers?;
        let (files, thinking) = match numbers.split_first() {
            None => (FILES, SECONDS.to_vec()),
            Some((files, [])) => (usize::try_from(*files).ok()?, SECONDS.to_vec()),
            Some((files, thinking)) => (usize::try_from(*files).ok()?, thinking.to_vec()),
        };
        (files >= killed::INSTANCES).then_some(Self { files: Files(files), thinking })
    }

    /// Says what comes, and how long it takes about: `one` is what one aider for one file costs here.
    fn announce(&self, one: Cost) {
        let edits: Duration =
            self.thinking.iter().map(|seconds| edits::estimate(self.files, *seconds, one)).sum();
        let all = edits + minutes::estimate(self.longest()) + resumed::estimate(self.files, self.quickest());
        println!(
            "{} files, replies after {:?} s: edited in four ways, then prompts a minute, then killed at half.\n\
             About {} minutes. One aider for one file, whose model answers at once: {:.1} s, {:.1} s of processor time.\n",
            self.files.0,
            self.thinking,
            all.as_secs().div_ceil(60),
            one.wall.as_secs_f64(),
            one.cpu.as_secs_f64()
        );
    }

    /// How long the model takes where a run is killed: as short as is wished for, but long enough to be killed in.
    fn quickest(&self) -> u64 {
        self.thinking.iter().copied().min().unwrap_or(0).max(1)
    }

    /// The longest answer.
    fn longest(&self) -> u64 {
        self.thinking.iter().copied().max().unwrap_or(0)
    }
}
