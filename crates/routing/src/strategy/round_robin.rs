//! `round_robin`: everybody in turn.

use super::{Candidates, JobView, Strategy};
use pool_core::message::SlotId;
use std::sync::Arc;

/// The next candidate after the slot that was taken last, in slot order, round and round.
///
/// Jobs for one tool have a rotation of their own, and so have those for any tool: with one rotation for all, two tools
/// that alternate would each get the same slot every time.
///
/// A slot that goes away is passed over; when it is back it is served in its place. An instance that stays free is
/// served after at most as many placements (of its rotation) as there are slots.
#[derive(Debug, Default)]
pub struct RoundRobin {
    /// Where the search starts next, for jobs that any tool may take.
    any: u32,
    /// The same for each tool.
    tools: Vec<(Arc<str>, u32)>,
}

impl Strategy for RoundRobin {
    fn name(&self) -> &'static str {
        "round_robin"
    }

    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        let next = self.rotation(job.tool);
        let slot = candidates.first_from(SlotId(*next))?;
        *next = slot.0.wrapping_add(1);
        Some(slot)
    }
}

impl RoundRobin {
    fn rotation(&mut self, tool: Option<&str>) -> &mut u32 {
        let Some(tool) = tool else { return &mut self.any };
        let known = self.tools.iter().position(|(known, _)| &**known == tool);
        let at = known.unwrap_or_else(|| {
            self.tools.push((tool.into(), 0));
            self.tools.len() - 1
        });
        &mut self.tools[at].1
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
            .map(|tool| bench.pick(&mut strategy, &JobView { tool: Some(tool), ..job() }).unwrap())
            .collect();
        assert_eq!(picks, [0, 2, 1, 3, 0]);
    }
}
