//! A task at a service: submitted, asked after until its state says that it is over, then fetched; a short process for each.
//!
//! Its id is told as soon as it is known ([`Dialect::task`]): whoever keeps it can have another life of the instance, or
//! another run of the program, ask after the same task instead of submitting it again.

mod task;

use super::wire::{End, Request};
use super::{Due, Incoming, Piece, name};
use crate::machine::dialect::text::encode;
use crate::machine::dialect::text::sentinel::Nonces;
use crate::machine::dialect::{CannotCarry, Dialect, Found, Partial};
use crate::machine::later;
use crate::message::Step;
use crate::spec::{RemoteSpec, ToolSpec};
use std::sync::Arc;
use std::time::Instant;
use task::{Doing, Task};

/// The dialect of services that work for themselves. One for each generation of an instance.
#[derive(Debug)]
pub struct RemoteDialect {
    spec: Arc<ToolSpec>,
    how: Arc<RemoteSpec>,
    nonces: Nonces,
    incoming: Incoming,
    phase: Phase,
    /// What is to be sent.
    outgoing: Vec<u8>,
    due: Due,
    /// The task that the next turn is about, if it has been submitted before.
    known: Option<Arc<str>>,
    unsolicited: u64,
}

#[derive(Debug)]
enum Phase {
    Closed,
    Starting,
    Idle,
    Turn(Box<Task>),
}

impl RemoteDialect {
    /// A dialect for one generation of a service that is spoken to as `how` says. Equal seeds give equal nonces.
    #[must_use]
    pub fn new(spec: Arc<ToolSpec>, how: &RemoteSpec, seed: u64) -> Self {
        Self {
            spec,
            how: Arc::new(how.clone()),
            nonces: Nonces::new(seed),
            incoming: Incoming::default(),
            phase: Phase::Closed,
            outgoing: Vec::new(),
            due: Due::default(),
            known: None,
            unsolicited: 0,
        }
    }

    /// Starts what the task does next, or waits.
    fn go_on(&mut self, now: Instant) {
        let Phase::Turn(task) = &self.phase else { return };
        match task.doing() {
            Doing::Process(run) => {
                self.incoming.begin();
                Request::Run(run).write(&mut self.outgoing);
            }
            Doing::Wait(time) => self.due = Due(Some(later(now, time))),
        }
    }

    /// A process has ended.
    fn process_ended(&mut self, end: End, now: Instant) -> Option<Found> {
        let Phase::Turn(task) = &mut self.phase else { return None };
        let found = task.process_ended(end, &self.incoming.errors, &self.spec.turn);
        if matches!(found, Some(Found::End(_))) {
            self.phase = Phase::Idle;
        } else {
            self.go_on(now);
        }
        found
    }

    /// A pause is over.
    fn woken(&mut self, now: Instant) -> Option<Found> {
        let Phase::Turn(task) = &mut self.phase else { return None };
        let found = task.woken();
        if found.is_some() {
            self.phase = Phase::Idle;
        } else {
            self.go_on(now);
        }
        found
    }
}

impl Dialect for RemoteDialect {
    fn open(&mut self, _out: &mut Vec<u8>, _now: Instant) {
        self.phase = Phase::Starting;
    }

    fn take_output(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.outgoing);
    }

    fn begin(
        &mut self,
        step: Step,
        want_raw: bool,
        out: &mut Vec<u8>,
        now: Instant,
    ) -> Result<(), CannotCarry> {
        let prompt = encode::whole(step, &self.spec.turn.text, &self.spec.limits, &mut self.nonces)?;
        let known = self.known.take().filter(|id| name(id).is_some());
        let task = Task::new(self.spec.clone(), self.how.clone(), prompt, known, want_raw);
        self.phase = Phase::Turn(Box::new(task));
        self.go_on(now);
        self.take_output(out);
        Ok(())
    }

    fn interrupted(&mut self, out: &mut Vec<u8>, now: Instant) {
        let Phase::Turn(task) = &mut self.phase else { return };
        if task.interrupted() {
            Request::Cancel.write(&mut self.outgoing);
        } else {
            // Nothing runs: the look that was due later is due now.
            self.due = Due(Some(now));
        }
        self.take_output(out);
    }

    fn answer(&mut self, _text: &str, _out: &mut Vec<u8>) {}

    fn buffer(&mut self) -> &mut Vec<u8> {
        self.incoming.frames.buffer()
    }

    fn poll(&mut self, now: Instant) -> Option<Found> {
        if matches!(self.phase, Phase::Starting) {
            self.phase = Phase::Idle;
            return Some(Found::Ready);
        }
        if self.due.take(now)
            && let Some(found) = self.woken(now)
        {
            return Some(found);
        }
        loop {
            match (self.incoming.next(), &mut self.phase) {
                (Err(reason), _) => return Some(Found::Violation(reason)),
                (Ok(None), _) => return None,
                (Ok(Some(Piece::Output(bytes))), Phase::Turn(task)) => task.hear(&bytes),
                (Ok(Some(Piece::Output(bytes))), _) => self.unsolicited += bytes.len() as u64,
                (Ok(Some(Piece::End(end))), _) => {
                    if let Some(found) = self.process_ended(end, now) {
                        return Some(found);
                    }
                }
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.due.0
    }

    /// Nobody was there to ask: the next look is due at once.
    fn resumed(&mut self, now: Instant) {
        self.due.0 = self.due.0.map(|at| at.min(now));
    }

    fn end_of_output(&mut self) -> Partial {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Turn(task) => task.rest(&self.spec.turn),
            _ => Partial::default(),
        }
    }

    fn tail(&self) -> &[u8] {
        &self.incoming.tail
    }

    fn expects(&self) -> String {
        match &self.phase {
            Phase::Turn(task) => task.expects(),
            _ => "nothing".into(),
        }
    }

    fn task(&self) -> Option<&Arc<str>> {
        match &self.phase {
            Phase::Turn(task) => task.id(),
            _ => None,
        }
    }

    fn take_up_task(&mut self, id: Arc<str>) {
        self.known = Some(id);
    }

    fn still_holds(&self) -> bool {
        matches!(&self.phase, Phase::Turn(task) if task.still_holds())
    }

    fn unsolicited(&self) -> u64 {
        self.unsolicited
    }
}
