//! Tickets: what was sent to a pool, how far it has come, and what came of it.
//!
//! A result belongs to whoever waits for it; else it is unread, until somebody asks for any. It is read when it has been
//! written to a client, and unread again if that client went away before. With a record, a prompt is on disk before its
//! ticket is told, and a result before it is.

mod claim;
mod shelf;

pub(super) use claim::Claim;

use super::limits::{CHANGES, STEP};
use super::protocol::{Fault, SendAsk, TicketChange, TicketCounts, TicketId, TicketState};
use crate::batch::ResultRecord;
use crate::batch::clock::wall;
use crate::ledger::pool::{Accepted, Left, PoolRecord, Prompt, info};
use pool_core::message::{Outcome, Remote};
use shelf::Shelf;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, broadcast, watch};

/// The tickets of a pool. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Tickets(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    shelf: Mutex<Shelf>,
    record: Option<PoolRecord>,
    /// There may be something for who wants any result, or waits until nothing is under way.
    moved: Notify,
    changes: broadcast::Sender<TicketChange>,
}

/// A new ticket.
pub(super) struct Taken {
    pub(super) ticket: TicketId,
    /// Where it stands, from now on.
    pub(super) state: watch::Receiver<TicketState>,
    /// The claim on its result, if that was wanted.
    pub(super) claim: Option<Claim>,
    /// On its way to the disk, if there is a record.
    pub(super) recorded: Option<(Prompt, Accepted)>,
}

impl Tickets {
    /// Of a pool without a record.
    pub(super) fn new() -> Self {
        Self::of(Shelf::default(), None)
    }

    /// Of a pool with this record. What was left to be sent is queued: [`Tickets::begin`] it.
    pub(super) fn recorded(record: PoolRecord, left: &Left) -> Self {
        let mut shelf = Shelf::recorded(left.last);
        for waiting in &left.waiting {
            shelf.restore_waiting(TicketId(waiting.number), weight_of_request(&waiting.request));
        }
        for (number, outcome) in &left.unread {
            shelf.restore_unread(TicketId(*number), *outcome);
        }
        Self::of(shelf, Some(record))
    }

    fn of(shelf: Shelf, record: Option<PoolRecord>) -> Self {
        let shelf = Mutex::new(shelf);
        Self(Arc::new(Shared { shelf, record, moved: Notify::new(), changes: broadcast::channel(CHANGES).0 }))
    }

    /// The record, if there is one.
    pub(super) fn record(&self) -> Option<&PoolRecord> {
        self.0.record.as_ref()
    }

    /// A new ticket for these prompts, and with `claimed` the claim on its result. `request`: what is needed to send them
    /// again.
    ///
    /// # Errors
    /// [`Code::Overloaded`](super::protocol::Code::Overloaded) if too much is under way, or unread.
    pub(super) fn accept(
        &self,
        prompts: &[String],
        claimed: bool,
        request: impl FnOnce() -> String,
    ) -> Result<Taken, Fault> {
        let mut shelf = self.shelf();
        let ticket = shelf.accept(prompts.iter().map(|prompt| prompt.len() + STEP).sum())?;
        // Under the lock: the record has the tickets in the order of their numbers.
        let recorded = self.0.record.as_ref().map(|record| record.accept(ticket.0, prompts, request()));
        let state =
            shelf.follow(ticket).unwrap_or_else(|| watch::Sender::new(TicketState::Queued).subscribe());
        let claim = (claimed && shelf.claim(ticket)).then(|| Claim::new(self.clone(), ticket));
        drop(shelf);
        self.tell(ticket, TicketState::Queued);
        Ok(Taken { ticket, state, claim, recorded })
    }

    /// It could not be recorded, and so was never accepted.
    pub(super) fn forget(&self, ticket: TicketId) {
        self.shelf().forget(ticket);
        self.0.moved.notify_waiters();
    }

    /// Its job is with the pool, and can be spoken to.
    pub(super) fn begin(&self, ticket: TicketId, remote: Remote) {
        self.shelf().begin(ticket, remote);
    }

    /// It has come so far.
    pub(super) fn reached(&self, ticket: TicketId, state: TicketState) {
        if self.shelf().reached(ticket, state.clone()) {
            self.tell(ticket, state);
        }
    }

    /// It has ended.
    pub(super) fn ended(&self, ticket: TicketId, record: ResultRecord) {
        let outcome = record.outcome;
        self.shelf().ended(ticket, Arc::new(record));
        self.tell(ticket, TicketState::Ended { outcome });
        self.0.moved.notify_waiters();
    }

    /// Where it stands, from now on; none if it ended long ago, or there is no such ticket.
    pub(super) fn follow(&self, ticket: TicketId) -> Option<watch::Receiver<TicketState>> {
        self.shelf().follow(ticket)
    }

    /// The claim on its result, which nobody gets from now on who asks for any; none if there is no such ticket.
    pub(super) fn claim(&self, ticket: TicketId) -> Option<Claim> {
        let mut shelf = self.shelf();
        let is_there =
            shelf.claim(ticket) || self.0.record.is_some() && (1..=shelf.last()).contains(&ticket.0);
        is_there.then(|| Claim::new(self.clone(), ticket))
    }

    /// The claim on the oldest result that is unread. Waits for one while something is under way; none if nothing is.
    pub(super) async fn claim_any(&self) -> Option<Claim> {
        self.wait(|shelf| match shelf.claim_any() {
            Some(ticket) => Some(Some(Claim::new(self.clone(), ticket))),
            None if shelf.is_idle() && !shelf.is_unread() => Some(None),
            None => None,
        })
        .await
    }

