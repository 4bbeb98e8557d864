//! One generation's life: from the launch to the last word, one job after the other.
//!
//! The conversation owns the state; its driver ([`crate::instance`]) owns the process. After every input the driver
//! calls [`Conversation::poll_action`] until it is empty and re-arms one timer at [`Conversation::poll_timeout`].
//!
//! ```text
//! Starting ─▶ Warming ─▶ Idle ⇄ Arming ─▶ Turn ⇄ Settling ─▶ (Resetting) ─▶ Idle
//!     any ─▶ Stopping (the ladder) ─▶ Gone
//! ```

mod attach;
mod complaint;
mod describe;
mod ending;
mod finish;
mod pause;
mod running;
mod start;
mod stop;
mod turn;
mod unread;
mod watch;
mod weight;
mod work;

pub use complaint::KEPT_ERRORS;
pub use describe::Inside;
pub use stop::Ladder;
pub use unread::UNREAD_ANSWERS;

use super::dialect::Dialect;
use super::later;
use crate::message::{
    Assign, Control, ControlMessage, ErrandFuture, Event, ExitReport, Generation, InstanceRef, JobId,
    JobResult, Next, Order, Refused, ReplyTo, Seat, Serial, Size, SlotId, StateChange,
};
use crate::process::Signal;
use crate::process::look::Depth;
use crate::spec::ToolSpec;
use attach::{Lent, Typed};
use complaint::Complaint;
use ending::Ending;
use running::Turn;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use unread::Unread;
use work::Work;

/// How long after the process's end its output may still be read, and the other way round.
pub const DRAIN: std::time::Duration = std::time::Duration::from_secs(2);

/// What the driver has to do.
pub enum Action {
    /// Send this signal.
    Signal(Signal),
    /// Close the process's input.
    CloseInput,
    /// Send this result home.
    Finish(ReplyTo, Box<JobResult>),
    /// Tell the supervisor.
    Tell(Event),
    /// Make the terminal, if there is one, what it has to be for who sits there.
    Seat(Seat),
    /// Make the terminal, if there is one, as large.
    Resize(Size),
    /// Look at the tool's processes, and hand what is seen to [`Conversation::looked`].
    Look(Depth),
    /// Look at all of them, and hand what is seen to [`Conversation::weighed`].
    Weigh,
    /// Run this job's errand's future and hand its end to [`Conversation::armed`].
    Arm(JobId, ErrandFuture<Result<(), Refused>>),
    /// Run this job's errand's future and hand its end to [`Conversation::settled`].
    Settle(JobId, ErrandFuture<Next>),
}

/// One generation's life. See the module.
pub struct Conversation<D> {
    spec: Arc<ToolSpec>,
    me: InstanceRef,
    dialect: D,
    state: State,
    ending: Ending,
    complaint: Complaint,
    unread: Unread,
    /// Finish the job at hand, then stop.
    draining: bool,
    /// Credits up to this serial are spent or void.
    spent: Serial,
    ordered_at: Instant,
    last_interrupt: Option<Instant>,
    /// The last job was of a session, whose conversation goes on.
    keeps: bool,
    lent: Lent,
    /// When its memory was looked at last.
    weighed: Option<Instant>,
    pid: Option<u32>,
    /// The conversation that would have to be taken up again, as told last.
    thread: Option<Arc<str>>,
    /// Since when our own program is stopped, or about to be.
    paused: Option<Instant>,
    outgoing: Vec<u8>,
    actions: VecDeque<Action>,
}

enum State {
    /// No process yet, or it does not answer yet.
    Starting { deadline: Instant },
    /// The warm-up turn runs.
    Warming { deadline: Instant },
    /// Ready for a job.
    Idle,
    /// The errand prepares; nothing has been sent.
    Arming { work: Box<Work>, deadline: Instant },
    /// A step runs.
    Turn { work: Box<Work>, turn: Turn },
    /// The errand looks at a step.
    Settling { work: Box<Work>, deadline: Instant },
    /// Reset line number `line` runs; `next` waits for it.
    Resetting { line: usize, next: Option<Box<Work>>, deadline: Instant },
    /// A person sits there.
    Attached(Typed),
    /// The person has gone, and the tool has to answer line number `line`.
    Returning { line: usize, deadline: Instant },
    /// Going.
    Stopping(Ladder),
    /// Gone.
    Gone,
}

