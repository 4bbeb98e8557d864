//! What the tool does to itself.

use std::{
    fs::OpenOptions,
    io,
    os::unix::process::CommandExt,
    process::Command,
    time::{Duration, Instant},
};

/// Memory that is really there: every byte is written. It is never given back.
pub(crate) fn grow(bytes: u64) {
    let memory = vec![b'm'; usize::try_from(bytes).unwrap_or(usize::MAX)];
    std::mem::forget(std::hint::black_box(memory));
}

/// Uses the processor.
pub(crate) fn spin(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Another file takes the place of the stream, which closes it.
pub(crate) fn close_stdin() -> io::Result<()> {
    Ok(rustix::stdio::dup2_stdin(OpenOptions::new().read(true).open("/dev/null")?)?)
}

/// The same for standard output.
pub(crate) fn close_stdout() -> io::Result<()> {
    Ok(rustix::stdio::dup2_stdout(OpenOptions::new().write(true).open("/dev/null")?)?)
}

/// The same for standard error.
pub(crate) fn close_stderr() -> io::Result<()> {
    Ok(rustix::stdio::dup2_stderr(OpenOptions::new().write(true).open("/dev/null")?)?)
}

/// Becomes a shell, which becomes this program with the same words. Returns only if that fails.
pub(crate) fn become_another() -> io::Result<()> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "exec \"$0\" \"$@\""]).arg(std::env::current_exe()?).args(std::env::args_os().skip(1));
    Err(shell.exec())
}
