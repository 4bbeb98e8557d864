//! The kernel says ENOENT for a missing program, a missing folder and a missing interpreter alike; people need to
//! know which.

use crate::error::StartError;
use std::io;
use std::path::Path;

/// Turns what the system said into what is wrong.
pub(super) fn explain(error: &io::Error, program: &str, cwd: Option<&Path>) -> StartError {
    use rustix::io::Errno;
    let path = Path::new(program);
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NOTDIR) => match cwd {
            Some(cwd) if !cwd.is_dir() => StartError::NoFolder { path: cwd.to_owned() },
            _ if path.is_file() => StartError::NoInterpreter { path: path.to_owned() },
            _ => StartError::NoProgram { program: program.to_owned() },
        },
        Some(Errno::ACCESS | Errno::PERM) => {
            let reason =
                if path.is_dir() { "it is a folder" } else { "permission denied: is it marked executable?" };
            StartError::NotExecutable { path: path.to_owned(), reason: reason.into() }
        }
        Some(Errno::NOEXEC) => {
            let reason = "neither a program nor a script with a #! line".into();
            StartError::NotExecutable { path: path.to_owned(), reason }
        }
        Some(Errno::TXTBSY) => StartError::Busy { path: path.to_owned() },
        Some(Errno::TOOBIG) => StartError::BadArguments("arguments or environment are too long".into()),
        _ if error.kind() == io::ErrorKind::InvalidInput => {
            StartError::BadArguments("an argument holds a NUL byte".into())
        }
        _ => StartError::System(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_errno_three_causes() {
        let enoent = io::Error::from_raw_os_error(2);
        let missing = Path::new("/nowhere/at/all");
        let table = [
            (explain(&enoent, "/nowhere/tool", None), "program '/nowhere/tool' not found on PATH"),
            (explain(&enoent, "/bin/sh", Some(missing)), "working folder '/nowhere/at/all' does not exist"),
            (explain(&enoent, "/bin/sh", None), "'/bin/sh' names an interpreter that does not exist"),
        ];
        for (error, start) in table {
            assert!(error.to_string().starts_with(start), "{error}");
            assert!(!error.can_heal());
        }
    }

    #[test]
    fn shortage_heals() {
        let error = explain(&io::Error::from_raw_os_error(24), "/bin/sh", None);
        assert!(error.can_heal() && error.is_systems_fault(), "{error}");
    }
}
