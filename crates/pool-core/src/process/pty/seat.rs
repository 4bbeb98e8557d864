//! A terminal as it has to be for who sits there.

use super::{WAKE, raw};
use crate::message::Seat;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex as Key, Termios, tcgetattr, tcsetattr,
};
use std::os::fd::BorrowedFd;

/// What a person's keys do: interrupt, quit, suspend.
const SIGNALS: [(Key, u8); 3] = [(Key::VINTR, 3), (Key::VQUIT, 0x1c), (Key::VSUSP, WAKE)];

/// With which keys a terminal lets a person edit a line: backspace, the whole line, a word; and end the input.
const EDITING: [(Key, u8); 4] =
    [(Key::VERASE, 0x7f), (Key::VKILL, 0x15), (Key::VWERASE, 0x17), (Key::VEOF, super::END)];

/// Makes the terminal so. A tool may have set it up anew meanwhile, as line editors do around each line, so it is done
/// before everything that is typed, once somebody has sat there.
pub(super) fn take(master: BorrowedFd<'_>, seat: Seat) {
    // If the tool has gone, there is no terminal to care for.
    let Ok(before) = tcgetattr(master) else { return };
    let _ = tcsetattr(master, OptionalActions::Now, &modes(before, seat));
}

fn modes(modes: Termios, seat: Seat) -> Termios {
    let mut modes = match seat {
        Seat::Pool => return raw(modes),
        Seat::Person | Seat::PersonEditing => modes,
    };
    modes.local_modes |= LocalModes::ISIG;
    modes.input_modes |= InputModes::ICRNL;
    for (key, byte) in SIGNALS {
        modes.special_codes[key] = byte;
    }
    if seat == Seat::PersonEditing {
        modes.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHOE | LocalModes::ECHOK;
        for (key, byte) in EDITING {
            modes.special_codes[key] = byte;
        }
    }
    modes
}

#[cfg(test)]
mod tests {
    use super::super::open;
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_person_has_keys_and_the_pool_has_none() {
        let (master, _tool) = open().expect("a terminal");
        let state = || {
            let modes = tcgetattr(&master).expect("its modes");
            let is = |mode| modes.local_modes.contains(mode);
            (
                is(LocalModes::ISIG),
                is(LocalModes::ECHO),
                is(LocalModes::ICANON),
                modes.special_codes[Key::VINTR],
            )
        };
        let new = state();
        assert_eq!(new, (false, false, false, 0));
        take(master.as_fd(), Seat::Person);
        assert_eq!(state(), (true, false, false, 3));
        take(master.as_fd(), Seat::PersonEditing);
        assert_eq!(state(), (true, true, true, 3));
        take(master.as_fd(), Seat::Pool);
        assert_eq!(state(), new);
    }
}
