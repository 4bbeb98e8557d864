//! The tool that all measurements share: a line in, a line out, as thin as a program can be.
//!
//! Plain blocking reads and one `write(2)` a reply, no runtime and no buffers of the standard library in between, so
//! that what is measured is the side that talks to it.
//!
//! | option | effect |
//! |---|---|
//! | `--ready` | prints the line `ready` once started |
//! | `--delay-ms D` | works for D ms before each reply |
//! | `--len` | answers with the length of the prompt |
//! | `--reply-bytes B [--line-bytes L]` | answers with B bytes of lines, then the line `END` |
//! | `--die-ms D` | ends by itself after D ms, if D is not 0 |
//! | `--mark M` | lines that begin with M are answered with the rest of them at once: an end mark |
//!
//! The line `crash` ends it without an answer.

use crate::args::Args;
use memchr::memchr;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::time::Duration;

/// Reads lines and answers them until the input ends.
pub(crate) fn run(args: &Args) -> io::Result<()> {
    // Through `File`, because the standard streams of the library are buffered.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let answer = Answer::from(args);
    let mark = args.text("--mark").map(str::as_bytes);
    if args.flag("--ready") {
        output.write_all(b"ready\n")?;
    }
    match args.value("--die-ms", 0) {
        0 => {}
        delay => {
            std::thread::sleep(Duration::from_millis(delay));
            return Ok(());
        }
    }
    let mut buffer = vec![0; 64 << 10];
    let (mut filled, mut scanned) = (0, 0);
    loop {
        while let Some(at) = memchr(b'\n', &buffer[scanned..filled]) {
            let end = scanned + at + 1;
            if buffer[..end] == *b"crash\n" {
                std::process::exit(1);
            }
            match mark.and_then(|mark| buffer[..end].strip_prefix(mark)) {
                Some(rest) => output.write_all(rest)?,
                None => answer.write(&buffer[..end], &mut output)?,
            }
            buffer.copy_within(end..filled, 0);
            (filled, scanned) = (filled - end, 0);
        }
        scanned = filled;
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
        match input.read(&mut buffer[filled..])? {
            0 => return Ok(()),
            count => filled += count,
        }
    }
}

struct Answer {
    delay: Duration,
    kind: Kind,
}

enum Kind {
    Echo,
    Length,
    /// This many bytes, from copies of this block of whole lines.
    Lines(usize, Vec<u8>),
}

impl From<&Args> for Answer {
    fn from(args: &Args) -> Self {
        let kind = match args.value("--reply-bytes", 0_usize) {
            0 if args.flag("--len") => Kind::Length,
            0 => Kind::Echo,
            bytes => Kind::Lines(bytes, block(args.value("--line-bytes", 80))),
        };
        Self { delay: Duration::from_millis(args.value("--delay-ms", 0)), kind }
    }
}

impl Answer {
    fn write(&self, line: &[u8], output: &mut File) -> io::Result<()> {
        if !self.delay.is_zero() {
            std::thread::sleep(self.delay);
        }
        match &self.kind {
            Kind::Echo => output.write_all(line),
            Kind::Length => output.write_all(format!("{}\n", line.len() - 1).as_bytes()),
            Kind::Lines(bytes, block) => {
                let mut left = *bytes;
                while left > block.len() {
                    output.write_all(block)?;
                    left -= block.len();
                }
                // The last byte is a line end, wherever the cut falls.
                output.write_all(&block[block.len() - left..])?;
                output.write_all(b"END\n")
            }
        }
    }
}

/// About 1 MiB of lines of this length.
fn block(line: usize) -> Vec<u8> {
    let letters = (b'a'..=b'z').cycle().take(line.max(1) - 1);
    let line: Vec<u8> = letters.chain([b'\n']).collect();
    line.repeat(((1 << 20) / line.len()).max(1))
}
