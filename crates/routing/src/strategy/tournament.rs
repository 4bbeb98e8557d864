//! The smallest of many changing keys: a winner tree. The smallest is known at once, a change costs log2(n) steps.

/// The key of a seat that takes no part.
pub(super) const ABSENT: u128 = u128::MAX;

/// Leaves hold keys, every inner node the smaller of its two; the root is at 1.
#[derive(Debug, Default)]
pub(super) struct Tournament {
    leaves: usize,
    tree: Vec<u128>,
}

impl Tournament {
    /// Gives `seat` a key; [`ABSENT`] takes it out.
    pub(super) fn set(&mut self, seat: usize, key: u128) {
        if seat >= self.leaves {
            if key == ABSENT {
                return;
            }
            self.grow(seat + 1);
        }
        let mut node = self.leaves + seat;
        self.tree[node] = key;
        // A parent that does not change ends the climb: its own parents cannot change either.
        while node > 1 {
            let winner = self.tree[node].min(self.tree[node ^ 1]);
            node /= 2;
            if self.tree[node] == winner {
                return;
            }
            self.tree[node] = winner;
        }
    }

    /// The smallest key; [`ABSENT`] if nobody takes part.
    pub(super) fn best(&self) -> u128 {
        self.tree.get(1).copied().unwrap_or(ABSENT)
    }

    fn grow(&mut self, seats: usize) {
        let leaves = seats.next_power_of_two();
        let mut tree = vec![ABSENT; 2 * leaves];
        tree[leaves..leaves + self.leaves].copy_from_slice(&self.tree[self.leaves..]);
        for node in (1..leaves).rev() {
            tree[node] = tree[2 * node].min(tree[2 * node + 1]);
        }
        (self.leaves, self.tree) = (leaves, tree);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn the_best_is_the_smallest(changes in prop::collection::vec((0_usize..40, prop::option::of(0_u128..9)), 0..80)) {
            let (mut tree, mut model) = (Tournament::default(), BTreeMap::new());
            for (seat, key) in changes {
                tree.set(seat, key.unwrap_or(ABSENT));
                model.insert(seat, key.unwrap_or(ABSENT));
                prop_assert_eq!(tree.best(), *model.values().min().unwrap());
            }
        }
    }
}
