//! What the supervisor tells.

use super::kinds::{ANY, Prospect};
use super::sessions::{Context, Sid};
use super::slots::{Leftover, Run, Standing};
use super::{Dispatcher, Intake, PushError, Queued, Token, later};
use pool_core::message::{Generation, Needs, Offer, Report, Serial, SessionKey, SlotId};
use std::sync::Arc;
use std::time::Instant;

impl<J: Queued, C: Token> Dispatcher<J, C> {
    /// A slot exists, and what it can be had for. Said again, it changes nothing; said with another offer, the slot
    /// that was has gone for ever, and this is a new one.
    pub fn added(&mut self, slot: SlotId, offer: &Arc<Offer>, now: Instant) {
        let kinds = self.kinds.of_slot(offer);
        let known = self.slots.entry(slot);
        if known.standing == Standing::Present && known.kinds == kinds {
            return;
        }
        if known.standing == Standing::Present {
            let generation = known.generation;
            self.gone(slot, generation, true, now);
        }
        // Again: what has gone may have left places for other kinds.
        let kinds = self.kinds.of_slot(offer);
        let known = self.slots.entry(slot);
        // A slot that was given up and is added again counts its lives anew.
        (known.standing, known.kinds, known.generation) = (Standing::Present, kinds, 0);
        self.metrics.added(slot, offer.clone());
        if let Some(candidate) = self.metrics.candidate(slot) {
            self.adviser.tell(|strategy| strategy.on_added(&candidate));
        }
        self.refresh(slot);
    }

    /// An instance can take a job. A credit of a life that is over, or of a slot that has gone for ever, is dropped.
    pub fn credit(&mut self, credit: C, now: Instant) {
        let (slot, generation) = (credit.slot(), credit.generation());
        if self.slots.get(slot).is_none_or(|known| known.standing == Standing::Unheard) {
            self.added(slot, &credit.offer().clone(), now);
        }
        let Some(known) = self.slots.get_mut(slot) else { return };
        if known.standing == Standing::Removed || generation < known.generation {
            return;
        }
        if known.generation < generation {
            let over = known.outlive(generation);
            self.write_off(slot, over, now);
        }
        if let Some(before) = credit.continues() {
            self.taken_up(slot, before, generation);
        }
        if let Some(known) = self.slots.get_mut(slot) {
            known.credits.push(credit);
        }
        self.refresh(slot);
        self.ripen(slot);
    }

    /// The conversation that lived in the life `before` of the slot goes on in this one: for the session that it is, or else as
    /// something that nobody shall see.
    fn taken_up(&mut self, slot: SlotId, before: Generation, generation: Generation) {
        let Some(known) = self.slots.get_mut(slot) else { return };
        let mut is_somebodys = false;
        for &sid in &known.sessions {
            let Some(session) = self.sessions.get_mut(sid) else { continue };
            if session.context == Context::Lives(before) {
                session.context = Context::Lives(generation);
            }
            is_somebodys |= session.context == Context::Lives(generation);
        }
        // Every credit of the life says it again: only the first one comes before any job.
        let is_first =
            known.running.is_empty() && std::mem::replace(&mut known.taken_up, generation) != generation;
        if is_first && !is_somebodys {
            known.leftover = Leftover::Conversation;
        }
    }

    /// A credit is void; it is dropped if it is still here.
    pub fn revoked(&mut self, slot: SlotId, serial: Serial) {
        let Some(known) = self.slots.get_mut(slot) else { return };
        known.credits.retain(|credit| credit.serial() != serial);
        self.refresh(slot);
    }

    /// A job on `slot` has ended.
    pub fn finished(&mut self, slot: SlotId, report: &Report, now: Instant) {
        let Some(known) = self.slots.get_mut(slot) else { return };
        if let Some(run) = known.end(report.job) {
            self.metrics.left(slot);
            self.release(run.session.map(|(sid, _)| sid), now);
        }
        self.metrics.finished(slot, report);
        self.adviser.tell(|strategy| strategy.on_finished(slot, report));
        if self.kinds[ANY].open.contains(slot.index()) {
            self.refresh(slot);
        }
    }

    /// A life of a slot has ended, and its conversations with it; unless `for_ever`, the sessions stay, and their next
    /// jobs go to its next life. For ever, they may live elsewhere.
    pub fn gone(&mut self, slot: SlotId, generation: Generation, for_ever: bool, now: Instant) {
        let Some(known) = self.slots.get_mut(slot) else { return };
        if known.standing != Standing::Present || (known.generation > generation && !for_ever) {
            return;
        }
        let is_news = known.generation <= generation;
        let over = known.outlive(generation.max(known.generation).saturating_add(1));
        self.write_off(slot, over, now);
        self.refresh(slot);
        if is_news {
            self.metrics.gone(slot);
        }
        self.adviser.tell(|strategy| strategy.on_gone(slot));
        if for_ever {
            self.remove(slot, now);
        }
    }

