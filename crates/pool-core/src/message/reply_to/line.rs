//! What the two ends of a way home share.

use super::{CONTROL_BOUND, Control, ControlMessage, Stage};
use crate::error::JobError;
use crate::message::{Generation, JobId, JobResult, SlotId};
use actix::Recipient;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

pub(super) struct Line {
    pub(super) job: JobId,
    stage: AtomicU8,
    /// Where it was placed last: the slot, and above it the slot's life.
    place: AtomicU64,
    /// The caller took it back. A job that goes back to the queue looks here, because what it was told on an
    /// instance is forgotten there.
    unwanted: AtomicBool,
    control: Mutex<Mailbag>,
    /// Taken by whoever sends the one result.
    home: Mutex<Option<oneshot::Sender<JobResult>>>,
    /// How many attempts got as far as the tool.
    sent: AtomicU32,
    /// What the attempt before this one brought.
    earlier: Mutex<Option<JobResult>>,
    /// What a service calls the task that the job's first step has become.
    task: Mutex<Option<Arc<str>>>,
}

/// Control messages wait here until an instance has the job.
enum Mailbag {
    Waiting(Vec<Control>),
    Attached(Arc<Recipient<ControlMessage>>),
    Closed,
}

impl Line {
    pub(super) fn new(home: oneshot::Sender<JobResult>) -> Self {
        Self {
            job: JobId::fresh(),
            stage: AtomicU8::new(Stage::Queued as u8),
            place: AtomicU64::new(0),
            unwanted: AtomicBool::new(false),
            control: Mutex::new(Mailbag::Waiting(Vec::new())),
            home: Mutex::new(Some(home)),
            sent: AtomicU32::new(0),
            earlier: Mutex::new(None),
            task: Mutex::new(None),
        }
    }

    pub(super) fn task(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queued => Placed; false if it was cancelled.
    pub(super) fn place(&self, slot: SlotId, generation: Generation) -> bool {
        // Before the stage says that it is there.
        self.place.store(u64::from(generation) << 32 | u64::from(slot.0), Ordering::Release);
        self.swap(Stage::Queued, Stage::Placed)
    }

    /// The slot that has it, and in which life, if one has.
    pub(super) fn placed(&self) -> Option<(SlotId, Generation)> {
        let is_there = matches!(self.stage(), Stage::Placed | Stage::Delivered);
        let place = is_there.then(|| self.place.load(Ordering::Acquire))?;
        Some((SlotId(place as u32), (place >> 32) as Generation))
    }

    /// Placed => Delivered; false if it was cancelled.
    pub(super) fn deliver(&self) -> bool {
        let delivered = self.swap(Stage::Placed, Stage::Delivered);
        if delivered {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        delivered
    }

    pub(super) fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// any => Done, with the one result unless another one went home before.
    pub(super) fn done(&self, result: JobResult) {
        let home = self.home().take();
        self.stage.store(Stage::Done as u8, Ordering::Release);
        *self.bag() = Mailbag::Closed;
        if let Some(home) = home {
            let _ = home.send(self.settle(result));
        }
    }

    /// Queued => Cancelled, with the one result; false if it is not queued.
    pub(super) fn refuse(&self, error: JobError) -> bool {
        let mut home = self.home();
        let refused = home.is_some() && self.swap(Stage::Queued, Stage::Cancelled);
        if refused && let Some(home) = home.take() {
            let _ = home.send(self.settle(Err(error)));
        }
        refused
    }

    pub(super) fn stage(&self) -> Stage {
        Stage::from_u8(self.stage.load(Ordering::Acquire))
    }

    pub(super) fn swap(&self, from: Stage, to: Stage) -> bool {
        // Sequentially consistent, so that `cancel` and `requeue` cannot both miss what the other did.
        self.stage.compare_exchange(from as u8, to as u8, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Whoever waits for the result of a queued job hears at once: the queue may not move for hours.
    pub(super) fn cancel(&self) {
        self.unwanted.store(true, Ordering::SeqCst);
        if !self.refuse(JobError::Cancelled) {
            self.control(Control::Cancel);
        }
    }

    pub(super) fn control(&self, control: Control) {
        match &mut *self.bag() {
            Mailbag::Waiting(waiting) if waiting.len() < CONTROL_BOUND => waiting.push(control),
            Mailbag::Attached(instance) => {
                // A full mailbox means 16 unread control messages: one more changes nothing.
                let _ = instance.try_send(ControlMessage { job: self.job, control });
            }
            Mailbag::Waiting(_) | Mailbag::Closed => {}
        }
    }

    /// From now on control messages go to `instance`; those that waited are returned.
    pub(super) fn attach(&self, instance: &Arc<Recipient<ControlMessage>>) -> Vec<Control> {
        let mut waiting = match std::mem::replace(&mut *self.bag(), Mailbag::Attached(instance.clone())) {
            Mailbag::Waiting(waiting) => waiting,
            Mailbag::Attached(_) | Mailbag::Closed => Vec::new(),
        };
        // A job that came back may have been taken back on its way here: that was said to the instance that had it before.
        if self.unwanted.load(Ordering::SeqCst) && !waiting.contains(&Control::Cancel) {
            waiting.push(Control::Cancel);
        }
        waiting
    }

    /// Back to Queued, or, if the caller has taken the job back, to Cancelled.
    pub(super) fn requeue(&self, from: Stage) -> bool {
        let moved = self.swap(from, Stage::Queued);
        if moved && self.unwanted.load(Ordering::SeqCst) {
            self.refuse(JobError::Cancelled);
        }
        moved
    }

    /// Delivered => Queued; it does not count as an attempt.
    pub(super) fn undeliver(&self) {
        if self.requeue(Stage::Delivered) {
            self.sent.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Another attempt follows one that ended so.
    pub(super) fn again(&self, brought: JobResult) {
        *self.earlier() = Some(brought);
        *self.bag() = Mailbag::Waiting(Vec::new());
        self.stage.store(Stage::Queued as u8, Ordering::SeqCst);
        if self.unwanted.load(Ordering::SeqCst) {
            self.refuse(JobError::Cancelled);
        }
    }

    /// An attempt that did not get as far as the tool takes nothing away from the one before it.
    pub(super) fn settle(&self, result: JobResult) -> JobResult {
        match (self.earlier().take(), result) {
            (Some(Ok(mut reply)), Err(error)) if !error.was_sent() => {
                reply.warnings.push(format!("no further attempt: {error}"));
                Ok(reply)
            }
            (Some(Err(earlier)), Err(error)) if !error.was_sent() => Err(earlier),
            (_, result) => result,
        }
    }

    fn earlier(&self) -> MutexGuard<'_, Option<JobResult>> {
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn home(&self) -> MutexGuard<'_, Option<oneshot::Sender<JobResult>>> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bag(&self) -> MutexGuard<'_, Mailbag> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
