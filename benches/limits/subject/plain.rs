//! The pool that one writes in an afternoon: tokio, pipes, a list of idle tools. It supervises nothing, bounds
//! nothing and has no queue: what it costs is what the runtime costs.

use super::{Framing, Setup, Subject};
use crate::{Failure, tool};
use std::cell::RefCell;
use std::future::Future;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::LocalSet;

/// The idle tools. There is one for each client, so taking one never fails.
pub(crate) struct Plain {
    idle: RefCell<Vec<Instance>>,
    framing: Framing,
}

struct Instance {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    buffer: Vec<u8>,
}

impl Subject for Plain {
    fn run<F: Future>(future: F) -> Result<F::Output, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(LocalSet::new().block_on(&runtime, future))
    }

    async fn start(setup: Setup) -> Result<Self, Failure> {
        let mut tools = Vec::with_capacity(setup.tools);
        for _ in 0..setup.tools {
            tools.push(Instance::start(&setup.options)?);
        }
        if setup.says_ready() {
            for tool in &mut tools {
                tool.reply(Framing::Line).await?;
            }
        }
        Ok(Self { idle: RefCell::new(tools), framing: setup.framing })
    }

    async fn ask(&self, mut prompt: String) -> Result<usize, Failure> {
        let mut tool = self.idle.borrow_mut().pop().ok_or("no tool is idle")?;
        prompt.push('\n');
        tool.input.write_all(prompt.as_bytes()).await?;
        let length = tool.reply(self.framing).await?.len();
        self.idle.borrow_mut().push(tool);
        Ok(length)
    }

    async fn stop(self) -> Result<(), Failure> {
        let (inputs, children): (Vec<_>, Vec<_>) =
            self.idle.into_inner().into_iter().map(|tool| (tool.input, tool.child)).unzip();
        drop(inputs);
        for mut child in children {
            child.wait().await?;
        }
        Ok(())
    }
}

impl Instance {
    fn start(options: &[String]) -> Result<Self, Failure> {
        let mut child = Command::from(tool::command(options)?).spawn()?;
        let input = child.stdin.take().ok_or("the tool has no input")?;
        let output = child.stdout.take().ok_or("the tool has no output")?;
        Ok(Self { child, input, output, buffer: Vec::new() })
    }

    /// Reads to the end of a reply, and makes a text of it.
    async fn reply(&mut self, framing: Framing) -> Result<String, Failure> {
        let end: &[u8] = match framing {
            Framing::Line => b"\n",
            Framing::End | Framing::Mark => b"\nEND\n",
        };
        while !self.buffer.ends_with(end) {
            let more = if self.buffer.is_empty() { 4 << 10 } else { 64 << 10 };
            self.buffer.reserve(more);
            if self.output.read_buf(&mut self.buffer).await? == 0 {
                return Err("the tool went away".into());
            }
        }
        let mut text = String::from_utf8(std::mem::take(&mut self.buffer))?;
        text.truncate(text.len() - end.len());
        Ok(text)
    }
}