    /// Every slot of a tool has gone for ever: from now on, jobs that need it are refused, and those that need what no
    /// other tool can do; if it was the last tool, all are.
    pub fn failed(&mut self, tool: &Arc<str>, reason: &Arc<str>, now: Instant) {
        let mut lost = vec![Needs::Anything, Needs::Tool(tool.clone())];
        let slots: Vec<_> = self.slots.iter().map(|(slot, known)| (slot, known.generation)).collect();
        for (slot, generation) in slots {
            let Some(offer) = self.metrics.known(slot).map(|(offer, _)| offer.clone()) else { continue };
            if offer.tool == *tool {
                lost.extend(offer.met().skip(1).filter(|needs| !lost.contains(needs)).collect::<Vec<_>>());
                self.gone(slot, generation, true, now);
            }
        }
        for needs in lost {
            let kind = self.kinds.find_or_add(&needs, now);
            if self.kinds[kind].slots.is_empty() {
                self.give_up(kind, reason, now);
            }
        }
    }

    /// No more jobs: those that wait are refused. Those that run are not touched, and may still come back.
    pub fn closed(&mut self, now: Instant) {
        self.intake = Intake::Closed;
        let mut waiting = Vec::new();
        for sid in self.sessions.all() {
            waiting.extend(self.sessions.get_mut(sid).map(|session| session.waiting.extract(|_| true)));
        }
        waiting.extend(self.kinds.iter_mut().map(|kind| kind.lane.extract(|_| true)));
        waiting.extend(self.slots.iter_mut().map(|slot| slot.lane.extract(|_| true)));
        for entry in waiting.into_iter().flatten() {
            self.refuse(entry, PushError::Closed, now);
        }
    }

    /// Jobs of a life that is over will not be heard of again.
    fn write_off(&mut self, slot: SlotId, over: Vec<Run>, now: Instant) {
        for run in over {
            self.metrics.left(slot);
            self.release(run.session.map(|(sid, _)| sid), now);
        }
    }

    fn remove(&mut self, slot: SlotId, now: Instant) {
        let Some(known) = self.slots.get_mut(slot) else { return };
        known.standing = Standing::Removed;
        let sessions = std::mem::take(&mut known.sessions);
        self.refresh(slot);
        // Its kinds may go, and their places be taken by others.
        let kinds =
            self.slots.get_mut(slot).map(|known| std::mem::take(&mut known.kinds)).unwrap_or_default();
        self.adviser.tell(|strategy| strategy.on_removed(slot));
        for &kind in kinds.iter().filter(|kind| **kind != ANY) {
            if self.kinds[kind].slots.is_empty() {
                self.kinds[kind].prospect = Prospect::Until(later(now, self.spec.patience));
            }
        }
        self.evacuate(slot, sessions, now);
    }

    /// The sessions of a slot that has gone for ever: one that is bound to it ends, the others open anew elsewhere.
    fn evacuate(&mut self, slot: SlotId, sessions: Vec<Sid>, now: Instant) {
        for sid in sessions {
            let Some(known) = self.slots.get_mut(slot) else { return };
            let mut waiting = known.lane.extract(|entry| entry.session == Some(sid));
            let Some(session) = self.sessions.get_mut(sid) else { continue };
            if session.context != Context::Fresh {
                session.context = Context::Lost;
            }
            if matches!(session.key, SessionKey::Slot(_)) {
                for entry in waiting.drain(..) {
                    self.refuse(entry, PushError::SlotGone { slot }, now);
                }
            }
            if waiting.is_empty() {
                self.sessions.end(sid);
                continue;
            }
            if let Some(session) = self.sessions.get_mut(sid) {
                session.slot = None;
                waiting.into_iter().for_each(|entry| session.waiting.push(entry));
            }
            self.reopen(sid, now);
        }
    }

    fn give_up(&mut self, kind: usize, reason: &Arc<str>, now: Instant) {
        self.kinds[kind].prospect = Prospect::Failed(reason.clone());
        let needs = self.kinds[kind].needs.clone();
        for entry in self.kinds[kind].lane.extract(|_| true) {
            let error = PushError::Failed { needs: needs.clone(), reason: reason.clone() };
            self.refuse_opener(entry, error, now);
        }
    }
}
