//! A strategy alone.

use crate::{key, quickest, random};
use pool_core::message::{JobId, Needs, Outcome, Report, SlotId};
use routing::strategy::{Candidates, JobView, Strategy, Table, by_name};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What one choice among `slots` costs in nanoseconds, without the loop around it.
pub(crate) fn bench(strategy: &str, slots: u32) -> f64 {
    let mut strategy = by_name(strategy).unwrap_or(Box::new(Scan));
    let mut nothing = Nothing::default();
    let (mut with, mut without) = (Load::new(strategy.as_mut(), slots), Load::new(&mut nothing, slots));
    let with = quickest(|| with.sample(strategy.as_mut()));
    with - quickest(|| without.sample(&mut nothing))
}

/// Half of the slots busy; who finishes is drawn at random.
struct Load {
    table: Table,
    busy: Vec<SlotId>,
    needs: Needs,
    seed: u64,
}

impl Load {
    fn new(strategy: &mut dyn Strategy, slots: u32) -> Self {
        let table = Table::of(&vec!["bash"; slots as usize]);
        table.tell(strategy);
        let needs = Needs::Tool("bash".into());
        let mut load = Self { table, busy: Vec::new(), needs, seed: 88_172_645_463_325_252 };
        for _ in 0..slots.div_ceil(2) {
            let slot = load.take(strategy);
            load.busy.push(slot);
        }
        load
    }

    fn sample(&mut self, strategy: &mut dyn Strategy) -> f64 {
        const CHOICES: u32 = 20_000;
        let start = Instant::now();
        for _ in 0..CHOICES {
            let at = ((random(&mut self.seed) >> 32) as usize * self.busy.len()) >> 32;
            let (slot, turn) = (self.busy[at], Duration::from_nanos(random(&mut self.seed) >> 40));
            self.finish(slot, turn, strategy);
            self.busy[at] = self.take(strategy);
        }
        black_box(&self.busy);
        start.elapsed().as_nanos() as f64 / f64::from(CHOICES)
    }

    fn finish(&mut self, slot: SlotId, turn: Duration, strategy: &mut dyn Strategy) {
        let (job, outcome) = (JobId(1), Outcome::Ok);
        let report = Report { job, work: job, outcome, turn, sent: 10, received: 10, usage: None };
        self.table.finished(slot, turn);
        self.table.open(slot);
        strategy.on_finished(slot, &report);
        if let Some(candidate) = self.table.candidate(slot) {
            strategy.on_ready(&candidate);
        }
    }

    fn take(&mut self, strategy: &mut dyn Strategy) -> SlotId {
        let key = key(random(&mut self.seed));
        let job = JobView { key: std::str::from_utf8(&key).ok(), needs: &self.needs, ..JobView::plain() };
        let slot = strategy.choose(&job, &self.table.candidates()).expect("half are free");
        strategy.on_taken(slot, &job);
        strategy.on_withdrawn(slot);
        self.table.shut(slot);
        self.table.placed(slot);
        slot
    }
}

/// What a strategy without an index costs.
pub(crate) struct Scan;

impl Strategy for Scan {
    fn name(&self) -> &'static str {
        "plain scan"
    }

    fn choose(&mut self, _: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        candidates.iter().min_by_key(|slot| (slot.in_flight, slot.busy)).map(|slot| slot.slot)
    }
}

/// The loop alone: the slot that came free last, without asking anybody.
#[derive(Default)]
struct Nothing(Option<SlotId>);

impl Strategy for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn choose(&mut self, _: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        self.0.take().or_else(|| candidates.first_from(SlotId(0)))
    }

    fn on_ready(&mut self, slot: &routing::strategy::Candidate<'_>) {
        self.0 = Some(slot.slot);
    }
}
