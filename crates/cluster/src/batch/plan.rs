//! Items and lists → jobs that are ready to run.
//!
//! What can be wrong with the *run* (a forbidden command, an unknown tool) is found when the planner is made, before
//! anything starts. What can be wrong with *one job* (an item that is no text, one that cannot be quoted) refuses
//! that job alone, later, in its turn.

mod mix;

use super::item::ItemError;
use super::list::{Listed, OnUnknown, Var};
use super::template::{TemplateError, ToolRules, Values};
use crate::Job;
use mix::{Holes, Mix};
use pool_core::message::{Needs, Offer, Step};
use std::path::{Path, PathBuf};

/// What is the same for all jobs of a run.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The tools of the pool; at least one.
    pub tools: Vec<(Offer, ToolRules)>,
    /// The templates of each job's steps; if empty, the item is the prompt.
    pub steps: Vec<String>,
    /// What stands for the item in templates; `{}` if absent.
    pub token: Option<String>,
    /// Commands outside the tools' lists are let through.
    pub allow_commands: bool,
}

/// Why a run cannot be planned; nothing has started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A template cannot be used.
    #[error("{place}{error}")]
    Template {
        /// Where it stands: empty for the command line, else the line of the list and a colon.
        place: String,
        /// Why.
        error: TemplateError,
    },
    /// A step is a command of one tool that may get the job, and plain text to another one.
    #[error(
        "{place}step {step:?} is a command of {knows}, and {lacks} has no such command: name the tool of each job in a --from list, or run them apart"
    )]
    NoSuchCommand {
        /// Where it stands, as above.
        place: String,
        /// The template.
        step: String,
        /// One whose command it is.
        knows: String,
        /// One that cannot carry it.
        lacks: String,
    },
    /// Tools that may get the job want text inside a step quoted in different ways.
    #[error(
        "{place}step {step:?}: {first} and {other} want the text in it quoted in different ways: write {{:raw}} to put it in as it is, name the tool of each job in a --from list, or run them apart"
    )]
    MixedQuotes {
        /// Where it stands, as above.
        place: String,
        /// The template.
        step: String,
        /// One tool.
        first: String,
        /// One that differs.
        other: String,
    },
    /// A job needs a tool, or a capability, that is not in the pool.
    #[error("{place}{reason}")]
    Nobody {
        /// As above.
        place: String,
        /// Which, and which there are.
        reason: String,
    },
    /// A job has no steps of its own, and the command line has none either.
    #[error("{place}the job has no steps: give it some, or use --step")]
    NoSteps {
        /// As above.
        place: String,
    },
    /// Most likely the item was forgotten, and the same prompt would go out again and again.
    #[error("no step uses the item, so all jobs would be the same: put {token} into one")]
    ItemUnused {
        /// What stands for the item.
        token: String,
    },
}

impl Settings {
    /// What a person has typed, as a step of the tools that meet the needs: a command if it begins like one that they
    /// list, else text. Nothing in it is a hole.
    ///
    /// # Errors
    /// [`PlanError`] if it looks like a command and is none that may be used, or is one to some of the tools only.
    pub fn as_typed(&self, needs: &Needs, text: &str) -> Result<Step, PlanError> {
        let steps = [text.to_owned()];
        let mix = Mix::parse(self, needs, &steps, Holes { item: None, vars: &[] }, "")?;
        let [text] = steps;
        Ok(if mix.makes_commands() { Step::Command(text) } else { Step::Say(text) })
    }
}

/// Tells a job from the others in results.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobInfo {
    /// Its place in the input, from 0.
    pub index: u64,
    /// Its id in the list, or its number from 1.
    pub id: String,
    /// The item it was made from.
    pub item: Option<String>,
    /// What its steps say.
    pub prompts: Vec<String>,
    /// What a resumed run does with it if nobody knows how it ended; the run's own way if absent.
    pub on_unknown: Option<OnUnknown>,
}

/// A job that is ready to run, or the reason why it is not.
#[derive(Debug)]
pub struct Planned {
    /// Which.
    pub info: JobInfo,
    /// The job; or why it is refused.
    pub job: Result<Job, String>,
}

/// Makes a job of each item.
#[derive(Debug)]
pub struct ItemPlanner {
    steps: Mix,
    planned: u64,
}

impl ItemPlanner {
    /// Checks the templates of the command line.
    ///
    /// # Errors
    /// [`PlanError`] if no job could be made with them.
    pub fn new(settings: &Settings) -> Result<Self, PlanError> {
        let token = settings.token.as_deref().unwrap_or("{}");
        let holes = Holes { item: Some(token), vars: &[] };
        let steps = match settings.steps.as_slice() {
            [] => Mix::item(),
            steps => Mix::parse(settings, &Needs::Anything, steps, holes, "")?,
        };
        if !steps.varies() {
            return Err(PlanError::ItemUnused { token: token.to_owned() });
        }
        Ok(Self { steps, planned: 0 })
    }

