//! What the dispatcher knows of each slot.

use super::lane::{Entry, Lane};
use super::sessions::{Context, Sid};
use super::{PushError, Token};
use pool_core::message::{Generation, JobId, SlotId};

/// Whether a slot can ever take a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A gap in the numbering.
    Unheard,
    /// It exists; it may be up or down.
    Present,
    /// It has gone for ever.
    Removed,
}

/// A place in the pool.
#[derive(Debug)]
pub(super) struct Slot<J, C> {
    pub(super) standing: Standing,
    /// Which [`Kind`](super::kinds::Kind)s of jobs it can take: [`ANY`](super::kinds::ANY), that of its tool, the others.
    pub(super) kinds: Box<[usize]>,
    /// The newest life that was heard of. Whatever comes from an older one is void.
    pub(super) generation: Generation,
    pub(super) credits: Vec<C>,
    pub(super) running: Vec<Run>,
    /// Jobs of the sessions that live here.
    pub(super) lane: Lane<J>,
    /// The sessions that live here: one with a name, the slot's own, or both. While there is one, no other job comes.
    pub(super) sessions: Vec<Sid>,
    pub(super) leftover: Leftover,
    /// The last life that has taken up the conversation of an earlier one; 0 if none has.
    pub(super) taken_up: Generation,
    /// Whether it is already in the list of slots whose lane can move.
    pub(super) ripe: bool,
}

/// What the previous conversation left in the tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leftover {
    /// Nothing, or a conversation that goes on.
    None,
    /// The context of a session that has ended: the next job is to be shielded from it.
    Conversation,
}

/// A job that was placed and has not been heard of since.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) job: JobId,
    pub(super) generation: Generation,
    /// Its session, and what the session's context was before.
    pub(super) session: Option<(Sid, Context)>,
    /// The job was to reset the tool.
    pub(super) reset_first: bool,
}

/// All slots, by index.
#[derive(Debug)]
pub(super) struct Slots<J, C>(Vec<Slot<J, C>>);

impl<J, C> Default for Slots<J, C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<J, C: Token> Slots<J, C> {
    pub(super) fn get(&self, slot: SlotId) -> Option<&Slot<J, C>> {
        self.0.get(slot.index())
    }

    pub(super) fn get_mut(&mut self, slot: SlotId) -> Option<&mut Slot<J, C>> {
        self.0.get_mut(slot.index())
    }

    /// The slot, made room for if it is new.
    pub(super) fn entry(&mut self, slot: SlotId) -> &mut Slot<J, C> {
        if slot.index() >= self.0.len() {
            self.0.resize_with(slot.index() + 1, Slot::unheard);
        }
        &mut self.0[slot.index()]
    }

    /// The slot, if jobs may go there.
    pub(super) fn present(&self, slot: SlotId) -> Result<&Slot<J, C>, PushError> {
        let known = self.get(slot).filter(|known| known.standing != Standing::Unheard);
        match known {
            Some(known) if known.standing == Standing::Present => Ok(known),
            Some(_) => Err(PushError::SlotGone { slot }),
            None => Err(PushError::NoSuchSlot { slot, slots: self.0.len() }),
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot<J, C>> {
        self.0.iter_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (SlotId, &Slot<J, C>)> {
        (0..).map(SlotId).zip(&self.0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<J, C: Token> Slot<J, C> {
    fn unheard() -> Self {
        Self {
            standing: Standing::Unheard,
            kinds: Box::default(),
            generation: 0,
            credits: Vec::new(),
            running: Vec::new(),
            lane: Lane::default(),
            sessions: Vec::new(),
            leftover: Leftover::None,
            taken_up: 0,
            ripe: false,
        }
    }

    /// Whether jobs without a session here may come here.
    pub(super) fn is_general(&self) -> bool {
        self.standing == Standing::Present && self.sessions.is_empty()
    }

    /// The oldest credit.
    pub(super) fn take_credit(&mut self) -> Option<C> {
        if self.credits.is_empty() { None } else { Some(self.credits.remove(0)) }
    }

    /// The next job of its own lane, if there is a credit for it.
    pub(super) fn pop_payable(&mut self) -> Option<Entry<J>> {
        if self.credits.is_empty() { None } else { self.lane.pop() }
    }

    /// The job is no longer here, if it was.
    pub(super) fn end(&mut self, job: JobId) -> Option<Run> {
        let at = self.running.iter().position(|run| run.job == job)?;
        Some(self.running.swap_remove(at))
    }

    /// A session has ended whose conversation may still be in the tool.
    pub(super) fn leave(&mut self, context: Context) {
        if context == Context::Lives(self.generation) {
            self.leftover = Leftover::Conversation;
        }
    }

    /// Drops the credits of lives before `generation`, and gives out the jobs that they had: their news is overdue.
    pub(super) fn outlive(&mut self, generation: Generation) -> Vec<Run> {
        self.credits.retain(|credit| credit.generation() >= generation);
        if self.generation < generation {
            self.generation = generation;
            self.leftover = Leftover::None;
        }
        let (over, running) = self.running.drain(..).partition(|run| run.generation < generation);
        self.running = running;
        over
    }
}
