//! The kernel says ENOENT for a missing program, a missing folder and a missing interpreter alike, and E2BIG without a
//! word about which argument; people need to know.

use super::order::Order;
use crate::error::StartError;
use std::io;
use std::path::Path;

/// The longest argument or variable that the system passes on, in bytes.
const LONGEST_WORD: usize = 131_071;

/// Turns what the system said into what is wrong.
pub(super) fn explain(error: &io::Error, order: &Order) -> StartError {
    use rustix::io::Errno;
    let program = order.command.first().map_or("", String::as_str);
    let path = Path::new(program);
    let not_executable = |reason: &str| {
        let (path, reason) = (path.to_owned(), reason.to_owned());
        StartError::NotExecutable { path, reason }
    };
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NOTDIR) => match &order.cwd {
            Some(cwd) if !cwd.is_dir() => StartError::NoFolder { path: cwd.clone() },
            _ if path.is_file() => StartError::NoInterpreter { path: path.to_owned() },
            _ => StartError::NoProgram { program: program.to_owned() },
        },
        Some(Errno::ACCESS | Errno::PERM) if path.is_dir() => not_executable("it is a folder"),
        Some(Errno::ACCESS | Errno::PERM) => not_executable("permission denied: is it marked executable?"),
        Some(Errno::NOEXEC) => not_executable("neither a program nor a script with a #! line"),
        Some(Errno::TXTBSY) => StartError::Busy { path: path.to_owned() },
        Some(Errno::TOOBIG) => StartError::BadArguments(too_long(order)),
        _ if error.kind() == io::ErrorKind::InvalidInput => StartError::BadArguments(nul(order)),
        _ => StartError::System(error.to_string()),
    }
}

/// A word that is passed to the process, and how people call it. The value of a variable may be a secret.
fn words(order: &Order) -> impl Iterator<Item = (String, String)> {
    let arguments = order.command.iter().enumerate();
    let arguments = arguments.map(|(number, word)| match number {
        0 => ("the program's name".to_owned(), word.clone()),
        number => (format!("argument {number}"), word.clone()),
    });
    let variables = order.env.iter();
    arguments.chain(variables.map(|(name, value)| (format!("variable {name:?}"), format!("{name}={value}"))))
}

fn too_long(order: &Order) -> String {
    let too_long = words(order).find(|(_, word)| word.len() > LONGEST_WORD);
    match too_long {
        Some((what, word)) => {
            format!("{what} has {} bytes, and the system passes at most {LONGEST_WORD}", word.len())
        }
        None => {
            let all: usize = words(order).map(|(_, word)| word.len() + 1).sum();
            format!("arguments and environment have {all} bytes, more than the system passes on together")
        }
    }
}

fn nul(order: &Order) -> String {
    let holds = words(order).find(|(_, word)| word.contains('\0'));
    let what = holds.map_or_else(|| "the working folder's name".to_owned(), |(what, _)| what);
    format!("{what} holds a NUL byte")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::SlotId;
    use crate::spec::{ToolSpec, TurnRule, TurnSpec};

    fn order(command: &[&str], env: &[(&str, &str)], cwd: Option<&str>) -> Order {
        let command = command.iter().map(|word| (*word).to_owned()).collect();
        let mut spec = ToolSpec::new("t", command, TurnSpec::new(TurnRule::Lines));
        spec.env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        spec.cwd = cwd.map(Into::into);
        Order::new(&spec, SlotId(0))
    }

    /// Faults 45, 46 and 47.
    #[test]
    fn one_errno_three_causes() {
        let enoent = io::Error::from_raw_os_error(2);
        let table = [
            (order(&["/nowhere/tool"], &[], None), "program '/nowhere/tool' not found on PATH"),
            (
                order(&["/bin/sh"], &[], Some("/nowhere/at/all")),
                "working folder '/nowhere/at/all' does not exist",
            ),
            (order(&["/bin/sh"], &[], None), "'/bin/sh' names an interpreter that does not exist"),
        ];
        for (order, start) in table {
            let error = explain(&enoent, &order);
            assert!(error.to_string().starts_with(start), "{error}");
            assert!(!error.can_heal());
        }
    }

    /// Faults 50 and 51.
    #[test]
    fn the_bad_argument_is_named() {
        let long = "x".repeat(LONGEST_WORD + 1);
        let (toobig, nul) = (io::Error::from_raw_os_error(7), io::ErrorKind::InvalidInput.into());
        let table = [
            (
                &toobig,
                order(&["t", "a", &long], &[], None),
                "argument 2 has 131072 bytes, and the system passes at most 131071",
            ),
            (
                &toobig,
                order(&["t"], &[("A", ""), ("B", &long)], None),
                "variable \"B\" has 131074 bytes, and the system passes at most 131071",
            ),
            (
                &toobig,
                order(&["t", "abc"], &[("A", "b")], None),
                "arguments and environment have 10 bytes, more than the system passes on together",
            ),
            (&nul, order(&["t", "a\0"], &[], None), "argument 1 holds a NUL byte"),
            (&nul, order(&["t\0"], &[], None), "the program's name holds a NUL byte"),
            (&nul, order(&["t"], &[("A", "se\0cret")], None), "variable \"A\" holds a NUL byte"),
            (&nul, order(&["t"], &[], Some("/\0")), "the working folder's name holds a NUL byte"),
        ];
        for (error, order, reason) in table {
            let error = explain(error, &order);
            assert_eq!(error, StartError::BadArguments(reason.into()));
            assert!(!error.can_heal());
        }
    }

    /// Faults 52, 53 and 54: EMFILE, ENFILE, EAGAIN, ENOMEM; ETXTBSY.
    #[test]
    fn shortage_heals() {
        for errno in [24, 23, 11, 12, 26] {
            let error = explain(&io::Error::from_raw_os_error(errno), &order(&["/bin/sh"], &[], None));
            assert!(error.can_heal() && error.is_systems_fault(), "{error}");
            assert_eq!(matches!(error, StartError::Busy { .. }), errno == 26, "{error}");
        }
    }
}
