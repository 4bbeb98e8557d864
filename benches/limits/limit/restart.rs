//! A tool from `posix_spawn` to its first answer.

use crate::args::Args;
use crate::sample::{Sample, millis};
use crate::tool::{PROMPT, Tool, command};
use std::io;
use std::time::{Duration, Instant};

/// `--count`: how many lives. The end of the one before is no part of the time.
pub(crate) fn measure(args: &Args) -> io::Result<Sample> {
    let count: u32 = args.value("--count", 50);
    let mut command = command(args.rest())?;
    let prompt = format!("{PROMPT}\n").into_bytes();
    let mut buffer = [0; 4096];
    let mut total = Duration::ZERO;
    for _ in 0..count {
        let start = Instant::now();
        let tool = Tool::start_with(&mut command)?;
        tool.write(&prompt)?;
        let mut read = 0;
        while read < prompt.len() {
            read += tool.read(&mut buffer)?;
        }
        total += start.elapsed();
    }
    Ok(Sample::default().with("answer_ms", millis(total / count)))
}
