//! One prompt at a time: a blocking `write(2)`, a blocking `read(2)`. Nothing can be faster on a pipe or a
//! terminal.

use crate::args::Args;
use crate::sample::Sample;
use crate::tool::{PROMPT, Tool};
use std::io;
use std::time::Instant;

/// Round trips of a short line, after this many to get warm.
const WARM_UP: usize = 200;

/// `--count`: how many round trips; `--pty`: on a terminal.
pub(crate) fn measure(args: &Args) -> io::Result<Sample> {
    let (prompt, count) = (format!("{PROMPT}\n"), args.value("--count", 10_000));
    if !args.flag("--pty") {
        return trips(&Tool::start(args.rest())?, prompt.as_bytes(), count, WARM_UP);
    }
    let mut tool = Tool::start_on_terminal(args.rest())?;
    let sample = trips(&tool, prompt.as_bytes(), count, WARM_UP);
    tool.kill()?;
    sample
}

/// `--bytes`: how long a prompt is. The tool answers with its length, so one direction is measured.
pub(crate) fn measure_prompt(args: &Args) -> io::Result<Sample> {
    let tool = Tool::start(args.rest())?;
    let mut prompt = vec![b'x'; args.value("--bytes", 100_000)];
    prompt.push(b'\n');
    trips(&tool, &prompt, args.value("--count", 400), 10)
}

fn trips(tool: &Tool, prompt: &[u8], count: usize, warm_up: usize) -> io::Result<Sample> {
    let mut times = Vec::with_capacity(count);
    let mut buffer = [0; 4096];
    for trip in 0..count + warm_up {
        let start = Instant::now();
        tool.write(prompt)?;
        let mut filled = 0;
        while filled == 0 || buffer[filled - 1] != b'\n' {
            filled += tool.read(&mut buffer[filled..])?;
        }
        if trip >= warm_up {
            times.push(start.elapsed());
        }
    }
    Ok(Sample::latencies(times))
}
