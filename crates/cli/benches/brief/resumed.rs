//! The third part: a run over all the files that is killed at half and resumed.

use crate::edits;
use crate::files::Files;
use crate::killed::{self, INSTANCES};
use crate::lab::{Lab, PATIENCE};
use std::time::Duration;

/// Runs, kills and resumes it, with a model that answers after so many seconds, and prints what became of it; whether every
/// file is as it should be.
pub(crate) fn print(files: Files, seconds: u64) -> bool {
    let Files(all) = files;
    println!(
        "## {all} files over {INSTANCES} instances, SIGKILL at half, resumed; replies after {seconds} s"
    );
    let lab = Lab::new(&["--delay-ms", &(seconds * 1000).to_string()]).unwrap();
    let killed = killed::at_half(&lab, files, PATIENCE + 2 * estimate(files, seconds));
    let is_right = killed.edited == all && killed.repeats <= INSTANCES;
    let line = |name: &str, number: usize, by: &str| {
        println!("{}", format!("{name:28}{number:5}   {by}").trim_end());
    };
    line("done when it was killed", killed.done, "by its record");
    line("done by the second run", killed.resumed, "");
    line("asked for more than once", killed.repeats, "by the model's log; at most one for each instance");
    line("never asked for", killed.forgotten, "");
    line("edited as they should be", killed.edited, if is_right { "ok" } else { "WRONG" });
    println!("({})", edits::load());
    is_right
}

/// How long that takes about, both starts left out.
pub(crate) fn estimate(files: Files, seconds: u64) -> Duration {
    Duration::from_secs(seconds) * u32::try_from(files.0.div_ceil(INSTANCES)).unwrap()
}