    /// The next job.
    ///
    /// # Errors
    /// An [`ItemError`] that ends the list is handed through; no other is.
    pub fn plan(&mut self, item: Result<String, ItemError>) -> Result<Planned, ItemError> {
        let item = match item {
            Err(error) if error.ends_the_list() => return Err(error),
            item => item,
        };
        let index = self.planned;
        self.planned += 1;
        let mut info = JobInfo { index, id: self.planned.to_string(), ..JobInfo::default() };
        let steps = match item {
            Err(error) => Err(error.to_string()),
            Ok(item) => {
                let values = Values { item: Some(&item), number: self.planned, vars: &[] };
                let steps = self.steps.render(&values);
                info.item = Some(item);
                steps
            }
        };
        // Equal items tend to the same slot, where the strategy is `sticky`.
        let key = info.item.clone().unwrap_or_default();
        Ok(Planned::new(info, steps, |job| job.key(key)))
    }
}

/// Makes a job of each line of a list.
#[derive(Debug)]
pub struct ListPlanner {
    jobs: std::vec::IntoIter<ListedPlan>,
    total: usize,
}

#[derive(Debug)]
struct ListedPlan {
    listed: Listed,
    steps: Mix,
    folder: PathBuf,
}

impl ListPlanner {
    /// Checks the templates of every line of `list`, which lies in `folder`.
    ///
    /// # Errors
    /// [`PlanError`] names the first line that makes no job.
    pub fn new(settings: &Settings, jobs: Vec<Listed>, list: &str, folder: &Path) -> Result<Self, PlanError> {
        let plan = |listed: Listed| ListedPlan::new(settings, listed, list, folder);
        let jobs = jobs.into_iter().map(plan).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { total: jobs.len(), jobs: jobs.into_iter() })
    }
}

impl Iterator for ListPlanner {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let index = (self.total - self.jobs.len()) as u64;
        self.jobs.next().map(|plan| plan.plan(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.jobs.size_hint()
    }
}

impl ExactSizeIterator for ListPlanner {}

impl ListedPlan {
    fn new(settings: &Settings, listed: Listed, list: &str, folder: &Path) -> Result<Self, PlanError> {
        let place = format!("{list} line {}: ", listed.line);
        let job = &listed.job;
        let steps = job.steps.as_ref().unwrap_or(&settings.steps);
        let is_empty = steps.is_empty();
        let vars: Vec<&str> = job.vars.keys().map(String::as_str).collect();
        let holes = Holes { item: None, vars: &vars };
        let steps = Mix::parse(settings, &job.needs(), steps, holes, &place)?;
        if is_empty {
            return Err(PlanError::NoSteps { place });
        }
        Ok(Self { steps, folder: folder.to_owned(), listed })
    }

    fn plan(self, index: u64) -> Planned {
        let job = self.listed.job;
        let needs = job.needs();
        let id = job.id.unwrap_or_else(|| (index + 1).to_string());
        let steps = texts(job.vars, &self.folder).and_then(|vars| {
            let values = Values { item: None, number: index + 1, vars: &vars };
            self.steps.render(&values)
        });
        let info = JobInfo { index, id, on_unknown: job.on_unknown, ..JobInfo::default() };
        Planned::new(info, steps, |mut made| {
            if let Some(session) = job.session {
                made = made.session(session);
            }
            if let Some(key) = job.key {
                made = made.key(key);
            }
            if let Some(timeout) = job.timeout {
                made = made.timeout(timeout);
            }
            made.needs(needs).priority(job.priority)
        })
    }
}

impl Planned {
    fn new(mut info: JobInfo, steps: Result<Vec<Step>, String>, finish: impl FnOnce(Job) -> Job) -> Self {
        let job = steps.map(|steps| {
            info.prompts = steps.iter().map(|step| step.text().to_owned()).collect();
            finish(Job::new().with_steps(steps))
        });
        Self { info, job }
    }
}

/// The texts of the variables; those in files are read now.
fn texts(
    vars: impl IntoIterator<Item = (String, Var)>,
    folder: &Path,
) -> Result<Vec<(String, String)>, String> {
    let text = |(name, var): (String, Var)| match var {
        Var::Text(text) => Ok((name, text)),
        Var::File(var) => {
            let path = folder.join(var.file);
            let wrong = |error| format!("cannot read {} for {{{name}}}: {error}", path.display());
            std::fs::read_to_string(&path).map_err(wrong).map(|text| (name.clone(), text))
        }
    };
    vars.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests;
