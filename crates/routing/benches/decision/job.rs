//! One job through a dispatcher: push, poll, finished, credit.

use crate::choice::Scan;
use crate::{key, quickest, random};
use pool_core::message::{Generation, JobId, Needs, Offer, Outcome, Report, Serial, SlotId};
use routing::dispatcher::{Dispatcher, Queued, RouterSpec, Token};
use routing::strategy::{JobView, by_name};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Job {
    id: u64,
    key: [u8; 8],
    submitted: Instant,
    needs: Needs,
}

impl Queued for Box<Job> {
    fn view(&self, now: Instant) -> JobView<'_> {
        JobView {
            id: JobId(self.id),
            key: std::str::from_utf8(&self.key).ok(),
            session: None,
            needs: &self.needs,
            priority: 0,
            attempt: 1,
            waited: now.saturating_duration_since(self.submitted),
        }
    }

    fn submitted(&self) -> Instant {
        self.submitted
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

struct Credit {
    slot: SlotId,
    offer: Arc<Offer>,
}

impl Token for Credit {
    fn slot(&self) -> SlotId {
        self.slot
    }

    fn generation(&self) -> Generation {
        1
    }

    fn serial(&self) -> Serial {
        1
    }

    fn offer(&self) -> &Arc<Offer> {
        &self.offer
    }
}

type Bench = Dispatcher<Box<Job>, Credit>;

/// A pool of `slots`, half of them busy. The job that comes out is pushed again, so nothing here allocates.
pub(crate) fn bench(strategy: &str, slots: u32, waiting: u64) -> f64 {
    let now = Instant::now();
    let strategy = by_name(strategy).unwrap_or(Box::new(Scan));
    let mut dispatcher = Bench::new(strategy, RouterSpec { queue: usize::MAX, ..RouterSpec::default() });
    let offer: Arc<Offer> = Offer::of("bash").into();
    (0..slots).for_each(|slot| dispatcher.credit(Credit { slot: SlotId(slot), offer: offer.clone() }, now));
    let mut seed = 88_172_645_463_325_252;
    let mut running: Vec<_> =
        (0..slots.div_ceil(2)).map(|_| place(&mut dispatcher, new_job(&mut seed, now), now)).collect();
    if waiting > 0 {
        while running.len() < slots as usize {
            let job = new_job(&mut seed, now);
            running.push(place(&mut dispatcher, job, now));
        }
        for _ in 0..waiting {
            let _ = dispatcher.push(new_job(&mut seed, now), now);
        }
    }
    quickest(|| sample(&mut dispatcher, &mut running, &mut seed, now))
}

fn sample(
    dispatcher: &mut Bench,
    running: &mut [Option<(Box<Job>, Credit)>],
    seed: &mut u64,
    now: Instant,
) -> f64 {
    const JOBS: u32 = 20_000;
    let start = Instant::now();
    for _ in 0..JOBS {
        let place_of = ((random(seed) >> 32) as usize * running.len()) >> 32;
        let Some((mut job, credit)) = running[place_of].take() else { continue };
        let turn = Duration::from_nanos(random(seed) >> 40);
        let report = Report {
            job: JobId(job.id),
            work: JobId(job.id),
            outcome: Outcome::Ok,
            turn,
            sent: 10,
            received: 10,
            usage: None,
        };
        dispatcher.finished(credit.slot, &report, now);
        dispatcher.credit(credit, now);
        job.id += u64::from(u32::MAX);
        job.key = key(random(seed));
        running[place_of] = place(dispatcher, job, now);
    }
    black_box(&running);
    start.elapsed().as_nanos() as f64 / f64::from(JOBS)
}

fn place(dispatcher: &mut Bench, job: Box<Job>, now: Instant) -> Option<(Box<Job>, Credit)> {
    dispatcher.push(job, now).ok()?;
    let placed = dispatcher.poll(now)?;
    Some((placed.job, placed.credit))
}

fn new_job(seed: &mut u64, now: Instant) -> Box<Job> {
    let id = random(seed);
    Box::new(Job { id, key: key(id), submitted: now, needs: Needs::Tool("bash".into()) })
}

/// Microseconds for a snapshot of `slots` slots that have all done some work.
pub(crate) fn snapshot(slots: u32) -> f64 {
    let now = Instant::now();
    let mut dispatcher = Bench::new(by_name("round_robin").expect("shipped"), RouterSpec::default());
    let offer: Arc<Offer> = Offer::of("bash").into();
    let mut seed = 88_172_645_463_325_252;
    for slot in (0..slots).map(SlotId) {
        dispatcher.credit(Credit { slot, offer: offer.clone() }, now);
        for _ in 0..20 {
            let Some((job, credit)) = place(&mut dispatcher, new_job(&mut seed, now), now) else { continue };
            let (id, turn) = (JobId(job.id), Duration::from_nanos(random(&mut seed) >> 34));
            let report =
                Report { job: id, work: id, outcome: Outcome::Ok, turn, sent: 10, received: 10, usage: None };
            dispatcher.finished(credit.slot, &report, now);
            dispatcher.credit(credit, now);
        }
    }
    let mut times: Vec<_> = (0..99)
        .map(|_| {
            let start = Instant::now();
            black_box(dispatcher.snapshot());
            start.elapsed().as_nanos() as f64 / 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[49]
}
