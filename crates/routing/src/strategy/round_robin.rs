//! `round_robin`: everybody in turn.

use super::{Candidates, JobView, Strategy};
use pool_core::message::{Needs, SlotId};

/// The next candidate after the slot that was taken last, in slot order, round and round.
///
/// Jobs for one tool have a rotation of their own, and so have those for one capability, and those for any tool: with one
/// rotation for all, two tools that alternate would each get the same slot every time.
///
/// A slot that goes away is passed over; when it is back it is served in its place. An instance that stays free is
/// served after at most as many placements (of its rotation) as there are slots.
#[derive(Debug, Default)]
pub struct RoundRobin {
    /// Where the search starts next, for jobs that need this.
    rotations: Vec<(Needs, u32)>,
}

impl Strategy for RoundRobin {
    fn name(&self) -> &'static str {
        "round_robin"
    }

    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        let next = self.rotation(job.needs);
        let slot = candidates.first_from(SlotId(*next))?;
        *next = slot.0.wrapping_add(1);
        Some(slot)
    }
}

impl RoundRobin {
    fn rotation(&mut self, needs: &Needs) -> &mut u32 {
        let known = self.rotations.iter().position(|(known, _)| known == needs);
        let at = known.unwrap_or_else(|| {
            self.rotations.push((needs.clone(), 0));
            self.rotations.len() - 1
        });
        &mut self.rotations[at].1
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, job};
    use super::*;

    #[test]
    fn goes_round_and_passes_over_who_is_away() {
        let mut bench = Bench::of(&["bash"; 4]);
        let mut strategy = RoundRobin::default();
        let mut picks = |bench: &Bench, n| -> Vec<u32> {
            (0..n).map(|_| bench.pick(&mut strategy, &job()).unwrap()).collect()
        };
        assert_eq!(picks(&bench, 5), [0, 1, 2, 3, 0]);
        bench.shut(1);
        assert_eq!(picks(&bench, 3), [2, 3, 0]);
        bench.open(1);
        assert_eq!(picks(&bench, 4), [1, 2, 3, 0]);
    }

    #[test]
    fn tools_that_alternate_rotate_each() {
        let bench = Bench::of(&["bash", "bash", "bc", "bc"]);
        let mut strategy = RoundRobin::default();
        let picks: Vec<_> = ["bash", "bc", "bash", "bc", "bash"]
            .iter()
            .map(|tool| Needs::Tool((*tool).into()))
            .map(|needs| bench.pick(&mut strategy, &JobView { needs: &needs, ..job() }).unwrap())
            .collect();
        assert_eq!(picks, [0, 2, 1, 3, 0]);
    }
}
