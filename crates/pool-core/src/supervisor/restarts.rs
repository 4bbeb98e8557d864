//! After the end of a life: the next one, the end of a slot, of a tool, of the pool.

use super::attach::CannotAttach;
use super::{PoolHealth, PoolSupervisor, now, slot_id, unit};
use crate::machine::restart::{Cause, Verdict};
use crate::message::{Generation, Order, PoolEvent, SlotId, news};
use actix::Context;
use std::sync::Arc;

impl PoolSupervisor {
    /// A life ended badly: is the tool still worth a restart?
    pub(super) fn charge(&mut self, index: usize, cause: Cause, context: &mut Context<Self>) {
        let group = self.places[index].group;
        match self.groups[group].window.charge(slot_id(index), cause, now()) {
            Verdict::Restart => self.pause(index, context),
            Verdict::Refund(others) => {
                self.pause(index, context);
                self.refund(index, &others, context);
            }
            Verdict::GiveUp => self.give_up(index, context),
        }
    }

    /// It is, after a while.
    // ## Working => BackingOff
    pub(super) fn pause(&mut self, index: usize, context: &mut Context<Self>) {
        let dice = unit(self.roll());
        self.places[index].slot.back_off(dice, now());
        self.start_waiting(self.places[index].group, context);
    }

    /// A job has crashed a second slot: nobody waits for what it did.
    fn refund(&mut self, index: usize, others: &[SlotId], context: &mut Context<Self>) {
        for slot in others.iter().copied().chain([slot_id(index)]) {
            self.places[slot.index()].slot.refund();
        }
        self.start_waiting(self.places[index].group, context);
    }

    /// OTP's escalation: the whole tool is given up, not the slot that happened to be last. Jobs at hand may end.
    // ## any => Failed
    fn give_up(&mut self, index: usize, context: &mut Context<Self>) {
        let group = self.places[index].group;
        let spec = &self.groups[group].spec;
        let reason = format!(
            "{} ended too often (more than {} restarts within {:?}, or failed starts in a row); the last time it {}",
            spec.tool,
            spec.intensity.max,
            spec.intensity.within,
            self.places[index].status.last_exit(),
        );
        let given_up = |place: &super::Place| place.group == group && !place.slot.is_over();
        let lost: Vec<usize> =
            (0..self.places.len()).filter(|other| given_up(&self.places[*other])).collect();
        for other in &lost {
            self.places[*other].slot.fail(reason.clone());
            self.places[*other].tell(Order::Drain);
        }
        for other in lost {
            self.over(other, context);
        }
    }

    /// A slot will not live again. When that holds for all of its tool, the jobs must know.
    pub(super) fn over(&mut self, index: usize, context: &mut Context<Self>) {
        let group = self.places[index].group;
        let generation = self.places[index].slot.generation();
        if let Some(asker) = self.places[index].asker.take() {
            let _ = asker.send(Err(CannotAttach::Going { slot: slot_id(index) }));
        }
        news::tell(&self.router, PoolEvent::Gone { slot: slot_id(index), generation, for_ever: true });
        let mut rest = self.places.iter().filter(|place| place.group == group);
        let all = rest.all(|place| place.slot.is_over());
        if all && !self.closing && self.groups[group].failure.is_none() {
            let tool = self.groups[group].spec.tool.clone();
            let reason: Arc<str> = self.places[index].failure(&tool).into();
            self.groups[group].failure = Some(reason.clone());
            news::tell(&self.router, PoolEvent::Failed { tool, reason });
        }
        self.start_waiting(group, context);
        self.end_if_over();
    }

    /// The last instance has gone, and no other will come.
    pub(super) fn end_if_over(&mut self) {
        if self.places.iter().any(|place| place.instance.is_some()) {
            return;
        }
        if self.closing {
            self.health.send_replace(PoolHealth::Gone);
            self.places.iter().for_each(|place| place.transcript.close());
            for waiting in self.gone.drain(..) {
                let _ = waiting.send(());
            }
        } else if self.places.iter().all(|place| place.slot.is_over()) {
            let reasons: Vec<&str> =
                self.groups.iter().filter_map(|group| group.failure.as_deref()).collect();
            let reason = reasons.join("; ").into();
            self.health.send_if_modified(|health| {
                let first = !matches!(health, PoolHealth::Failed(_));
                if first {
                    *health = PoolHealth::Failed(reason);
                }
                first
            });
        }
    }

    /// An instance with too much memory is replaced between two jobs. That is no crash, and costs nothing.
    pub(super) fn outgrown(&mut self, slot: SlotId, generation: Generation, memory: u64) {
        let place = &self.places[slot.index()];
        if place.slot.generation() == generation && self.restart(slot) {
            let tool = &self.groups[self.places[slot.index()].group].spec.tool;
            tracing::warn!(%tool, %slot, generation, memory, "an instance outgrew max_memory and is replaced");
        }
    }
}
