//! The one thread that writes: it commits whatever has come in at once, as one group, and then answers.
//!
//! Never on a timer: a lone command is committed as it comes, and while one group is being synced the next one
//! gathers. Only that a result has been read, which may be forgotten, waits a moment for company. When the disk refuses, the group is kept: the file is closed, opened again and checked, and the group is
//! written anew (a failed sync is never just repeated). Until it goes through nobody is answered, so nothing is sent
//! and no reply is told. `reserve.rs` tells what is done when the disk is full.

mod closing;
mod pruning;
mod standing;

pub use standing::{ListEnd, Standing};

use super::LedgerError;
use super::book::{Book, Entry, Row, Written};
use super::crash::{Point, reached};
use super::identity::Identity;
use super::machine::{Fate, Placed};
use super::news::{News, Notes};
use super::pool::PoolCommand;
use super::reserve::Room;
use super::tasks::Task;
use super::{rows, schema};
use crate::batch::clock::wall;
use closing::{close, epoch, holds};
use jiff::Timestamp;
use pruning::Pruning;
use rusqlite::Connection;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::oneshot;

/// How many commands may wait. A job has at most one under way, so this is never reached by a window of jobs.
const QUEUE: usize = 1 << 16;
/// How long what may be forgotten waits for a command with which it is written: whoever has read a result often sends the
/// next prompt at once, which then does not wait for a sync more.
const COMPANY: Duration = Duration::from_millis(100);
/// How many commands are committed together at most.
const GROUP: usize = 1024;
/// How long to wait before a disk that refused is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// How often a disk that refuses is tried when the run is to be closed.
const LAST_TRIES: u32 = 4;

/// Why a command was not carried out: the text says it.
pub(super) type Answer<T> = oneshot::Sender<Result<T, Arc<LedgerError>>>;

/// What the thread can be asked for.
#[derive(Debug)]
pub(super) enum Command {
    /// The intent to send, or to ask after its task; answered with the attempt that it is.
    Send { entry: Arc<Entry>, placed: Placed, task: Option<Arc<str>>, answer: Answer<u32> },
    /// The end of an attempt.
    End { entry: Arc<Entry>, attempt: u32, fate: Fate, record: Written, answer: Answer<()> },
    /// An item that no job can be made of.
    Refuse { entry: Arc<Entry>, record: Written, answer: Answer<()> },
    /// The end of an attempt that is followed by another one. Nobody waits for it.
    Again { entry: Arc<Entry>, record: Written },
    /// Its attempt is over, and there was to be another one.
    PutBack { entry: Arc<Entry>, answer: Answer<()> },
    /// Its attempt met a usage limit, and it waits for another one. Nobody waits for this.
    TurnedAway(Arc<Entry>),
    /// What only a pool that stays up is told.
    Pool(PoolCommand),
    /// Jobs that are to be left alone. Nobody waits for it: it is written with what comes next.
    Skip(Vec<Identity>),
    /// What happened to the run as a whole, and when. Nobody waits for it.
    Note(Timestamp, News),
    /// What a service calls a job. Nobody waits for it.
    Task(Arc<Entry>, Arc<str>),
    /// Nothing more will come.
    Close { list: ListEnd, answer: Answer<Standing> },
}

/// The way to the thread.
#[derive(Debug, Clone)]
pub struct Writer(SyncSender<Command>);

impl Writer {
    /// Starts the thread for a record that is open.
    pub(super) fn start(keeper: Keeper) -> Result<Self, LedgerError> {
        let (send, receive) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new().name("cluster-ledger".into());
        thread.spawn(move || keeper.run(&receive)).map_err(|_| LedgerError::Ended)?;
        Ok(Self(send))
    }

    /// Tells, and waits for nothing.
    pub(super) fn tell(&self, command: Command) {
        // The thread has ended: whoever asks next is told so.
        let _ = self.0.try_send(command);
    }

    /// Asks, and waits for the disk.
    pub(super) async fn ask<T>(
        &self,
        make: impl FnOnce(Answer<T>) -> Command,
    ) -> Result<T, Arc<LedgerError>> {
        let (answer, wait) = oneshot::channel();
        // If it has ended, the answer is dropped with the command.
        self.tell(make(answer));
        wait.await.unwrap_or_else(|_| Err(Arc::new(LedgerError::Ended)))
    }
}

/// What the thread owns.
#[derive(Debug)]
pub(super) struct Keeper {
    connection: Option<Connection>,
    path: PathBuf,
    /// Which file it is: one that was put in its place is another.
    inode: u64,
    epoch: u32,
    book: Book,
    room: Room,
    /// Intents that wait for room.
    held: Vec<Command>,
    /// What is to be written with the next group.
    notes: Notes,
    pruning: Pruning,
}

