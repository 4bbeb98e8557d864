//! Fake children for virtual time: the shipped actors run unchanged, the process is a script.
//!
//! A paused clock means fake children, never real ones: real processes do not know that the time is a fiction.

use super::look::{Depth, Looking, Seen};
use super::{Launch, Launching, NARROW, Output, Process, ProcessControl, Signal};
use crate::error::StartError;
use crate::message::{ExitReport, SlotId};
use crate::spec::{Stderr, ToolSpec};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::{mpsc, oneshot};

/// What a fake child has to play with.
pub struct Stage {
    /// Which slot it plays in.
    pub slot: SlotId,
    /// How many children have been launched before it.
    pub launch: usize,
    /// Its argument vector.
    pub command: Vec<String>,
    input: BufReader<DuplexStream>,
    output: DuplexStream,
    errors: Option<DuplexStream>,
    signals: mpsc::UnboundedReceiver<Signal>,
    looks: Looks,
    hangs: Hangs,
}

/// What a look at a child sees.
type Looks = std::sync::Arc<std::sync::Mutex<Vec<Seen>>>;

/// Whether a child hangs in the kernel.
type Hangs = std::sync::Arc<std::sync::atomic::AtomicBool>;

impl Stage {
    /// The next line of its input, without the line end; `None` at its end.
    pub async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => None,
            Ok(_) => {
                line.pop_if(|last| *last == b'\n');
                Some(String::from_utf8_lossy(&line).into_owned())
            }
        }
    }

    /// Prints; waits while the pipe is full.
    pub async fn print(&mut self, text: impl AsRef<[u8]>) {
        let _ = self.output.write_all(text.as_ref()).await;
    }

    /// All of its input that has not been read, up to its end.
    pub async fn rest(&mut self) -> String {
        let mut text = Vec::new();
        let _ = self.input.read_to_end(&mut text).await;
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Prints to its standard error, if that is kept apart; waits while the pipe is full.
    pub async fn complain(&mut self, text: impl AsRef<[u8]>) {
        if let Some(errors) = &mut self.errors {
            let _ = errors.write_all(text.as_ref()).await;
        }
    }

    /// The next interrupt.
    pub async fn interrupted(&mut self) {
        self.signalled(Signal::Interrupt).await;
    }

    /// The next time that it is told to go on.
    pub async fn continued(&mut self) {
        self.signalled(Signal::Continue).await;
    }

    async fn signalled(&mut self, wanted: Signal) {
        loop {
            match self.signals.recv().await {
                Some(signal) if signal == wanted => return,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// What a look at it sees from now on; nothing until then.
    pub fn appear(&self, seen: Vec<Seen>) {
        *self.looks.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = seen;
    }

    /// It hangs in the kernel from now on: no signal ends it, SIGKILL included.
    pub fn hang_in_the_kernel(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }

    /// Interrupts that came so far have no effect any more.
    pub fn forget_interrupts(&mut self) {
        while self.signals.try_recv().is_ok() {}
    }

    /// Time goes by, unless an interrupt comes first; false if it did.
    pub async fn work(&mut self, time: std::time::Duration) -> bool {
        tokio::select! {
            biased;
            () = self.interrupted() => false,
            () = tokio::time::sleep(time) => true,
        }
    }
}

/// A child's life: it plays until it returns how it ended.
pub type Play = Pin<Box<dyn Future<Output = ExitReport>>>;

/// Why the child that would be launched in this slot, after so many others, is not.
type Refuse = Box<dyn Fn(SlotId, usize) -> Option<StartError> + Send + Sync>;

/// Launches fake children that all play the same script.
pub struct Fakes<F> {
    script: F,
    refuse: Option<Refuse>,
    launched: std::sync::atomic::AtomicUsize,
}

impl<F> Fakes<F>
where
    F: Fn(Stage) -> Play + Send + Sync + 'static,
{
    /// Children that play `script`.
    pub const fn new(script: F) -> Self {
        Self { script, refuse: None, launched: std::sync::atomic::AtomicUsize::new(0) }
    }

    /// Launches fail where `refuse` says so; it is given the slot and how many launches there were before.
    #[must_use]
    pub fn refusing(
        mut self,
        refuse: impl Fn(SlotId, usize) -> Option<StartError> + Send + Sync + 'static,
    ) -> Self {
        self.refuse = Some(Box::new(refuse));
        self
    }
}

impl<F> Launch for Fakes<F>
where
    F: Fn(Stage) -> Play + Send + Sync + 'static,
{
    fn launch(&self, spec: &ToolSpec, slot: SlotId) -> Launching {
        let launch = self.launched.fetch_add(1, Ordering::Relaxed);
        if let Some(error) = self.refuse.as_ref().and_then(|refuse| refuse(slot, launch)) {
            return Box::pin(std::future::ready(Err(error)));
        }
        let (input, child_input) = tokio::io::duplex(NARROW);
        let (output, child_output) = tokio::io::duplex(NARROW);
        let (errors, child_errors) = match spec.stderr {
            Stderr::Kept => {
                let (errors, child_errors) = tokio::io::duplex(NARROW);
                (Some(Box::new(errors) as Box<dyn Output>), Some(child_errors))
            }
            Stderr::Merged | Stderr::Dropped => (None, None),
        };
        let (signal, signals) = mpsc::unbounded_channel();
        let (looks, hangs) = (Looks::default(), Hangs::default());
        let stage = Stage {
            slot,
            launch,
            command: spec.command.clone(),
            input: BufReader::new(child_input),
            output: child_output,
            errors: child_errors,
            signals,
            looks: looks.clone(),
            hangs: hangs.clone(),
        };
        let play = (self.script)(stage);
        let (ended, exit) = oneshot::channel();
        let (kill, killed) = oneshot::channel::<i32>();
        // A killed child drops what it holds, its ends of the pipes included, like a real one.
        actix_rt::spawn(async move {
            let report = tokio::select! {
                biased;
                signal = killed => ExitReport::Signalled(signal.unwrap_or(9)),
                report = play => report,
            };
            let _ = ended.send(report);
        });
        let control =
            FakeControl { pid: u32::try_from(launch + 1).ok(), signal, kill: Some(kill), exit, looks, hangs };
        let (input, output, control) = (Box::new(input), Box::new(output), Box::new(control));
        let process = Process { input, output, errors, control };
        Box::pin(std::future::ready(Ok(process)))
    }
}

struct FakeControl {
    pid: Option<u32>,
    signal: mpsc::UnboundedSender<Signal>,
    kill: Option<oneshot::Sender<i32>>,
    exit: oneshot::Receiver<ExitReport>,
    looks: Looks,
    hangs: Hangs,
}

impl ProcessControl for FakeControl {
    fn pid(&self) -> Option<u32> {
        self.pid
    }

    fn signal(&mut self, signal: Signal) {
        let fatal = match signal {
            Signal::Interrupt | Signal::Continue => {
                let _ = self.signal.send(signal);
                return;
            }
            Signal::Terminate => 15,
            Signal::Kill => 9,
        };
        if !self.hangs.load(Ordering::Relaxed)
            && let Some(kill) = self.kill.take()
        {
            let _ = kill.send(fatal);
        }
    }

    fn look(&self, _: Depth) -> Looking {
        let seen = self.looks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        Box::pin(std::future::ready(seen))
    }

    fn poll_exit(&mut self, context: &mut Context<'_>) -> Poll<ExitReport> {
        Pin::new(&mut self.exit).poll(context).map(|report| report.unwrap_or(ExitReport::Panicked))
    }
}
