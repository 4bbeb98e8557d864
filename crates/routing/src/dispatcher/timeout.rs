//! What happens because nothing happens: sessions end, and hopes are given up.

use super::kinds::{Kind, Prospect};
use super::sessions::{Context, Sid};
use super::{Dispatcher, PushError, Queued, Token, later};
use pool_core::message::{SessionKey, SlotId};
use std::time::Instant;

impl<J: Queued, C: Token> Dispatcher<J, C> {
    /// When to call [`Self::handle_timeout`] next, if nothing else happens; `None` if never.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let idle = self.sessions.longest_idle().map(|(since, _)| later(since, self.spec.session_idle));
        let kinds = self.kinds.iter().filter_map(|(_, kind)| self.deadline(kind));
        kinds.chain(idle).min()
    }

    /// Does what is due at `now`; [`Self::poll`] may have something afterwards.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((since, sid)) = self.sessions.longest_idle()
            && later(since, self.spec.session_idle) <= now
        {
            self.end_idle(sid);
        }
        for kind in 0..self.kinds.len() {
            self.drop_cancelled_heads(kind, now);
            if self.deadline(&self.kinds[kind]).is_none_or(|deadline| now < deadline) {
                continue;
            }
            if self.kinds[kind].is_starved() {
                if let Some(sid) = self.dispensable(&self.kinds[kind]) {
                    self.end_idle(sid);
                }
            } else if self.kinds[kind].patience_ends(self.spec.patience).is_none() {
                self.despair(kind, now);
            }
        }
    }

    /// Ends a session: its slot serves the others again, and the next job of this name begins a new conversation,
    /// without [`super::Placement::context_lost`]. Those of its jobs that wait are the first of the new one.
    pub fn close_session(&mut self, key: &SessionKey, now: Instant) {
        self.sessions.forget(key);
        let Some(sid) = self.sessions.find(key) else { return };
        let Some(session) = self.sessions.get_mut(sid) else { return };
        let context = std::mem::replace(&mut session.context, Context::Fresh);
        let Some(slot) = session.slot else { return };
        let Some(known) = self.slots.get_mut(slot) else { return };
        for run in &mut known.running {
            if run.session.is_some_and(|(other, _)| other == sid) {
                run.session = None;
                self.sessions.release(sid, now);
            }
        }
        let waiting = known.lane.extract(|entry| entry.session == Some(sid));
        if waiting.is_empty() {
            self.sessions.end(sid);
            return self.vacate(sid, slot, context);
        }
        // One that is bound to its slot has nowhere else to open.
        let bound = matches!(key, SessionKey::Slot(_));
        if let Some(session) = self.sessions.get_mut(sid)
            && !bound
        {
            session.slot = None;
            waiting.into_iter().for_each(|entry| session.waiting.push(entry));
            self.vacate(sid, slot, context);
            return self.reopen(sid, now);
        }
        waiting.into_iter().for_each(|entry| known.lane.push(entry));
        known.leave(context);
    }

    fn deadline(&self, kind: &Kind<J>) -> Option<Instant> {
        let head = kind.lane.head()?;
        if kind.is_starved() {
            self.dispensable(kind)?;
            return Some(later(head.job.submitted(), self.spec.patience));
        }
        match kind.prospect {
            Prospect::Until(deadline) => Some(deadline),
            Prospect::Good | Prospect::Failed(_) => kind.patience_ends(self.spec.patience),
        }
    }

    /// The session that has been idle longest, among those on slots that `kind` could use; rather one whose slot could
    /// take a job at once.
    fn dispensable(&self, kind: &Kind<J>) -> Option<Sid> {
        let usable = || self.sessions.idle().filter(|(_, slot)| kind.slots.contains(slot.index()));
        let free = |slot: SlotId| self.slots.get(slot).is_some_and(|known| !known.credits.is_empty());
        let at_once = usable().find(|&(_, slot)| free(slot));
        at_once.or_else(|| usable().next()).map(|(sid, _)| sid)
    }

    fn end_idle(&mut self, sid: Sid) {
        if let Some(session) = self.sessions.end(sid)
            && let Some(slot) = session.slot
        {
            self.vacate(sid, slot, session.context);
        }
    }

    fn vacate(&mut self, sid: Sid, slot: SlotId, context: Context) {
        if let Some(known) = self.slots.get_mut(slot) {
            known.sessions.retain(|other| *other != sid);
            known.leave(context);
        }
        self.refresh(slot);
    }

    fn drop_cancelled_heads(&mut self, kind: usize, now: Instant) {
        while self.kinds[kind].lane.head().is_some_and(|entry| entry.job.is_cancelled())
            && let Some(entry) = self.kinds[kind].lane.pop()
        {
            self.discard_opener(entry, now);
        }
    }

    /// Nobody meets this, and nobody has come to.
    fn despair(&mut self, kind: usize, now: Instant) {
        let (needs, present) = (self.kinds[kind].needs.clone(), self.kinds.present(kind));
        for entry in self.kinds[kind].lane.extract(|_| true) {
            let error = PushError::Nobody { needs: needs.clone(), present: present.clone() };
            self.refuse_opener(entry, error, now);
        }
    }
}
