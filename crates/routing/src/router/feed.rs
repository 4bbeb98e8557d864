//! The pool's messages as the dispatcher's terms.

use crate::dispatcher::{Dispatcher, Queued, Token};
use crate::strategy::JobView;
use pool_core::message::{Credit, Generation, Job, Offer, PoolEvent, Serial, SlotId};
use std::sync::Arc;
use std::time::Instant;

/// Tells a dispatcher the supervisor's news: for a router of your own that embeds one.
pub fn feed(dispatcher: &mut Dispatcher<Box<Job>, Credit>, event: PoolEvent, now: Instant) {
    match event {
        PoolEvent::Added { slot, offer } => dispatcher.added(slot, &offer, now),
        PoolEvent::Ready(credit) => dispatcher.credit(credit, now),
        PoolEvent::Finished { slot, generation: _, report, credit } => {
            dispatcher.finished(slot, &report, now);
            if let Some(credit) = credit {
                dispatcher.credit(credit, now);
            }
        }
        PoolEvent::Revoked { slot, serial } => dispatcher.revoked(slot, serial),
        PoolEvent::Returned(job) => dispatcher.returned(job, now),
        PoolEvent::Gone { slot, generation, for_ever } => dispatcher.gone(slot, generation, for_ever, now),
        PoolEvent::Failed { tool, reason } => dispatcher.failed(&tool, &reason, now),
        PoolEvent::Closed => dispatcher.closed(now),
    }
}

impl Queued for Box<Job> {
    fn view(&self, now: Instant) -> JobView<'_> {
        JobView {
            id: self.id,
            key: self.key.as_deref(),
            session: self.session.as_ref(),
            needs: &self.needs,
            priority: self.priority,
            attempt: self.attempt,
            waited: now.saturating_duration_since(self.submitted),
        }
    }

    fn submitted(&self) -> Instant {
        self.submitted
    }

    fn is_cancelled(&self) -> bool {
        self.reply_to.is_cancelled()
    }

    fn avoids(&self) -> Option<SlotId> {
        self.avoid
    }
}

impl Token for Credit {
    fn slot(&self) -> SlotId {
        self.slot
    }

    fn generation(&self) -> Generation {
        self.generation
    }

    fn serial(&self) -> Serial {
        self.serial
    }

    fn offer(&self) -> &Arc<Offer> {
        &self.offer
    }

    fn continues(&self) -> Option<Generation> {
        self.continues
    }
}
