//! Between a pool and a router of the program's own: what the router does wrong is answered by name.

mod book;

use super::RouterHandle;
use actix::dev::SendError;
use actix::{Actor, AsyncContext, Context, Handler, Recipient};
use book::Book;
use pool_core::JobError;
use pool_core::message::{Credit, Job, PoolEvent, SlotId, Submit, tell};
use std::time::{Duration, Instant};

/// What a router did wrong, for the callers of the jobs that it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RouterFault {
    /// It does not place a job, although it could.
    #[error(
        "the router has kept the job for {patience:?} although an instance was free for it: it hoards jobs or credits, drops them, or is stuck"
    )]
    Silent {
        /// How long it was given.
        patience: Duration,
    },
    /// It has ended, most likely by a panic.
    #[error("the router has gone: it panicked or stopped, and the pool cannot be used any more")]
    Gone,
}

impl From<RouterFault> for JobError {
    fn from(fault: RouterFault) -> Self {
        Self::Unavailable(fault.to_string())
    }
}

/// Stands in front of a router of the program's own, and passes everything on.
///
/// | what the router does | what becomes of it |
/// |---|---|
/// | hoards credits or jobs, or says nothing | jobs that waited for `patience` and could have gone end as [`RouterFault::Silent`], the pool goes on |
/// | drops credits | each is issued again, ever more slowly from the third in a row on; jobs as above |
/// | spends a void credit | the job comes back to it undelivered |
/// | drops a job | its caller hears [`JobError::Lost`], with the stage |
/// | panics or stops | its jobs end as [`JobError::Lost`], later ones as [`RouterFault::Gone`] |
/// | takes too long to read its mailbox | its callers hear [`JobError::Overloaded`] |
///
/// A job could have gone if an instance that meets its needs was free from one check to the next (half the patience); one
/// of a named session, which only the router can place, if all of them were. Who goes first while all are at work is the
/// router's own business.
///
/// It cannot wrong a job more than that: a credit cannot be cloned, and a job goes with it by value. A handler that never
/// returns blocks the arbiter, and with it the pool.
#[derive(Debug)]
pub struct Watch {
    router: RouterHandle,
    book: Book,
    /// Credits that wait, each for its time, since the router drops them.
    slowed: Vec<(Instant, Credit)>,
    /// Credits of a router that has gone: dropped, they would be issued again at once, for ever.
    kept: Vec<Credit>,
    patience: Duration,
    ticking: bool,
}

impl Watch {
    /// Starts a watch over `router` on this arbiter; the handle leads through it. `patience` is how long a job waits
    /// while an instance that could take it is free and nothing is placed.
    #[must_use]
    pub fn over(router: RouterHandle, patience: Duration) -> RouterHandle {
        let (snapshots, sessions) = (router.snapshots.clone(), router.sessions.clone());
        let limit = router.limit;
        let watch = Self {
            router,
            book: Book::new(patience),
            slowed: Vec::new(),
            kept: Vec::new(),
            patience,
            ticking: false,
        };
        // At once: jobs may come before the actor is started.
        let address = Self::create(|context| {
            context.set_mailbox_capacity(limit);
            watch
        });
        RouterHandle {
            jobs: address.clone().recipient(),
            events: address.recipient(),
            limit,
            snapshots,
            sessions,
        }
    }

    fn events(&self) -> &Recipient<PoolEvent> {
        &self.router.events
    }

    /// Passes news on; what the router cannot take any more is ended or kept here.
    fn pass(&mut self, event: PoolEvent) {
        if self.events().connected() {
            return tell(self.events(), event);
        }
        match event {
            PoolEvent::Ready(credit) | PoolEvent::Finished { credit: Some(credit), .. } => {
                self.kept.push(credit);
            }
            PoolEvent::Returned(job) => job.reply_to.send(Err(RouterFault::Gone.into())),
            // Only a credit and a job are worth anything.
            _ => {}
        }
    }

