//! The one idea: an instance that can take a job now is worth one [`Credit`].

use super::{Event, Generation, Job, Offer, SlotId};
use actix::{Message, Recipient};
use std::sync::Arc;

/// Numbers the credits of one slot, so that a revocation and a spending that cross on the way can be told apart.
pub type Serial = u64;

/// A job for the instance, paid for with the credit of this serial.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Assign {
    /// The serial of the credit that was spent.
    pub serial: Serial,
    /// The job.
    pub job: Box<Job>,
}

/// The right to place one job on one instance. Only the supervisor issues credits, only the router spends them.
///
/// It cannot be cloned, so spending twice does not compile. Dropping it unspent reports itself to the supervisor,
/// which issues a new one; a credit that was revoked meanwhile is simply ignored.
#[must_use = "dropping a credit gives the instance back to the supervisor"]
pub struct Credit {
    /// The slot that is free.
    pub slot: SlotId,
    /// The slot's life.
    pub generation: Generation,
    /// What it can be had for.
    pub offer: Arc<Offer>,
    /// Tells this credit from the slot's earlier ones.
    pub serial: Serial,
    /// The life whose last conversation goes on in this one: the tool has taken it up again.
    pub continues: Option<Generation>,
    ways: Option<Ways>,
}

struct Ways {
    instance: Recipient<Assign>,
    supervisor: Recipient<Event>,
}

/// A credit that could not be spent: the instance has gone, or the caller took the job back. Here is the job,
/// undelivered.
#[derive(Debug)]
pub struct Unspent(pub Box<Job>);

impl Credit {
    pub(crate) const fn issue(
        slot: SlotId,
        generation: Generation,
        offer: Arc<Offer>,
        serial: Serial,
        continues: Option<Generation>,
        instance: Recipient<Assign>,
        supervisor: Recipient<Event>,
    ) -> Self {
        Self { slot, generation, offer, serial, continues, ways: Some(Ways { instance, supervisor }) }
    }

    /// Places `job` on the instance: the only way to one.
    ///
    /// # Errors
    /// [`Unspent`] gives the job back if the instance has gone, its mailbox is full, or the job was cancelled while
    /// it was queued.
    pub fn spend(mut self, job: Box<Job>) -> Result<(), Unspent> {
        let Some(ways) = self.ways.take() else { return Err(Unspent(job)) };
        if !job.reply_to.place(self.slot, self.generation) {
            // Cancelled while it was queued: the credit is still good, and reports itself on being dropped.
            self.ways = Some(ways);
            return Err(Unspent(job));
        }
        ways.instance.try_send(Assign { serial: self.serial, job }).map_err(|error| {
            let Assign { job, .. } = match error {
                actix::dev::SendError::Full(assign) | actix::dev::SendError::Closed(assign) => assign,
            };
            job.reply_to.unplace();
            Unspent(job)
        })
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        if let Some(ways) = self.ways.take() {
            let event = Event::CreditDropped { slot: self.slot, serial: self.serial };
            super::news::tell(&ways.supervisor, event);
        }
    }
}

impl std::fmt::Debug for Credit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credit(slot {}, generation {}, serial {})", self.slot, self.generation, self.serial)
    }
}
