//! `least_busy`: who has done the least.

use super::ranking::Ranking;
use super::{Candidate, Candidates, JobView, Strategy};
use pool_core::message::SlotId;

/// Fewest jobs in flight, then least accumulated busy time, then lowest index.
///
/// Busy time counts jobs that have ended, over all lives of a slot: one that was away comes back with what it had, so it
/// is preferred only by what it missed; one that is new starts at nothing and is preferred, whenever it is free, until
/// it has caught up.
#[derive(Debug, Default)]
pub struct LeastBusy {
    ranking: Ranking,
}

impl Strategy for LeastBusy {
    fn name(&self) -> &'static str {
        "least_busy"
    }

    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        let best = self.ranking.best(job.needs).filter(|&slot| candidates.contains(slot));
        // Whoever does not pass the hooks on pays with a scan, not with a wrong choice.
        best.or_else(|| candidates.iter().min_by_key(rank_of).map(|candidate| candidate.slot))
    }

    fn score(&self, _: &JobView<'_>, slot: &Candidate<'_>) -> String {
        format!("{} in flight, {:.3?} busy", slot.in_flight, slot.busy)
    }

    fn on_added(&mut self, slot: &Candidate<'_>) {
        self.ranking.add(slot.slot, slot.offer);
    }

    fn on_ready(&mut self, slot: &Candidate<'_>) {
        self.ranking.set(slot.slot, rank_of(slot));
    }

    fn on_withdrawn(&mut self, slot: SlotId) {
        self.ranking.clear(slot);
    }
}

/// The criteria in one number, most important first: 32 bits of jobs, 64 of nanoseconds.
fn rank_of(slot: &Candidate<'_>) -> u128 {
    let busy = u64::try_from(slot.busy.as_nanos()).unwrap_or(u64::MAX);
    u128::from(slot.in_flight) << 64 | u128::from(busy)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, job};
    use super::*;
    use pool_core::message::Needs;

    #[test]
    fn the_least_busy_free_one_then_the_lowest() {
        let mut strategy = LeastBusy::default();
        // (busy milliseconds of each slot, slots that are away) => picked
        for (busy, away, picked) in
            [([0, 0, 0], &[][..], 0), ([3, 2, 2], &[], 1), ([3, 2, 2], &[1], 2), ([3, 2, 2], &[1, 2], 0)]
        {
            let mut bench = Bench::of(&["bash"; 3]);
            for (slot, &millis) in (0..).zip(&busy) {
                bench.work(slot, millis);
            }
            away.iter().for_each(|&slot| bench.shut(slot));
            bench.tell(&mut strategy);
            assert_eq!(bench.pick(&mut strategy, &job()), Some(picked), "{busy:?} without {away:?}");
            let mut untold = LeastBusy::default();
            assert_eq!(bench.pick(&mut untold, &job()), Some(picked), "without hooks");
        }
    }

    #[test]
    fn fewer_jobs_weigh_more_than_less_busy_time() {
        let mut bench = Bench::of(&["bash"; 2]);
        let mut strategy = LeastBusy::default();
        bench.work(1, 500);
        bench.place(0);
        bench.tell(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(1));
    }

    #[test]
    fn each_tool_has_its_own_least_busy() {
        let mut bench = Bench::of(&["bash", "bc", "bash", "bc"]);
        let mut strategy = LeastBusy::default();
        bench.work(0, 5);
        bench.work(1, 1);
        bench.work(3, 2);
        bench.tell(&mut strategy);
        let tool = |name: &str| Needs::Tool(name.into());
        for (needs, picked) in [(tool("bash"), 2), (tool("bc"), 1), (Needs::Anything, 2)] {
            let picks = bench.pick(&mut strategy, &JobView { needs: &needs, ..job() });
            assert_eq!(picks, Some(picked), "{needs:?}");
        }
    }

    #[test]
    fn a_slot_that_comes_back_keeps_its_busy_time() {
        let mut bench = Bench::of(&["bash"; 2]);
        let mut strategy = LeastBusy::default();
        bench.work(0, 10);
        bench.work(1, 20);
        bench.tell(&mut strategy);
        bench.shut(0);
        strategy.on_withdrawn(SlotId(0));
        assert_eq!(bench.pick(&mut strategy, &job()), Some(1));
        bench.open(0);
        bench.tell(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(0));
    }
}
