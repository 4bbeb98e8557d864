//! [`Job`]: what a caller wants done, before it has a way home.

use pool_core::message::{Errand, JobResult, Needs, OnLimit, Patience, ReplyTo, SessionKey, SlotId, Step};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One piece of work: steps that run in order on one instance with nothing in between.
///
/// ```
/// use cluster::Job;
/// use std::time::Duration;
///
/// let job = Job::new().command("/add src/lib.rs").step("Add type hints").timeout(Duration::from_secs(600));
/// assert_eq!(job.steps().len(), 2);
/// ```
///
/// A job without a step is taken as a mistake by whoever runs it: give it at least one.
#[derive(Default)]
#[must_use = "a job does nothing until it is submitted"]
pub struct Job {
    steps: Vec<Step>,
    session: Option<SessionKey>,
    key: Option<Arc<str>>,
    needs: Needs,
    priority: u8,
    timeout: Option<Duration>,
    on_limit: OnLimit,
    want_raw: bool,
    errand: Option<Box<dyn Errand>>,
    retries: u32,
    task: Option<Arc<str>>,
}

impl Job {
    /// A job without steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text for the tool. It goes out inert: whatever it looks like, it is never a command of the tool.
    pub fn step(mut self, text: impl Into<String>) -> Self {
        self.steps.push(Step::Say(text.into()));
        self
    }

    /// Adds one raw line of the tool's own language (`/add f.py`). Never build it from text that you did not
    /// write: it is not quoted.
    pub fn command(mut self, line: impl Into<String>) -> Self {
        self.steps.push(Step::Command(line.into()));
        self
    }

    /// Adds steps that were made before.
    pub fn with_steps(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.steps.extend(steps);
        self
    }

    /// Continues the conversation of this name, or begins it; without one the tool is reset after the job.
    pub fn session(mut self, name: impl Into<Arc<str>>) -> Self {
        self.session = Some(SessionKey::Named(name.into()));
        self
    }

    /// Continues the conversation of one slot: work addressed by index.
    pub fn on_slot(mut self, slot: SlotId) -> Self {
        self.session = Some(SessionKey::Slot(slot));
        self
    }

