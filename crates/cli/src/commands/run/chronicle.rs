//! What happens to a run besides its results, as its record tells it later.

use crate::output::LimitNews;
use cluster::batch::clock::wall;
use cluster::batch::run::Ending;
use cluster::ledger::Recorder;
use cluster::ledger::news::News;
use jiff::Timestamp;
use pool_core::supervisor::{HoldStatus, InstanceState, InstanceStatus};
use std::collections::HashSet;
use std::time::Instant;

/// Tells it, if there is a record.
#[derive(Debug)]
pub(super) struct Chronicle {
    recorder: Option<Recorder>,
    /// Why tools have been given up: the reason is the same for all of their instances.
    given_up: HashSet<String>,
}

impl Chronicle {
    pub(super) fn new(recorder: Option<Recorder>) -> Self {
        Self { recorder, given_up: HashSet::new() }
    }

    /// An instance has become something else.
    pub(super) fn changed(&mut self, status: &InstanceStatus) {
        match (status.state, &self.recorder) {
            (InstanceState::BackingOff, Some(recorder)) => recorder.note(ended(status)),
            (InstanceState::Failed, _) => self.given_up(&status.evidence),
            _ => {}
        }
    }

    /// All jobs have ended, for this reason. That a tool was given up may be known from their results alone so far.
    pub(super) fn over(&mut self, ending: Option<&Ending>) {
        if let Some(Ending::PoolFailed(reason)) = ending {
            self.given_up(reason);
        }
    }

    fn given_up(&mut self, reason: &str) {
        if let Some(recorder) = &self.recorder
            && self.given_up.insert(reason.to_owned())
        {
            recorder.note(News::GivenUp { reason: reason.to_owned() });
        }
    }

    /// A usage limit came, moved or went.
    pub(super) fn limited(&self, news: &LimitNews, now: Instant) {
        if let Some(recorder) = &self.recorder {
            recorder.note(limit(news, now, wall()));
        }
    }
}

fn ended(status: &InstanceStatus) -> News {
    News::Ended {
        instance: status.index.0,
        generation: status.generation,
        tool: status.tool_id.clone(),
        how: status.evidence.clone(),
    }
}

/// A usage limit, at this time.
fn limit(news: &LimitNews, now: Instant, wall: Timestamp) -> News {
    match news {
        LimitNews::Begins(hold) | LimitNews::GoesOn(hold) => limited(hold, now, wall),
        LimitNews::Over(hold) => News::Unlimited { account: hold.account.to_string() },
    }
}

fn limited(hold: &HoldStatus, now: Instant, wall: Timestamp) -> News {
    let left = hold.until.saturating_duration_since(now);
    News::Limited {
        account: hold.account.to_string(),
        tools: hold.tools.iter().map(ToString::to_string).collect(),
        until: wall.checked_add(left).unwrap_or(Timestamp::MAX),
        reason: hold.reason.to_string(),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any instant will do, and only the clock makes one")]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_limit_is_told_with_the_time_of_day_at_which_it_ends() {
        let (now, wall) = (Instant::now(), "2026-11-21T22:00:00Z".parse::<Timestamp>().unwrap());
        let hold = HoldStatus {
            account: "team".into(),
            tools: vec!["aider".into()],
            since: now,
            until: now + Duration::from_secs(60),
            reason: "429".into(),
        };
        let until = wall + Duration::from_secs(60);
        let news = limit(&LimitNews::Begins(hold.clone()), now, wall);
        assert!(matches!(news, News::Limited { until: told, .. } if told == until), "{news:?}");
        let over = limit(&LimitNews::Over(hold), now, wall);
        assert_eq!(over, News::Unlimited { account: "team".into() });
    }
}
