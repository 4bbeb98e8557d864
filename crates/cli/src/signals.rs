//! Signals: what they ask for, one after the other.

mod inherited;
mod ladder;

pub(crate) use ladder::{Answer, Ladder};

use futures_util::Stream;
use inherited::Inherited;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal has gone.
    HangUp,
    /// SIGTSTP: Ctrl-Z.
    Suspend,
    /// SIGUSR1.
    Dump,
}

impl Heard {
    const ALL: [Self; 5] = [Self::Interrupt, Self::Terminate, Self::HangUp, Self::Suspend, Self::Dump];

    const fn kind(self) -> SignalKind {
        match self {
            Self::Interrupt => SignalKind::interrupt(),
            Self::Terminate => SignalKind::terminate(),
            Self::HangUp => SignalKind::hangup(),
            Self::Suspend => SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()),
            Self::Dump => SignalKind::user_defined1(),
        }
    }

    /// Whether terminals send it. If it is ignored when we start, somebody (`nohup`, a shell in a script) has taken us
    /// out of the terminal's reach, and it stays so.
    const fn is_of_terminal(self) -> bool {
        matches!(self, Self::Interrupt | Self::HangUp | Self::Suspend)
    }
}

/// The signals of the process, from now on. Never ends.
#[derive(Debug)]
pub(crate) struct Signals {
    ours: Vec<(Heard, Signal)>,
    /// Listened to only so that it is no longer ignored: the ends of children would go unseen.
    _child: Option<Signal>,
}

impl Signals {
    /// Takes the signals over, blocked ones too. Within a runtime only, and before there are other threads: those
    /// inherit what is blocked.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let inherited = Inherited::read();
        let ours = Heard::ALL
            .into_iter()
            .filter(|heard| !(heard.is_of_terminal() && inherited.ignores(heard.kind().as_raw_value())));
        let ours = ours.map(|heard| Ok((heard, signal(heard.kind())?))).collect::<std::io::Result<_>>()?;
        let child = SignalKind::child();
        let _child = inherited.ignores(child.as_raw_value()).then(|| signal(child)).transpose()?;
        inherited::unblock()?;
        Ok(Self { ours, _child })
    }
}

impl Stream for Signals {
    type Item = Heard;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Heard>> {
        for (heard, signal) in &mut self.ours {
            if signal.poll_recv(context).is_ready() {
                return Poll::Ready(Some(*heard));
            }
        }
        Poll::Pending
    }
}

/// Stops this process, as Ctrl-Z would have without us; returns when it is continued.
pub(crate) fn stop_ourselves() {
    use rustix::process::{Signal, getpid, kill_process};
    // It cannot fail: we may always signal ourselves.
    let _ = kill_process(getpid(), Signal::STOP);
}
