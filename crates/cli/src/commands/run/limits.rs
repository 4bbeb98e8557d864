//! Usage limits during a run: what is new about them, and when to give up.

use crate::output::LimitNews;
use pool_core::supervisor::HoldStatus;
use std::time::{Duration, Instant};

/// How long a run waits for the end of a limit.
pub(crate) const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// The limits that last, as far as they have been told.
#[derive(Debug)]
pub(crate) struct Limits {
    told: Vec<HoldStatus>,
    given_up: Option<HoldStatus>,
    /// So many accounts must be held for too long before a run gives up.
    enough: usize,
}

impl Limits {
    /// Of a run that goes on while one of so many accounts is free: jobs that are for the others may yet be done.
    pub(crate) fn of_all(accounts: usize) -> Self {
        Self { told: Vec::new(), given_up: None, enough: accounts }
    }

    /// What is new, now that these last.
    pub(super) fn update(&mut self, holds: Vec<HoldStatus>) -> Vec<LimitNews> {
        let known = |known: &[HoldStatus], hold: &HoldStatus| {
            known.iter().find(|other| other.account == hold.account).cloned()
        };
        let begun = holds.iter().filter_map(|hold| match known(&self.told, hold) {
            None => Some(LimitNews::Begins(hold.clone())),
            Some(before) if before != *hold => Some(LimitNews::GoesOn(hold.clone())),
            Some(_) => None,
        });
        let over = self.told.iter().filter(|hold| known(&holds, hold).is_none());
        let news = begun.chain(over.cloned().map(LimitNews::Over)).collect();
        self.told = holds;
        news
    }

    /// Whether any lasts.
    pub(super) const fn any(&self) -> bool {
        !self.told.is_empty()
    }

    /// Whether they last for longer than a run waits: enough of them, or, if jobs wait although nothing runs or comes
    /// (`is_stuck`), all that there are; true once.
    pub(super) fn give_up(&mut self, is_stuck: bool, now: Instant) -> bool {
        let lasts_too_long = |hold: &&HoldStatus| hold.until.max(now) > hold.since + LONGEST;
        let too_long: Vec<_> = self.told.iter().filter(lasts_too_long).collect();
        if self.given_up.is_none()
            && (too_long.len() >= self.enough || is_stuck && too_long.len() == self.told.len())
        {
            self.given_up = too_long.first().copied().cloned();
            return self.given_up.is_some();
        }
        false
    }

    /// The one that lasted too long.
    pub(super) const fn given_up(&self) -> Option<&HoldStatus> {
        self.given_up.as_ref()
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any instant will do, and only the clock makes one")]
mod tests {
    use super::*;

    fn hold(account: &str, since: Instant, hours: f64) -> HoldStatus {
        let until = since + Duration::from_secs_f64(3600.0 * hours);
        HoldStatus {
            account: account.into(),
            tools: vec![account.into()],
            since,
            until,
            reason: "429".into(),
        }
    }

    fn words(news: &[LimitNews]) -> Vec<String> {
        let word = |news: &LimitNews| match news {
            LimitNews::Begins(hold) => format!("+{}", hold.account),
            LimitNews::GoesOn(hold) => format!("~{}", hold.account),
            LimitNews::Over(hold) => format!("-{}", hold.account),
        };
        news.iter().map(word).collect()
    }

    #[test]
    fn each_change_is_news_once() {
        let now = Instant::now();
        let mut limits = Limits::of_all(1);
        let (a, a_later, b) = (hold("a", now, 1.0), hold("a", now, 2.0), hold("b", now, 1.0));
        assert!(limits.update(Vec::new()).is_empty() && !limits.any());
        assert_eq!(words(&limits.update(vec![a.clone()])), ["+a"]);
        assert!(limits.update(vec![a]).is_empty() && limits.any());
        assert_eq!(words(&limits.update(vec![a_later.clone(), b.clone()])), ["~a", "+b"]);
        assert_eq!(words(&limits.update(vec![b])), ["-a"]);
        assert_eq!(words(&limits.update(vec![a_later])), ["+a", "-b"]);
    }

    #[test]
    fn a_run_gives_up_once_after_twelve_hours_or_when_they_are_certain() {
        let now = Instant::now();
        let after = |hours: u64| now + Duration::from_secs(3600 * hours);
        for (lasts, at, expected) in [(1.0, 0, false), (12.0, 12, false), (12.1, 0, true), (1.0, 13, true)] {
            let mut limits = Limits::of_all(1);
            limits.update(vec![hold("a", now, lasts)]);
            assert_eq!(limits.give_up(false, after(at)), expected, "{lasts} h, seen after {at} h");
            assert_eq!(limits.given_up().is_some(), expected);
            assert!(!limits.give_up(false, after(at)), "once");
        }
    }

    #[test]
    fn a_run_over_several_tools_gives_up_when_none_is_left_that_may_do_something() {
        let now = Instant::now();
        let table = [(20.0, None, false, false), (20.0, None, true, true), (1.0, None, true, false)];
        let both = [
            (20.0, Some(1.0), false, false),
            (20.0, Some(1.0), true, false),
            (20.0, Some(20.0), false, true),
        ];
        for (one, other, is_stuck, expected) in table.into_iter().chain(both) {
            let mut limits = Limits::of_all(2);
            let other = other.map(|hours| hold("b", now, hours));
            limits.update([hold("a", now, one)].into_iter().chain(other).collect());
            assert_eq!(limits.give_up(is_stuck, now), expected, "{one} h, stuck: {is_stuck}");
        }
    }
}
