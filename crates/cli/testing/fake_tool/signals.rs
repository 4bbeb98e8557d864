//! SIGINT that ends a wait, SIGTERM that does nothing. Untouched until somebody asks for it.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::{Handle, Signals as Incoming},
    low_level::emulate_default_handler,
};

/// How a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// The time is over.
    Elapsed,
    /// SIGINT came.
    Interrupted,
}

#[derive(Debug, Default)]
struct State {
    /// SIGINT is ours, not the system's.
    armed: bool,
    busy: bool,
    interrupted: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The signals this process takes care of.
pub(crate) struct Signals {
    shared: Arc<Shared>,
    handle: Option<Handle>,
    at_prompt: fn(),
}

impl Signals {
    /// `at_prompt` is called when SIGINT comes while no prompt is worked on.
    pub(crate) fn new(at_prompt: fn()) -> Self {
        Self { shared: Arc::default(), handle: None, at_prompt }
    }

    /// From now on SIGTERM does nothing.
    pub(crate) fn ignore_term(&mut self) -> io::Result<()> {
        self.take(SIGTERM)
    }

    /// A prompt is worked on from now; with `armed`, SIGINT ends its waits.
    pub(crate) fn begin(&mut self, armed: bool) -> io::Result<()> {
        if armed {
            self.take(SIGINT)?;
        }
        *self.shared.lock() = State { armed, busy: true, interrupted: false };
        Ok(())
    }

    /// The prompt is done.
    pub(crate) fn end(&mut self, armed: bool) -> io::Result<()> {
        if armed {
            self.take(SIGINT)?;
        }
        *self.shared.lock() = State { armed, ..State::default() };
        Ok(())
    }

    /// Waits for the time to pass or for SIGINT.
    pub(crate) fn wait(&self, time: Duration) -> Wake {
        let state = self.shared.lock();
        let waited = self.shared.changed.wait_timeout_while(state, time, |s| !s.interrupted);
        match waited {
            Ok((state, _)) if !state.interrupted => Wake::Elapsed,
            _ => Wake::Interrupted,
        }
    }

    fn take(&mut self, signal: i32) -> io::Result<()> {
        if let Some(handle) = &self.handle {
            return handle.add_signal(signal);
        }
        let mut incoming = Incoming::new([signal])?;
        self.handle = Some(incoming.handle());
        let (shared, at_prompt) = (Arc::clone(&self.shared), self.at_prompt);
        thread::spawn(move || {
            for _ in incoming.forever().filter(|signal| *signal == SIGINT) {
                interrupt(&shared, at_prompt);
            }
        });
        Ok(())
    }
}

fn interrupt(shared: &Shared, at_prompt: fn()) {
    let mut state = shared.lock();
    if !state.armed {
        drop(emulate_default_handler(SIGINT));
    } else if state.busy {
        state.interrupted = true;
        shared.changed.notify_all();
    } else {
        at_prompt();
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Signals, Wake, interrupt};

    #[test]
    fn a_wait_ends_by_time_or_by_interrupt() {
        let signals = Signals::new(|| ());
        signals.shared.lock().armed = true;
        signals.shared.lock().busy = true;
        assert_eq!(signals.wait(Duration::from_millis(1)), Wake::Elapsed);
        interrupt(&signals.shared, || ());
        assert_eq!(signals.wait(Duration::from_secs(60)), Wake::Interrupted);
    }
}
