//! Choose who gets the next job.
//!
//! A pool of warm command-line tools has more work than hands. This crate holds the one queue in front of it, decides
//! which job goes next and which instance gets it, keeps conversations together, and counts what happens. It starts no
//! process and reads no output: that is `pool_core`'s business.
//!
//! # Theory of operation
//!
//! *An instance that can take a job now is worth one credit.* The supervisor issues credits, a router spends them, and
//! one credit carries exactly one job. Whether an instance is starting, busy, sick, held or gone, the router sees the
//! same: no credit. So it needs no idea of health, and cannot overload anybody.
//!
//! ```text
//!   jobs ──▶ ┌────────────────────────────────┐
//!            │ Dispatcher                     │
//!            │   lanes of waiting jobs        │ ──▶ Placement { job, credit, decision }
//!            │   credits, by slot             │
//!            │   sessions and where they live │ ──▶ refused jobs, with the reason
//!            │   Strategy: which slot?        │
//!   news ──▶ └────────────────────────────────┘ ──▶ Snapshot
//! ```
//!
//! Four parts, each of use without the ones below it:
//!
//! * [`strategy`]: who among those that are free? A [`Strategy`] is synchronous, and testable with a
//!   table. [`RoundRobin`](strategy::RoundRobin), [`LeastBusy`](strategy::LeastBusy), [`Sticky`](strategy::Sticky),
//!   [`Weighted`](strategy::Weighted) and [`Fastest`](strategy::Fastest) come with the crate; yours is one method.
//! * [`metrics`]: what has happened, in bounded memory.
//! * [`dispatcher`]: the queue, the credits and the sessions. Pure: the time is an argument, nothing waits, and the job
//!   and the credit are type parameters, so a test needs neither process nor actor.
//! * [`router`]: an actor around a dispatcher, whose handlers feed it and then drive it.
//!
//! # Guarantees
//!
//! * Every job that is handed in is placed, or refused with a reason, or dropped because its caller cancelled it, or
//!   waits. The queue is bounded.
//! * One credit carries one job; what is void is never spent.
//! * A job that cannot be placed yet delays nobody who can.
//! * The job of a session goes where the session lives as long as that life lasts. Where its context is gone, it is
//!   told; a job that would see the context of a session that has ended is marked, for the tool to be reset first.
//! * A strategy that gives no answer, or a wrong one, loses nothing: the first candidate gets the job, and the mistake is
//!   counted by its name. One that panics is dismissed, and jobs go out in turn.
//! * Every placement can say why it is what it is ([`Dispatcher::explain`]), and costs nothing more if nobody asks.
//! * Without sessions, and without jobs for a tool that nobody runs, there is no timer at all.
//!
//! # A dispatcher without anything around it
//!
//! ```
//! use pool_core::message::{Generation, JobId, Needs, Offer, Serial, SlotId};
//! use routing::Dispatcher;
//! use routing::dispatcher::{Queued, RouterSpec, Token};
//! use routing::strategy::{JobView, RoundRobin};
//! use std::{sync::Arc, time::Instant};
//!
//! struct Parcel(u64, Instant);
//!
//! impl Queued for Parcel {
//!     fn view(&self, now: Instant) -> JobView<'_> {
//!         let waited = now - self.1;
//!         let (id, needs) = (JobId(self.0), &Needs::Anything);
//!         JobView { id, key: None, session: None, needs, priority: 0, attempt: 1, waited }
//!     }
//!     fn submitted(&self) -> Instant {
//!         self.1
//!     }
//!     fn is_cancelled(&self) -> bool {
//!         false
//!     }
//! }
//!
//! struct Van(SlotId, Arc<Offer>);
//!
//! impl Token for Van {
//!     fn slot(&self) -> SlotId {
//!         self.0
//!     }
//!     fn generation(&self) -> Generation {
//!         1
//!     }
//!     fn serial(&self) -> Serial {
//!         1
//!     }
//!     fn offer(&self) -> &Arc<Offer> {
//!         &self.1
//!     }
//! }
//!
//! let now = Instant::now();
//! let mut depot = Dispatcher::new(Box::new(RoundRobin::default()), RouterSpec::default());
//! for parcel in 1..=3 {
//!     assert!(depot.push(Parcel(parcel, now), now).is_ok());
//! }
//! for slot in [0, 1] {
//!     depot.credit(Van(SlotId(slot), Offer::of("van").into()), now);
//! }
//! let sent = std::iter::from_fn(|| depot.poll(now)).map(|placed| (placed.job.0, placed.decision.slot.0));
//! assert_eq!(sent.collect::<Vec<_>>(), [(1, 0), (2, 1)]);
//! assert_eq!(depot.queued(), 1, "the third waits for a van that comes back");
//! ```
//!
//! # When not to use it
//!
//! * For one job at a time, or one slot each: `pool_core`'s own pool has a queue a slot and needs no strategy.
//! * To spread work over processes that have queues of their own, or over machines: least-loaded guesses and retries are
//!   another problem. Here a job waits in one place until somebody is free.
//! * To run jobs in parallel on one instance beyond its credits: that is the supervisor's decision, not a strategy's.

#![forbid(unsafe_code)]

mod bits;
pub mod dispatcher;
pub mod metrics;
pub mod router;
pub mod strategy;

pub use dispatcher::Dispatcher;
pub use metrics::Snapshot;
pub use router::{RouterActor, RouterHandle};
pub use strategy::Strategy;

pub use pool_core::{JobError, message};