impl<D: Dialect> Conversation<D> {
    /// A life that begins `now`; the process is still to be launched.
    pub fn new(spec: Arc<ToolSpec>, slot: SlotId, generation: Generation, dialect: D, now: Instant) -> Self {
        let me = InstanceRef { tool: spec.tool.clone(), version: None, slot, generation };
        let deadline = later(now, spec.limits.ready);
        Self {
            spec,
            me,
            dialect,
            state: State::Starting { deadline },
            ending: Ending::None,
            complaint: Complaint::default(),
            unread: Unread::default(),
            draining: false,
            spent: 0,
            ordered_at: now,
            last_interrupt: None,
            keeps: false,
            lent: Lent::No,
            weighed: None,
            pid: None,
            thread: None,
            paused: None,
            outgoing: Vec::new(),
            actions: VecDeque::new(),
        }
    }

    /// The next thing to do; call until `None` after every input.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Bytes for the process, in order, before any action; left empty.
    pub const fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.outgoing
    }

    /// So many of all bytes that were [outgoing](Self::outgoing) wait for the process to read on.
    pub const fn unread(&mut self, waiting: usize) {
        self.unread.waits(waiting);
    }

    /// Where the reader puts bytes.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        self.dialect.buffer()
    }

    /// When [`Conversation::handle_timeout`] is to be called. Calling it early is harmless.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.paused.is_some() {
            return None;
        }
        let state = match &self.state {
            State::Starting { deadline }
            | State::Warming { deadline }
            | State::Arming { deadline, .. }
            | State::Settling { deadline, .. }
            | State::Resetting { deadline, .. }
            | State::Returning { deadline, .. } => Some(*deadline),
            State::Turn { turn, .. } => Some(turn.next_deadline()),
            State::Stopping(ladder) => ladder.deadline(),
            State::Idle | State::Attached(_) | State::Gone => None,
        };
        [state, self.ending.deadline(), self.dialect_deadline()].into_iter().flatten().min()
    }

    /// Whether the last word has been said.
    pub const fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// The last output, for people.
    pub fn tail(&self) -> &[u8] {
        self.dialect.tail()
    }

    // === inputs ===

    /// A job arrives with the credit of `serial`.
    pub fn assign(&mut self, assign: Assign, controls: Vec<Control>, now: Instant) {
        let Assign { serial, job } = assign;
        if serial <= self.spent || !matches!(self.state, State::Idle) {
            return self.give_back(job);
        }
        self.spent = serial;
        let id = job.reply_to.job();
        self.take_job(job, now);
        for control in controls {
            self.control(ControlMessage { job: id, control }, now);
        }
    }

    /// `count` bytes have been added to the buffer.
    pub fn output(&mut self, count: usize, now: Instant) {
        match self.state {
            State::Attached(_) => return self.overheard(count),
            State::Stopping(_) | State::Gone => return self.unheard(count),
            _ => {}
        }
        let mut holds = false;
        if let State::Turn { work, turn } = &mut self.state {
            turn.vigil.output(now);
            turn.received += count as u64;
            work.received(count);
            holds = self.dialect.still_holds();
            // Who asks may say more meanwhile.
            if turn.shown.is_some() && !holds && self.dialect.is_asking() != Some(true) {
                self.changed(StateChange::Working);
            }
        }
        self.look(now);
        if holds && !self.dialect.still_holds() && matches!(self.state, State::Turn { .. }) {
            self.changed(StateChange::Working);
        }
    }

    /// The process's output has ended.
    pub fn end_of_output(&mut self, now: Instant) {
        self.look(now);
        self.ending.output_ended(now + DRAIN);
        self.end_if_over(now);
    }

    /// The process has said this on its standard error, which is not part of its output.
    pub fn complained(&mut self, bytes: &[u8]) {
        self.complaint.add(bytes);
    }

    /// The process does not read any more: it has closed its input, or is about to be found dead.
    pub fn input_broken(&mut self, now: Instant) {
        if matches!(self.ending, Ending::None) {
            self.ending = Ending::InputBroken { by: now + DRAIN };
        }
    }

    /// The process has ended and been reaped.
    pub fn exited(&mut self, exit: ExitReport, now: Instant) {
        self.ending.process_ended(exit, now + DRAIN);
        self.end_if_over(now);
    }

    /// The caller of a job speaks.
    pub fn control(&mut self, message: ControlMessage, now: Instant) {
        // Whoever speaks to a job means all attempts at it.
        if self.work().map(|work| work.job.reply_to.job()) != Some(message.job) {
            return;
        }
        match message.control {
            Control::Cancel => self.cancel(now),
            Control::Answer(text) => {
                if matches!(self.state, State::Turn { .. }) {
                    self.dialect.answer(&text, &mut self.outgoing);
                    if self.dialect.is_asking().is_some() {
                        // In between, or a question like the last one would be none.
                        self.changed(StateChange::Working);
                    }
                    // It may have asked more than this.
                    self.look(now);
                }
            }
        }
    }

    /// The supervisor speaks.
    pub fn order(&mut self, order: Order, now: Instant) {
        match order {
            Order::Revoke(serial) => self.revoke(serial),
            Order::Drain if self.current_job().is_some() || matches!(self.state, State::Resetting { .. }) => {
                self.draining = true;
            }
            Order::Drain | Order::Stop => self.stop(now),
            Order::Attach(seat) => self.attach(seat),
            Order::Detach => self.detach(now),
            Order::Resume => self.resume(now),
            Order::Kill => self.kill(now),
        }
    }

    /// The time is at or past [`Conversation::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.paused.is_some() {
            return;
        }
        if self.dialect_deadline().is_some_and(|deadline| deadline <= now) {
            self.look(now);
        }
        if self.ending.deadline().is_some_and(|deadline| deadline <= now) {
            self.drained(now);
        }
        self.state_timeout(now);
    }

    // === shared by the parts ===

    fn dialect_deadline(&self) -> Option<Instant> {
        (!matches!(self.state, State::Idle | State::Attached(_) | State::Gone | State::Stopping(_)))
            .then(|| self.dialect.deadline())
            .flatten()
    }

    /// The job at hand.
    pub fn current_job(&self) -> Option<JobId> {
        self.work().map(Work::id)
    }

    fn work(&self) -> Option<&Work> {
        match &self.state {
            State::Arming { work, .. }
            | State::Turn { work, .. }
            | State::Settling { work, .. }
            | State::Resetting { next: Some(work), .. } => Some(work),
            _ => None,
        }
    }

    fn revoke(&mut self, serial: Serial) {
        // A credit that was spent before it was revoked stays spent; its job's end is the answer.
        if serial > self.spent {
            self.spent = serial;
            let (slot, generation) = (self.me.slot, self.me.generation);
            self.tell(Event::Revoked { slot, generation, serial });
        }
    }

    fn state_timeout(&mut self, now: Instant) {
        let due = |deadline: Instant| deadline <= now;
        match &self.state {
            State::Starting { deadline } | State::Warming { deadline } if due(*deadline) => {
                self.not_ready(now);
            }
            State::Arming { work, deadline } if due(*deadline) => {
                let job = work.id();
                self.armed(job, Err(Refused("errand timed out".into())), now);
            }
            State::Settling { deadline, .. } if due(*deadline) => self.settling_timed_out(now),
            State::Resetting { deadline, .. } if due(*deadline) => self.reset_failed(now),
            State::Returning { deadline, .. } if due(*deadline) => self.kill(now),
            State::Turn { .. } => self.turn_timeout(now),
            State::Stopping(_) => self.climb(now),
            _ => {}
        }
    }

    fn tell(&mut self, event: Event) {
        self.actions.push_back(Action::Tell(event));
    }

    fn signal(&mut self, signal: Signal) {
        self.actions.push_back(Action::Signal(signal));
    }
}

#[cfg(test)]
mod tests;
