//! A line of waiting jobs: the more urgent ones first, those of equal urgency in order of arrival.

use super::sessions::Sid;
use std::cmp::Reverse;
use std::collections::VecDeque;

/// Its place among all that wait; less is sooner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    priority: Reverse<u8>,
    arrival: i64,
}

impl Order {
    /// `arrival` counts up from zero; what came back to the front counts down from there.
    pub(super) const fn new(priority: u8, arrival: i64) -> Self {
        Self { priority: Reverse(priority), arrival }
    }
}

/// A job that waits.
#[derive(Debug)]
pub(super) struct Entry<J> {
    pub(super) order: Order,
    pub(super) session: Option<Sid>,
    pub(super) job: J,
}

/// One queue for each priority that was ever used, most urgent first. They are kept when empty, so that a line that
/// runs full and dry a million times does not allocate a million times.
#[derive(Debug)]
pub(super) struct Lane<J> {
    levels: Vec<(Reverse<u8>, VecDeque<Entry<J>>)>,
}

impl<J> Default for Lane<J> {
    fn default() -> Self {
        Self { levels: Vec::new() }
    }
}

impl<J> Lane<J> {
    /// Takes an entry in, at its place. Quick at either end, which is where all but those that change lanes go.
    pub(super) fn push(&mut self, entry: Entry<J>) {
        let Order { priority, arrival } = entry.order;
        let level = self.levels.partition_point(|(other, _)| *other < priority);
        if self.levels.get(level).is_none_or(|(other, _)| *other != priority) {
            self.levels.insert(level, (priority, VecDeque::new()));
        }
        let queue = &mut self.levels[level].1;
        if queue.back().is_none_or(|last| last.order.arrival < arrival) {
            queue.push_back(entry);
        } else {
            queue.insert(queue.partition_point(|other| other.order.arrival < arrival), entry);
        }
    }

    /// Who is next.
    pub(super) fn head(&self) -> Option<&Entry<J>> {
        self.levels.iter().find_map(|(_, queue)| queue.front())
    }

    /// Takes out who is next.
    pub(super) fn pop(&mut self) -> Option<Entry<J>> {
        self.levels.iter_mut().find_map(|(_, queue)| queue.pop_front())
    }

    /// The first of those that suit.
    pub(super) fn first(&self, suits: impl Fn(&Entry<J>) -> bool) -> Option<&Entry<J>> {
        self.levels.iter().flat_map(|(_, queue)| queue).find(|entry| suits(entry))
    }

    /// The one at this place.
    pub(super) fn get(&self, order: Order) -> Option<&Entry<J>> {
        let (_, queue) = self.levels.iter().find(|(priority, _)| *priority == order.priority)?;
        queue.get(position(queue, order)?)
    }

    /// Takes out the one at this place; most quickly at either end.
    pub(super) fn take(&mut self, order: Order) -> Option<Entry<J>> {
        let (_, queue) = self.levels.iter_mut().find(|(priority, _)| *priority == order.priority)?;
        queue.remove(position(queue, order)?)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.head().is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.levels.iter().map(|(_, queue)| queue.len()).sum()
    }

    /// Takes out those that `unwanted` names.
    pub(super) fn extract(&mut self, mut unwanted: impl FnMut(&Entry<J>) -> bool) -> Vec<Entry<J>> {
        let mut out = Vec::new();
        for (_, queue) in &mut self.levels {
            if !queue.iter().any(&mut unwanted) {
                continue;
            }
            let (gone, kept) = std::mem::take(queue).into_iter().partition::<VecDeque<_>, _>(&mut unwanted);
            *queue = kept;
            out.extend(gone);
        }
        out
    }
}

fn position<J>(queue: &VecDeque<Entry<J>>, order: Order) -> Option<usize> {
    if queue.front()?.order == order {
        return Some(0);
    }
    queue.binary_search_by_key(&order.arrival, |entry| entry.order.arrival).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn by_priority_then_arrival(jobs in prop::collection::vec((0_u8..4, -20_i64..20), 0..40), drop in 0_u8..4) {
            let (mut lane, mut model) = (Lane::default(), Vec::new());
            for (job, (priority, arrival)) in jobs.into_iter().enumerate() {
                // Arrivals are unique.
                let order = Order::new(priority, arrival * 100 + i64::try_from(job).unwrap());
                lane.push(Entry { order, session: None, job });
                model.push(order);
            }
            let dropped = lane.extract(|entry| entry.order.priority.0 == drop);
            prop_assert!(dropped.iter().all(|entry| entry.order.priority.0 == drop));
            model.retain(|order| order.priority.0 != drop);
            model.sort();
            prop_assert_eq!(lane.len(), model.len());
            // From anywhere, not only from the front.
            while model.len() > 3 {
                let order = model.remove(model.len() / 2);
                prop_assert_eq!(lane.get(order).map(|entry| entry.order), Some(order));
                prop_assert_eq!(lane.take(order).map(|entry| entry.order), Some(order));
                prop_assert!(lane.get(order).is_none() && lane.take(order).is_none());
            }
            for order in model {
                prop_assert_eq!(lane.head().map(|entry| entry.order), Some(order));
                prop_assert_eq!(lane.pop().map(|entry| entry.order), Some(order));
            }
            prop_assert!(lane.is_empty());
        }
    }
}
