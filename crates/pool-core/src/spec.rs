//! What a tool is, as meant: checked values, ready to run. Reading them from text is the facade's business.

mod agent;
mod io;
mod one_shot;
mod policy;
mod remote;
mod turn;

pub use agent::{AgentSpec, Allow, Protocol, Recording};
pub use io::Io;
pub use one_shot::{Counts, Extract, Form, Join, OneShotSpec, Pick, PromptBy};
pub use policy::{Backoff, BreakerSpec, Cancel, HoldSpec, Intensity, OnStall, Restart, Shutdown};
pub use remote::{RemoteSpec, RemoteState};
pub use turn::{OutcomeRule, TextRule, TurnRule, TurnSpec, render};

use crate::error::SpecError;
use crate::message::{Offer, Outcome};
use crate::process::home::Homes;
use regex::Regex;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything there is to know about running one tool. Shared by all its instances.
#[derive(Debug, Clone)]
pub struct ToolSpec {
    /// The name that jobs, results and people use.
    pub tool: Arc<str>,
    /// What it is able to do, in words of your own: a job may need one of them instead of a certain tool.
    pub capabilities: Vec<Arc<str>>,
    /// The argument vector; the program comes first. `{slot}` and `{dir}` stand for the slot's index and a private
    /// folder of the slot, in whole or part of an argument.
    pub command: Vec<String>,
    /// The whole environment of the tool; nothing is inherited. `{slot}` and `{dir}` as above.
    pub env: Vec<(String, String)>,
    /// The working folder; the controller's own if absent.
    pub cwd: Option<PathBuf>,
    /// Homes of their own for the instances; if absent they share their user's.
    pub home: Option<Arc<Homes>>,
    /// Where private folders of slots are made; needed if `{dir}` is used.
    pub state_dir: Option<PathBuf>,
    /// What connects us to the tool.
    pub io: Io,
    /// Where the tool's standard error goes.
    pub stderr: Stderr,
    /// How a prompt becomes bytes, and bytes a reply.
    pub turn: TurnSpec,
    /// How a start is judged.
    pub start: StartSpec,
    /// Raw lines that bring the tool back to a fresh state; sent, one turn each, between jobs without a session.
    pub reset: Vec<String>,
    /// How a running turn is interrupted.
    pub cancel: Cancel,
    /// What is done about a turn that stalls.
    pub on_stall: OnStall,
    /// How an instance is stopped.
    pub stop: Shutdown,
    /// Whether an instance that ended is started again.
    pub restart: Restart,
    /// Exit codes by which the tool says that another start is of no use, whatever `restart` says; s6 has 125.
    pub no_restart_on: Vec<i32>,
    /// How many restarts are too many; counted over all instances of the tool.
    pub intensity: Intensity,
    /// How long to wait before each restart.
    pub backoff: Backoff,
    /// When an instance loses our trust.
    pub breaker: BreakerSpec,
    /// Whose usage limits it shares: a limit that one instance meets holds all instances of all tools of this account.
    pub account: Arc<str>,
    /// For how long a limit holds the account; if absent, limits hold nobody.
    pub hold: Option<HoldSpec>,
    /// Where transcripts go, if it speaks a protocol; nowhere if absent.
    pub record: Option<Recording>,
    /// Bounds.
    pub limits: Limits,
}

/// Where standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stderr {
    /// To where standard output goes, so that the order is kept.
    #[default]
    Merged,
    /// Read and thrown away, but for the end of it: that stands in what is said of a process which ends in the middle of a
    /// turn, or does not start.
    Kept,
    /// Thrown away.
    Dropped,
}

/// How a start is judged.
#[derive(Debug, Clone, Default)]
pub struct StartSpec {
    /// What the output must look like, at its end, before anything is sent. Without it: nothing is awaited.
    pub ready: Option<Regex>,
    /// How long the output must stay unchanged for `ready` to hold.
    pub settle: Duration,
    /// A raw line whose turn, once ended, means that the tool is warm. Without it: ready is warm.
    pub warm: Option<String>,
    /// How many instances of this tool may be starting (not yet warm) at a time; all at once if absent.
    pub at_once: Option<usize>,
}

