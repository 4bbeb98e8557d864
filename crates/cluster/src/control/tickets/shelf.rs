//! The tickets themselves: who may have which result, and what is kept for how long.

use crate::batch::ResultRecord;
use crate::control::limits::{HELD, STEP, TICKETS};
use crate::control::protocol::{Code, Fault, TicketCounts, TicketId, TicketState};
use pool_core::message::{Outcome, Remote};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::watch;

/// All tickets that something is known of.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Results are on disk as well, and are kept here only for those who wait for them.
    recorded: bool,
    all: BTreeMap<TicketId, Entry>,
    last: u64,
    /// Those that have ended, in the order in which they did, by whether somebody has read them.
    unread: BTreeSet<(u64, TicketId)>,
    read: BTreeSet<(u64, TicketId)>,
    arrivals: u64,
    /// Bytes of prompts and results.
    held: usize,
    /// US dollars.
    cost: f64,
}

#[derive(Debug)]
struct Entry {
    state: watch::Sender<TicketState>,
    /// Bytes of the prompt, or of the result.
    weight: usize,
    /// How many wait for the result.
    claims: usize,
    /// Somebody has taken it back.
    withdrawn: bool,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Accepted, and not yet with the pool.
    Accepted,
    UnderWay(Remote),
    Ended {
        arrival: u64,
        result: Option<Arc<ResultRecord>>,
    },
}

impl Shelf {
    /// Of a pool that has given so many tickets before, and keeps results on disk.
    pub(super) fn recorded(last: u64) -> Self {
        Self { recorded: true, last, ..Self::default() }
    }

    /// A ticket of before that is to be sent.
    pub(super) fn restore_waiting(&mut self, ticket: TicketId, bytes: usize) {
        self.held += bytes;
        self.all.insert(ticket, Entry::new(bytes));
    }

    /// A ticket of before that has ended, and whose result nobody has read.
    pub(super) fn restore_unread(&mut self, ticket: TicketId, outcome: Outcome) {
        self.arrivals += 1;
        let arrival = self.arrivals;
        let entry = Entry { stage: Stage::Ended { arrival, result: None }, ..Entry::new(0) };
        entry.state.send_replace(TicketState::Ended { outcome });
        self.all.insert(ticket, entry);
        self.unread.insert((arrival, ticket));
    }

    /// How many tickets were given.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// Another ticket.
    pub(super) fn accept(&mut self, bytes: usize) -> Result<TicketId, Fault> {
        self.make_room(bytes);
        let under_way = self.all.len() - self.read.len() - self.unread.len();
        let unread = if self.recorded { 0 } else { self.unread.len() };
        if under_way + unread >= TICKETS {
            let (why, help) = match unread {
                0 => (format!("{under_way} prompts are under way"), "send more when some have ended"),
                _ => (
                    format!("{under_way} prompts are under way, and {unread} unread"),
                    "read some results first",
                ),
            };
            return Err(Fault::new(Code::Overloaded, why).help(help));
        }
        if self.held + bytes > HELD {
            let why = "prompts under way and unread results are too large together";
            return Err(
                Fault::new(Code::Overloaded, why).help("read some results first, or send less at a time")
            );
        }
        self.last += 1;
        self.held += bytes;
        let ticket = TicketId(self.last);
        self.all.insert(ticket, Entry::new(bytes));
        Ok(ticket)
    }

    /// It could not be accepted after all.
    pub(super) fn forget(&mut self, ticket: TicketId) {
        if let Some(entry) = self.all.remove(&ticket) {
            self.held -= entry.weight;
        }
    }

    /// It is with the pool, unless somebody has taken it back already.
    pub(super) fn begin(&mut self, ticket: TicketId, remote: Remote) {
        let Some(entry) = self.all.get_mut(&ticket) else { return };
        if entry.withdrawn {
            remote.cancel();
        }
        entry.stage = Stage::UnderWay(remote);
    }

    /// Somebody takes it back. False if it has ended.
    pub(super) fn withdraw(&mut self, ticket: TicketId) -> bool {
        let Some(entry) = self.all.get_mut(&ticket) else { return false };
        match &entry.stage {
            Stage::Accepted => {}
            Stage::UnderWay(remote) => remote.cancel(),
            Stage::Ended { .. } => return false,
        }
        entry.withdrawn = true;
        true
    }

    /// Whether somebody has taken it back.
    pub(super) fn is_withdrawn(&self, ticket: TicketId) -> bool {
        self.all.get(&ticket).is_some_and(|entry| entry.withdrawn)
    }