    /// A credit goes to the router now, or later if it dropped the ones before.
    fn offer(&mut self, credit: Credit, now: Instant, context: &mut Context<Self>) -> Option<Credit> {
        let wait = self.book.ready(credit.slot, &credit.offer, now);
        if wait.is_zero() {
            return Some(credit);
        }
        tracing::warn!(
            slot = credit.slot.0,
            "the router drops the instance's credit: it gets the next one later"
        );
        self.slowed.push((now + wait, credit));
        context.run_later(wait, |watch, _| watch.release(clock()));
        None
    }

    fn release(&mut self, now: Instant) {
        let (due, waiting) = std::mem::take(&mut self.slowed).into_iter().partition(|(at, _)| *at <= now);
        self.slowed = waiting;
        let due: Vec<(Instant, Credit)> = due;
        due.into_iter().for_each(|(_, credit)| self.pass(PoolEvent::Ready(credit)));
    }

    /// The slot's credit is void, also one that waits here.
    fn withdraw(&mut self, slot: SlotId, now: Instant) {
        self.book.ends(slot, now);
        self.book.withdrawn(slot);
        self.slowed.retain(|(_, credit)| credit.slot != slot);
        self.kept.retain(|credit| credit.slot != slot);
    }

    /// Looks after the jobs as long as there are any; idle, it does not tick.
    fn tick(&mut self, context: &mut Context<Self>) {
        if self.ticking {
            return;
        }
        self.ticking = true;
        context.run_later(self.patience / 2, |watch, context| {
            watch.ticking = false;
            let stuck = watch.book.check(clock());
            if !stuck.is_empty() {
                tracing::warn!(jobs = stuck.len(), "{}", RouterFault::Silent { patience: watch.patience });
            }
            for job in stuck {
                job.refuse(RouterFault::Silent { patience: watch.patience }.into());
            }
            if !watch.book.is_idle() {
                watch.tick(context);
            }
        });
    }

    fn hand_in(&mut self, job: Box<Job>) {
        self.book.submitted(&job, clock());
        let (job, error) = match self.router.jobs.try_send(Submit(job)) {
            Ok(()) => return,
            Err(SendError::Full(Submit(job))) => (job, JobError::Overloaded { limit: self.router.limit }),
            Err(SendError::Closed(Submit(job))) => (job, RouterFault::Gone.into()),
        };
        job.reply_to.send(Err(error));
    }
}

impl Actor for Watch {
    type Context = Context<Self>;
}

impl Handler<Submit> for Watch {
    type Result = ();

    fn handle(&mut self, Submit(job): Submit, context: &mut Context<Self>) {
        self.hand_in(job);
        self.tick(context);
    }
}

impl Handler<PoolEvent> for Watch {
    type Result = ();

    fn handle(&mut self, event: PoolEvent, context: &mut Context<Self>) {
        let now = clock();
        match event {
            PoolEvent::Ready(credit) => {
                if let Some(credit) = self.offer(credit, now, context) {
                    self.pass(PoolEvent::Ready(credit));
                }
            }
            PoolEvent::Finished { slot, generation, report, credit } => {
                self.withdraw(slot, now);
                let credit = credit.and_then(|credit| self.offer(credit, now, context));
                self.pass(PoolEvent::Finished { slot, generation, report, credit });
            }
            PoolEvent::Revoked { slot, .. } | PoolEvent::Gone { slot, for_ever: false, .. } => {
                self.withdraw(slot, now);
                self.pass(event);
            }
            PoolEvent::Gone { slot, for_ever: true, .. } => {
                self.withdraw(slot, now);
                self.book.removed(slot);
                self.pass(event);
            }
            PoolEvent::Added { slot, .. } => {
                self.book.added(slot);
                self.pass(event);
            }
            PoolEvent::Returned(job) => {
                self.book.submitted(&job, now);
                self.pass(PoolEvent::Returned(job));
                self.tick(context);
            }
            other => self.pass(other),
        }
    }
}

fn clock() -> Instant {
    super::clock()
}
