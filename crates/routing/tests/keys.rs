//! What `sticky` promises of keys, through the dispatcher.

mod common;

use common::{FakeJob, Pool};
use pool_core::message::{Offer, SlotId};
use proptest::prelude::{ProptestConfig, prop, prop_assert, prop_assert_eq, proptest};
use routing::dispatcher::RouterSpec;
use routing::strategy::Sticky;
use std::collections::VecDeque;

const SLOTS: u32 = 10;

/// Where each of 40 keys goes while all slots are free.
fn homes(pool: &mut Pool, lives: &[Option<u32>]) -> Vec<SlotId> {
    let home = |key| {
        let job = FakeJob { key: Some(format!("key {key}")), ..pool.job() };
        pool.push(job).expect("taken");
        let placed = pool.poll().expect("all are free");
        let (job, slot) = (placed.job.id, placed.decision.slot);
        pool.finish(job, slot.0, 5, "bash", lives[slot.index()].expect("it lives"));
        slot
    };
    (0..40).map(home).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Slots come, crash, come back and go for ever: a key moves only to a slot that comes, or from one that goes for ever.
    #[test]
    fn only_the_keys_of_the_slot_that_comes_or_goes_move(
        first in 1..SLOTS,
        changes in prop::collection::vec((0..SLOTS, prop::bool::ANY), 1..20),
    ) {
        let mut pool = Pool::empty(Box::new(Sticky::default()), RouterSpec::default());
        let mut lives = [None; SLOTS as usize];
        let come = |pool: &mut Pool, slot: u32, life| {
            pool.dispatcher.added(SlotId(slot), &Offer::of("bash").into(), pool.now);
            pool.credit(slot, "bash", life);
            Some(life)
        };
        (0..first).for_each(|slot| lives[slot as usize] = come(&mut pool, slot, 1));
        for (slot, for_ever) in changes {
            let before = homes(&mut pool, &lives);
            let at = slot as usize;
            let others = lives.iter().flatten().count() > 1;
            match lives[at] {
                None => lives[at] = come(&mut pool, slot, 1),
                Some(life) if for_ever && others => {
                    pool.dispatcher.gone(SlotId(slot), life, true, pool.now);
                    lives[at] = None;
                }
                Some(life) => {
                    pool.dispatcher.gone(SlotId(slot), life, false, pool.now);
                    pool.credit(slot, "bash", life + 1);
                    lives[at] = Some(life + 1);
                    prop_assert_eq!(&homes(&mut pool, &lives), &before, "{} is back", slot);
                }
            }
            for (was, is) in before.into_iter().zip(homes(&mut pool, &lives)) {
                let mover = if lives[at].is_some() { is } else { was };
                prop_assert!(was == is || mover == SlotId(slot), "{was} => {is} although {slot} changed");
            }
        }
    }

    /// Most jobs have one key, and there are more of them than slots: each job goes out before any that came after it, and
    /// none waits beside a free slot.
    #[test]
    fn a_hot_key_starves_nobody(
        slots in 1_usize..8,
        events in prop::collection::vec((0_u8..10, prop::bool::weighted(0.55)), 1..120),
    ) {
        let mut pool = Pool::of("sticky", &vec!["bash"; slots], RouterSpec::default());
        let (mut waiting, mut running) = (VecDeque::new(), VecDeque::new());
        for (job, comes) in events {
            if comes {
                let key = if job == 0 { format!("cold {}", pool.next_job) } else { "hot".into() };
                let job = FakeJob { key: Some(key), ..pool.job() };
                waiting.push_back(job.id);
                prop_assert!(pool.push(job).is_ok());
            } else if let Some((job, slot)) = running.pop_front() {
                pool.finish(job, slot, 10, "bash", 1);
            }
            for (job, slot) in pool.drain() {
                prop_assert_eq!(waiting.pop_front(), Some(job), "in the order of arrival");
                running.push_back((job, slot));
            }
            prop_assert!(waiting.is_empty() || running.len() == slots, "a job waits beside a free slot");
        }
    }
}
