//! `fastest`: who is likely to be done first.

use super::ranking::Ranking;
use super::{Candidate, Candidates, JobView, Strategy};
use pool_core::message::{Outcome, Report, SlotId};

/// What one more turn weighs in the average.
const SHARE: f64 = 0.25;

/// An estimate halves, compared with those that are renewed, in this many choices for each slot.
const HALF_LIFE: f64 = 16.0;

/// Peak EWMA: the least expected turn time, times one more than the jobs in flight; then the lowest slot.
///
/// The estimate jumps to a turn that took longer and moves a quarter of the way to one that took less, as in finagle and
/// tower. Slots without an estimate go first. An estimate that is not renewed fades: with n slots, one that is r times
/// slower than the fastest is tried again after about 16 * n * log2(r) choices. It fades by choices, not by the clock:
/// an hour without jobs teaches nothing.
///
/// A turn that failed never makes a slot look fast: what broke counts twice the expected time, and what the caller took
/// back counts only if it was slow.
///
/// A slot that is away keeps its estimate; what a new life must do to correct it is one turn. One that has gone for ever
/// loses it, and is new when it is added again.
#[derive(Debug, Default)]
pub struct Fastest {
    ranking: Ranking,
    /// By slot.
    seen: Vec<Option<Estimate>>,
    slots: usize,
    /// How many half-lives have passed.
    age: f64,
    /// The latest turn that went well, in microseconds: what to expect of somebody unknown.
    usual: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Estimate {
    /// Of a turn, in microseconds; 0 before the first.
    micros: f64,
    /// [`Fastest::age`] when it was renewed.
    renewed: f64,
}

impl Strategy for Fastest {
    fn name(&self) -> &'static str {
        "fastest"
    }

    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        self.age += 1.0 / (HALF_LIFE * self.slots.max(1) as f64);
        let best = self.ranking.best(job.needs).filter(|&slot| candidates.contains(slot));
        best.or_else(|| {
            candidates.iter().min_by_key(|slot| self.rank_of(slot)).map(|candidate| candidate.slot)
        })
    }

    fn score(&self, _: &JobView<'_>, slot: &Candidate<'_>) -> String {
        match self.estimate(slot.slot) {
            Some(Estimate { micros, renewed }) if micros > 0.0 => {
                let faded = (self.age - renewed).exp2();
                format!(
                    "{} in flight, expects {:.1} ms, faded {faded:.2} times",
                    slot.in_flight,
                    micros / 1e3
                )
            }
            _ => format!("{} in flight, not known yet", slot.in_flight),
        }
    }

    fn on_added(&mut self, slot: &Candidate<'_>) {
        self.ranking.add(slot.slot, slot.offer);
        if self.seen.len() <= slot.slot.index() {
            self.seen.resize(slot.slot.index() + 1, None);
        }
        // Its tool may be another one than before.
        if self.seen[slot.slot.index()].replace(Estimate::default()).is_none() {
            self.slots += 1;
        }
    }

    fn on_ready(&mut self, slot: &Candidate<'_>) {
        let rank = self.rank_of(slot);
        self.ranking.set(slot.slot, rank);
    }

    fn on_withdrawn(&mut self, slot: SlotId) {
        self.ranking.clear(slot);
    }

    fn on_finished(&mut self, slot: SlotId, report: &Report) {
        let (age, usual) = (self.age, self.usual);
        let Some(Some(known)) = self.seen.get_mut(slot.index()) else { return };
        let turn = report.turn.as_secs_f64() * 1e6;
        known.micros = match report.outcome {
            Outcome::Ok if turn >= known.micros => turn,
            Outcome::Ok => known.micros + SHARE * (turn - known.micros),
            Outcome::Cancelled | Outcome::Refused => known.micros.max(turn),
            _ => turn.max(2.0 * if known.micros > 0.0 { known.micros } else { usual }),
        };
        known.renewed = age;
        if report.outcome == Outcome::Ok {
            self.usual = turn;
        }
    }

    fn on_removed(&mut self, slot: SlotId) {
        if let Some(seen) = self.seen.get_mut(slot.index())
            && seen.take().is_some()
        {
            self.slots -= 1;
        }
    }
}

impl Fastest {
    fn estimate(&self, slot: SlotId) -> Option<Estimate> {
        self.seen.get(slot.index()).copied().flatten()
    }

