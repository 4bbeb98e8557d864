//! `sticky`: equal keys tend to the same slot.

use super::{Candidate, Candidates, JobView, LeastBusy, Strategy};
use pool_core::message::{Needs, SessionKey, SlotId};

/// How often a key is thrown again when it lands on a slot that has gone.
const THROWS: u64 = 16;

/// Affinity of a job's key (else of its session's name) to one slot: that slot if it is free, else the least busy one.
/// It never waits and promises no context; a job without either goes to the least busy slot.
///
/// The slot depends on the key and on the slots that exist, whether free or not, in the order in which they first came:
/// it is the same in every run that adds its slots in the same order. When a slot is added, only the keys that it gets move; when one goes for ever, only those that it had,
/// and they spread over the others. A slot that is only away keeps its keys.
#[derive(Debug, Default)]
pub struct Sticky {
    /// The slots that meet this.
    rings: Vec<(Needs, Ring)>,
    /// For jobs without a key, and for those whose slot is not free.
    spill: LeastBusy,
}

impl Strategy for Sticky {
    fn name(&self) -> &'static str {
        "sticky"
    }

    fn choose(&mut self, job: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        let preferred = affinity(job).and_then(|key| self.ring(job.needs)?.slot_of(hash(key)));
        match preferred {
            Some(slot) if candidates.contains(slot) => Some(slot),
            _ => self.spill.choose(job, candidates),
        }
    }

    fn score(&self, job: &JobView<'_>, slot: &Candidate<'_>) -> String {
        let home = affinity(job).and_then(|key| self.ring(job.needs)?.slot_of(hash(key)));
        if home == Some(slot.slot) { "the key's home".into() } else { self.spill.score(job, slot) }
    }

    fn on_added(&mut self, slot: &Candidate<'_>) {
        // Its tool may be another one than before.
        self.on_removed(slot.slot);
        for needs in std::iter::once(Needs::Anything).chain(slot.offer.met()) {
            let known = self.rings.iter().position(|(known, _)| *known == needs);
            let at = known.unwrap_or_else(|| {
                self.rings.push((needs, Ring::default()));
                self.rings.len() - 1
            });
            self.rings[at].1.add(slot.slot);
        }
        self.spill.on_added(slot);
    }

    fn on_ready(&mut self, slot: &Candidate<'_>) {
        self.spill.on_ready(slot);
    }

    fn on_withdrawn(&mut self, slot: SlotId) {
        self.spill.on_withdrawn(slot);
    }

    fn on_removed(&mut self, slot: SlotId) {
        self.rings.iter_mut().for_each(|(_, ring)| ring.remove(slot));
    }
}

impl Sticky {
    fn ring(&self, needs: &Needs) -> Option<&Ring> {
        self.rings.iter().find(|(known, _)| known == needs).map(|(_, ring)| ring)
    }
}

fn affinity<'a>(job: &JobView<'a>) -> Option<&'a str> {
    job.key.or(match job.session {
        Some(SessionKey::Named(name)) => Some(name),
        Some(SessionKey::Slot(_)) | None => None,
    })
}

/// Places for slots, in the order in which they were added; a slot that has gone leaves its place empty.
#[derive(Debug, Default)]
struct Ring {
    places: Vec<Place>,
    present: usize,
    /// By slot: where its place is.
    place_of: Vec<Option<usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    slot: SlotId,
    present: bool,
}

impl Ring {
    fn add(&mut self, slot: SlotId) {
        if slot.index() >= self.place_of.len() {
            self.place_of.resize(slot.index() + 1, None);
        }
        let at = *self.place_of[slot.index()].get_or_insert(self.places.len());
        if at == self.places.len() {
            self.places.push(Place { slot, present: false });
        }
        self.set(at, true);
    }

    fn remove(&mut self, slot: SlotId) {
        if let Some(&Some(at)) = self.place_of.get(slot.index()) {
            self.set(at, false);
        }
    }

    fn set(&mut self, at: usize, present: bool) {
        let was = std::mem::replace(&mut self.places[at].present, present);
        self.present = self.present + usize::from(present) - usize::from(was);
    }

    /// The slot of a key. Each throw lands on a place by the jump hash, which moves keys only to a place that is new;
    /// an empty place only means another throw. Where most places are empty, the highest bid of those that are left
    /// wins. Neither step looks at a slot that does not get the key, so only a winner's coming or going moves it.
    fn slot_of(&self, key: u64) -> Option<SlotId> {
        if self.present == 0 {
            return None;
        }
        let throw = |throw| self.places[jump(mix(key.wrapping_add(throw)), self.places.len())];
        let landed = (0..THROWS).map(throw).find(|place| place.present);
        let bid = |place: &&Place| mix(key ^ mix(u64::from(place.slot.0)));
        landed
            .or_else(|| self.places.iter().filter(|place| place.present).max_by_key(bid).copied())
            .map(|place| place.slot)
    }
}

