//! What a client may do: settled when the server starts, and never raised. Pure.

use super::args::RightsArgs;
use cluster::control::protocol::{To, ToolView};
use std::time::Duration;
use tokio::time::Instant;

/// What is left of what a client may do.
#[derive(Debug)]
pub(super) struct Rights {
    jobs: u64,
    most_jobs: u64,
    deadline: Option<(Instant, Duration)>,
    /// US dollars: the most, and what the pool had cost before.
    cost: Option<(f64, f64)>,
    interpreters: bool,
}

/// Why a job is not taken, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) why: String,
    pub(super) help: String,
}

/// What is left, for the client.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(super) struct Left {
    /// Jobs.
    jobs: u64,
    /// Seconds until no more are taken.
    seconds: Option<u64>,
    /// US dollars.
    usd: Option<f64>,
}

/// Whom a job is for, as the client says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Whom {
    pub(super) tool: Option<String>,
    pub(super) session: Option<String>,
    pub(super) slot: Option<u32>,
}

impl Rights {
    /// As the human said, of a pool that has cost so much.
    pub(super) fn new(args: &RightsArgs, cost: f64, now: Instant) -> Self {
        let deadline = args.deadline.and_then(|after| Some((now.checked_add(after)?, after)));
        Self {
            jobs: args.max_jobs,
            most_jobs: args.max_jobs,
            deadline,
            cost: args.max_cost.map(|most| (most, cost)),
            interpreters: args.allow_interpreters,
        }
    }

    /// Takes so many jobs out of what is left, of a pool that has cost so much by now.
    pub(super) fn take(&mut self, jobs: u64, cost: f64, now: Instant) -> Result<(), Refusal> {
        if let Some((_, after)) = self.deadline.filter(|(at, _)| now >= *at) {
            return Err(over(format!("no more jobs are taken: the deadline of {after:?} has passed")));
        }
        if let Some((most, before)) = self.cost.filter(|(most, before)| cost - before >= *most) {
            return Err(over(format!(
                "no more jobs are taken: they have cost ${:.4} of ${most}",
                cost - before
            )));
        }
        self.jobs = self.jobs.checked_sub(jobs).ok_or_else(|| {
            over(format!("{jobs} more jobs are not taken: {} of {} are left", self.jobs, self.most_jobs))
        })?;
        Ok(())
    }

    /// So many jobs were not begun.
    pub(super) fn give_back(&mut self, jobs: u64) {
        self.jobs = (self.jobs + jobs).min(self.most_jobs);
    }

    /// What is left.
    pub(super) fn left(&self, cost: f64, now: Instant) -> Left {
        Left {
            jobs: self.jobs,
            seconds: self.deadline.map(|(at, _)| at.saturating_duration_since(now).as_secs()),
            usd: self.cost.map(|(most, before)| (most - (cost - before)).max(0.0)),
        }
    }

    /// Whether this tool may be sent to.
    pub(super) fn allows(&self, tool: &ToolView) -> bool {
        self.interpreters || !tool.interprets
    }

    /// Whom a job goes to. `owner` is the tool of a slot, if there is such a slot.
    pub(super) fn target(
        &self,
        whom: Whom,
        tools: &[ToolView],
        owner: impl FnOnce(u32) -> Option<String>,
    ) -> Result<Option<To>, Refusal> {
        let mut allowed = tools.iter().filter(|tool| self.allows(tool)).map(|tool| tool.name.as_str());
        let is_free = tools.iter().all(|tool| self.allows(tool));
        let may = |name: &str| is_free || tools.iter().any(|tool| tool.name == name && self.allows(tool));
        match whom {
            Whom { tool: None, session: None, slot: None } if is_free => Ok(None),
            Whom { tool: None, session: None, slot: None } => match (allowed.next(), allowed.next()) {
                (Some(only), None) => Ok(Some(To::Tool(only.to_owned()))),
                _ => Err(Refusal {
                    why: "some tools of this pool are not for this client".into(),
                    help: "say which 'tool'; the tool 'tools' lists them".into(),
                }),
            },
            Whom { tool: Some(name), session: None, slot: None } if may(&name) => Ok(Some(To::Tool(name))),
            Whom { tool: Some(name), session: None, slot: None } => Err(closed(&name)),
            Whom { slot: Some(slot), tool: None, session: None } => match owner(slot) {
                Some(name) if !may(&name) => Err(closed(&name)),
                _ => Ok(Some(To::Slot(slot))),
            },
            Whom { session: Some(session), tool: None, slot: None } if is_free => {
                Ok(Some(To::Session(session)))
            }
            Whom { session: Some(_), tool: None, slot: None } => Err(Refusal {
                why: "a session may begin on any tool, and some tools of this pool are not for this client"
                    .into(),
                help: "name a 'slot' of an allowed tool instead: its conversation is kept as well".into(),
            }),
            Whom { .. } => Err(Refusal {
                why: "a job is for one of 'tool', 'session' and 'slot'".into(),
                help: "leave the others out".into(),
            }),
        }
    }
}

