//! Jobs come in, for the first time or again.

use super::lane::{Entry, Lane, Order};
use super::sessions::Sid;
use super::slots::Leftover;
use super::{Dispatcher, Intake, PushError, Queued, Token, later};
use crate::strategy::JobView;
use pool_core::message::{JobId, Needs, SessionKey, SlotId};
use std::time::Instant;

/// Where a job waits.
enum Line {
    /// With those of its kind.
    Kind(usize),
    /// For its session's slot.
    Slot(SlotId),
    /// For its session's opener to be placed.
    Behind(Sid),
}

impl<J: Queued, C: Token> Dispatcher<J, C> {
    /// Takes a job into the queue.
    ///
    /// # Errors
    /// The job comes back, with the reason: the queue is full, no slot can ever take it, or [`Self::closed`] was
    /// called. A tool that no slot runs *yet* is waited for, as long as [`super::RouterSpec::patience`].
    pub fn push(&mut self, job: J, now: Instant) -> Result<(), (J, PushError)> {
        self.metrics.counts.submitted += 1;
        self.unswept += 1;
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        let room = self.make_room(now);
        let taken = match room {
            Ok(()) => self.admit(job, arrival, now),
            Err(error) => Err((job, error)),
        };
        if taken.is_err() {
            self.metrics.counts.rejected += 1;
        }
        taken
    }

    /// Takes back a job that was placed and comes back undelivered. It goes to the front of its priority, whether the
    /// queue is full or not; if it cannot run any more, [`Self::poll_refused`] gives it out.
    pub fn returned(&mut self, job: J, now: Instant) {
        self.metrics.counts.returned += 1;
        self.unplace(job.view(now).id, now);
        if job.is_cancelled() {
            self.metrics.counts.cancelled += 1;
            return;
        }
        let arrival = self.next_return;
        self.next_return -= 1;
        let taken = match self.intake {
            Intake::Open => self.admit(job, arrival, now),
            Intake::Closed => Err((job, PushError::Closed)),
        };
        if let Err(refused) = taken {
            self.metrics.counts.failed += 1;
            self.refused.push_back(refused);
        }
    }

    /// Undoes what placing the job did to its slot and its session.
    fn unplace(&mut self, job: JobId, now: Instant) {
        let is_here = |slot: &&super::slots::Slot<J, C>| slot.running.iter().any(|run| run.job == job);
        let Some((slot, _)) = self.slots.iter().find(|(_, slot)| is_here(slot)) else { return };
        let Some(run) = self.slots.get_mut(slot).and_then(|known| known.end(job)) else { return };
        self.metrics.returned(slot);
        if run.reset_first
            && let Some(known) = self.slots.get_mut(slot)
        {
            known.leftover = Leftover::Conversation;
        }
        if let Some((sid, before)) = run.session {
            if let Some(session) = self.sessions.get_mut(sid) {
                session.context = before;
            }
            self.sessions.release(sid, now);
        }
        self.refresh(slot);
    }

    fn make_room(&mut self, now: Instant) -> Result<(), PushError> {
        if self.intake == Intake::Closed {
            return Err(PushError::Closed);
        }
        if self.queued >= self.spec.queue && self.unswept >= self.queued + self.slots.len() {
            self.sweep(now);
        }
        if self.queued >= self.spec.queue {
            return Err(PushError::Overloaded { limit: self.spec.queue });
        }
        Ok(())
    }