/// What is to be told once the group is on disk.
enum Told {
    Sent { entry: Arc<Entry>, attempt: u32, answer: Answer<u32> },
    Ended(Answer<()>),
    Closed(ListEnd, Answer<Standing>),
}

impl Keeper {
    /// Of an open record.
    pub(super) fn new(
        connection: Connection,
        path: PathBuf,
        epoch: u32,
        book: Book,
    ) -> Result<Self, LedgerError> {
        let inode = path.metadata().map_err(|_| LedgerError::Gone(path.clone()))?.ino();
        let room = Room::reserve(path.parent().unwrap_or(&path));
        let (connection, held, notes) = (Some(connection), Vec::new(), Notes::new());
        let pruning = Pruning::Never;
        Ok(Self { connection, path, inode, epoch, book, room, held, notes, pruning })
    }

    fn run(mut self, commands: &Receiver<Command>) {
        while let Some(group) = self.next_group(commands) {
            let (mut rows, mut told) = (Vec::new(), Vec::new());
            if self.room.is_full()
                && let Err(error) = self.is_there()
            {
                return self.give_up(group, error);
            }
            for command in group {
                self.stage(command, &mut rows, &mut told);
            }
            if rows.is_empty() && told.is_empty() {
                self.take_notes();
                continue;
            }
            if let Err(error) = self.commit_at_last(&rows, &told) {
                tell_error(told, &Arc::new(error));
                return;
            }
            if self.tell(told) {
                return;
            }
            self.prune();
        }
    }

    /// Writes what nobody waits for. If the disk refuses, it goes with the next group, which meets that, and is told why.
    fn take_notes(&mut self) {
        if !self.notes.is_empty() && self.commit(&[], &[]).is_err() {
            self.connection = None;
        }
    }

    /// The file has gone while intents waited for room: nobody else would notice.
    fn give_up(self, group: Vec<Command>, error: LedgerError) {
        let error = Arc::new(error);
        for command in self.held.into_iter().chain(group) {
            match command {
                Command::Send { answer, .. } => _ = answer.send(Err(error.clone())),
                Command::End { answer, .. }
                | Command::Refuse { answer, .. }
                | Command::PutBack { answer, .. } => _ = answer.send(Err(error.clone())),
                Command::Close { answer, .. } => _ = answer.send(Err(error.clone())),
                Command::Pool(command) => command.fail(&error),
                Command::Skip(_)
                | Command::Note(..)
                | Command::Again { .. }
                | Command::TurnedAway(_)
                | Command::Task(..) => {}
            }
        }
    }

    /// Whatever has come; nothing when nobody is left to ask. While the disk is full it wakes now and then.
    fn next_group(&mut self, commands: &Receiver<Command>) -> Option<Vec<Command>> {
        let first = if self.room.is_full() {
            commands.recv_timeout(AGAIN)
        } else {
            commands.recv().map_err(RecvTimeoutError::from)
        };
        let mut group = match first {
            Ok(first) => vec![first],
            Err(RecvTimeoutError::Timeout) => Vec::new(),
            Err(RecvTimeoutError::Disconnected) => return None,
        };
        if let [Command::Pool(PoolCommand::Read(_))] = &group[..] {
            group.extend(commands.recv_timeout(COMPANY));
        }
        // Instances whose intents went through together end their turns together: what they say about it in these few
        // microseconds is one commit instead of two or more. Where nobody else wants the processor, nothing is waited for.
        std::thread::yield_now();
        group.extend(commands.try_iter().take(GROUP - 1));
        if self.room.is_full() && self.room.has_come_back() {
            self.notes.add(wall(), News::Room);
            group.append(&mut self.held);
        }
        Some(group)
    }

    fn stage(&mut self, command: Command, rows: &mut Vec<Row>, told: &mut Vec<Told>) {
        match command {
            Command::Send { entry, placed, task, answer } => {
                self.stage_send(entry, (placed, task), answer, rows, told);
            }
            Command::End { entry, attempt, fate, record, answer } => {
                reached(Point::BeforeReply);
                self.book.end((&entry, attempt), fate, record, rows);
                told.push(Told::Ended(answer));
            }
            Command::Refuse { entry, record, answer } => {
                self.book.refuse(&entry, record, rows);
                told.push(Told::Ended(answer));
            }
            Command::Again { entry, record } => self.book.again(&entry, record, rows),
            Command::PutBack { entry, answer } => {
                self.book.put_back(&entry, rows);
                told.push(Told::Ended(answer));
            }
            Command::TurnedAway(entry) => self.book.put_back(&entry, rows),
            Command::Pool(command) => told.extend(command.stage(&mut self.book, rows).map(Told::Ended)),
            Command::Skip(jobs) => jobs.into_iter().for_each(|job| self.book.skip(job, rows)),
            Command::Note(at, news) => self.notes.add(at, news),
            Command::Task(entry, id) => {
                self.notes.submitted(entry.attempt().map(|attempt| Task::of(&entry, attempt, id)));
            }
            Command::Close { list, answer } => {
                self.notes.add(wall(), News::Left);
                reached(Point::BeforeClose);
                told.push(Told::Closed(list, answer));
            }
        }
    }