fn over(why: String) -> Refusal {
    Refusal { why, help: "'read' what has been sent, and tell your user; only they can allow more".into() }
}

fn closed(tool: &str) -> Refusal {
    Refusal {
        why: format!("{tool:?} runs what it is told as it stands, and that is not allowed, or there is no such tool"),
        help: "the tool 'tools' lists what there is; your user can restart this server with --allow-interpreters".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> RightsArgs {
        RightsArgs { max_jobs: 3, ..RightsArgs::default() }
    }

    fn tool(name: &str, interprets: bool) -> ToolView {
        let (about, commands, effects) = (None, Vec::new(), String::new());
        ToolView { name: name.into(), about, commands, effects, interprets, tells_costs: true }
    }

    #[test]
    fn jobs_are_counted_and_given_back() {
        let now = Instant::now();
        let mut rights = Rights::new(&args(), 0.0, now);
        assert_eq!(rights.take(2, 0.0, now), Ok(()));
        assert_eq!(rights.take(2, 0.0, now).unwrap_err().why, "2 more jobs are not taken: 1 of 3 are left");
        assert_eq!(rights.left(0.0, now), Left { jobs: 1, seconds: None, usd: None });
        rights.give_back(9);
        assert_eq!((rights.take(3, 0.0, now), rights.left(0.0, now).jobs), (Ok(()), 0));
    }

    #[test]
    fn nothing_is_taken_after_the_deadline_or_beyond_the_cost() {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let args = RightsArgs { deadline: Some(minute), max_cost: Some(1.5), ..args() };
        let mut rights = Rights::new(&args, 10.0, now);
        assert_eq!(rights.take(1, 11.0, now), Ok(()));
        assert_eq!(rights.left(11.0, now), Left { jobs: 2, seconds: Some(60), usd: Some(0.5) });
        assert!(rights.take(1, 11.5, now).unwrap_err().why.contains("$1.5000 of $1.5"));
        assert!(rights.take(1, 10.0, now + minute).unwrap_err().why.contains("deadline"));
        assert_eq!(rights.left(11.0, now).jobs, 2, "what is refused takes nothing");
    }

    #[test]
    fn interpreters_are_out_of_reach_however_they_are_named() {
        let mixed = [tool("aider", false), tool("bash", true)];
        let owner = |slot| match slot {
            0 => Some("aider".to_owned()),
            1 => Some("bash".to_owned()),
            _ => None,
        };
        let is = |words: [Option<&str>; 2], slot| {
            let [tool, session] = words.map(|word| word.map(str::to_owned));
            Whom { tool, session, slot }
        };
        let strict = Rights::new(&args(), 0.0, Instant::now());
        let free = Rights::new(&RightsArgs { allow_interpreters: true, ..args() }, 0.0, Instant::now());
        let aider = || Some(To::Tool("aider".into()));
        let table = [
            (is([None, None], None), Some(aider()), Some(None)),
            (is([Some("aider"), None], None), Some(aider()), Some(aider())),
            (is([Some("bash"), None], None), None, Some(Some(To::Tool("bash".into())))),
            (is([None, None], Some(0)), Some(Some(To::Slot(0))), Some(Some(To::Slot(0)))),
            (is([None, None], Some(1)), None, Some(Some(To::Slot(1)))),
            (is([None, Some("k")], None), None, Some(Some(To::Session("k".into())))),
            (is([Some("aider"), Some("k")], None), None, None),
            (is([Some("aider"), None], Some(0)), None, None),
        ];
        for (whom, by_strict, by_free) in table {
            assert_eq!(strict.target(whom.clone(), &mixed, owner).ok(), by_strict, "{whom:?}");
            assert_eq!(free.target(whom.clone(), &mixed, owner).ok(), by_free, "{whom:?}");
        }
        let two = [tool("aider", false), tool("claude", false), tool("bash", true)];
        assert!(strict.target(Whom::default(), &two, owner).is_err(), "nobody says which");
    }
}
