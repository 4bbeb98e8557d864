//! Between a batch and its record: which jobs are still to be done, the errand that writes an intent, the way of a
//! reply through the disk.

use super::LedgerError;
use super::book::{Entry, Written};
use super::identity::{Identities, Identity};
use super::lock::RunLock;
use super::log::Log;
use super::machine::{Fate, Machine, Placed, State};
use super::news::News;
use super::store::{OPEN, leave_exit};
use super::tasks::{Tasks, to_ask_after};
use super::writer::{Command, ListEnd, Standing, Writer};
use crate::batch::ResultRecord;
use crate::batch::clock::wall;
use crate::batch::list::OnUnknown;
use crate::batch::plan::Planned;
use pool_core::message::{Errand, ErrandFuture, JobResult, Outcome, Placement, Refused};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How the error of a job begins that has crashed every instance that tried it.
const DEAD_LETTER: &str = "dead letter";

/// What is to be done with jobs that the record knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// With one that was sent, and whose end nobody knows, if the job itself does not say.
    pub on_unknown: OnUnknown,
    /// Also those that ended, not well.
    pub failed: bool,
}

/// How many jobs of the list are not run, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passed {
    /// They are done.
    pub done: u64,
    /// They ended, not well, and nobody asked for them again.
    pub failed: u64,
    /// Nobody knows how they ended, and the user is to say.
    pub unknown: u64,
}

/// The record of a run that goes on. Cheap to clone; the last one that is dropped gives the run free.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    folder: PathBuf,
    writer: Writer,
    policy: Policy,
    list: Mutex<List>,
    /// Given back when everything that may write is gone.
    _lock: RunLock,
}

/// The list, as far as it has been read.
#[derive(Debug)]
struct List {
    identities: Identities,
    /// What the record has, and the list has not named yet.
    known: HashMap<Identity, Machine>,
    /// What services call jobs of it.
    tasks: Tasks,
    /// Jobs with the pool, by their place.
    entries: HashMap<u64, Arc<Entry>>,
    /// How many jobs were planned.
    planned: u64,
    /// How many jobs came back unsent.
    unsent: u64,
    passed: Passed,
}

impl Recorder {
    pub(super) fn new(
        name: String,
        folder: PathBuf,
        lock: RunLock,
        writer: Writer,
        known: HashMap<Identity, Machine>,
        (tools, policy): (&[String], Policy),
    ) -> Self {
        let list = List {
            identities: Identities::new(tools.iter().map(String::as_str)),
            known,
            tasks: Tasks::new(),
            entries: HashMap::new(),
            planned: 0,
            unsent: 0,
            passed: Passed::default(),
        };
        Self(Arc::new(Inner { name, folder, writer, policy, list: Mutex::new(list), _lock: lock }))
    }

    /// With tasks at services that the record knows.
    pub(super) fn knowing(self, tasks: Tasks) -> Self {
        self.list().tasks = tasks;
        self
    }

    /// What the run is called: `r7`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where its record is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// What has been left out so far.
    #[must_use]
    pub fn passed(&self) -> Passed {
        self.list().passed
    }

    /// The next job of the list, with an errand that writes its intent; nothing if there is nothing to do.
    #[must_use]
    pub fn plan(&self, mut planned: Planned) -> Option<Planned> {
        let mut list = self.list();
        list.planned += 1;
        let identity = list.identities.of(&planned);
        let known = list.known.remove(&identity).unwrap_or_default();
        let task = to_ask_after(&mut list.tasks, identity, known, &planned.info.prompts);
        let decision = match &task {
            // To ask after a task does nothing twice.
            Some(_) => Decision::Send { again: true },
            None => self.decide(known.state(), planned.info.on_unknown),
        };
        let again = match decision {
            Decision::Send { again } => again,
            Decision::Pass(count) => {
                *count(&mut list.passed) += 1;
                return None;
            }
            Decision::Skip => {
                self.0.writer.tell(Command::Skip(vec![identity]));
                list.passed.failed += 1;
                return None;
            }
        };
        let place = planned.info.index;
        list.entries.insert(place, Arc::new(Entry::new(identity, &planned.info, known.attempts(), again)));
        drop(list);
        planned.job = planned.job.map(|job| match self.errand(place) {
            // What its tool prints is written down as well.
            Some(errand) => job.errand(errand).raw(),
            None => job,
        });
        if let Some(task) = task {
            planned.job = planned.job.map(|job| job.submitted_as(task));
        }
        Some(planned)
    }

    /// Puts down what has happened to the run as a whole. Nobody waits for it.
    pub fn note(&self, news: News) {
        self.0.writer.tell(Command::Note(wall(), news));
    }

    /// The errand of a job that is with the pool.
    pub(super) fn errand(&self, place: u64) -> Option<Intent> {
        let entry = self.list().entries.get(&place)?.clone();
        Some(Intent { writer: self.0.writer.clone(), entry })
    }

    /// Puts a result on disk, and what its tool printed. It may be told when this is over.
    ///
    /// What was never sent leaves no trace: it is still to be done.
    ///
    /// # Errors
    /// [`LedgerError`] if the record can take no more; then nobody should be told.
    pub async fn keep(&self, mut record: ResultRecord, log: Log) -> Result<ResultRecord, Arc<LedgerError>> {
        record.run = Some(self.0.name.clone());
        let Some(entry) = self.list().entries.remove(&record.index) else { return Ok(record) };
        let is_dead = record.error.as_ref().is_some_and(|error| error.starts_with(DEAD_LETTER));
        let fate = if is_dead { Fate::Bury } else { Fate::Final };
        if let Some(attempt) = entry.attempt() {
            record.attempt += entry.before;
            let kept = Written::new(&record, log);
            self.0.writer.ask(|answer| Command::End { entry, attempt, fate, record: kept, answer }).await?;
        } else if record.outcome == Outcome::Refused && entry.prompts.is_empty() {
            let kept = Written::new(&record, log);
            self.0.writer.ask(|answer| Command::Refuse { entry, record: kept, answer }).await?;
        } else {
            self.list().unsent += 1;
        }
        Ok(record)
    }

