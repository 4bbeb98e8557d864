//! The queue and a strategy for things that are no processes at all: parcels and vans.

use routing::Dispatcher;
use routing::dispatcher::{Queued, RouterSpec, Token};
use routing::message::{Generation, JobId, Needs, Offer, Serial, SlotId};
use routing::strategy::{JobView, by_name};
use std::sync::Arc;
use std::time::Instant;

struct Parcel {
    number: u64,
    needs: Needs,
    handed_in: Instant,
}

impl Queued for Parcel {
    fn view(&self, now: Instant) -> JobView<'_> {
        let waited = now - self.handed_in;
        JobView { id: JobId(self.number), needs: &self.needs, waited, ..JobView::plain() }
    }

    fn submitted(&self) -> Instant {
        self.handed_in
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

struct Van(SlotId, Arc<Offer>);

impl Token for Van {
    fn slot(&self) -> SlotId {
        self.0
    }

    fn generation(&self) -> Generation {
        1
    }

    fn serial(&self) -> Serial {
        1
    }

    fn offer(&self) -> &Arc<Offer> {
        &self.1
    }
}

fn main() {
    let now = Instant::now();
    let strategy = by_name("round_robin").expect("one that comes with the crate");
    let mut depot = Dispatcher::new(strategy, RouterSpec::default());
    let cooled = Needs::Capability("cooled".into());
    for (number, needs) in [(1, cooled), (2, Needs::Anything), (3, Needs::Anything)] {
        assert!(depot.push(Parcel { number, needs, handed_in: now }, now).is_ok());
    }
    let plain = Offer::of("van");
    let cool = Offer { capabilities: vec!["cooled".into()], ..plain.clone() };
    for (slot, offer) in [(0, plain), (1, cool)] {
        depot.credit(Van(SlotId(slot), offer.into()), now);
    }
    let sent =
        std::iter::from_fn(|| depot.poll(now)).map(|placed| (placed.job.number, placed.decision.slot.0));
    let sent: Vec<_> = sent.collect();
    assert_eq!(sent, [(1, 1), (2, 0)]);
    assert_eq!((depot.queued(), depot.snapshot().counts.placed), (1, 2));
    println!("routes: {sent:?}, one waits");
}
