//! A shell on a terminal of 80 columns and 24 lines, and what is seen there.

use crate::scratch::Scratch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command};

/// Its size.
const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// How long nothing must come until a screen counts as drawn.
const SETTLED: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// How long something may take to come.
const PATIENCE: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

/// A shell, and who looks at it.
pub(crate) struct Terminal {
    keyboard: File,
    seen: vt100::Parser,
    shell: Child,
}

impl Terminal {
    /// A shell in the project.
    pub(crate) fn open(scratch: &Scratch) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let line = File::options().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&line, SIZE).unwrap();
        // Who started us may have had us ignore what keys send, and a shell passes that on.
        let mut shell = Command::new("env");
        shell.args(["--default-signal=HUP,INT,QUIT", "setsid"]);
        shell.args(["--ctty", "bash", "--norc", "--noprofile", "-i"]);
        scratch.surround(&mut shell);
        shell.env("TERM", "xterm-256color").env("PS1", "$ ");
        shell.stdin(line.try_clone().unwrap()).stdout(line.try_clone().unwrap()).stderr(line);
        let shell = shell.spawn().unwrap();
        let seen =
            vt100::Parser::new(NonZero::new(SIZE.ws_row).unwrap(), NonZero::new(SIZE.ws_col).unwrap(), 0);
        Self { keyboard: File::from(master), seen, shell }
    }

    /// Presses keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Looks until this is seen, and nothing more is drawn for a moment.
    pub(crate) fn until(&mut self, is_seen: impl Fn(&str) -> bool) -> &vt100::Screen {
        loop {
            let wanted = is_seen(&self.seen.screen().contents());
            let patience = if wanted { &SETTLED } else { &PATIENCE };
            let mut ready = [PollFd::new(&self.keyboard, PollFlags::IN)];
            if poll(&mut ready, Some(patience)).unwrap() == 0 {
                assert!(wanted, "waited too long before\n{}", self.seen.screen().contents());
                return self.seen.screen();
            }
            let mut bytes = [0; 4096];
            let count = self.keyboard.read(&mut bytes).unwrap();
            self.seen.process(&bytes[..count]);
        }
    }
}

/// The shell goes, and what it runs is told so by its terminal.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
