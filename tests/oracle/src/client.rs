//! Our side: the shipped dialect, driven by hand.

use crate::agent;
use pool_core::machine::dialect::agent::AgentDialect;
use pool_core::machine::dialect::{Dialect, Found, TurnEnd};
use pool_core::message::Step;
use pool_core::spec::{AgentSpec, Allow, Protocol, ToolSpec, TurnRule, TurnSpec};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The dialect, and its end of the pipe.
pub(crate) struct Client {
    pub(crate) dialect: AgentDialect,
    input: ReadHalf<DuplexStream>,
    output: WriteHalf<DuplexStream>,
    outgoing: Vec<u8>,
    now: Instant,
}

impl Client {
    /// One that is ready, with an agent that may do so much, in the mode `careful`; it was to take up `thread` again.
    pub(crate) async fn begun(allow: Allow, thread: Option<&str>) -> Self {
        let mut spec = AgentSpec { allow, ..AgentSpec::new(Protocol::Acp) };
        spec.settings.insert(AgentSpec::ACP_MODE.to_owned(), "careful".into());
        let turn = TurnSpec::new(TurnRule::Protocol(Box::new(spec.clone())));
        let tool = Arc::new(ToolSpec::new("oracle", vec!["oracle".into()], turn));
        let (pipe, other) = tokio::io::duplex(1000);
        tokio::spawn(agent::run(other));
        let dialect = AgentDialect::new(tool, &spec, thread.map(Into::into));
        let (input, output) = tokio::io::split(pipe);
        let mut client = Self { dialect, input, output, outgoing: Vec::new(), now: tokio::time::Instant::now().into_std() };
        client.dialect.open(&mut client.outgoing, client.now);
        assert_eq!(client.found().await, Found::Ready);
        client
    }

    pub(crate) async fn ask(&mut self, prompt: &str) -> TurnEnd {
        self.say(prompt);
        self.end().await
    }

    pub(crate) fn say(&mut self, prompt: &str) {
        self.begin(Step::Say(prompt.into()));
    }

    pub(crate) fn command(&mut self, line: &str) {
        self.begin(Step::Command(line.into()));
    }

    fn begin(&mut self, step: Step) {
        self.dialect.begin(step, false, &mut self.outgoing, self.now).expect("a step that can be carried");
    }

    pub(crate) fn interrupt(&mut self) {
        self.dialect.interrupted(&mut self.outgoing, self.now);
    }

    pub(crate) fn answer(&mut self, text: &str) {
        self.dialect.answer(text, &mut self.outgoing);
    }

    pub(crate) async fn end(&mut self) -> TurnEnd {
        match self.found().await {
            Found::End(end) => *end,
            other => panic!("{other:?}"),
        }
    }

    /// What is found next.
    pub(crate) async fn found(&mut self) -> Found {
        tokio::time::timeout(PATIENCE, self.next()).await.expect("an answer in time")
    }

    async fn next(&mut self) -> Found {
        loop {
            let found = self.dialect.poll(self.now);
            self.dialect.take_output(&mut self.outgoing);
            if let Some(found) = found {
                return found;
            }
            // Whoever writes all before it reads may wait for ever.
            let mut bytes = [0; 500];
            tokio::select! {
                read = self.input.read(&mut bytes) => {
                    let count = read.expect("a pipe");
                    assert!(count > 0, "the agent has gone");
                    self.dialect.buffer().extend_from_slice(&bytes[..count]);
                }
                written = self.output.write(&self.outgoing), if !self.outgoing.is_empty() => {
                    self.outgoing.drain(..written.expect("a pipe"));
                }
            }
        }
    }
}
