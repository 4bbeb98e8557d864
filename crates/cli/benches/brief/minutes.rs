//! The second part: how many prompts a minute five warm instances answer, by how long an answer takes.

use crate::edits;
use crate::lab::Lab;
use crate::measure;
use crate::warm::Warm;
use std::process::Command;
use std::time::Duration;

const INSTANCES: usize = 5;
/// How long an answer takes, in seconds.
const SECONDS: [u64; 4] = [0, 1, 5, 20];
const TOOLS: [Tool; 3] = [Tool::Aider, Tool::Python, Tool::Bash];

/// Who is asked.
#[derive(Debug, Clone, Copy)]
enum Tool {
    /// The scripted model takes the time.
    Aider,
    /// The prompt sleeps.
    Python,
    /// The prompt sleeps.
    Bash,
}

/// Measures and prints the table, for answers that take up to `longest` seconds.
pub(crate) fn print(longest: u64) {
    println!("## prompts a minute over {INSTANCES} warm instances (about {} s)", estimate(longest).as_secs());
    let columns = |cell: &dyn Fn(u64) -> String| {
        seconds(longest).map(|seconds| format!("{:>12}", cell(seconds))).collect::<String>()
    };
    println!("{:14}{}", "an answer", columns(&|seconds| format!("{seconds} s")));
    println!("{:14}{}", "no more than", columns(&ideal));
    for tool in TOOLS {
        println!("{:14}{}", tool.name(), columns(&|seconds| format!("{:.0}", tool.a_minute(seconds))));
    }
    println!("({})\n", edits::load());
}

/// How long that takes about, the starts with it.
pub(crate) fn estimate(longest: u64) -> Duration {
    let answers = seconds(longest).map(|seconds| seconds * rounds(seconds) + 5);
    Duration::from_secs(answers.sum::<u64>() * TOOLS.len() as u64)
}

fn seconds(longest: u64) -> impl Iterator<Item = u64> {
    SECONDS.into_iter().filter(move |seconds| *seconds <= longest)
}

/// How many rounds of prompts whose answers take time: for twenty seconds, and two at least.
fn rounds(seconds: u64) -> u64 {
    20_u64.checked_div(seconds).unwrap_or(0).max(2)
}

/// All that fit in a minute.
fn ideal(seconds: u64) -> String {
    let most = (60 * INSTANCES as u64).checked_div(seconds);
    most.map_or_else(|| "-".to_owned(), |most| most.to_string())
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Aider => "aider",
            Self::Python => "python",
            Self::Bash => "bash",
        }
    }

    fn prompt(self, seconds: u64) -> String {
        match (self, seconds) {
            (Self::Aider, _) => "Say something".to_owned(),
            (Self::Python, 0) => "6 * 7".to_owned(),
            (Self::Python, _) => format!("__import__('time').sleep({seconds})"),
            (Self::Bash, 0) => "echo 42".to_owned(),
            (Self::Bash, _) => format!("sleep {seconds}"),
        }
    }

    /// How many of them: enough that they take seconds.
    fn prompts(self, seconds: u64) -> usize {
        match (self, seconds) {
            (Self::Aider, 0) => 500,
            (_, 0) => 5000,
            _ => INSTANCES * usize::try_from(rounds(seconds)).unwrap(),
        }
    }

    /// How many such prompts the warm instances answer in a minute.
    fn a_minute(self, seconds: u64) -> f64 {
        let lab = Lab::new(&["--delay-ms", &(seconds * 1000).to_string()]).unwrap();
        let list = (self.prompt(seconds) + "\n").repeat(self.prompts(seconds));
        std::fs::write(lab.folder().join("list"), list).unwrap();
        measure::cost(&self.command(&lab), lab.folder());
        let warm = Warm::of(&measure::records(lab.folder())).unwrap();
        60.0 / warm.a_job().as_secs_f64()
    }

    fn command(self, lab: &Lab) -> Command {
        let (list, instances) = (lab.folder().join("list"), INSTANCES.to_string());
        let words = ["-n", &instances, "-q", "-a", list.to_str().unwrap()];
        match self {
            Self::Aider => lab.batch(&words),
            _ => lab.cluster_with(&[&["run", self.name(), "--json"][..], &words].concat()),
        }
    }
}
