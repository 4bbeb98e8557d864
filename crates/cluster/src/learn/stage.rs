//! A tool in turns, by the very dialect that a pool would use.

use super::LearnError;
use super::patience::Patience;
use super::talk::Talk;
use super::transcript::Transcript;
use pool_core::machine::dialect::text::TextDialect;
use pool_core::machine::dialect::{Dialect, Found, TurnEnd};
use pool_core::message::Step;
use pool_core::process::Launch;
use pool_core::spec::ToolSpec;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The longest that one turn is waited for.
const TURN: Duration = Duration::from_secs(10);

/// One life of the tool, in turns.
pub(super) struct Stage {
    talk: Talk,
    dialect: TextDialect,
    transcript: Transcript,
}

/// Why a turn brought no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoReply {
    /// It waits; its last words.
    Hangs(String),
    /// It has gone.
    Ended,
    /// Its output broke the rule, or the text cannot be carried.
    Broken(String),
}

impl std::fmt::Display for NoReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hangs(tail) if tail.is_empty() => f.write_str("it says nothing, and waits"),
            Self::Hangs(tail) => write!(f, "it waits, and its last words are {tail:?}"),
            Self::Ended => f.write_str("it ends"),
            Self::Broken(reason) => f.write_str(reason),
        }
    }
}

/// The text of a reply.
type Turned = Result<Result<String, NoReply>, LearnError>;

impl Stage {
    /// Starts the tool and waits until it is ready.
    pub(super) async fn start(
        launcher: &dyn Launch,
        spec: &ToolSpec,
        title: &str,
    ) -> Result<Result<Self, NoReply>, LearnError> {
        let talk = Talk::start(launcher, spec).await?;
        let dialect = TextDialect::new(Arc::new(spec.clone()), pool_core::random_seed());
        let mut stage = Self { talk, dialect, transcript: Transcript::new(title) };
        let mut out = Vec::new();
        stage.dialect.open(&mut out, Instant::now().into_std());
        stage.send(&out).await;
        Ok(match stage.await_found().await? {
            Ok(Found::Ready) => {
                stage.transcript.ready();
                Ok(stage)
            }
            Ok(other) => Err(NoReply::Broken(format!("{other:?}"))),
            Err(none) => Err(none),
        })
    }

    /// One turn: the text of its reply.
    pub(super) async fn turn(&mut self, text: &str) -> Turned {
        let mut out = Vec::new();
        let step = Step::Say(text.to_owned());
        if let Err(refused) = self.dialect.begin(step, false, &mut out, Instant::now().into_std()) {
            return Ok(Err(NoReply::Broken(refused.to_string())));
        }
        self.transcript.say(text);
        self.send(&out).await;
        Ok(match self.await_found().await? {
            Ok(Found::End(end)) => Ok(self.ended(*end)),
            Ok(Found::Violation(reason)) => Err(NoReply::Broken(reason)),
            Ok(other) => Err(NoReply::Broken(format!("{other:?}"))),
            Err(none) => Err(none),
        })
    }

    fn ended(&mut self, end: TurnEnd) -> String {
        self.transcript.end(&end);
        end.text
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.transcript.sent(bytes);
        self.talk.write(bytes).await;
    }

    async fn await_found(&mut self) -> Result<Result<Found, NoReply>, LearnError> {
        let mut patience = Patience::for_a_turn(TURN, Instant::now().into_std());
        loop {
            let now = Instant::now().into_std();
            if let Some(found) = self.dialect.poll(now) {
                return Ok(Ok(found));
            }
            let mut more = Vec::new();
            self.dialect.take_output(&mut more);
            if !more.is_empty() {
                self.send(&more).await;
            }
            if self.talk.is_over() {
                return Ok(Err(NoReply::Ended));
            }
            let due = self.dialect.deadline().unwrap_or(patience.look_at()).min(patience.look_at());
            let mut bytes = Vec::new();
            if self.talk.read(&mut bytes, Some(due.into())).await? {
                patience.heard(Instant::now().into_std());
                self.transcript.got(&bytes);
                self.dialect.buffer().extend_from_slice(&bytes);
            }
            if Instant::now().into_std() >= patience.look_at() {
                let seen = self.talk.look().await;
                if patience.is_over(&seen, Instant::now().into_std()) {
                    return Ok(Err(NoReply::Hangs(self.last_words())));
                }
            }
        }
    }

    /// Ends it.
    pub(super) async fn stop(self) {
        self.talk.stop().await;
    }

    /// What has been recorded so far.
    pub(super) fn take_transcript(&mut self) -> String {
        std::mem::take(&mut self.transcript).finish()
    }

    fn last_words(&self) -> String {
        let tail = String::from_utf8_lossy(self.dialect.tail()).into_owned();
        let skip = tail.chars().count().saturating_sub(60);
        tail.chars().skip(skip).collect()
    }
}
