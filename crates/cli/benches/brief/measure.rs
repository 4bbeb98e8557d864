//! What a command costs: its wall time, and the processor time of its whole tree.
//!
//! This program starts itself again around the command, as the one to whom everything that loses its parent is given. So
//! each process below is waited for by somebody, and what the kernel adds up for children that were waited for is complete.
//! What was there before, the scripted model first of all, is not in it.

use cluster::batch::ResultRecord;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// Begins the command line of the one around a command: then a file for what it cost, the program, and its words.
pub(crate) const WORD: &str = "measure";

/// What a command cost.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// From its start to its own end.
    pub(crate) wall: Duration,
    /// User and system time of everything that it started, to the end of the last of them; in steps of a tick (10 ms).
    pub(crate) cpu: Duration,
}

/// Runs a command to its end, and says what it cost. That it failed is said, and no more: what it did is looked at by others.
pub(crate) fn cost(command: &Command, folder: &Path) -> Cost {
    let file = folder.join("cost");
    let mut around = Command::new(std::env::current_exe().unwrap());
    around.arg(WORD).arg(&file).arg(command.get_program()).args(command.get_args());
    around.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    around.current_dir(command.get_current_dir().unwrap());
    let output = folder.join("output");
    around.stdin(std::process::Stdio::null());
    around.stdout(std::fs::File::create(&output).unwrap());
    around.stderr(std::fs::File::create(folder.join("errors")).unwrap());
    let status = around.status().unwrap();
    if !status.success() {
        println!("{} has failed: {}", command.get_program().display(), read(&folder.join("errors")).trim());
    }
    serde_json::from_str(&read(&file)).unwrap()
}

/// The results that the last command in this folder has printed: it was a run with `--json`.
pub(crate) fn records(folder: &Path) -> Vec<ResultRecord> {
    read(&folder.join("output")).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The one around the command.
pub(crate) fn child(words: &[String]) -> ExitCode {
    let [file, program, words @ ..] = words else { return ExitCode::from(2) };
    let (cost, is_well) = around(program, words).unwrap();
    std::fs::write(file, serde_json::to_string(&cost).unwrap()).unwrap();
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn around(program: &str, words: &[String]) -> io::Result<(Cost, bool)> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let began = Instant::now();
    let status = Command::new(program).args(words).status()?;
    let wall = began.elapsed();
    while rustix::process::wait(rustix::process::WaitOptions::empty()).is_ok() {}
    Ok((Cost { wall, cpu: of_children()? }, status.success()))
}

/// The processor time of children that were waited for, and of theirs.
fn of_children() -> io::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the name, which may hold anything, cutime is the 14th field, and cstime the 15th.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(13).take(2);
    let ticks: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100))
}
