//! A conversation with a tool that is being learnt: what is said goes in, what it says until it is idle comes out.

use super::LearnError;
use super::patience::Patience;
use pool_core::machine::dialect::filter::clean;
use pool_core::message::{ExitReport, SlotId};
use pool_core::process::look::{Depth, Seen};
use pool_core::process::{Input, Launch, Output, Process, ProcessControl, Signal};
use pool_core::spec::ToolSpec;
use std::future::poll_fn;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};

/// The longest that a start is waited for.
const START: Duration = Duration::from_secs(20);

/// The longest that an answer is waited for.
const ANSWER: Duration = Duration::from_secs(5);

/// The longest that a process may take to end when it is told to.
const END: Duration = Duration::from_secs(2);

/// All bytes of one life; a tool that prints more than this by itself is not one that answers.
const MOST: usize = 1 << 20;

/// One life of the tool.
pub(crate) struct Talk {
    /// Until its end.
    input: Option<Box<dyn Input>>,
    output: Box<dyn Output>,
    control: Box<dyn ProcessControl>,
    received: usize,
    /// It has closed its output.
    is_over: bool,
}

/// What came until the tool was idle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// As text: no escapes.
    pub(super) text: String,
    /// The tool has gone, or will say nothing more.
    pub(super) is_over: bool,
}

impl Talk {
    /// Starts the tool; nothing is read yet.
    pub(crate) async fn start(launcher: &dyn Launch, spec: &ToolSpec) -> Result<Self, LearnError> {
        let launched = launcher.launch(spec, SlotId(0)).await;
        let Process { input, output, control, .. } =
            launched.map_err(|error| LearnError::NotStarted(error.to_string()))?;
        Ok(Self { input: Some(input), output, control, received: 0, is_over: false })
    }

    /// What it says before anybody has said anything.
    pub(super) async fn greeting(&mut self) -> Result<Heard, LearnError> {
        self.hear(START).await
    }

    /// Says a line, and waits for what comes of it.
    pub(super) async fn say(&mut self, line: &str) -> Result<Heard, LearnError> {
        self.write(format!("{line}\n").as_bytes()).await;
        self.hear(ANSWER).await
    }

    /// Writes bytes. A tool that has gone does not take them, and its end is heard anyway.
    pub(super) async fn write(&mut self, bytes: &[u8]) {
        if let Some(input) = &mut self.input {
            let _ = timeout(ANSWER, async { input.write_all(bytes).await.and(input.flush().await) }).await;
        }
    }

    async fn hear(&mut self, longest: Duration) -> Result<Heard, LearnError> {
        let mut patience = Patience::new(longest, Instant::now().into_std());
        let mut bytes = Vec::new();
        while !self.is_over {
            if self.read(&mut bytes, Some(patience.look_at().into())).await? {
                patience.heard(Instant::now().into_std());
            }
            if !self.is_over && Instant::now().into_std() >= patience.look_at() {
                let seen = self.look().await;
                if patience.is_over(&seen, Instant::now().into_std()) {
                    break;
                }
            }
        }
        Ok(Heard { text: clean(&bytes), is_over: self.is_over })
    }

    /// Reads what comes next, until then at most; whether anything came. Its end is an answer, too.
    pub(super) async fn read(
        &mut self,
        bytes: &mut Vec<u8>,
        until: Option<Instant>,
    ) -> Result<bool, LearnError> {
        let late = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let count = tokio::select! {
            biased;
            count = self.output.read_buf(bytes) => count.unwrap_or(0),
            () = late => return Ok(false),
        };
        self.is_over = count == 0;
        self.received += count;
        if self.received > MOST {
            return Err(LearnError::TooMuch(MOST));
        }
        Ok(count > 0)
    }

    /// Whether it has closed its output.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Its processes.
    pub(super) async fn look(&self) -> Vec<Seen> {
        self.control.look(Depth::Tree).await
    }

    /// Ends its input and waits for what it says then, and how it ends; `None` if it does not end by that.
    pub(super) async fn end_of_input(self) -> Result<Option<(String, Option<ExitReport>)>, LearnError> {
        self.end_within(END).await
    }

    /// The same with so much patience.
    pub(crate) async fn end_within(
        mut self,
        patience: Duration,
    ) -> Result<Option<(String, Option<ExitReport>)>, LearnError> {
        self.input = None;
        let mut bytes = Vec::new();
        let until = Instant::now() + patience;
        while !self.is_over && Instant::now() < until {
            self.read(&mut bytes, Some(until)).await?;
        }
        let is_over = self.is_over;
        let exit = self.stop().await;
        Ok(is_over.then(|| (clean(&bytes), exit)))
    }

    /// Ends it, whatever it does; how it ended, if it had gone by itself.
    pub(super) async fn stop(mut self) -> Option<ExitReport> {
        if !self.is_over {
            self.control.signal(Signal::Kill);
        }
        let exit = poll_fn(|context| self.control.poll_exit(context));
        let exit = timeout(END, exit).await.ok();
        exit.filter(|_| self.is_over)
    }
}