    /// Waits until nothing is queued or at work.
    pub(super) async fn idle(&self) {
        self.wait(|shelf| shelf.is_idle().then_some(())).await;
    }

    /// What came of it; none until then, and when it is kept no more.
    pub(super) fn result(&self, ticket: TicketId) -> Option<Arc<ResultRecord>> {
        let here = self.shelf().result(ticket);
        here.or_else(|| {
            self.0.record.as_ref()?.result(ticket.0).or_else(|| self.unkept(ticket)).map(Arc::new)
        })
    }

    /// What is told of one that has ended and left no result on disk, so that it can be read, and is in nobody's way.
    fn unkept(&self, ticket: TicketId) -> Option<ResultRecord> {
        let TicketState::Ended { outcome } = *self.follow(ticket)?.borrow() else { return None };
        let why = "no result of it is on record: if it was not sent, it is when the pool is started again"
            .to_owned();
        Some(ResultRecord { outcome, ..ResultRecord::refused(info(ticket.0, Vec::new()), why, wall()) })
    }

    /// The way to its job, while that is under way.
    pub(super) fn remote(&self, ticket: TicketId) -> Option<Remote> {
        self.shelf().remote(ticket)
    }

    /// Somebody takes it back. False if it has ended, or there is no such ticket.
    pub(super) fn withdraw(&self, ticket: TicketId) -> bool {
        self.shelf().withdraw(ticket)
    }

    /// Whether somebody has taken it back.
    pub(super) fn is_withdrawn(&self, ticket: TicketId) -> bool {
        self.shelf().is_withdrawn(ticket)
    }

    /// The ways to all jobs that are under way.
    pub(super) fn remotes(&self) -> Vec<Remote> {
        self.shelf().remotes()
    }

    pub(super) fn counts(&self) -> TicketCounts {
        self.shelf().counts()
    }

    /// The tickets of the jobs that instances have.
    pub(super) fn names(&self) -> BTreeMap<u64, String> {
        self.shelf().names()
    }

    /// What all that have ended have cost, in US dollars, as far as tools told it.
    pub(super) fn cost(&self) -> f64 {
        self.shelf().cost()
    }

    /// Every change from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<TicketChange> {
        self.0.changes.subscribe()
    }

    /// Its result has been written to whoever waited for it.
    fn read(&self, ticket: TicketId) {
        let is_first = self.shelf().read(ticket);
        if let Some(record) = self.0.record.as_ref().filter(|_| is_first) {
            record.read(ticket.0);
        }
    }

    async fn wait<T>(&self, look: impl Fn(&mut Shelf) -> Option<T>) -> T {
        loop {
            let moved = self.0.moved.notified();
            let mut moved = std::pin::pin!(moved);
            // Listening begins before looking, or what moves in between would be missed.
            moved.as_mut().enable();
            if let Some(found) = look(&mut self.shelf()) {
                return found;
            }
            moved.await;
        }
    }

    fn tell(&self, ticket: TicketId, state: TicketState) {
        // Nobody may be watching.
        let _ = self.0.changes.send(TicketChange { ticket, state });
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a prompt counts that was accepted before. One that cannot be read is about to be refused.
fn weight_of_request(request: &str) -> usize {
    let steps = serde_json::from_str::<SendAsk>(request).map_or(0, |ask| ask.steps.len());
    request.len() + steps * STEP
}

/// What is told of a prompt whose result could not be put on disk.
pub(super) fn untold(record: ResultRecord, error: &impl std::fmt::Display) -> ResultRecord {
    let error = Some(format!("its result could not be recorded: {error}"));
    let (reply, steps) = (String::new(), Vec::new());
    ResultRecord { outcome: Outcome::Unknown, error, reply, steps, ..record }
}

#[cfg(test)]
mod tests {
    use super::super::limits::HELD;
    use super::super::protocol::Code;
    use super::*;
    use crate::batch::list::OnUnknown;
    use crate::ledger::pool::{NewPool, Pools};

    #[tokio::test]
    async fn one_without_a_result_on_disk_can_be_read_and_is_in_nobodys_way() {
        let home = tempfile::tempdir().unwrap();
        let tools = vec!["fake".into()];
        let pool = NewPool { plan: "fake".into(), writes: true, tools, on_unknown: OnUnknown::Ask };
        let (record, left) = Pools::under(home.path()).unwrap().open("main", &pool).unwrap();
        let tickets = Tickets::recorded(record, &left);
        let ticket = tickets.accept(&["x".into()], false, || "x".into()).unwrap().ticket;
        assert_eq!(tickets.result(ticket), None);
        let lost = ResultRecord::refused(info(ticket.0, Vec::new()), String::new(), wall());
        tickets.ended(ticket, ResultRecord { outcome: Outcome::Lost, ..lost });
        let claim = tickets.claim_any().await.unwrap();
        let result = tickets.result(claim.ticket()).unwrap();
        assert_eq!((result.outcome, result.job.as_str()), (Outcome::Lost, "t1"));
        claim.told();
        assert!(tickets.claim_any().await.is_none(), "it is read once");
    }

    #[test]
    fn steps_that_say_nothing_are_weighed_whenever_they_come() {
        let steps = vec![String::new(); HELD / STEP + 1];
        let fault = Tickets::new().accept(&steps, false, String::new).err().unwrap();
        assert_eq!(fault.code, Code::Overloaded);
        assert!(Tickets::new().accept(&steps[1..], false, String::new).is_ok());
        let request = r#"{"steps":[{"say":""},{"command":"/x"}]}"#;
        assert_eq!(weight_of_request(request), request.len() + 2 * STEP);
    }
}