    /// Affinity for the `sticky` strategy: equal keys tend to the same slot. Promises no context.
    pub fn key(mut self, key: impl Into<Arc<str>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Only instances of this tool may take it. Instead of a capability that was asked for before.
    pub fn tool(self, tool: impl Into<Arc<str>>) -> Self {
        self.needs(Needs::Tool(tool.into()))
    }

    /// Only instances of tools that have this among their capabilities may take it. Instead of a tool that was asked for
    /// before.
    pub fn capability(self, capability: impl Into<Arc<str>>) -> Self {
        self.needs(Needs::Capability(capability.into()))
    }

    /// Which instances may take it.
    pub fn needs(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }

    /// Higher goes first among jobs that wait; 0 is the default.
    pub const fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// The longest that one turn may take, instead of the tool's own limit.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// If the account's usage limit turns the job away, waits for the end of the limit, for `at_most` in all, and then
    /// runs again from its first step, on the same tool; every other job of the account waits as well. Without this it
    /// comes home as [`Outcome::Limited`](pool_core::message::Outcome::Limited).
    pub const fn wait_for_limits(mut self, at_most: Duration) -> Self {
        self.on_limit = OnLimit::Wait(Patience::AtMost(at_most));
        self
    }

    /// If the account's usage limit turns the job away, runs again from its first step on another tool of the pool, as
    /// the next job there. While the accounts of all of them are held, and if the job needs its tool or has a session,
    /// as [`Job::wait_for_limits`].
    pub const fn next_tool_at_limits(mut self, at_most: Duration) -> Self {
        self.on_limit = OnLimit::Next(Patience::AtMost(at_most));
        self
    }

    /// Also brings the bytes of each reply home, as they came.
    pub const fn raw(mut self) -> Self {
        self.want_raw = true;
        self
    }

    /// Effects around the job: a durable intent before the first byte, a check after a step.
    pub fn errand(mut self, errand: impl Errand + 'static) -> Self {
        self.errand = Some(Box::new(errand));
        self
    }

    /// Up to so many further attempts, on another instance where there is one, if an instance fails the job: it crashes,
    /// goes away or breaks its framing in the middle of the reply, runs out of time, or the job is lost on the way. The
    /// tool may then do the work twice: only for jobs that bear it. What the tool *answers* is never tried again, nor is
    /// a job that has crashed two different instances: its error begins with `dead letter`. Warnings of the reply tell
    /// of failed attempts.
    ///
    /// A job with an [`Errand`] has one attempt, unless the errand can be run [again](Errand::again).
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// A service has taken the first step before, and calls it `task` ([`Errand::submitted`] told): it is asked after that
    /// task instead of being given the step again. For tools whose turns end by `remote`; to others it means nothing.
    pub fn submitted_as(mut self, task: impl Into<Arc<str>>) -> Self {
        self.task = Some(task.into());
        self
    }

    /// The steps so far.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Which instances may take it.
    pub(crate) const fn needed(&self) -> &Needs {
        &self.needs
    }

    /// What a service calls its first step.
    pub(crate) const fn task(&self) -> Option<&Arc<str>> {
        self.task.as_ref()
    }

    /// The name of the conversation that it continues.
    pub(crate) fn wanted_session(&self) -> Option<&str> {
        match &self.session {
            Some(SessionKey::Named(name)) => Some(name),
            Some(SessionKey::Slot(_)) | None => None,
        }
    }

    /// Whether it belongs to a conversation that is kept.
    pub(crate) const fn continues(&self) -> bool {
        self.session.is_some()
    }

    /// How many attempts may follow the first.
    pub(crate) const fn further_attempts(&self) -> u32 {
        self.retries
    }

    /// The same once more; none if its errand cannot be run again.
    pub(crate) fn again(&self) -> Option<Self> {
        let errand = match &self.errand {
            None => None,
            Some(errand) => Some(errand.again()?),
        };
        Some(Self {
            steps: self.steps.clone(),
            session: self.session.clone(),
            key: self.key.clone(),
            needs: self.needs.clone(),
            errand,
            task: None,
            ..*self
        })
    }

    /// An attempt at it has ended so, and another one follows.
    pub(crate) fn gives_way(&self, result: &mut JobResult) {
        if let Some(errand) = &self.errand {
            errand.gives_way(result);
        }
    }

    /// The first attempt at this job, submitted `now`, with a way home.
    #[must_use]
    pub fn into_message(self, reply_to: ReplyTo, now: Instant) -> pool_core::message::Job {
        pool_core::message::Job {
            session: self.session,
            key: self.key,
            needs: self.needs,
            priority: self.priority,
            timeout: self.timeout,
            on_limit: self.on_limit,
            want_raw: self.want_raw,
            errand: self.errand,
            ..pool_core::message::Job::new(self.steps, reply_to, now)
        }
    }
}

impl From<&str> for Job {
    fn from(text: &str) -> Self {
        Self::new().step(text)
    }
}

impl From<String> for Job {
    fn from(text: String) -> Self {
        Self::new().step(text)
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("steps", &self.steps)
            .field("session", &self.session)
            .field("key", &self.key)
            .field("needs", &self.needs)
            .field("priority", &self.priority)
            .field("timeout", &self.timeout)
            .field("on_limit", &self.on_limit)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pool_core::message::reply_channel;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do, and only the clock makes one")]
    fn everything_arrives_in_the_message() {
        let (reply_to, handle) = reply_channel(false);
        let now = Instant::now();
        let job = Job::from("a").command("/b").session("s").key("k").tool("t").priority(7).raw();
        let job = job.timeout(Duration::from_secs(9)).wait_for_limits(Duration::from_secs(60));
        let message = job.into_message(reply_to, now);
        assert_eq!(message.steps, [Step::Say("a".into()), Step::Command("/b".into())]);
        assert_eq!(message.session, Some(SessionKey::Named("s".into())));
        assert_eq!((message.key.as_deref(), message.needs), (Some("k"), Needs::Tool("t".into())));
        assert_eq!((message.priority, message.attempt, message.want_raw), (7, 1, true));
        assert_eq!((message.timeout, message.submitted), (Some(Duration::from_secs(9)), now));
        assert_eq!(message.on_limit, OnLimit::Wait(Patience::AtMost(Duration::from_secs(60))));
        assert_eq!(message.id, handle.job());
    }
}
