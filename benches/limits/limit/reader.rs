//! A large reply: 64 KiB reads into one buffer, each line found and thrown away.
//!
//! (Counting line ends without stopping at each takes two thirds of the time; but who reads lines stops at each.)

use crate::args::Args;
use crate::sample::{Sample, millis};
use crate::tool::Tool;
use std::io;
use std::time::Instant;

const END: &[u8] = b"\nEND\n";

/// `--count`: how many replies; the tool's options say how large.
pub(crate) fn measure(args: &Args) -> io::Result<Sample> {
    let count: u32 = args.value("--count", 1);
    let tool = Tool::start(args.rest())?;
    let mut buffer = vec![0; 64 << 10];
    // The first one wakes the tool and touches the buffer.
    reply(&tool, &mut buffer)?;
    let start = Instant::now();
    let mut lines = 0;
    for _ in 0..count {
        lines += reply(&tool, &mut buffer)?;
    }
    Ok(Sample::default()
        .with("ms", millis(start.elapsed() / count))
        .with("lines", lines as f64 / f64::from(count)))
}

/// The lines of one reply, the end mark included.
fn reply(tool: &Tool, buffer: &mut [u8]) -> io::Result<usize> {
    tool.write(b"go\n")?;
    let mut tail = [0; END.len()];
    let mut lines = 0;
    while tail != END {
        let count = tool.read(buffer)?;
        let mut start = 0;
        while let Some(length) = memchr::memchr(b'\n', &buffer[start..count]) {
            std::hint::black_box(&buffer[start..start + length]);
            start += length + 1;
            lines += 1;
        }
        let new = count.min(tail.len());
        tail.copy_within(new.., 0);
        let keep = tail.len() - new;
        tail[keep..].copy_from_slice(&buffer[count - new..count]);
    }
    Ok(lines)
}
