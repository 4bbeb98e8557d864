//! A set of small numbers that is walked in order and searched from any point, in a few instructions.

const WORD: usize = u64::BITS as usize;

/// One bit a member; one bit of `summary` for each word that is not zero, so that a search skips empty stretches.
#[derive(Debug, Default, Clone)]
pub(crate) struct Bits {
    words: Vec<u64>,
    summary: Vec<u64>,
    len: usize,
}

impl Bits {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn contains(&self, at: usize) -> bool {
        self.words.get(at / WORD).is_some_and(|word| word & mask(at) != 0)
    }

    /// Makes `at` a member or not; true if that changed anything.
    pub(crate) fn set(&mut self, at: usize, member: bool) -> bool {
        if self.contains(at) == member {
            return false;
        }
        let word = at / WORD;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
            self.summary.resize(word / WORD + 1, 0);
        }
        self.words[word] ^= mask(at);
        if member {
            self.summary[word / WORD] |= mask(word);
            self.len += 1;
        } else {
            if self.words[word] == 0 {
                self.summary[word / WORD] &= !mask(word);
            }
            self.len -= 1;
        }
        true
    }

    /// The lowest member that is not below `at`.
    pub(crate) fn first_from(&self, at: usize) -> Option<usize> {
        let word = at / WORD;
        let rest = self.words.get(word)? & from(at);
        if rest != 0 {
            return Some(word * WORD + lowest(rest));
        }
        let word = next_in(&self.summary, word + 1)?;
        Some(word * WORD + lowest(self.words[word]))
    }

    /// The members, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.first_from(0), |&last| self.first_from(last + 1))
    }
}

/// The lowest bit from `at` on, over whole words.
fn next_in(words: &[u64], at: usize) -> Option<usize> {
    let word = at / WORD;
    let rest = words.get(word)? & from(at);
    if rest != 0 {
        return Some(word * WORD + lowest(rest));
    }
    let word = word + 1 + words[word + 1..].iter().position(|&bits| bits != 0)?;
    Some(word * WORD + lowest(words[word]))
}

const fn mask(at: usize) -> u64 {
    1 << (at % WORD)
}

/// All bits of `at`'s word that are not below it.
const fn from(at: usize) -> u64 {
    !0 << (at % WORD)
}

const fn lowest(bits: u64) -> usize {
    bits.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn behaves_as_an_ordered_set(
            changes in prop::collection::vec((0_usize..9000, any::<bool>()), 0..60),
            from in 0_usize..9100,
        ) {
            let (mut bits, mut model) = (Bits::default(), BTreeSet::new());
            for (at, member) in changes {
                let changed = if member { model.insert(at) } else { model.remove(&at) };
                prop_assert_eq!(bits.set(at, member), changed);
                prop_assert_eq!(bits.contains(at), member);
            }
            prop_assert_eq!(bits.len(), model.len());
            prop_assert_eq!(bits.is_empty(), model.is_empty());
            prop_assert_eq!(bits.first_from(from), model.range(from..).next().copied());
            prop_assert!(bits.iter().eq(model.iter().copied()));
        }
    }
}
