//! All jobs of a run in memory, as the record has them. Pure: commands in, rows to write out.
//!
//! Rows are made once and written until the disk takes them; so memory runs ahead of the disk by the one group that
//! is being written, and nobody is answered before it is there.

use super::identity::Identity;
use super::log::Log;
use super::machine::{Event, Fate, Machine, Placed, Rejected, State};
use super::writer::{ListEnd, Standing};
use crate::batch::ResultRecord;
use crate::batch::plan::JobInfo;
use pool_core::message::Outcome;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A job of the list, for as long as it is with this controller.
#[derive(Debug)]
pub struct Entry {
    /// Which job it is.
    pub identity: Identity,
    /// Its place in the list, from 0.
    pub place: u64,
    /// Its id in the list, or its number from 1.
    pub id: String,
    /// The item it was made from.
    pub item: Option<String>,
    /// What its steps say.
    pub prompts: Vec<String>,
    /// It is to be sent again, although it has ended, or nobody knows how.
    pub again: bool,
    /// How often earlier controllers sent it.
    pub before: u32,
    /// The attempt that was sent last, from 1; 0 before the first.
    attempt: AtomicU32,
}

impl Entry {
    /// A job that this controller has not sent yet.
    #[must_use]
    pub fn new(identity: Identity, info: &JobInfo, before: u32, again: bool) -> Self {
        Self {
            identity,
            place: info.index,
            id: info.id.clone(),
            item: info.item.clone(),
            prompts: info.prompts.clone(),
            again,
            before,
            attempt: AtomicU32::new(0),
        }
    }

    /// What the plan of a run says of it.
    pub(super) fn info(&self) -> JobInfo {
        let (id, item, prompts) = (self.id.clone(), self.item.clone(), self.prompts.clone());
        JobInfo { index: self.place, id, item, prompts, on_unknown: None }
    }

    /// The attempt that this controller sent last; none before the first.
    #[must_use]
    pub fn attempt(&self) -> Option<u32> {
        Some(self.attempt.load(Ordering::Acquire)).filter(|attempt| *attempt > 0)
    }

    pub(super) fn sent(&self, attempt: u32) {
        self.attempt.store(attempt, Ordering::Release);
    }
}

/// A row that is to be written.
#[derive(Debug)]
pub(super) enum Row {
    /// A job that the record does not know yet.
    Job { number: usize, entry: Arc<Entry> },
    /// Something that happened to a job.
    Event(EventRow),
    /// The one result of a job in this round.
    Result { job: usize, round: u32, outcome: Outcome, record: String },
    /// What the tool printed in a turn of an attempt.
    Log { job: usize, attempt: u32, step: usize, output: Vec<u8> },
}

/// A line of a job's story.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EventRow {
    pub(super) number: i64,
    pub(super) job: usize,
    pub(super) kind: Kind,
    pub(super) attempt: u32,
    /// The result of an attempt that is not the last, or came late.
    pub(super) record: Option<String>,
}

/// What happened, as the record calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Send(Placed),
    End(Outcome),
    Bury(Outcome),
    Late(Outcome),
    /// An attempt ended so, and another one follows at once.
    Again(Outcome),
    PutBack,
    Refuse,
    Orphan,
    Retry,
    Skip,
    /// A pool that stays up has taken it in; with what is needed to send it.
    Accept,
    /// Somebody has read its result.
    Read,
}

impl EventRow {
    /// What it did to the job; nothing if it came late, or if the next attempt is to tell.
    pub(super) const fn event(&self) -> Option<Event> {
        match self.kind {
            Kind::Send(placed) => Some(Event::Send(placed)),
            Kind::End(outcome) => end_of(self.attempt, outcome, Fate::Final),
            Kind::Bury(outcome) => end_of(self.attempt, outcome, Fate::Bury),
            Kind::Late(_) | Kind::Again(_) => None,
            Kind::PutBack => Some(Event::PutBack),
            Kind::Refuse => Some(Event::Refuse),
            Kind::Orphan => Some(Event::Orphan),
            Kind::Retry => Some(Event::Retry),
            Kind::Skip => Some(Event::Skip),
            Kind::Accept | Kind::Read => None,
        }
    }
}

/// The jobs of a run.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// By their numbers. Those that the record has no more are missing.
    jobs: HashMap<usize, Machine>,
    /// The next number that is given.
    next: usize,
    numbers: HashMap<Identity, usize>,
    last_event: i64,
}

impl Book {
    /// Puts a job back that the record has; false if it has it already.
    pub(super) fn known(&mut self, identity: Identity) -> bool {
        self.jobs.insert(self.next, Machine::new());
        self.next += 1;
        self.numbers.insert(identity, self.next - 1).is_none()
    }

    /// Jobs before this one that the record has no more: their numbers are not given again.
    pub(super) fn leave_out(&mut self, next: usize) {
        self.next = self.next.max(next);
    }