    /// A job came back while it waited for an attempt, or was about to be sent: whatever was sent of it has ended, and it is
    /// still to be done.
    ///
    /// # Errors
    /// As [`Recorder::keep`].
    pub async fn put_back(&self, mut record: ResultRecord) -> Result<ResultRecord, Arc<LedgerError>> {
        record.run = Some(self.0.name.clone());
        let Some(entry) = self.list().entries.remove(&record.index) else { return Ok(record) };
        if entry.attempt().is_some() {
            self.0.writer.ask(|answer| Command::PutBack { entry, answer }).await?;
        }
        self.list().unsent += 1;
        Ok(record)
    }

    /// The run is over for this controller. `list_ended`: the list was read to its end.
    ///
    /// What the record has and the list has no more is left alone from now on. A run that has sent nothing leaves
    /// nothing.
    ///
    /// # Errors
    /// [`LedgerError`] if the disk does not take it; the run can be resumed all the same.
    pub async fn close(&self, list_ended: bool) -> Result<Standing, Arc<LedgerError>> {
        let (list, dropped) = {
            let mut list = self.list();
            let dropped: Vec<Identity> = list.known.drain().map(|(identity, _)| identity).collect();
            // With the pool to the last, and never heard of again.
            let silent = list.entries.values().filter(|entry| entry.attempt().is_none()).count();
            let unsent = list.unsent + silent as u64;
            (ListEnd { total: list_ended.then_some(list.planned), unsent }, dropped)
        };
        if list_ended && !dropped.is_empty() {
            self.0.writer.tell(Command::Skip(dropped));
        }
        let standing = self.0.writer.ask(|answer| Command::Close { list, answer }).await?;
        if !standing.is_begun {
            let _ = std::fs::remove_dir_all(&self.0.folder);
        } else if standing.is_finished {
            let _ = std::fs::remove_file(self.0.folder.join(OPEN));
        }
        Ok(standing)
    }

    /// Leaves the exit code of this controller for [`Store::exit`](super::Store::exit): the last thing it does.
    pub fn leave_exit(&self, code: u8) {
        leave_exit(&self.0.folder, code);
    }

    fn decide(&self, state: State, own: Option<OnUnknown>) -> Decision {
        let Policy { on_unknown, failed } = self.0.policy;
        match (state, own.unwrap_or(on_unknown)) {
            (State::Pending | State::Leased | State::Sending(_), _) => Decision::Send { again: false },
            (State::Done, _) => Decision::Pass(|passed| &mut passed.done),
            (State::Failed(_) | State::DeadLetter(_), _) if failed => Decision::Send { again: true },
            (State::Failed(_) | State::DeadLetter(_), _) => Decision::Pass(|passed| &mut passed.failed),
            (State::Unknown, OnUnknown::Retry) => Decision::Send { again: true },
            (State::Unknown, OnUnknown::Skip) => Decision::Skip,
            (State::Unknown, OnUnknown::Ask) => Decision::Pass(|passed| &mut passed.unknown),
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to do with a job of the list.
enum Decision {
    Send { again: bool },
    Pass(fn(&mut Passed) -> &mut u64),
    Skip,
}

/// The errand of a recorded job: its intent is on disk before its first byte is sent.
#[derive(Debug, Clone)]
pub(super) struct Intent {
    writer: Writer,
    entry: Arc<Entry>,
}

impl Intent {
    /// Of this job.
    pub(super) const fn new(writer: Writer, entry: Arc<Entry>) -> Self {
        Self { writer, entry }
    }
}

impl Errand for Intent {
    fn again(&self) -> Option<Box<dyn Errand>> {
        Some(Box::new(self.clone()))
    }

    fn gives_way(&self, result: &mut JobResult) {
        let log = Log::take(result);
        // What was not sent has left no intent.
        let (Ok(reply), Some(attempt)) = (&*result, self.entry.attempt()) else { return };
        let (now, took) = (wall(), reply.timings.queued + reply.timings.turn);
        let submitted = now.checked_sub(took).unwrap_or(now);
        let record = ResultRecord::new(self.entry.info(), result.clone(), submitted, attempt);
        let (entry, record) = (self.entry.clone(), Written::new(&record, log));
        self.writer.tell(Command::Again { entry, record });
    }

    fn turned_away(&mut self) {
        self.writer.tell(Command::TurnedAway(self.entry.clone()));
    }

    fn submitted(&mut self, task: &Arc<str>) {
        self.writer.tell(Command::Task(self.entry.clone(), task.clone()));
    }

    fn before(&mut self, placement: &Placement) -> ErrandFuture<Result<(), Refused>> {
        let (writer, entry) = (self.writer.clone(), self.entry.clone());
        let placed = Placed { slot: placement.slot, generation: placement.generation };
        let task = placement.task.clone();
        Box::pin(async move {
            let sent = writer.ask(|answer| Command::Send { entry, placed, task, answer }).await;
            sent.map(drop).map_err(|error| Refused(error.to_string()))
        })
    }
}