    /// True if that is another state than before.
    pub(super) fn reached(&mut self, ticket: TicketId, state: TicketState) -> bool {
        let Some(entry) = self.all.get_mut(&ticket) else { return false };
        let is_new = !matches!(entry.stage, Stage::Ended { .. }) && *entry.state.borrow() != state;
        if is_new {
            entry.state.send_replace(state);
        }
        is_new
    }

    pub(super) fn ended(&mut self, ticket: TicketId, result: Arc<ResultRecord>) {
        let Some(entry) = self.all.get_mut(&ticket) else { return };
        self.arrivals += 1;
        self.cost += result.usage.and_then(|usage| usage.cost_usd).unwrap_or(0.0);
        let (arrival, outcome) = (self.arrivals, result.outcome);
        let result = (!self.recorded || entry.claims > 0).then_some(result);
        let weight = result.as_ref().map_or(0, |result| result.weight() + result.steps.len() * STEP);
        self.held = self.held - entry.weight + weight;
        entry.weight = weight;
        entry.stage = Stage::Ended { arrival, result };
        entry.state.send_replace(TicketState::Ended { outcome });
        self.unread.insert((arrival, ticket));
        self.make_room(0);
    }

    pub(super) fn follow(&self, ticket: TicketId) -> Option<watch::Receiver<TicketState>> {
        Some(self.all.get(&ticket)?.state.subscribe())
    }

    /// False if there is no such ticket.
    pub(super) fn claim(&mut self, ticket: TicketId) -> bool {
        let Some(entry) = self.all.get_mut(&ticket) else { return false };
        entry.claims += 1;
        true
    }

    /// The oldest result that is unread, and that nobody waits for.
    pub(super) fn claim_any(&mut self) -> Option<TicketId> {
        let is_free = |ticket: &TicketId| self.all.get(ticket).is_some_and(|entry| entry.claims == 0);
        let ticket = self.unread.iter().map(|(_, ticket)| *ticket).find(is_free)?;
        self.claim(ticket).then_some(ticket)
    }

    pub(super) fn unclaim(&mut self, ticket: TicketId) {
        let Some(entry) = self.all.get_mut(&ticket) else { return };
        entry.claims = entry.claims.saturating_sub(1);
        if self.recorded && entry.claims == 0 && matches!(entry.stage, Stage::Ended { .. }) {
            self.held -= std::mem::take(&mut entry.weight);
            if let Stage::Ended { arrival, result } = &mut entry.stage {
                *result = None;
                if self.read.remove(&(*arrival, ticket)) {
                    self.all.remove(&ticket);
                }
            }
        }
    }

    /// True if it is read for the first time.
    pub(super) fn read(&mut self, ticket: TicketId) -> bool {
        let Some(Entry { stage: Stage::Ended { arrival, .. }, .. }) = self.all.get(&ticket) else {
            return false;
        };
        let is_first = self.unread.remove(&(*arrival, ticket));
        if is_first {
            self.read.insert((*arrival, ticket));
        }
        is_first
    }

    pub(super) fn result(&self, ticket: TicketId) -> Option<Arc<ResultRecord>> {
        match &self.all.get(&ticket)?.stage {
            Stage::Ended { result, .. } => result.clone(),
            Stage::Accepted | Stage::UnderWay(_) => None,
        }
    }

    pub(super) fn remote(&self, ticket: TicketId) -> Option<Remote> {
        match &self.all.get(&ticket)?.stage {
            Stage::UnderWay(remote) => Some(remote.clone()),
            Stage::Accepted | Stage::Ended { .. } => None,
        }
    }

    pub(super) fn remotes(&self) -> Vec<Remote> {
        let remote = |entry: &Entry| match &entry.stage {
            Stage::UnderWay(remote) => Some(remote.clone()),
            Stage::Accepted | Stage::Ended { .. } => None,
        };
        self.all.values().filter_map(remote).collect()
    }

    /// The tickets of the jobs that instances have.
    pub(super) fn names(&self) -> BTreeMap<u64, String> {
        let name = |(ticket, entry): (&TicketId, &Entry)| match &entry.stage {
            Stage::UnderWay(remote) if remote.place().is_some() => Some((remote.job().0, ticket.to_string())),
            _ => None,
        };
        self.all.iter().filter_map(name).collect()
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.all.len() == self.unread.len() + self.read.len()
    }

    /// Whether a result is unread; whoever has it may give it back.
    pub(super) fn is_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// What all that have ended have cost.
    pub(super) const fn cost(&self) -> f64 {
        self.cost
    }

