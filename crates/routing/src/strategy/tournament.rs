//! The smallest of many changing keys: a winner tree. The smallest is known at once, a change costs log4(n) steps.

/// The key of a seat that takes no part.
pub(super) const ABSENT: u128 = u128::MAX;

/// How many play for one place above.
const WIDTH: usize = 4;

/// Four seats, or the winners of four groups below: one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Group([u128; WIDTH]);

/// Groups level by level, the topmost first: the winner of group `g` sits in group `(g - 1) / 4`. The lowest level holds
/// the keys.
#[derive(Debug, Default)]
pub(super) struct Tournament {
    groups: Vec<Group>,
    /// Where the lowest level begins.
    lowest: usize,
}

impl Group {
    fn winner(&self) -> u128 {
        let [a, b, c, d] = self.0;
        a.min(b).min(c.min(d))
    }
}

impl Tournament {
    /// Gives `seat` a key; [`ABSENT`] takes it out.
    pub(super) fn set(&mut self, seat: usize, key: u128) {
        let mut group = self.lowest + seat / WIDTH;
        if group >= self.groups.len() {
            if key == ABSENT {
                return;
            }
            self.grow(seat);
            group = self.lowest + seat / WIDTH;
        }
        self.groups[group].0[seat % WIDTH] = key;
        // A place above that does not change ends the climb: those above it cannot change either.
        while group > 0 {
            let winner = self.groups[group].winner();
            let place = group - 1;
            group = place / WIDTH;
            let place = &mut self.groups[group].0[place % WIDTH];
            if *place == winner {
                return;
            }
            *place = winner;
        }
    }

    /// The smallest key; [`ABSENT`] if nobody takes part.
    pub(super) fn best(&self) -> u128 {
        self.groups.first().map_or(ABSENT, Group::winner)
    }

    /// Makes room for `seat`: as many levels as it needs.
    fn grow(&mut self, seat: usize) {
        let (mut lowest, mut width) = (0, 1);
        while width * WIDTH <= seat {
            lowest += width;
            width *= WIDTH;
        }
        let mut groups = vec![Group([ABSENT; WIDTH]); lowest + width];
        let seats = &self.groups[self.lowest..];
        groups[lowest..lowest + seats.len()].copy_from_slice(seats);
        for group in (1..groups.len()).rev() {
            let winner = groups[group].winner();
            groups[(group - 1) / WIDTH].0[(group - 1) % WIDTH] = winner;
        }
        (self.groups, self.lowest) = (groups, lowest);
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
        fn the_best_is_the_smallest(changes in prop::collection::vec((0_usize..300, prop::option::of(0_u128..9)), 0..200)) {
            let (mut tree, mut model) = (Tournament::default(), BTreeMap::new());
            for (seat, key) in changes {
                tree.set(seat, key.unwrap_or(ABSENT));
                model.insert(seat, key.unwrap_or(ABSENT));
                prop_assert_eq!(tree.best(), *model.values().min().unwrap());
            }
        }
    }
}
