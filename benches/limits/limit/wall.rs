//! A whole program, from before its start to after its end, with numbered lines as its input.

use crate::args::Args;
use crate::sample::{Sample, millis};
use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::time::Instant;

/// `--lines`: how many lines go in; `--expect`: how many must come out, so that a failing program is not fast.
pub(crate) fn measure(args: &Args) -> io::Result<Sample> {
    let (program, words) = args.rest().split_first().ok_or_else(|| io::Error::other("no program"))?;
    let input: String = (1..=args.value("--lines", 0)).map(|number: u32| format!("{number}\n")).collect();
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn().map_err(|error| io::Error::other(format!("{program}: {error}")))?;
    // Some thousand short lines fit into the pipe: this does not wait for a reader.
    child.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(input.as_bytes()))?;
    let output = child.wait_with_output()?;
    let took = start.elapsed();
    let lines = memchr::memchr_iter(b'\n', &output.stdout).count();
    if !output.status.success() || lines != args.value("--expect", lines) {
        return Err(io::Error::other(format!("{program}: {}, {lines} lines came out", output.status)));
    }
    Ok(Sample::default().with("wall_ms", millis(took)))
}