/// The jump consistent hash of Lamping and Veach: even, without memory, in log(n) steps.
fn jump(mut key: u64, places: usize) -> usize {
    let (mut at, mut next) = (0, 0);
    while next < places {
        at = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        let stride = (1_u64 << 31) as f64 / ((key >> 33) + 1) as f64;
        next = ((at + 1) as f64 * stride) as usize;
    }
    at
}

/// FNV-1a: a fixed function, so that a key finds the same slot in every run.
fn hash(key: &str) -> u64 {
    key.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finalizer of splitmix64: every bit of the input moves every bit of the output.
const fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bench, job};
    use super::*;
    use pool_core::message::Offer;
    use proptest::prelude::{ProptestConfig, prop, prop_assert, proptest};

    fn keyed(key: &str) -> JobView<'_> {
        JobView { key: Some(key), ..job() }
    }

    fn told(bench: &Bench) -> Sticky {
        let mut strategy = Sticky::default();
        bench.tell(&mut strategy);
        strategy
    }

    #[test]
    fn a_key_finds_its_slot_again_and_spills_while_it_is_taken() {
        let mut bench = Bench::of(&["bash"; 4]);
        let mut strategy = told(&bench);
        let home = bench.pick(&mut strategy, &keyed("src/main.rs")).unwrap();
        assert_eq!(bench.pick(&mut strategy, &keyed("src/main.rs")), Some(home));
        bench.shut(home);
        bench.tell(&mut strategy);
        let least_busy = if home == 0 { 1 } else { 0 };
        assert_eq!(bench.pick(&mut strategy, &keyed("src/main.rs")), Some(least_busy));
        bench.open(home);
        bench.tell(&mut strategy);
        assert_eq!(bench.pick(&mut strategy, &keyed("src/main.rs")), Some(home));
    }

    #[test]
    fn a_session_name_serves_as_key_and_nothing_means_least_busy() {
        let mut bench = Bench::of(&["bash"; 8]);
        bench.work(0, 9);
        let mut strategy = told(&bench);
        let name = SessionKey::Named("review".into());
        let session = JobView { session: Some(&name), ..job() };
        assert_eq!(bench.pick(&mut strategy, &session), bench.pick(&mut strategy, &keyed("review")));
        assert_eq!(bench.pick(&mut strategy, &job()), Some(1));
    }

    #[test]
    fn keys_are_spread_evenly() {
        let bench = Bench::of(&["bash"; 10]);
        let mut strategy = told(&bench);
        let mut counts = [0; 10];
        for key in 0..10_000 {
            counts[bench.pick(&mut strategy, &keyed(&format!("file-{key}.rs"))).unwrap() as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    /// Where each of 200 keys lives.
    fn homes(strategy: &Sticky, needs: &Needs) -> Vec<Option<SlotId>> {
        let ring = strategy.ring(needs).unwrap();
        (0..200).map(|key| ring.slot_of(hash(&format!("key {key}")))).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn only_the_keys_of_the_slot_that_comes_or_goes_move(
            slots in 1_u32..40,
            changes in prop::collection::vec(0_u32..60, 1..60),
        ) {
            let mut bench = Bench::of(&[]);
            let capabilities = |slot: u32| if slot.is_multiple_of(2) { vec!["even".into()] } else { Vec::new() };
            let tool = |slot: u32| if slot.is_multiple_of(3) { "bc" } else { "bash" };
            (0..60).for_each(|slot| bench.add(Offer { tool: tool(slot).into(), capabilities: capabilities(slot) }));
            let mut strategy = Sticky::default();
            let mut present = [false; 60];
            for slot in (0..slots).chain(changes) {
                let [bash, bc] = ["bash", "bc"].map(|tool| Needs::Tool(tool.into()));
                let needs = [Needs::Anything, bash, bc, Needs::Capability("even".into())];
                let before: Vec<_> =
                    needs.iter().map(|needs| strategy.ring(needs).map(|_| homes(&strategy, needs))).collect();
                if std::mem::replace(&mut present[slot as usize], false) {
                    strategy.on_removed(SlotId(slot));
                } else {
                    present[slot as usize] = true;
                    bench.announce(&mut strategy, slot);
                }
                for (needs, before) in needs.iter().zip(before) {
                    let Some(before) = before else { continue };
                    for (was, is) in before.into_iter().zip(homes(&strategy, needs)) {
                        let winner = if present[slot as usize] { is } else { was };
                        prop_assert!(was == is || winner == Some(SlotId(slot)), "{:?} => {:?}", was, is);
                        prop_assert!(is.is_none_or(|is| present[is.index()]));
                    }
                }
            }
        }
    }
}