    fn stage_send(
        &mut self,
        entry: Arc<Entry>,
        (placed, task): (Placed, Option<Arc<str>>),
        answer: Answer<u32>,
        rows: &mut Vec<Row>,
        told: &mut Vec<Told>,
    ) {
        if answer.is_closed() {
            // Taken back while it waited; an error means that it had not been leased yet.
            let _ = self.book.give_back(&entry);
            return;
        }
        if self.room.is_full() {
            let _ = self.book.lease(&entry);
            self.held.push(Command::Send { entry, placed, task, answer });
            return;
        }
        reached(Point::BeforeIntent);
        match self.book.send(&entry, placed, rows) {
            Ok(attempt) => {
                // With the intent, so that whoever comes after this attempt asks after the task, too.
                self.notes.submitted(task.map(|id| Task::of(&entry, attempt, id)));
                told.push(Told::Sent { entry, attempt, answer });
            }
            Err(rejected) => {
                let error = LedgerError::damaged(&self.path, rejected.to_string());
                let _ = answer.send(Err(Arc::new(error)));
            }
        }
    }

    /// Until the disk takes it.
    fn commit_at_last(&mut self, rows: &[Row], told: &[Told]) -> Result<(), LedgerError> {
        let closing = told.iter().any(|told| matches!(told, Told::Closed(..)));
        let mut tries = 0;
        loop {
            let error = match self.commit(rows, told) {
                Ok(()) => return Ok(()),
                Err(error) if !error.may_pass() => return Err(error),
                Err(error) => error,
            };
            tries += 1;
            if closing && tries >= LAST_TRIES {
                return Err(error);
            }
            self.connection = None;
            if !self.room.is_full() {
                self.notes.add(wall(), News::Full { reason: error.reason() });
            }
            if !self.room.give_way(&error) {
                std::thread::park_timeout(AGAIN);
            }
        }
    }

    /// One transaction; opens the file anew if it was closed after an error.
    fn commit(&mut self, rows: &[Row], told: &[Told]) -> Result<(), LedgerError> {
        self.is_there()?;
        let was_closed = self.connection.is_none();
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => schema::open(&self.path)?,
        };
        let connection = self.connection.insert(connection);
        let transaction =
            rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
        if epoch(&transaction)? != self.epoch {
            return Err(LedgerError::Fenced);
        }
        if !(was_closed && holds(&transaction, self.book.last_event())?) {
            let at = wall().to_string();
            for row in rows {
                rows::write(&transaction, row, self.epoch, &at)?;
            }
        }
        self.notes.write(&transaction, self.epoch)?;
        for told in told {
            if let Told::Closed(list, _) = told {
                close(&transaction, *list, self.book.standing(*list).is_finished)?;
            }
        }
        transaction.commit()?;
        self.notes.written();
        Ok(())
    }

    fn is_there(&self) -> Result<(), LedgerError> {
        let found = self.path.metadata().map(|found| found.ino()).ok();
        if found == Some(self.inode) { Ok(()) } else { Err(LedgerError::Gone(self.path.clone())) }
    }

    /// Answers; true if the run was closed.
    fn tell(&mut self, told: Vec<Told>) -> bool {
        let mut closed = false;
        for told in told {
            match told {
                Told::Sent { entry, attempt, answer } => {
                    reached(Point::AfterIntent);
                    entry.sent(attempt);
                    let _ = answer.send(Ok(attempt));
                }
                Told::Ended(answer) => {
                    reached(Point::AfterReply);
                    let _ = answer.send(Ok(()));
                }
                Told::Closed(list, answer) => {
                    reached(Point::AfterClose);
                    closed = true;
                    self.connection = None;
                    self.room.release();
                    let _ = answer.send(Ok(self.book.standing(list)));
                }
            }
        }
        closed
    }
}

fn tell_error(told: Vec<Told>, error: &Arc<LedgerError>) {
    for told in told {
        match told {
            Told::Sent { answer, .. } => _ = answer.send(Err(error.clone())),
            Told::Ended(answer) => _ = answer.send(Err(error.clone())),
            Told::Closed(_, answer) => _ = answer.send(Err(error.clone())),
        }
    }
}
