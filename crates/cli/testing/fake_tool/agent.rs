//! The tool as an agent: a prompt is an item, its work is a file, and each attempt at it may go wrong, by lot.
//!
//! The lot of an attempt follows from the seed, the item and how many attempts at it there were, and from nothing else:
//! whoever runs the items meets the same. All that goes wrong happens once the model has answered or before, as with
//! real agents, which change files in the end; half of the crashes and hangs come when the file has been written.
//!
//! In its folder it leaves `work/ITEM`, and in `log/ITEM` a line `begin` for each attempt and `edit` for each file written,
//! synced to disk before it goes on.

use std::{
    fs::{self, OpenOptions},
    io::{self, BufRead, Write},
    ops::ControlFlow,
    path::PathBuf,
    thread,
    time::Duration,
};

use crate::sleeper::{EVER, Sleeper};

/// The exit code of an attempt that met a limit, where the attempt is the process.
const LIMITED: u8 = 1;
/// The exit code of a crash.
const CRASH: u8 = 3;

/// The flags of the agent, see the top of `main.rs`.
#[derive(Debug, Default)]
pub(crate) struct Agent {
    pub(crate) folder: PathBuf,
    /// Of a hundred attempts so many crash, as many hang, and as many meet a limit.
    pub(crate) faults: u64,
    pub(crate) seed: u64,
    /// The only prompt, for a process of its own.
    pub(crate) message: Option<String>,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lot {
    Well,
    /// Its process ends, before or after the edit.
    Crash {
        edited: bool,
    },
    /// Nothing more comes from it, before or after the edit.
    Hang {
        edited: bool,
    },
    /// The service turns it away.
    Limited,
}

/// Goes on with this exit code so far, or ends with it at once.
type Flow = ControlFlow<u8, u8>;

impl Agent {
    /// Is the agent until its end; the value is the exit code. Like real ones it has a helper, which it takes along when it
    /// ends in order, and leaves when it crashes.
    pub(crate) fn run(&self, startup: Duration, reply: Duration) -> io::Result<u8> {
        thread::sleep(startup);
        let mut helper = Sleeper::default().start()?;
        let code = match &self.message {
            Some(item) => self.attempt(item, reply)?,
            None => self.listen(reply)?,
        };
        if let Flow::Continue(_) = code {
            helper.kill()?;
            helper.wait()?;
        }
        let (Flow::Continue(code) | Flow::Break(code)) = code;
        Ok(code)
    }

    fn listen(&self, reply: Duration) -> io::Result<Flow> {
        for line in io::stdin().lock().lines() {
            let line = line?;
            if let Some(nonce) = line.strip_prefix("/end ") {
                say(&format!("end {nonce}"))?;
            } else if let end @ Flow::Break(_) = self.attempt(&line, reply)? {
                return Ok(end);
            }
        }
        Ok(Flow::Continue(0))
    }

    fn attempt(&self, item: &str, reply: Duration) -> io::Result<Flow> {
        let lot = lot(self.seed, self.faults, item, self.note(item, "begin")?);
        if lot == Lot::Limited {
            say("429 Too Many Requests: try again in 1 s")?;
            return Ok(Flow::Continue(LIMITED));
        }
        thread::sleep(reply);
        if !matches!(lot, Lot::Crash { edited: false } | Lot::Hang { edited: false }) {
            fs::write(self.folder.join("work").join(item), format!("the work of {item}\n"))?;
            self.note(item, "edit")?;
        }
        match lot {
            Lot::Crash { .. } => return Ok(Flow::Break(CRASH)),
            Lot::Hang { .. } => thread::sleep(EVER),
            Lot::Well | Lot::Limited => {}
        }
        say(&format!("edited {item}"))?;
        Ok(Flow::Continue(0))
    }

    /// Adds the word to the log of the item; how often it is there now.
    fn note(&self, item: &str, word: &str) -> io::Result<u64> {
        let path = self.folder.join("log").join(item);
        let mut log = OpenOptions::new().append(true).create(true).open(&path)?;
        log.write_all(format!("{word}\n").as_bytes())?;
        log.sync_data()?;
        let count = fs::read_to_string(path)?.lines().filter(|line| *line == word).count();
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

fn lot(seed: u64, faults: u64, item: &str, attempt: u64) -> Lot {
    let dice = mixed(&format!("{seed}/{item}/{attempt}"));
    let edited = dice >> 63 == 1;
    match dice % 100 {
        n if n < faults => Lot::Crash { edited },
        n if n < 2 * faults => Lot::Hang { edited },
        n if n < 3 * faults => Lot::Limited,
        _ => Lot::Well,
    }
}

/// FNV-1a, with the last step of MurmurHash, because names that differ in a digit must not be neighbours.
fn mixed(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ hash >> 33).wrapping_mul(factor);
    }
    hash ^ hash >> 33
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::{Lot, lot};

    #[test]
    fn as_many_attempts_go_wrong_as_were_asked_for() {
        let count = |which: fn(Lot) -> bool| {
            (0..10_000).filter(|item| which(lot(7, 10, &format!("i{item}"), 1))).count()
        };
        let kinds: [fn(Lot) -> bool; 3] = [
            |lot| matches!(lot, Lot::Crash { .. }),
            |lot| matches!(lot, Lot::Hang { .. }),
            |lot| lot == Lot::Limited,
        ];
        for kind in kinds {
            assert!((900..1100).contains(&count(kind)), "{}", count(kind));
        }
        let late = count(|lot| matches!(lot, Lot::Crash { edited: true } | Lot::Hang { edited: true }));
        assert!((900..1100).contains(&late), "{late}");
    }

    #[test]
    fn an_attempt_has_its_lot_whoever_makes_it_and_the_next_one_another() {
        assert_eq!(lot(1, 10, "i7", 2), lot(1, 10, "i7", 2));
        let differ = (0..1000).filter(|n| lot(1, 10, &format!("i{n}"), 1) != lot(1, 10, &format!("i{n}"), 2));
        assert!(differ.count() > 200);
        assert!((0..1000).all(|n| lot(1, 0, &format!("i{n}"), 1) == Lot::Well));
    }
}
