//! A process that is none: it starts a short one whenever it is told to, and tells what comes of it.
//!
//! To the conversation it is one process that stays, so that turns, cancelling, limits and restarts are what they are for
//! every tool. Each short process is started by the pool's own launcher, in the care of the slot's guard where there are
//! guards, and so goes with all that it started when it ends, is cancelled or the instance is stopped. The language is
//! [`wire`].

mod child;
mod prompt;

use super::look::{self, Depth, Looking};
use super::{Launch, Launching, NARROW, Process, ProcessControl, Signal};
use crate::machine::dialect::relay::wire::{self, Request};
use crate::message::{ExitReport, SlotId};
use crate::spec::ToolSpec;
use child::Child;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// Starts a relay for `slot`. No process of the tool runs yet; whether one could is looked at.
pub fn launch(launcher: Arc<dyn Launch>, spec: Arc<ToolSpec>, slot: SlotId) -> Launching {
    Box::pin(async move {
        launcher.check(&spec, slot)?;
        let (input, requests) = tokio::io::duplex(NARROW);
        let (frames, output) = tokio::io::duplex(2 * wire::LONGEST);
        let shared = Rc::new(Shared::default());
        let (end, ended) = oneshot::channel();
        let relay =
            Relay { launcher, spec, slot, requests: Requests::new(requests), frames, shared: shared.clone() };
        let task = actix_rt::spawn(async move {
            // Nobody listens once the instance has been dropped.
            let _ = end.send(relay.serve().await);
        });
        let control = Control { shared, ended, task };
        Ok(Process {
            input: Box::new(input),
            output: Box::new(output),
            errors: None,
            control: Box::new(control),
        })
    })
}

/// What the relay and its instance share.
#[derive(Default)]
struct Shared {
    /// The short process at hand.
    child: RefCell<Option<Box<dyn ProcessControl>>>,
    /// The relay is to end.
    stop: Notify,
}

impl Shared {
    fn signal(&self, signal: Signal) {
        if let Some(child) = self.child.borrow_mut().as_mut() {
            child.signal(signal);
        }
    }
}

/// Starts one short process after the other.
struct Relay {
    launcher: Arc<dyn Launch>,
    spec: Arc<ToolSpec>,
    slot: SlotId,
    requests: Requests,
    frames: DuplexStream,
    shared: Rc<Shared>,
}

/// Why a short process is not waited for any longer, besides its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// The turn is taken back.
    Cancel,
    /// The instance is going.
    Leave,
}

impl Relay {
    /// Does what is asked until there is no more; the value is what the end of the instance is called.
    async fn serve(mut self) -> ExitReport {
        loop {
            let shared = self.shared.clone();
            let request = tokio::select! {
                biased;
                () = shared.stop.notified() => return ExitReport::Signalled(9),
                request = self.requests.next() => request,
            };
            match request {
                None => return ExitReport::Exited(0),
                // What it was meant for has ended by itself.
                Some(Request::Cancel) => {}
                Some(Request::Run(run)) => match Child::start(&self, run).await {
                    Err(exit) => return exit,
                    Ok(child) => match child.accompany(&mut self).await {
                        Ok(()) => {}
                        Err(exit) => return exit,
                    },
                },
            }
        }
    }

    /// Resolves when the process at hand is not wanted any longer. May be dropped and called again.
    async fn wish(requests: &mut Requests, shared: &Shared) -> Wish {
        loop {
            tokio::select! {
                biased;
                () = shared.stop.notified() => return Wish::Leave,
                request = requests.next() => match request {
                    None => return Wish::Leave,
                    Some(Request::Cancel) => return Wish::Cancel,
                    Some(Request::Run(_)) => tracing::error!("a second process was asked for: it is not started"),
                },
            }
        }
    }
}

/// Requests, as they come.
struct Requests {
    input: BufReader<DuplexStream>,
    /// What has come of the next one.
    line: Vec<u8>,
}

impl Requests {
    fn new(input: DuplexStream) -> Self {
        Self { input: BufReader::new(input), line: Vec::new() }
    }

    /// The next one; `None` at the end. May be dropped and called again: nothing is lost.
    async fn next(&mut self) -> Option<Request> {
        loop {
            let read = self.input.read_until(b'\n', &mut self.line).await;
            if read.is_err() || !self.line.ends_with(b"\n") {
                return None;
            }
            self.line.pop();
            let line = std::mem::take(&mut self.line);
            match Request::read(&line) {
                Some(request) => return Some(request),
                None => tracing::error!("something was asked for that is no request"),
            }
        }
    }
}

/// The relay, as its instance sees it.
struct Control {
    shared: Rc<Shared>,
    ended: oneshot::Receiver<ExitReport>,
    task: JoinHandle<()>,
}

impl ProcessControl for Control {
    /// None: it is no process.
    fn pid(&self) -> Option<u32> {
        None
    }

    fn signal(&mut self, signal: Signal) {
        self.shared.signal(signal);
        if matches!(signal, Signal::Terminate | Signal::Kill) {
            self.shared.stop.notify_one();
        }
    }

    fn look(&self, depth: Depth) -> Looking {
        self.shared.child.borrow().as_ref().map_or_else(look::nothing, |child| child.look(depth))
    }

    fn poll_exit(&mut self, context: &mut Context<'_>) -> Poll<ExitReport> {
        Pin::new(&mut self.ended).poll(context).map(|exit| exit.unwrap_or(ExitReport::Panicked))
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // The process goes with its control, and its prompt with the task.
        drop(self.shared.child.borrow_mut().take());
        self.task.abort();
    }
}
