//! More instances of a tool, or fewer, while the pool runs.

use super::group::Place;
use super::{PoolSupervisor, now, slot_id};
use crate::machine::slot::{Slot, SlotState};
use crate::message::{Order, PoolEvent, SlotId, news};
use crate::process::descriptors::{self, TooManyInstances};
use actix::Context;
use std::sync::Arc;

/// How many instances of one tool a pool may be scaled to.
pub const SCALE_LIMIT: usize = 1000;

/// What scaling a tool changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scaled {
    /// Slots that are to be started: new ones behind all others, or such as have gone before, with their next life.
    pub added: Vec<SlotId>,
    /// Slots that finish the job at hand and go for ever, the highest of the tool.
    pub going: Vec<SlotId>,
}

/// Why a tool cannot be scaled; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotScale {
    /// The pool runs no tool of this name.
    #[error("the pool has no tool {tool}: it runs {present}")]
    NoSuchTool {
        /// What was asked for.
        tool: String,
        /// What there is, by commas.
        present: String,
    },
    /// Several tools run, and none was named.
    #[error("the pool runs {present}: say which of them is to be scaled")]
    WhichTool {
        /// What there is, by commas.
        present: String,
    },
    /// None, or more than may be.
    #[error("a tool has from 1 to {SCALE_LIMIT} instances: take the pool down to have none")]
    OutOfRange,
    /// Its instances have been given up, and the jobs that wanted them refused.
    #[error("{tool} has been given up: {reason}")]
    GivenUp {
        /// The tool.
        tool: String,
        /// Why.
        reason: String,
    },
    /// The pool takes no more jobs.
    #[error("the pool is closing")]
    Closing,
    /// There are not enough file descriptors.
    #[error(transparent)]
    Descriptors(#[from] TooManyInstances),
}

impl PoolSupervisor {
    /// Lets the tool have `count` instances that live, or will; the only tool if none is named.
    pub(super) fn scale(
        &mut self,
        tool: Option<&str>,
        count: usize,
        context: &mut Context<Self>,
    ) -> Result<Scaled, CannotScale> {
        let group = self.scalable(tool, count)?;
        let wanted: Vec<usize> = self.places_in(group, |slot| is_wanted(slot.state())).collect();
        let mut scaled = Scaled::default();
        if let Some(more) = count.checked_sub(wanted.len()) {
            let alive = self.places.iter().filter(|place| !place.slot.is_over()).count();
            if more > 0 {
                descriptors::check(alive + more)?;
            }
            scaled.added = self.add(group, more);
            self.start_waiting(group, context);
        } else {
            scaled.going = wanted[count..].iter().map(|index| slot_id(*index)).collect();
            for index in wanted.into_iter().skip(count).rev() {
                self.remove(index, context);
            }
        }
        Ok(scaled)
    }

    fn scalable(&self, tool: Option<&str>, count: usize) -> Result<usize, CannotScale> {
        let present = || {
            let names: Vec<&str> = self.groups.iter().map(|group| &*group.spec.tool).collect();
            names.join(", ")
        };
        let group = match (tool, self.groups.len()) {
            (None, 1) => 0,
            (None, _) => return Err(CannotScale::WhichTool { present: present() }),
            (Some(tool), _) => {
                let known = self.groups.iter().position(|group| *group.spec.tool == *tool);
                known.ok_or_else(|| CannotScale::NoSuchTool { tool: tool.into(), present: present() })?
            }
        };
        if self.closing {
            return Err(CannotScale::Closing);
        }
        if let Some(reason) = &self.groups[group].failure {
            let tool = self.groups[group].spec.tool.to_string();
            return Err(CannotScale::GivenUp { tool, reason: reason.to_string() });
        }
        if (1..=SCALE_LIMIT).contains(&count) { Ok(group) } else { Err(CannotScale::OutOfRange) }
    }

    fn places_in(&self, group: usize, which: impl Fn(&Slot) -> bool) -> impl Iterator<Item = usize> {
        let here = move |place: &Place| place.group == group && which(&place.slot);
        self.places.iter().enumerate().filter(move |(_, place)| here(place)).map(|(index, _)| index)
    }

    /// Slots that went before come first, so that a pool that is scaled up and down does not grow for ever. What lives
    /// there next is the next life, never the first again.
    fn add(&mut self, group: usize, more: usize) -> Vec<SlotId> {
        let is_free = |place: &Place| *place.slot.state() == SlotState::Gone && place.instance.is_none();
        let gone = self.places_in(group, |slot| *slot.state() == SlotState::Gone);
        let gone: Vec<usize> = gone.filter(|index| is_free(&self.places[*index])).take(more).collect();
        let spec = self.groups[group].spec.clone();
        for index in &gone {
            self.places[*index].renew(&spec);
        }
        let first = self.places.len();
        let fresh = first..first + (more - gone.len());
        self.places.extend(fresh.clone().map(|_| Place::new(group, &spec, now())));
        let added: Vec<SlotId> = gone.into_iter().chain(fresh).map(slot_id).collect();
        for slot in &added {
            let offer = self.groups[group].offer.clone();
            news::tell(&self.router, PoolEvent::Added { slot: *slot, offer });
        }
        added
    }

    fn remove(&mut self, index: usize, context: &mut Context<Self>) {
        let place = &mut self.places[index];
        if place.slot.drain() {
            place.tell(Order::Drain);
        } else {
            self.over(index, context);
        }
    }
}

impl Place {
    fn renew(&mut self, spec: &Arc<crate::spec::ToolSpec>) {
        self.slot.renew(spec);
        (self.thread, self.continues) = (None, None);
    }
}

/// Whether it lives and will go on, or will live again.
const fn is_wanted(state: &SlotState) -> bool {
    !matches!(state, SlotState::Draining | SlotState::Failed(_) | SlotState::Gone)
}