    /// The record has it no more, and nothing will happen to it.
    pub(super) fn forget(&mut self, identity: Identity) {
        if let Some(number) = self.numbers.remove(&identity) {
            self.jobs.remove(&number);
        }
    }

    /// How many numbers were given.
    pub(super) const fn given(&self) -> usize {
        self.next
    }

    /// Puts an event back that the record has.
    pub(super) fn replay(&mut self, row: &EventRow) -> Result<(), Rejected> {
        self.last_event = self.last_event.max(row.number);
        let Some(event) = row.event() else { return Ok(()) };
        let Some(job) = self.jobs.get_mut(&row.job) else {
            return Err(Rejected::OutOfOrder(Machine::new().state()));
        };
        *job = job.after(event)?;
        Ok(())
    }

    /// Every job, in the order of first sending.
    pub(super) fn jobs(&self) -> impl Iterator<Item = (Identity, Machine)> {
        self.numbers.iter().map(|(identity, number)| (*identity, self.jobs[number]))
    }

    /// Where the job with this number stands.
    pub(super) fn state(&self, number: usize) -> Option<State> {
        Some(self.jobs.get(&number)?.state())
    }

    /// The job with this number.
    pub(super) fn machine(&self, number: usize) -> Option<Machine> {
        self.jobs.get(&number).copied()
    }

    /// How the run stands.
    pub(super) fn standing(&self, list: ListEnd) -> Standing {
        let mut standing = Standing { pending: list.unsent, ..Standing::default() };
        // Others were sent once, and are back in the list's count of jobs that were not.
        let states = || self.jobs().map(|(_, job)| job.state());
        standing.settled = states().filter(|state| state.is_terminal()).count() as u64;
        standing.unknown = states().filter(|state| *state == State::Unknown).count() as u64;
        standing.is_begun = self.next > 0;
        standing.is_finished = list.total.is_some() && standing.unknown + standing.pending == 0;
        standing
    }

    /// The number of the last event.
    pub(super) const fn last_event(&self) -> i64 {
        self.last_event
    }

    /// The job is with an instance, and waits for its intent to be written.
    pub(super) fn lease(&mut self, entry: &Entry) -> Result<(), Rejected> {
        let Some(number) = self.numbers.get(&entry.identity) else { return Ok(()) };
        self.change(*number, Event::Lease).map(drop)
    }

    /// The intent to send it; the attempt that it is. One that has ended is sent anew if that was asked for.
    pub(super) fn send(
        &mut self,
        entry: &Arc<Entry>,
        placed: Placed,
        rows: &mut Vec<Row>,
    ) -> Result<u32, Rejected> {
        let job = self.number(entry, rows);
        if entry.again && self.jobs[&job].can_be_retried() {
            self.one(job, Kind::Retry, rows)?;
        }
        let next = self.change(job, Event::Send(placed))?;
        self.event(job, Kind::Send(placed), next.attempts(), None, rows);
        Ok(next.attempts())
    }

    /// It waited for its intent, and was taken back.
    pub(super) fn give_back(&mut self, entry: &Entry) -> Result<(), Rejected> {
        let Some(number) = self.numbers.get(&entry.identity) else { return Ok(()) };
        self.change(*number, Event::GiveBack).map(drop)
    }

    /// The end of an attempt.
    pub(super) fn end(
        &mut self,
        (entry, attempt): (&Arc<Entry>, u32),
        fate: Fate,
        Written { outcome, record, log }: Written,
        rows: &mut Vec<Row>,
    ) {
        let job = self.number(entry, rows);
        match self.change(job, Event::End { attempt, outcome, fate }) {
            Err(_) => self.event(job, Kind::Late(outcome), attempt, Some(record), rows),
            Ok(next) if !next.state().is_terminal() => {
                self.event(job, Kind::End(outcome), attempt, Some(record), rows);
            }
            Ok(next) => {
                let kind = if fate == Fate::Bury { Kind::Bury(outcome) } else { Kind::End(outcome) };
                self.event(job, kind, attempt, None, rows);
                rows.push(Row::Result { job, round: next.round(), outcome, record });
            }
        }
        rows.extend(log.into_written().map(|(step, output)| Row::Log { job, attempt, step, output }));
    }

    /// The end of an attempt that is followed by another one: until that is sent, the job stands where it stood.
    pub(super) fn again(&mut self, entry: &Arc<Entry>, written: Written, rows: &mut Vec<Row>) {
        let Some(attempt) = entry.attempt() else { return };
        let (job, Written { outcome, record, log }) = (self.number(entry, rows), written);
        self.event(job, Kind::Again(outcome), attempt, Some(record), rows);
        rows.extend(log.into_written().map(|(step, output)| Row::Log { job, attempt, step, output }));
    }