/// Every bound has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one reply that are kept: its head and its tail; the middle is cut out and the cut recorded.
    pub max_reply: usize,
    /// Bytes of one reply as it came that are kept for a job that wants them ([`Job::want_raw`](crate::message::Job)), in the
    /// same way; the framing that came with it counts too.
    pub max_raw: usize,
    /// Bytes of one prompt; a longer one is refused.
    pub max_prompt: usize,
    /// Bytes of memory of the tool and all that it started; an instance that has more after a job is replaced before
    /// another. If absent, nobody looks.
    pub max_memory: Option<u64>,
    /// The longest turn, unless the job says otherwise.
    pub turn: Duration,
    /// From the order to start until ready, warm-up included.
    pub ready: Duration,
    /// How long a turn may go without output and without processor time before it counts as stalled.
    pub stall: Duration,
    /// How long after an interrupt the turn must have ended.
    pub cancel: Duration,
    /// How long an errand may take before or after a step.
    pub errand: Duration,
    /// How long a reset may take.
    pub reset: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_reply: 32 << 20,
            max_raw: 32 << 20,
            max_prompt: 64 << 20,
            max_memory: None,
            turn: Duration::from_secs(60),
            ready: Duration::from_secs(60),
            stall: Duration::from_secs(600),
            cancel: Duration::from_secs(5),
            errand: Duration::from_secs(60),
            reset: Duration::from_secs(30),
        }
    }
}

impl ToolSpec {
    /// A tool with this argument vector and turn rule, and everything else at its default: an empty environment,
    /// ready at once, restarted for ever within the default intensity.
    #[must_use]
    pub fn new(tool: &str, command: Vec<String>, turn: TurnSpec) -> Self {
        Self {
            tool: tool.into(),
            capabilities: Vec::new(),
            command,
            env: Vec::new(),
            cwd: None,
            home: None,
            state_dir: None,
            io: Io::default(),
            stderr: Stderr::default(),
            turn,
            start: StartSpec::default(),
            reset: Vec::new(),
            cancel: Cancel::default(),
            on_stall: OnStall::default(),
            stop: Shutdown::default(),
            restart: Restart::default(),
            no_restart_on: Vec::new(),
            intensity: Intensity::default(),
            backoff: Backoff::default(),
            breaker: BreakerSpec::default(),
            account: tool.into(),
            hold: Some(HoldSpec::default()),
            record: None,
            limits: Limits::default(),
        }
    }

    /// Checks what the types cannot.
    ///
    /// # Errors
    /// [`SpecError`] names the field that makes no sense.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(SpecError::new("command", "is empty: name a program"));
        }
        if self.limits.max_reply < 4096 {
            return Err(SpecError::new("limits.max_reply", "must be at least 4096 bytes"));
        }
        if self.limits.max_raw < 4096 {
            return Err(SpecError::new("limits.max_raw", "must be at least 4096 bytes"));
        }
        if self.capabilities.iter().any(|word| word.is_empty()) {
            return Err(SpecError::new("capabilities", "has an empty word: leave it out"));
        }
        self.turn.validate()?;
        self.validate_rule()?;
        self.backoff.validate()?;
        self.breaker.validate()?;
        self.hold.map_or(Ok(()), |hold| hold.validate())?;
        self.intensity.validate(&self.backoff)
    }

    /// What only some rules know.
    fn validate_rule(&self) -> Result<(), SpecError> {
        match &self.turn.rule {
            TurnRule::OneShot(_) | TurnRule::Remote(_) if self.io == Io::Pty => {
                Err(SpecError::new("io", "must be \"pipes\" for what is started for each turn"))
            }
            TurnRule::OneShot(how) => how.validate(self),
            TurnRule::Remote(how) => how.validate(self),
            _ => Ok(()),
        }
    }

    /// What its instances can be had for.
    #[must_use]
    pub fn offer(&self) -> Offer {
        Offer { tool: self.tool.clone(), capabilities: self.capabilities.clone() }
    }

    /// Whether a usage limit can hold this tool: it can tell of one, and one holds.
    #[must_use]
    pub fn may_be_held(&self) -> bool {
        self.hold.is_some() && self.turn.outcomes.iter().any(|rule| rule.outcome == Outcome::Limited)
    }

    /// Replaces `{slot}` and `{dir}` in an argument or a value of the environment.
    #[must_use]
    pub fn expand(&self, text: &str, slot: crate::message::SlotId) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let dir = self.slot_dir(slot).map(|dir| dir.display().to_string()).unwrap_or_default();
        text.replace("{slot}", &slot.to_string()).replace("{dir}", &dir)
    }

    /// The private folder of a slot, if the tool has a state folder.
    #[must_use]
    pub fn slot_dir(&self, slot: crate::message::SlotId) -> Option<PathBuf> {
        self.state_dir.as_ref().map(|dir| dir.join(slot.to_string()))
    }
}
