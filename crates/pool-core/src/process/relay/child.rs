//! One short process, from its start to its end.

use super::prompt::PromptFile;
use super::{Relay, Shared, Wish};
use crate::machine::conversation::DRAIN;
use crate::machine::dialect::relay::wire::{End, Frame, LONGEST, Run};
use crate::message::ExitReport;
use crate::process::{Input, Output, Process, Signal};
use crate::spec::{Stderr, ToolSpec};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

/// The room for a read.
const READ: usize = 16 << 10;

/// A short process that runs.
pub(super) struct Child {
    output: Stream,
    errors: Stream,
    input: Option<Feed>,
    /// Removed when nobody needs it any more.
    prompt: Option<PromptFile>,
    shared: Rc<Shared>,
    exit: Option<ExitReport>,
    /// Until when what it printed is read after its end.
    until: Option<Instant>,
    leaving: bool,
}

/// A stream of it.
struct Stream {
    source: Option<Box<dyn Output>>,
    buffer: Vec<u8>,
}

/// What it is to read.
struct Feed {
    pipe: Box<dyn Input>,
    text: String,
    written: usize,
}

/// What has happened.
enum Happened {
    Printed,
    Fed,
    Exited(ExitReport),
    Unwanted(Wish),
    Overdue,
}

impl Child {
    /// Starts it.
    ///
    /// # Errors
    /// What the end of the instance is called: another one, after a while, may be luckier.
    pub(super) async fn start(relay: &Relay, run: Run) -> Result<Self, ExitReport> {
        let not_started = ExitReport::NotStarted;
        let prompt = match run.file {
            Some(text) => Some(PromptFile::write(&relay.spec, relay.slot, text).await.map_err(not_started)?),
            None => None,
        };
        let path = prompt.as_ref().map(PromptFile::path).unwrap_or_default();
        let command = run.words.into_iter().map(|word| word.unwrap_or_else(|| path.clone())).collect();
        let stderr = match relay.spec.stderr {
            Stderr::Dropped => Stderr::Dropped,
            Stderr::Merged | Stderr::Kept => Stderr::Kept,
        };
        let spec = ToolSpec { command, stderr, ..ToolSpec::clone(&relay.spec) };
        let Process { input, output, errors, control } =
            relay.launcher.launch(&Arc::new(spec), relay.slot).await.map_err(not_started)?;
        *relay.shared.child.borrow_mut() = Some(control);
        let stream = |source| Stream { source, buffer: Vec::with_capacity(READ) };
        Ok(Self {
            output: stream(Some(output)),
            errors: stream(errors),
            input: Some(Feed { pipe: input, text: run.input, written: 0 }),
            prompt,
            shared: relay.shared.clone(),
            exit: None,
            until: None,
            leaving: false,
        })
    }

    /// Tells what it prints, until it and its output have ended; then how it ended.
    ///
    /// # Errors
    /// What the end of the instance is called, if that goes along.
    pub(super) async fn accompany(mut self, relay: &mut Relay) -> Result<(), ExitReport> {
        while !self.is_over() {
            let happened = self.next(relay).await;
            self.take(happened, &mut relay.frames).await;
        }
        drop(self.shared.child.borrow_mut().take());
        drop(self.prompt.take());
        let end = match self.exit.take() {
            _ if self.leaving => return Err(ExitReport::Signalled(9)),
            Some(ExitReport::Exited(code)) => End::Code(code),
            Some(ExitReport::Signalled(signal)) => End::Signal(signal),
            Some(ExitReport::OutOfMemory) => End::OutOfMemory,
            other => return Err(other.unwrap_or(ExitReport::Panicked)),
        };
        tell(&mut relay.frames, &Frame::End(end)).await;
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.exit.is_some() && self.output.source.is_none() && self.errors.source.is_none()
    }

    async fn next(&mut self, relay: &mut Relay) -> Happened {
        let Self { output, errors, input, shared, exit, until, .. } = self;
        let exited = poll_fn(|context| match shared.child.borrow_mut().as_mut() {
            Some(child) => child.poll_exit(context),
            None => std::task::Poll::Ready(ExitReport::Signalled(9)),
        });
        let overdue = tokio::time::sleep_until(until.unwrap_or_else(Instant::now));
        let (has_input, has_output, has_errors) =
            (input.is_some(), output.source.is_some(), errors.source.is_some());
        tokio::select! {
            biased;
            wish = Relay::wish(&mut relay.requests, shared) => Happened::Unwanted(wish),
            () = output.read(), if has_output => Happened::Printed,
            () = errors.read(), if has_errors => Happened::Printed,
            () = feed(input), if has_input => Happened::Fed,
            exit = exited, if exit.is_none() => Happened::Exited(exit),
            () = overdue, if until.is_some() => Happened::Overdue,
        }
    }

    async fn take(&mut self, happened: Happened, frames: &mut DuplexStream) {
        match happened {
            Happened::Printed => {
                for (stream, is_output) in [(&mut self.output, true), (&mut self.errors, false)] {
                    for bytes in stream.buffer.chunks(LONGEST) {
                        let frame = if is_output { Frame::Output(bytes) } else { Frame::Errors(bytes) };
                        tell(frames, &frame).await;
                    }
                    stream.buffer.clear();
                }
            }
            // Its input ends.
            Happened::Fed => self.input = None,
            Happened::Exited(exit) => {
                self.exit = Some(exit);
                self.until = Some(Instant::now() + DRAIN);
            }
            Happened::Unwanted(wish) => {
                self.leaving |= wish == Wish::Leave;
                self.shared.signal(Signal::Kill);
            }
            // Something that left its group holds its output open.
            Happened::Overdue => {
                self.until = None;
                (self.output.source, self.errors.source) = (None, None);
            }
        }
    }
}

impl Stream {
    /// Reads into the buffer; at its end it is no more.
    async fn read(&mut self) {
        let Some(source) = &mut self.source else { return };
        self.buffer.reserve(READ);
        if !matches!(source.read_buf(&mut self.buffer).await, Ok(1..)) {
            self.source = None;
        }
    }
}

/// Writes what is left of the input. A process need not read it. May be dropped and called again.
async fn feed(input: &mut Option<Feed>) {
    let Some(Feed { pipe, text, written }) = input else { return };
    while *written < text.len() {
        match pipe.write(&text.as_bytes()[*written..]).await {
            Ok(count @ 1..) => *written += count,
            _ => return,
        }
    }
}

/// Tells the instance; one that has gone does not listen.
async fn tell(frames: &mut DuplexStream, frame: &Frame<'_>) {
    let mut bytes = Vec::new();
    frame.write(&mut bytes);
    let _ = frames.write_all(&bytes).await;
}
