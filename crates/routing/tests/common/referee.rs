//! A referee that knows the rules, but not how they are kept.

use super::Placed;
use super::world::{Case, Doing, Fate, Op, Work, World, id};
use pool_core::message::{Needs, SessionKey};
use routing::dispatcher::Why;

/// A rule of a strategy: sees where a job went, and where it could have gone instead.
pub(crate) trait Rule {
    fn judge(&mut self, world: &World, placed: &Placed, candidates: &[usize]);
}

/// Any choice is fine.
impl Rule for () {
    fn judge(&mut self, _: &World, _: &Placed, _: &[usize]) {}
}

impl World {
    /// Something happens; all that follows from it does; every rule has been kept.
    pub(crate) fn happen(&mut self, op: &Op, rule: &mut dyn Rule) {
        self.apply(op);
        loop {
            let homes = self.homes();
            let Some(placed) = self.pool.poll() else { break };
            self.goes_where_it_may(&placed, &homes);
            if placed.decision.why != Why::Session {
                self.is_next(&placed, &homes);
                let candidates = self.candidates(&placed.job.needs, &homes);
                assert_eq!(placed.decision.candidates, candidates.len());
                rule.judge(self, &placed, &candidates);
            }
            self.knows_its_context(&placed);
            self.note(placed);
        }
        for (job, _) in self.pool.refused() {
            let case = self.cases.get_mut(&job).expect("a known job");
            assert_eq!(std::mem::replace(&mut case.fate, Fate::Refused), Fate::Waits);
        }
        self.nobody_waits_in_vain();
        self.nothing_is_lost();
    }

    /// All sessions that live somewhere, and where.
    fn homes(&self) -> Vec<(SessionKey, usize)> {
        let slots = (0..self.places.len()).map(|slot| SessionKey::Slot(id(slot)));
        let keys = (0..4).map(|name| self.session(name)).chain(slots);
        keys.filter_map(|key| Some((key.clone(), self.pool.dispatcher.session_slot(&key)?.index()))).collect()
    }

    /// The slots that a job without a home could go to.
    fn candidates(&self, needs: &Needs, homes: &[(SessionKey, usize)]) -> Vec<usize> {
        let free = |slot: &usize| {
            let place = &self.places[*slot];
            matches!(place.doing, Doing::Ready(_))
                && place.offer.meets(needs)
                && homes.iter().all(|(_, home)| home != slot)
        };
        (0..self.places.len()).filter(free).collect()
    }

    /// One credit, one job; the right tool; home if it has one, else to nobody's home.
    fn goes_where_it_may(&self, placed: &Placed, homes: &[(SessionKey, usize)]) {
        let slot = placed.credit.slot.index();
        let Doing::Ready(serial) = self.places[slot].doing else {
            panic!("{placed:?} on a slot without credit")
        };
        assert_eq!((serial, self.places[slot].generation), (placed.credit.serial, placed.credit.generation));
        assert_eq!(self.cases[&placed.job.id].fate, Fate::Waits);
        let home = homes.iter().find(|(key, _)| Some(key) == placed.job.session.as_ref());
        match home {
            Some((_, home)) => assert_eq!(slot, *home),
            None => assert!(self.candidates(&placed.job.needs, homes).contains(&slot), "{placed:?}"),
        }
    }

    /// Among jobs without a session that could go somewhere now, whatever they need, the most urgent goes first, then
    /// the first: one that is bound to a tool neither waits behind those that cannot move, nor keeps others waiting.
    fn is_next(&self, placed: &Placed, homes: &[(SessionKey, usize)]) {
        if placed.job.session.is_some() {
            return;
        }
        let rank = |case: &Case| (std::cmp::Reverse(case.job.priority), case.arrival);
        let mine = rank(&self.cases[&placed.job.id]);
        let can_go = |case: &Case| !self.candidates(&case.job.needs, homes).is_empty();
        let rivals = self.waiting().filter(|case| case.job.session.is_none() && can_go(case));
        rivals.for_each(|case| assert!(rank(case) >= mine, "{:?} before {:?}", placed.job, case.job));
    }

