//! A recorded batch of the whole program: when its first result comes, how much memory it takes, how long it is silent
//! while it works, and whether any of that changes when it goes on with a record, or when somebody reads it beside.

use crate::args::Args;
use crate::sample::{Sample, millis};
use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How often the memory of the program is looked at, in results.
const LOOK: usize = 200;

/// `--jobs`: how many there are; `--done`: how many of them an earlier run has done; `--beside`: its record is read all
/// the time. Behind `--`: the program, and its tool in one word.
pub(crate) fn measure(args: &Args) -> io::Result<Sample> {
    let [program, tool] = args.rest() else { return Err(io::Error::other("name a program and a tool")) };
    let (jobs, done) = (args.value("--jobs", 1000), args.value("--done", 0));
    // On the disk of the build, not on one in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let lab = Lab { program, folder: folder.path() };
    let run = ["run", tool, "--lines", "-n", "5", "-q", "-a", "list"];
    lab.list(if done > 0 { done } else { jobs })?;
    let words: &[&str] = if done > 0 {
        lab.results(lab.start(&run)?, done)?;
        lab.list(jobs)?;
        &["resume", "r1"]
    } else {
        &run
    };
    let over = AtomicBool::new(!args.flag("--beside"));
    let reads = AtomicU32::new(0);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                // Before the record is there, this fails.
                let shown = lab.command(&["runs", "show", "r1"]).stderr(Stdio::null()).output();
                reads
                    .fetch_add(u32::from(shown.is_ok_and(|shown| shown.status.success())), Ordering::Relaxed);
            }
        });
        let sample = lab.start(words).and_then(|child| lab.results(child, jobs - done));
        over.store(true, Ordering::Relaxed);
        sample
    })
    .map(|sample| sample.with("reads", f64::from(reads.into_inner())))
}

/// The program, in a folder with a state of its own.
struct Lab<'a> {
    program: &'a str,
    folder: &'a Path,
}

impl Lab<'_> {
    fn list(&self, jobs: usize) -> io::Result<()> {
        let mut list = String::new();
        (0..jobs).try_for_each(|job| writeln!(list, "{job}")).map_err(io::Error::other)?;
        std::fs::write(self.folder.join("list"), list)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(words).current_dir(self.folder).env("XDG_STATE_HOME", self.folder).stdin(Stdio::null());
        command
    }

    fn start(&self, words: &[&str]) -> io::Result<(Child, Instant)> {
        let start = Instant::now();
        Ok((self.command(words).stdout(Stdio::piped()).spawn()?, start))
    }

    /// Takes so many results, and the end.
    fn results(&self, (mut child, start): (Child, Instant), expected: usize) -> io::Result<Sample> {
        let mut output = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let (mut chunk, mut lines, mut looked, mut peak) = (vec![0; 1 << 16], 0, 0, 0.0);
        let (mut first, mut last, mut gap) = (None, start, Duration::ZERO);
        loop {
            let count = output.read(&mut chunk)?;
            let now = Instant::now();
            if count == 0 {
                break;
            }
            match first {
                None => first = Some(now - start),
                Some(_) => gap = gap.max(now - last),
            }
            last = now;
            lines += memchr::memchr_iter(b'\n', &chunk[..count]).count();
            if lines >= looked + LOOK {
                looked = lines;
                peak = peak_mib(child.id()).unwrap_or(peak);
            }
        }
        let status = child.wait()?;
        if !status.success() || lines != expected {
            return Err(io::Error::other(format!("{}: {status}, {lines} results", self.program)));
        }
        Ok(Sample::default()
            .with("first_ms", millis(first.unwrap_or_default()))
            .with("wall_ms", millis(start.elapsed()))
            .with("peak_mib", peak)
            .with("gap_ms", millis(gap)))
    }
}

/// The most memory that a process has had so far.
fn peak_mib(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}