    /// In half-lives: fading all estimates with time changes no order, so those that are renewed rise instead.
    fn rank_of(&self, slot: &Candidate<'_>) -> u128 {
        let Estimate { micros, renewed } = self.estimate(slot.slot).unwrap_or_default();
        let load = f64::from(slot.in_flight) + 1.0;
        let rank = if micros > 0.0 { (1.0 + micros).log2() + load.log2() + renewed } else { load.log2() };
        // The bits of numbers that are not negative are in their order. Those never seen rank below all others.
        u128::from(micros > 0.0) << 64 | u128::from(rank.max(0.0).to_bits())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, job};
    use super::*;
    use pool_core::message::JobId;
    use std::time::Duration;

    fn finish(strategy: &mut Fastest, slot: u32, outcome: Outcome, millis: u64) {
        let turn = Duration::from_millis(millis);
        strategy.on_finished(
            SlotId(slot),
            &Report { job: JobId(1), work: JobId(1), outcome, turn, sent: 0, received: 0, usage: None },
        );
    }

    /// A bench of slots that have each done one turn of these milliseconds.
    fn known(millis: &[u64]) -> (Bench, Fastest) {
        let bench = Bench::of(&vec!["bash"; millis.len()]);
        let mut strategy = Fastest::default();
        (0..millis.len()).for_each(|slot| bench.announce(&mut strategy, u32::try_from(slot).unwrap()));
        for (slot, millis) in (0..).zip(millis.iter().filter(|millis| **millis > 0)) {
            finish(&mut strategy, slot, Outcome::Ok, *millis);
        }
        bench.ready(&mut strategy);
        (bench, strategy)
    }

    #[test]
    fn the_unknown_then_the_fastest_then_the_lowest() {
        for (millis, picked) in [(&[9, 5, 7][..], 1), (&[5, 5], 0), (&[1, 2, 0], 2), (&[0, 0], 0)] {
            let (bench, mut strategy) = known(millis);
            assert_eq!(bench.pick(&mut strategy, &job()), Some(picked), "{millis:?}");
        }
    }

    #[test]
    fn a_slow_turn_counts_at_once_and_a_quick_one_by_and_by() {
        let (bench, mut strategy) = known(&[10, 20]);
        finish(&mut strategy, 0, Outcome::Ok, 50);
        bench.ready(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(1));
        let turns = (1..20).find(|_| {
            finish(&mut strategy, 0, Outcome::Ok, 10);
            bench.ready(&mut strategy);
            bench.pick(&mut strategy, &job()) == Some(0)
        });
        assert_eq!(turns, Some(6), "50 40 32.5 26.9 22.7 19.5 17.1; the other's 20 have faded to 17.6");
    }

    #[test]
    fn breaking_quickly_is_not_being_fast() {
        for outcome in [Outcome::Crashed, Outcome::Error, Outcome::Limited] {
            let (bench, mut strategy) = known(&[10, 15]);
            finish(&mut strategy, 0, outcome, 1);
            bench.ready(&mut strategy);
            assert_eq!(bench.pick(&mut strategy, &job()), Some(1), "{outcome}");
        }
        let (bench, mut strategy) = known(&[10, 15]);
        finish(&mut strategy, 1, Outcome::Cancelled, 1);
        bench.ready(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(0));
    }

    #[test]
    fn one_who_breaks_at_first_does_not_go_first_for_ever() {
        let (bench, mut strategy) = known(&[10, 0]);
        finish(&mut strategy, 1, Outcome::Crashed, 0);
        bench.ready(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(0));
    }

    #[test]
    fn jobs_in_flight_multiply() {
        let (mut bench, mut strategy) = known(&[10, 15]);
        bench.place(0);
        bench.ready(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(1));
    }

    /// Sequential jobs: who turns out slower is tried again, as rarely as said.
    #[test]
    fn who_is_slow_is_tried_again_now_and_then() {
        let (bench, mut strategy) = known(&[10, 20, 80]);
        let mut picks = [0_u32; 3];
        for _ in 0..2000 {
            let slot = bench.pick(&mut strategy, &job()).unwrap();
            picks[slot as usize] += 1;
            finish(&mut strategy, slot, Outcome::Ok, [10, 20, 80][slot as usize]);
            bench.ready_one(&mut strategy, slot);
        }
        // A half-life is 16 * 3 choices: twice as slow is one of them, eight times as slow is three.
        assert!((35..=45).contains(&picks[1]) && (11..=16).contains(&picks[2]), "{picks:?}");
    }

    #[test]
    fn going_away_keeps_the_estimate_and_going_for_ever_drops_it() {
        let (bench, mut strategy) = known(&[10, 20]);
        strategy.on_withdrawn(SlotId(0));
        strategy.on_gone(SlotId(0));
        bench.ready(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(0));
        strategy.on_removed(SlotId(1));
        bench.announce(&mut strategy, 1);
        bench.ready(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &job()), Some(1), "new");
    }
}
