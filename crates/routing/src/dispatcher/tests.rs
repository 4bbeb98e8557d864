//! Every order of events there is, for a small pool: an exhaustive search over the dispatcher and the slot machine as
//! they are shipped. Only the instances, which are not checked here, are a model: idle, at work, or dead.
//!
//! The search is our own: a general model checker wants states that can be copied, compared and hashed, and a dispatcher
//! holds a strategy, which cannot. Here a state is the way that led to it, walked again, and recognised by all that is
//! in it.

mod world;

use super::{Queued, Token};
use crate::strategy::{Candidates, JobView, Strategy};
use pool_core::message::{Generation, JobId, Needs, Offer, Serial, SessionKey, SlotId};
use std::cell::Cell;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use world::{Action, World};

/// What may go wrong in a run, and how often.
#[derive(Debug, Clone, Copy)]
struct Trouble {
    crashes: u8,
    cancels: u8,
    revokes: u8,
    /// The second and the third job belong to one session.
    talk: bool,
}

#[derive(Clone)]
struct Item {
    id: u64,
    session: Option<SessionKey>,
    submitted: Instant,
    cancelled: Rc<Cell<bool>>,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.id, if self.cancelled.get() { "x" } else { "" })
    }
}

impl Queued for Item {
    fn view(&self, _: Instant) -> JobView<'_> {
        JobView {
            id: JobId(self.id),
            key: None,
            session: self.session.as_ref(),
            needs: &Needs::Anything,
            priority: 0,
            attempt: 1,
            waited: Duration::ZERO,
        }
    }

    fn submitted(&self) -> Instant {
        self.submitted
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }
}

/// Neither copied nor cloned, as the real one.
struct Permit {
    slot: SlotId,
    generation: Generation,
    serial: Serial,
    offer: Arc<Offer>,
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.slot, self.generation, self.serial)
    }
}

impl Token for Permit {
    fn slot(&self) -> SlotId {
        self.slot
    }

    fn generation(&self) -> Generation {
        self.generation
    }

    fn serial(&self) -> Serial {
        self.serial
    }

    fn offer(&self) -> &Arc<Offer> {
        &self.offer
    }
}

/// Chooses what it is told, right or wrong: so what is found holds for every strategy.
struct Puppet(Arc<AtomicU32>);

impl Strategy for Puppet {
    fn name(&self) -> &'static str {
        "puppet"
    }

    fn choose(&mut self, _: &JobView<'_>, _: &Candidates<'_>) -> Option<SlotId> {
        Some(SlotId(self.0.load(Ordering::Relaxed)))
    }
}

/// Walks every way; the number of states, and of ends.
fn explore(trouble: Trouble) -> (usize, usize) {
    let start = tokio::time::Instant::now().into_std();
    let walk = |path: &[Action]| {
        let mut world = World::new(trouble, start);
        path.iter().for_each(|action| world.apply(*action));
        world
    };
    let (mut seen, mut ends) = (HashSet::new(), 0);
    let mut open = vec![Vec::new()];
    while let Some(path) = open.pop() {
        // A way that runs on reuses the world it has come to; only its forks are walked again.
        let mut world = walk(&path);
        let mut path = path;
        loop {
            let mut hasher = DefaultHasher::new();
            world.fingerprint().hash(&mut hasher);
            if !seen.insert(hasher.finish()) {
                break;
            }
            let mut actions = world.actions();
            let Some(next) = actions.pop() else {
                world.is_settled(&path);
                ends += 1;
                break;
            };
            for other in actions {
                open.push([&path[..], &[other]].concat());
            }
            path.push(next);
            world.apply(next);
        }
    }
    (seen.len(), ends)
}

#[test]
fn every_job_ends_exactly_once_whatever_happens_when() {
    let calm = Trouble { crashes: 0, cancels: 0, revokes: 0, talk: false };
    for trouble in [
        Trouble { crashes: 1, cancels: 1, revokes: 1, ..calm },
        Trouble { crashes: 1, cancels: 1, talk: true, ..calm },
        Trouble { cancels: 1, revokes: 1, talk: true, ..calm },
    ] {
        let (states, ends) = explore(trouble);
        println!("2 slots, 3 jobs, {trouble:?}: {states} states, {ends} ends");
        assert!(states > 1000 && ends > 0, "{states} states");
    }
}