    pub(super) fn admit(&mut self, job: J, arrival: i64, now: Instant) -> Result<(), (J, PushError)> {
        let view = job.view(now);
        let order = Order::new(view.priority, arrival);
        let (line, session) = match self.line(&view, now) {
            Ok(found) => found,
            Err(error) => return Err((job, error)),
        };
        self.queued += 1;
        if let Some(sid) = session {
            self.sessions.engage(sid);
        }
        let entry = Entry { order, session, job };
        match line {
            Line::Kind(kind) => self.kinds[kind].lane.push(entry),
            Line::Slot(slot) => {
                if let Some(known) = self.slots.get_mut(slot) {
                    known.lane.push(entry);
                }
                self.ripen(slot);
            }
            Line::Behind(sid) => {
                if let Some(session) = self.sessions.get_mut(sid) {
                    session.waiting.push(entry);
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, job: &JobView<'_>, now: Instant) -> Result<(Line, Option<Sid>), PushError> {
        let until = later(now, self.spec.patience);
        let Some(key) = job.session else {
            return Ok((Line::Kind(self.kinds.of_job(job.needs, until)?), None));
        };
        if let Some(sid) = self.sessions.find(key) {
            let Some(slot) = self.sessions.get(sid).and_then(|session| session.slot) else {
                return Ok((Line::Behind(sid), Some(sid)));
            };
            self.check_needs(job, slot)?;
            return Ok((Line::Slot(slot), Some(sid)));
        }
        match *key {
            SessionKey::Slot(slot) => {
                self.slots.present(slot)?;
                self.check_needs(job, slot)?;
                let sid = self.sessions.open(key, Some(slot));
                self.reserve(slot, sid);
                Ok((Line::Slot(slot), Some(sid)))
            }
            SessionKey::Named(_) => {
                let kind = self.kinds.of_job(job.needs, until)?;
                Ok((Line::Kind(kind), Some(self.sessions.open(key, None))))
            }
        }
    }

    /// Whether what runs on `slot` is what the job needs.
    fn check_needs(&self, job: &JobView<'_>, slot: SlotId) -> Result<(), PushError> {
        let kinds = &self.slots.present(slot)?.kinds;
        if kinds.iter().any(|kind| self.kinds[*kind].needs == *job.needs) {
            return Ok(());
        }
        let runs = self.metrics.known(slot).map(|(offer, _)| offer.tool.clone()).unwrap_or_default();
        Err(match job.needs.clone() {
            Needs::Capability(wanted) => PushError::Unable { slot, runs, wanted },
            Needs::Tool(wanted) => PushError::OtherTool { slot, runs, wanted },
            Needs::Anything => return Ok(()),
        })
    }

    fn reserve(&mut self, slot: SlotId, sid: Sid) {
        if let Some(known) = self.slots.get_mut(slot) {
            known.sessions.push(sid);
        }
        self.refresh(slot);
    }

    /// The session comes to live on `slot`: those behind its opener move there.
    pub(super) fn settle(&mut self, sid: Sid, slot: SlotId, now: Instant) {
        let Some(session) = self.sessions.get_mut(sid) else { return };
        session.slot = Some(slot);
        let mut waiting = std::mem::take(&mut session.waiting);
        self.reserve(slot, sid);
        while let Some(entry) = waiting.pop() {
            match self.check_needs(&entry.job.view(now), slot) {
                Ok(()) => {
                    if let Some(known) = self.slots.get_mut(slot) {
                        known.lane.push(entry);
                    }
                }
                Err(error) => self.refuse(entry, error, now),
            }
        }
        self.ripen(slot);
    }

    /// The session has no opener, and lives nowhere: the first of those that wait becomes the opener.
    pub(super) fn reopen(&mut self, sid: Sid, now: Instant) {
        while let Some(session) = self.sessions.get_mut(sid)
            && session.slot.is_none()
            && let Some(entry) = session.waiting.pop()
        {
            match self.kinds.of_job(entry.job.view(now).needs, later(now, self.spec.patience)) {
                Ok(kind) => return self.kinds[kind].lane.push(entry),
                Err(error) => self.refuse(entry, error, now),
            }
        }
    }

    /// Drops the jobs that were cancelled while they waited, wherever they are. It looks at every job, so it is done
    /// only after as many pushes as there are jobs.
    fn sweep(&mut self, now: Instant) {
        self.unswept = 0;
        let cancelled = |lane: &mut Lane<J>| lane.extract(|entry| entry.job.is_cancelled());
        let mut gone = Vec::new();
        for sid in self.sessions.all() {
            gone.extend(self.sessions.get_mut(sid).map(|session| cancelled(&mut session.waiting)));
        }
        gone.extend(self.slots.iter_mut().map(|slot| cancelled(&mut slot.lane)));
        let openers: Vec<_> = self.kinds.iter_mut().flat_map(|kind| cancelled(&mut kind.lane)).collect();
        for entry in gone.into_iter().flatten() {
            self.discard(entry, now);
        }
        for entry in openers {
            self.discard_opener(entry, now);
        }
    }

    /// As [`Self::discard`], for one from the lane of a kind.
    pub(super) fn discard_opener(&mut self, entry: Entry<J>, now: Instant) {
        let session = entry.session;
        self.discard(entry, now);
        if let Some(sid) = session {
            self.reopen(sid, now);
        }
    }

    /// As [`Self::refuse`], for one from the lane of a kind.
    pub(super) fn refuse_opener(&mut self, entry: Entry<J>, error: PushError, now: Instant) {
        let session = entry.session;
        self.refuse(entry, error, now);
        if let Some(sid) = session {
            self.reopen(sid, now);
        }
    }
}