    /// It hears that its context is lost if and only if it is; and it reads no stranger's words.
    fn knows_its_context(&self, placed: &Placed) {
        let here = (placed.credit.slot, placed.credit.generation);
        let heard = &self.places[here.0.index()].heard;
        if let Some(key) = &placed.job.session {
            let talk = self.talks.get(key).copied();
            if placed.context_lost {
                assert!(talk.is_some_and(|talk| talk.1 == 0 || self.timed), "{key:?} was at {talk:?}");
            } else if let Some(talk) = talk {
                assert!(
                    talk == here && heard.contains(key) && !placed.reset_first,
                    "{key:?} was at {talk:?}"
                );
            }
        }
        let doubtful = self.places[here.0.index()].doubtful;
        assert!(!placed.reset_first || doubtful || !heard.is_empty(), "there was nothing to forget");
        let lives_here = |key: &SessionKey| self.pool.dispatcher.session_slot(key) == Some(here.0);
        let knows = placed.job.session.as_ref().is_some_and(|key| heard.contains(key));
        let private = placed.reset_first || knows || heard.iter().all(lives_here);
        assert!(private, "{:?} reads the words of {heard:?}", placed.job);
    }

    fn note(&mut self, placed: Placed) {
        let Placed { job, credit, reset_first, .. } = placed;
        let place = &mut self.places[credit.slot.index()];
        let heard_before = place.heard.clone();
        if reset_first || job.session.is_none() {
            place.heard.clear();
        }
        let mut talk_before = None;
        if let Some(key) = &job.session {
            place.heard.push(key.clone());
            talk_before = self.talks.insert(key.clone(), (credit.slot, credit.generation));
        }
        self.cases.get_mut(&job.id).expect("a known job").fate = Fate::Placed;
        place.doing = Doing::Working(Work { job, heard_before, talk_before });
    }

    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Case> {
        self.cases.values().filter(|case| case.fate == Fate::Waits)
    }

    /// Whoever could go has gone.
    fn nobody_waits_in_vain(&self) {
        let homes = self.homes();
        for case in self.waiting() {
            let home = homes.iter().find(|(key, _)| Some(key) == case.job.session.as_ref());
            match home {
                Some((_, home)) => {
                    let ready = matches!(self.places[*home].doing, Doing::Ready(_));
                    assert!(!ready, "{:?} waits for slot {home}, which is free", case.job);
                }
                None => {
                    let free = self.candidates(&case.job.needs, &homes);
                    assert!(free.is_empty(), "{:?} waits although {free:?} are free", case.job);
                }
            }
        }
    }

    /// Every job is somewhere, and the router's own count agrees.
    fn nothing_is_lost(&self) {
        let with = |fate| self.cases.values().filter(|case| case.fate == fate).count() as u64;
        let counts = self.pool.dispatcher.metrics().counts();
        let queued = self.pool.dispatcher.queued() as u64;
        assert_eq!(counts.submitted, self.cases.len() as u64 + self.rejected);
        assert_eq!(counts.rejected, self.rejected);
        assert_eq!(counts.placed - counts.returned, with(Fate::Placed));
        assert_eq!(counts.failed, with(Fate::Refused));
        assert_eq!(queued + counts.cancelled, with(Fate::Waits) + with(Fate::Cancelled));
        assert_eq!(
            counts.submitted + counts.returned,
            counts.placed + queued + counts.rejected + counts.cancelled + counts.failed
        );
        for (slot, place) in self.places.iter().enumerate() {
            let figures = self.pool.dispatcher.metrics().figures(id(slot)).expect("a known slot");
            assert_eq!(figures.in_flight, u32::from(matches!(place.doing, Doing::Working(_))), "slot {slot}");
        }
    }
}