    /// The pool gave up before the next attempt: it is still to be done.
    pub(super) fn put_back(&mut self, entry: &Entry, rows: &mut Vec<Row>) {
        // Its intent may have been taken back before it was written.
        let Some(job) = self.numbers.get(&entry.identity).copied() else { return };
        if let Ok(next) = self.change(job, Event::PutBack) {
            self.event(job, Kind::PutBack, next.attempts(), None, rows);
        }
    }

    /// An item that no job can be made of.
    pub(super) fn refuse(&mut self, entry: &Arc<Entry>, written: Written, rows: &mut Vec<Row>) {
        let job = self.number(entry, rows);
        let Ok(next) = self.change(job, Event::Refuse) else { return };
        self.event(job, Kind::Refuse, 0, None, rows);
        let Written { outcome, record, .. } = written;
        rows.push(Row::Result { job, round: next.round(), outcome, record });
    }

    /// A pool that stays up takes it in; with what is needed to send it.
    pub(super) fn accept(&mut self, entry: &Arc<Entry>, request: String, rows: &mut Vec<Row>) {
        let job = self.number(entry, rows);
        self.event(job, Kind::Accept, 0, Some(request), rows);
    }

    /// Somebody has read its result.
    pub(super) fn read(&mut self, job: usize, rows: &mut Vec<Row>) {
        if self.jobs.contains_key(&job) {
            self.event(job, Kind::Read, 0, None, rows);
        }
    }

    /// Somebody has taken it back: whatever became of it, it is never sent again.
    pub(super) fn withdraw(&mut self, entry: &Arc<Entry>, written: Written, rows: &mut Vec<Row>) {
        let job = self.number(entry, rows);
        if self.jobs[&job].state().is_terminal() {
            return;
        }
        // One that is being sent ends so first.
        let attempt = self.jobs[&job].attempts();
        if let Ok(next) =
            self.change(job, Event::End { attempt, outcome: written.outcome, fate: Fate::Final })
        {
            self.event(job, Kind::End(written.outcome), next.attempts(), None, rows);
        }
        // A lease is not written, and so nothing is skipped.
        let _ = self.give_back(entry);
        if self.one(job, Kind::Skip, rows).is_ok() {
            let Written { outcome, record, .. } = written;
            rows.push(Row::Result { job, round: self.jobs[&job].round(), outcome, record });
        }
    }

    /// What the controller before was sending, nobody knows any more.
    pub(super) fn orphan_all(&mut self, rows: &mut Vec<Row>) {
        let mut jobs: Vec<usize> = self.jobs.keys().copied().collect();
        jobs.sort_unstable();
        for job in jobs {
            // Whatever is in another state refuses.
            let _ = self.one(job, Kind::Orphan, rows);
        }
    }

    /// It is left alone from now on; what has ended is left as it is.
    pub(super) fn skip(&mut self, identity: Identity, rows: &mut Vec<Row>) {
        if let Some(job) = self.numbers.get(&identity) {
            let _ = self.one(*job, Kind::Skip, rows);
        }
    }

    /// An event that carries nothing.
    fn one(&mut self, job: usize, kind: Kind, rows: &mut Vec<Row>) -> Result<(), Rejected> {
        let event = match kind {
            Kind::Orphan => Event::Orphan,
            Kind::Retry => Event::Retry,
            _ => Event::Skip,
        };
        let next = self.change(job, event)?;
        self.event(job, kind, next.attempts(), None, rows);
        Ok(())
    }

    fn change(&mut self, job: usize, event: Event) -> Result<Machine, Rejected> {
        let next = self.jobs[&job].after(event)?;
        self.jobs.insert(job, next);
        Ok(next)
    }

    fn number(&mut self, entry: &Arc<Entry>, rows: &mut Vec<Row>) -> usize {
        let number = *self.numbers.entry(entry.identity).or_insert(self.next);
        if number == self.next {
            self.next += 1;
            self.jobs.insert(number, Machine::new());
            rows.push(Row::Job { number, entry: entry.clone() });
        }
        number
    }

    fn event(&mut self, job: usize, kind: Kind, attempt: u32, record: Option<String>, rows: &mut Vec<Row>) {
        self.last_event += 1;
        rows.push(Row::Event(EventRow { number: self.last_event, job, kind, attempt, record }));
    }
}

const fn end_of(attempt: u32, outcome: Outcome, fate: Fate) -> Option<Event> {
    Some(Event::End { attempt, outcome, fate })
}

/// A result as it goes to the disk, with what its tool printed: its text alone, because replies are large.
#[derive(Debug)]
pub(super) struct Written {
    outcome: Outcome,
    record: String,
    log: Log,
}

impl Written {
    pub(super) fn new(record: &ResultRecord, log: Log) -> Self {
        // A record is plain data: it always has a text.
        Self { outcome: record.outcome, record: serde_json::to_string(record).unwrap_or_default(), log }
    }
}
