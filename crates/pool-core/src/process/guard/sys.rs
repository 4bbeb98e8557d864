//! What has no safe interface: signal dispositions and masks. The only unsafe code of the workspace.

use rustix::process::{Pid, Resource, Rlimit, getpid};
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What would end or stop a guard before its work is done.
const IGNORED: [i32; 10] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGPIPE,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
];

/// The last signal of Linux.
const LAST_SIGNAL: i32 = 64;

/// How much more the system should rather kill a tool than us when memory is short.
const OOM_SCORE: &str = "300";

/// Makes this process deaf to what is not for it.
pub(super) fn calm() {
    // A core of a tool would hold prompts. Where limits cannot be set, it may.
    let _ = rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    for signal in IGNORED {
        // SAFETY: no handler is installed, only a disposition changed.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Which side of a fork this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fork {
    /// The one that was there before; the other one, if there can be one.
    Parent(Option<Pid>),
    /// The new one.
    Child,
}

/// Forks.
pub(super) fn fork() -> Fork {
    // SAFETY: this process has one thread, so the child finds no lock held.
    match unsafe { libc::fork() } {
        0 => Fork::Child,
        other => Fork::Parent((other > 0).then(|| Pid::from_raw(other)).flatten()),
    }
}

/// Makes this process the one to which everything below it falls. The descriptor is readable when a child has ended.
pub(super) fn prepare() -> io::Result<OwnedFd> {
    rustix::process::set_child_subreaper(Some(getpid()))?;
    // SAFETY: no handler is installed, only a disposition changed; the set is initialised by `sigemptyset` before it is used; this process has one thread.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        if libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        let descriptor = libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(descriptor))
    }
}

/// How a tool begins.
#[derive(Clone, Copy)]
pub(super) struct Fresh {
    /// Its soft limit of open files, if not ours.
    pub(super) files: Option<u64>,
    /// Its standard input is a terminal: it leads a session, and that is its controlling terminal.
    pub(super) terminal: bool,
}

/// Lets the command begin like a program that a shell starts: no signal blocked, none ignored, whatever was inherited
/// (`nohup`, cron), and dead as soon as this guard is.
pub(super) fn fresh(command: &mut Command, how: Fresh) -> &mut Command {
    let guard = getpid();
    // SAFETY: this process has one thread, so what runs after the fork finds no lock held.
    unsafe { command.pre_exec(move || begin(guard, how)) }
}

fn begin(guard: Pid, Fresh { files, terminal }: Fresh) -> io::Result<()> {
    if terminal {
        rustix::process::setsid()?;
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
    }
    if files.is_some() {
        let maximum = rustix::process::getrlimit(Resource::Nofile).maximum;
        rustix::process::setrlimit(Resource::Nofile, Rlimit { current: files, maximum })?;
    }
    for signal in 1..=LAST_SIGNAL {
        // SAFETY: as above. SIGKILL, SIGSTOP and those of the C library are refused, which is as well.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: the set is initialised before it is used.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
    }
    let _ = std::fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    // The guard may have ended before the line above took effect.
    if rustix::process::getppid() == Some(guard) { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
}
