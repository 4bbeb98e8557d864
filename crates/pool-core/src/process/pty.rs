//! A terminal of a tool's own: we hold its master, the tool's side becomes its standard streams and its controlling
//! terminal.
//!
//! It is made before the tool is there: raw, so that no byte of a prompt is a key and no line too long; without echo, so
//! that a prompt does not come back as output; but a line end of the tool still returns the cursor, as everywhere.

mod seat;
mod streams;

pub(super) use streams::streams;

use crate::spec::Io;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{
    LocalModes, OptionalActions, OutputModes, SpecialCodeIndex as Key, Termios, Winsize, tcgetattr,
    tcsetattr, tcsetwinsize,
};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// The longest line that a terminal can edit, without its end; what is typed beyond that is thrown away.
const LINE: usize = 4095;

/// The keys that end the input, once it is to end.
const END: u8 = 4;
const WAKE: u8 = 0x1a;

/// Keys that a terminal acts on by itself. A tool that switches raw mode off switches none of them on.
const KEYS: [Key; 14] = [
    Key::VINTR,
    Key::VQUIT,
    Key::VERASE,
    Key::VKILL,
    Key::VEOF,
    Key::VSTART,
    Key::VSTOP,
    Key::VSUSP,
    Key::VEOL,
    Key::VREPRINT,
    Key::VDISCARD,
    Key::VWERASE,
    Key::VLNEXT,
    Key::VEOL2,
];

/// A new terminal: its master, which does not block, and the tool's side.
pub(super) fn open() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    unlockpt(&master)?;
    let slave = ioctl_tiocgptpeer(&master, flags)?;
    tcsetattr(&slave, OptionalActions::Now, &raw(tcgetattr(&slave)?))?;
    let size = Winsize { ws_row: Io::ROWS, ws_col: Io::COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&slave, size)?;
    rustix::io::ioctl_fionbio(&master, true)?;
    Ok((master, slave))
}

fn raw(mut modes: Termios) -> Termios {
    modes.make_raw();
    modes.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    for key in KEYS {
        modes.special_codes[key] = 0;
    }
    modes
}

/// Whether a terminal edits lines, and one of these is longer than that can be.
fn would_cut(master: BorrowedFd<'_>, bytes: &[u8]) -> bool {
    let edits = |modes: Termios| modes.local_modes.contains(LocalModes::ICANON);
    bytes.len() > LINE
        && tcgetattr(master).is_ok_and(edits)
        && bytes.split(|byte| *byte == b'\n').any(|line| line.len() > LINE)
}

/// How much time there has been to see the end of input.
#[derive(Clone, Copy)]
enum HasBeen {
    None,
    Enough,
}

/// Types the end of input: a terminal has no other.
///
/// Where the terminal edits lines, the key for that does it. A tool that only reads, as raw as the terminal was made,
/// knows no keys: from now on a read may end with nothing, and one that has begun is made to begin anew by the key to
/// suspend, which suspends nobody who leads a session. A tool with an editor of its own cannot be told from that one, but
/// knows the key, and stays: so it is typed when there has been `time` for the other.
fn end_input(master: BorrowedFd<'_>, time: HasBeen) {
    // If the tool has gone, there is nobody to tell.
    let Ok(mut modes) = tcgetattr(master) else { return };
    // The first end may be that of a line that has none.
    let keys = if modes.local_modes.contains(LocalModes::ICANON) {
        modes.special_codes[Key::VEOF] = END;
        [END, END].as_slice()
    } else {
        modes.local_modes |= LocalModes::ISIG | LocalModes::NOFLSH;
        modes.special_codes[Key::VSUSP] = WAKE;
        (modes.special_codes[Key::VMIN], modes.special_codes[Key::VTIME]) = (0, 0);
        match time {
            HasBeen::None => [WAKE].as_slice(),
            HasBeen::Enough => &[WAKE, END],
        }
    };
    let _ = tcsetattr(master, OptionalActions::Now, &modes);
    let _ = rustix::io::write(master, keys);
}
