//! What several answers to one question come to: [`Fold`], a pure machine over their ends.

/// Counts answers as they end, and says when no further one matters.
///
/// ```
/// use cluster::{Fold, Standing};
///
/// let mut race = Fold::race(3);
/// assert_eq!(race.ended(false), Standing::Failed);
/// assert_eq!(race.ended(true), Standing::Counts);
/// assert!(race.is_reached() && race.is_decided(), "the third may be cancelled");
/// assert_eq!(race.ended(true), Standing::TooLate);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fold {
    asked: usize,
    wanted: usize,
    ends: Ends,
    good: usize,
    failed: usize,
}

/// When the others matter no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// As soon as it is certain how it ends.
    Early,
    /// When all have ended.
    AfterAll,
}

/// What an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is good, and one of those that are wanted.
    Counts,
    /// It is not good.
    Failed,
    /// It was decided before: whatever it says, it counts for nothing.
    TooLate,
}

impl Fold {
    /// Everybody's answer, and all of them good: nothing is decided before all have ended.
    #[must_use]
    pub const fn broadcast(asked: usize) -> Self {
        Self { asked, wanted: asked, ends: Ends::AfterAll, good: 0, failed: 0 }
    }

    /// The first good answer of so many.
    #[must_use]
    pub const fn race(asked: usize) -> Self {
        Self::quorum(1, asked)
    }

    /// The first `wanted` good answers of `asked`. If there cannot be so many any more, that is decided, too.
    #[must_use]
    pub const fn quorum(wanted: usize, asked: usize) -> Self {
        Self { asked, wanted, ends: Ends::Early, good: 0, failed: 0 }
    }

    /// Takes in how the next answer ended.
    pub const fn ended(&mut self, is_good: bool) -> Standing {
        if self.is_decided() {
            return Standing::TooLate;
        }
        if is_good {
            self.good += 1;
            Standing::Counts
        } else {
            self.failed += 1;
            Standing::Failed
        }
    }

    /// Whether answers that are still out count for nothing, so that their jobs may be cancelled.
    #[must_use]
    pub const fn is_decided(&self) -> bool {
        match self.ends {
            Ends::Early => self.is_reached() || self.failed + self.wanted > self.asked,
            Ends::AfterAll => self.good + self.failed >= self.asked,
        }
    }

    /// Whether there are as many good answers as are wanted.
    #[must_use]
    pub const fn is_reached(&self) -> bool {
        self.good >= self.wanted
    }

    /// How many good answers are wanted.
    #[must_use]
    pub const fn wanted(&self) -> usize {
        self.wanted
    }

    /// Whether all answers are waited for, whatever they are.
    #[must_use]
    pub const fn wants_all(&self) -> bool {
        matches!(self.ends, Ends::AfterAll)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Standing::{Counts, Failed, TooLate};
    use proptest::prelude::*;

    #[test]
    fn what_answers_are_worth() {
        let table = [
            (Fold::race(3), vec![(true, Counts), (true, TooLate), (false, TooLate)], true),
            (Fold::race(2), vec![(false, Failed), (false, Failed)], false),
            (Fold::quorum(2, 3), vec![(true, Counts), (false, Failed), (true, Counts)], true),
            (Fold::quorum(2, 3), vec![(false, Failed), (false, Failed), (true, TooLate)], false),
            (Fold::quorum(3, 2), vec![(true, TooLate), (true, TooLate)], false),
            (Fold::quorum(0, 1), vec![(true, TooLate)], true),
            (Fold::broadcast(2), vec![(false, Failed), (true, Counts)], false),
            (Fold::broadcast(2), vec![(true, Counts), (true, Counts)], true),
        ];
        for (fold, answers, is_reached) in table {
            let mut fold_now = fold.clone();
            for (is_good, standing) in answers {
                assert_eq!(fold_now.ended(is_good), standing, "{fold:?}");
            }
            assert_eq!((fold_now.is_reached(), fold_now.is_decided()), (is_reached, true), "{fold:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn as_many_count_as_are_wanted_and_it_is_decided_as_soon_as_it_can_be(
            answers in prop::collection::vec(any::<bool>(), 0..12),
            wanted in 0..14_usize,
        ) {
            let mut fold = Fold::quorum(wanted, answers.len());
            let mut counted = 0;
            for (at, is_good) in answers.iter().enumerate() {
                let left = answers.len() - at;
                // Decided: whatever the others are, it comes to the same.
                let certain = counted >= wanted || counted + left < wanted;
                prop_assert_eq!(fold.is_decided(), certain);
                let standing = fold.ended(*is_good);
                prop_assert_eq!(standing == TooLate, certain);
                counted += usize::from(standing == Counts);
            }
            prop_assert!(counted <= wanted && fold.is_decided());
            let good = answers.iter().filter(|is_good| **is_good).count();
            prop_assert_eq!(fold.is_reached(), good >= wanted);
            prop_assert_eq!(counted == wanted, good >= wanted);
        }

        #[test]
        fn all_of_a_broadcast_count(answers in prop::collection::vec(any::<bool>(), 0..12)) {
            let mut fold = Fold::broadcast(answers.len());
            for is_good in &answers {
                prop_assert!(!fold.is_decided());
                prop_assert_eq!(fold.ended(*is_good), if *is_good { Counts } else { Failed });
            }
            prop_assert!(fold.is_decided());
            prop_assert_eq!(fold.is_reached(), answers.iter().all(|is_good| *is_good));
        }
    }
}