    pub(super) fn counts(&self) -> TicketCounts {
        let is = |which: fn(&TicketState) -> bool| {
            self.all.values().filter(|entry| which(&entry.state.borrow())).count() as u64
        };
        TicketCounts {
            queued: is(|state| matches!(state, TicketState::Queued)),
            working: is(|state| matches!(state, TicketState::Working { .. })),
            unread: self.unread.len() as u64,
        }
    }

    /// Results that have been read give way to what comes, the oldest first.
    fn make_room(&mut self, bytes: usize) {
        while self.read.len() > TICKETS || self.held + bytes > HELD {
            let Some((_, ticket)) = self.read.pop_first() else { return };
            if let Some(entry) = self.all.remove(&ticket) {
                self.held -= entry.weight;
            }
        }
    }
}

impl Entry {
    fn new(weight: usize) -> Self {
        let state = watch::Sender::new(TicketState::Queued);
        Self { state, weight, claims: 0, withdrawn: false, stage: Stage::Accepted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::plan::JobInfo;

    fn result(reply: &str) -> Arc<ResultRecord> {
        let blank = ResultRecord::refused(JobInfo::default(), String::new(), jiff::Timestamp::UNIX_EPOCH);
        Arc::new(ResultRecord { reply: reply.to_owned(), ..blank })
    }

    fn sent(shelf: &mut Shelf, count: usize) -> Vec<TicketId> {
        (0..count).map(|_| shelf.accept(1).unwrap()).collect()
    }

    #[test]
    fn any_is_the_oldest_that_ended_each_once() {
        let mut shelf = Shelf::default();
        let tickets = sent(&mut shelf, 3);
        assert_eq!(tickets, [TicketId(1), TicketId(2), TicketId(3)]);
        assert_eq!(shelf.claim_any(), None);
        [1, 0, 2].into_iter().for_each(|at: usize| shelf.ended(tickets[at], result("")));
        for at in [1, 0] {
            assert_eq!(shelf.claim_any(), Some(tickets[at]));
            shelf.read(tickets[at]);
            shelf.unclaim(tickets[at]);
        }
        assert_eq!(shelf.counts(), TicketCounts { queued: 0, working: 0, unread: 1 });
        assert_eq!(shelf.claim_any(), Some(tickets[2]));
        assert_eq!(shelf.claim_any(), None);
        shelf.unclaim(tickets[2]);
        assert_eq!(shelf.claim_any(), Some(tickets[2]), "given back");
        assert!(shelf.result(tickets[0]).is_some(), "what was read can be read again");
    }

    #[test]
    fn who_waits_for_a_ticket_gets_it_and_not_whoever_wants_any() {
        let mut shelf = Shelf::default();
        let tickets = sent(&mut shelf, 2);
        assert!(shelf.claim(tickets[0]) && !shelf.claim(TicketId(9)));
        tickets.iter().for_each(|ticket| shelf.ended(*ticket, result("")));
        assert_eq!(shelf.claim_any(), Some(tickets[1]));
        shelf.unclaim(tickets[0]);
        assert_eq!(shelf.claim_any(), Some(tickets[0]));
    }

    #[test]
    fn what_is_unread_is_bounded_and_what_was_read_gives_way() {
        let mut shelf = Shelf::default();
        let tickets = sent(&mut shelf, TICKETS);
        assert_eq!(shelf.accept(1).unwrap_err().code, Code::Overloaded);
        tickets.iter().for_each(|ticket| shelf.ended(*ticket, result("")));
        assert_eq!(shelf.accept(1).unwrap_err().code, Code::Overloaded);
        assert!(tickets.iter().all(|ticket| shelf.read(*ticket) && !shelf.read(*ticket)));
        let more = sent(&mut shelf, TICKETS);
        more.iter().for_each(|ticket| shelf.ended(*ticket, result("")));
        assert!(more.iter().all(|ticket| shelf.read(*ticket)));
        shelf.accept(1).unwrap();
        assert!(shelf.result(tickets[0]).is_none() && shelf.result(more[0]).is_some());
    }

    #[test]
    fn what_is_held_is_bounded_in_bytes() {
        let mut shelf = Shelf::default();
        let first = shelf.accept(HELD).unwrap();
        assert_eq!(shelf.accept(1).unwrap_err().code, Code::Overloaded);
        shelf.ended(first, result("short"));
        let big = shelf.accept(HELD / 2).unwrap();
        shelf.ended(big, result(&"x".repeat(HELD)));
        assert_eq!(shelf.accept(1).unwrap_err().code, Code::Overloaded);
        shelf.read(big);
        shelf.accept(1).unwrap();
        assert!(shelf.result(big).is_none() && shelf.result(first).is_some());
    }
}
