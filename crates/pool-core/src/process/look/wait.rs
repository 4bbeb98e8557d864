//! What a process waits for, in words: the system call that it is in, and where that leads.

/// The system call that a process waits in, if it is in one and we may know.
pub(super) fn waits_for(pid: u32) -> Option<String> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/syscall")).ok()?;
    let waiting = parse(&line)?;
    Some(match waiting {
        Waiting::On(what, descriptor) => {
            let path = std::fs::read_link(format!("/proc/{pid}/fd/{descriptor}"));
            let path = path.map(|path| format!(" ({})", path.to_string_lossy())).unwrap_or_default();
            format!("{what} {}{path}", name(descriptor))
        }
        Waiting::For(what) => what.to_owned(),
        Waiting::In(number) => format!("is in system call {number}"),
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Waiting {
    /// Something with a file descriptor.
    On(&'static str, u64),
    /// Something else.
    For(&'static str),
    /// Something that has no words here.
    In(i64),
}

/// A line of `/proc/PID/syscall`: the number of the call, then its arguments in hexadecimal. One that runs, or waits for
/// no call, has none.
fn parse(line: &str) -> Option<Waiting> {
    let mut words = line.split_ascii_whitespace();
    let number: i64 = words.next()?.parse().ok().filter(|number| *number >= 0)?;
    let descriptor = words.next().and_then(|first| u64::from_str_radix(first.strip_prefix("0x")?, 16).ok());
    let on = WITH_DESCRIPTOR.iter().find(|(known, _)| *known == number);
    if let (Some((_, what)), Some(descriptor)) = (on, descriptor) {
        return Some(Waiting::On(what, descriptor));
    }
    let others = OTHERS.iter().find(|(known, _)| *known == number);
    Some(others.map_or(Waiting::In(number), |(_, what)| Waiting::For(what)))
}

fn name(descriptor: u64) -> String {
    match descriptor {
        0 => "its input".into(),
        1 => "its output".into(),
        2 => "its standard error".into(),
        other => format!("descriptor {other}"),
    }
}

const WITH_DESCRIPTOR: &[(i64, &str)] = &[
    (libc::SYS_read, "reads from"),
    (libc::SYS_readv, "reads from"),
    (libc::SYS_pread64, "reads from"),
    (libc::SYS_recvfrom, "receives from"),
    (libc::SYS_recvmsg, "receives from"),
    (libc::SYS_write, "writes to"),
    (libc::SYS_writev, "writes to"),
    (libc::SYS_sendto, "sends to"),
    (libc::SYS_sendmsg, "sends to"),
    (libc::SYS_connect, "connects"),
    (libc::SYS_accept, "awaits a connection at"),
    (libc::SYS_accept4, "awaits a connection at"),
    (libc::SYS_fsync, "flushes"),
    (libc::SYS_fdatasync, "flushes"),
    (libc::SYS_flock, "awaits the lock of"),
    (libc::SYS_fcntl, "awaits the lock of"),
    (libc::SYS_ioctl, "controls"),
];

const OTHERS: &[(i64, &str)] = &[
    (libc::SYS_wait4, "awaits the end of a child"),
    (libc::SYS_waitid, "awaits the end of a child"),
    (libc::SYS_futex, "awaits another thread"),
    (libc::SYS_nanosleep, "sleeps"),
    (libc::SYS_clock_nanosleep, "sleeps"),
    (libc::SYS_rt_sigsuspend, "awaits a signal"),
    (libc::SYS_rt_sigtimedwait, "awaits a signal"),
    (libc::SYS_ppoll, "awaits one of several descriptors"),
    (libc::SYS_pselect6, "awaits one of several descriptors"),
    (libc::SYS_epoll_pwait, "awaits one of several descriptors"),
    // The older calls, which not every machine has.
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "awaits one of several descriptors"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "awaits one of several descriptors"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "awaits one of several descriptors"),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_pause, "awaits a signal"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_syscall_is_put_into_words() {
        let line = |number: i64, rest: &str| format!("{number} {rest} 0x7ffd 0x561f\n");
        let table = [
            (line(libc::SYS_read, "0x0 0x55 0x1000"), Some(Waiting::On("reads from", 0))),
            (line(libc::SYS_recvfrom, "0x1f 0x55"), Some(Waiting::On("receives from", 31))),
            (line(libc::SYS_wait4, "0xffffffff 0x0"), Some(Waiting::For("awaits the end of a child"))),
            (line(9999, "0x1"), Some(Waiting::In(9999))),
            ("running\n".into(), None),
            ("-1 0x7ffd 0x561f\n".into(), None),
            (String::new(), None),
        ];
        for (line, expected) in table {
            assert_eq!(parse(&line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_process_that_has_gone_waits_for_nothing() {
        assert_eq!(waits_for(u32::MAX), None);
    }
}
