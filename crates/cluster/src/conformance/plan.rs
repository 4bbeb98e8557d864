//! What is tried of a tool, and what its profile settles without a try.

use super::{Cell, Feature, Verdict};
use crate::profile::Profile;
use crate::profile::written::{Prompt, Recall, Test};
use pool_core::message::Outcome;
use pool_core::spec::{ToolSpec, TurnRule};
use std::path::Path;

/// The name of the file that an agent is told to write.
pub(super) const FILE: &str = "conformance.txt";

/// What is said to agents whose profile has no prompts of its own. They are asked for little.
const ASK: (&str, &str) = ("What is 6 times 7? Answer with the number alone, and use no tools.", "42");
const COUNT: &str = "Count from 1 to 40, each number on a line of its own. Use no tools.";
const WRITE: &str =
    "Create the file {file} with the single line \"cluster\" in it. If you may not, do not try another way.";
const LONG: &str = "Count from 1 to 2000, each number on a line of its own. Use no tools.";
const RECALL: [&str; 3] = [
    "Remember the word juniper. Answer with the word ok alone, and use no tools.",
    "Which word were you told to remember? Answer with that word alone, and use no tools.",
    "juniper",
];

/// What is done about each feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Every feature once, in the order of [`Feature::ALL`].
    pub features: Vec<(Feature, Todo)>,
    /// The prompt that is also sent to see whether a tool goes on.
    pub(super) turn: Option<Turn>,
    /// Whether prompts of this tool may cost something.
    pub costs: bool,
}

/// What is done about one feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    /// It is seen while the rest is done.
    Watch,
    /// These prompts are sent, in this order.
    Send(Vec<String>),
    /// Nothing: it is settled.
    Settled(Verdict, &'static str),
}

/// A prompt whose answer is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) say: String,
    /// Whether that is one of the tool's own commands.
    pub(super) is_command: bool,
    pub(super) expect: String,
}

impl Plan {
    /// What is done with the tool of this profile; an agent works in `folder`. Prompts that may cost something are sent
    /// only if `pays`.
    #[must_use]
    pub fn of(profile: &Profile, folder: &Path, pays: bool) -> Self {
        let (spec, test) = (&profile.spec, &profile.test);
        let (is_agent, costs) = (spec.agent().is_some(), costs(spec));
        let turn = turn(test, is_agent);
        let is_free = test.free().is_some();
        let features = Feature::ALL.map(|feature| {
            let todo = match feature {
                Feature::Ready => Todo::Watch,
                Feature::Turn => first(turn.as_ref()),
                _ => unless_settled(feature, spec).unwrap_or_else(|| {
                    let said = said(feature, test, is_agent, folder);
                    goes_on(feature, said, turn.as_ref())
                }),
            };
            let is_dear = costs && feature != Feature::Ready && !(feature == Feature::Turn && is_free);
            (feature, if is_dear && !pays { not_paid(todo) } else { todo })
        });
        Self { features: features.into(), turn, costs }
    }

    /// Every prompt that is sent, feature by feature.
    #[must_use]
    pub fn prompts(&self) -> Vec<&str> {
        let sent = self.features.iter().flat_map(|(_, todo)| match todo {
            Todo::Send(prompts) => prompts.as_slice(),
            Todo::Watch | Todo::Settled(..) => &[],
        });
        sent.map(String::as_str).collect()
    }

    /// Whether the tool has no such feature, by what its profile says.
    #[must_use]
    pub fn lacks(&self, feature: Feature) -> bool {
        self.settled(feature).is_some_and(|cell| cell.is == Verdict::NotOffered)
    }

    pub(super) fn todo(&self, feature: Feature) -> Option<&Todo> {
        self.features.iter().find(|(it, _)| *it == feature).map(|(_, todo)| todo)
    }

    /// The prompts of a feature; none if it is settled.
    pub(super) fn sends(&self, feature: Feature) -> Option<&[String]> {
        match self.todo(feature)? {
            Todo::Send(prompts) => Some(prompts),
            Todo::Watch | Todo::Settled(..) => None,
        }
    }

    /// What is settled without a try, or for none of these reasons.
    pub(super) fn settled(&self, feature: Feature) -> Option<Cell> {
        match self.todo(feature)? {
            Todo::Settled(is, why) => Some(Cell::new(feature, *is, *why)),
            Todo::Watch | Todo::Send(_) => None,
        }
    }
}

/// Whether its prompts may cost something: a model answers, or a profile reads what that took or is limited to.
fn costs(spec: &ToolSpec) -> bool {
    let is_service = matches!(spec.turn.rule, TurnRule::Remote(_));
    spec.agent().is_some() || is_service || spec.turn.reads_tokens() || tells(spec, Outcome::Limited)
}

fn tells(spec: &ToolSpec, outcome: Outcome) -> bool {
    spec.turn.outcomes.iter().any(|rule| rule.outcome == outcome)
}

/// Whether anything in the profile could tell a failure from a success.
fn tells_failures(spec: &ToolSpec) -> bool {
    let by_status = match &spec.turn.rule {
        TurnRule::Sentinel { expect, .. } => expect.capture_names().flatten().any(|name| name == "status"),
        // A shell may tell it by its marks.
        TurnRule::Prompt { .. } | TurnRule::Protocol(_) => true,
        // By how their processes end.
        TurnRule::OneShot(_) | TurnRule::Remote(_) => true,
        TurnRule::Lines | TurnRule::Quiet { .. } => false,
    };
    by_status || tells(spec, Outcome::Error)
}

fn turn(test: &Test, is_agent: bool) -> Option<Turn> {
    let free = test.free().map(|free| Turn {
        say: free.say.into(),
        is_command: free.is_command,
        expect: free.expect.into(),
    });
    free.or_else(|| is_agent.then(|| Turn { say: ASK.0.into(), is_command: false, expect: ASK.1.into() }))
}

fn first(turn: Option<&Turn>) -> Todo {
    turn.map_or(Todo::Settled(Verdict::NotTried, "the profile has no [test]"), |turn| {
        Todo::Send(vec![turn.say.clone()])
    })
}

/// What a tool of this kind does not have.
fn unless_settled(feature: Feature, spec: &ToolSpec) -> Option<Todo> {
    let is_agent = spec.agent().is_some();
    if feature == Feature::Resume && matches!(spec.turn.rule, TurnRule::OneShot(_) | TurnRule::Remote(_)) {
        let why = "no process lasts from turn to turn, so there is none to kill";
        return Some(Todo::Settled(Verdict::NotTried, why));
    }
    let why = match feature {
        Feature::Permission if !is_agent => "it does what it is told, and asks nobody",
        Feature::Resume if !is_agent => "what it knows ends with its process",
        Feature::Usage if !is_agent && !spec.turn.reads_tokens() => "its profile reads no tokens",
        Feature::Limit if !is_agent && !tells(spec, Outcome::Limited) => "its profile knows no limits",
        Feature::Error if !tells_failures(spec) => "its profile tells no failures",
        _ => return None,
    };
    Some(Todo::Settled(Verdict::NotOffered, why))
}

/// What is sent for a feature: as the profile says, or as agents understand it.
fn said(feature: Feature, test: &Test, is_agent: bool, folder: &Path) -> Todo {
    let prompt = |given: &Option<Prompt>, usual: &str| {
        let given = given.as_ref().map(|prompt| prompt.say.as_str());
        given.or(is_agent.then_some(usual)).filter(|say| !say.is_empty()).map(str::to_owned)
    };
    let file = folder.join(FILE).display().to_string();
    let (said, missing) = match feature {
        Feature::Usage => return Todo::Watch,
        Feature::Resume => {
            let recall = recall(test);
            (Some(vec![recall.say, recall.then]), "")
        }
        Feature::Permission => {
            let write = prompt(&test.permission, WRITE).map(|say| say.replace("{file}", &file));
            (write.map(|say| vec![say.clone(), say]), "")
        }
        Feature::Stream => {
            (one(prompt(&test.stream, COUNT)), "the profile has no [test.stream], which takes a while")
        }
        Feature::Cancel => {
            (one(prompt(&test.cancel, LONG)), "the profile has no [test.cancel], which takes long")
        }
        Feature::Limit => (one(prompt(&test.limit, "")), "the profile has no [test.limit], which meets one"),
        _ => (one(prompt(&test.error, "")), "the profile has no [test.error], which fails"),
    };
    said.map_or(Todo::Settled(Verdict::NotTried, missing), Todo::Send)
}

fn one(prompt: Option<String>) -> Option<Vec<String>> {
    prompt.map(|say| vec![say])
}

/// The two prompts of a conversation, and what the second must bring.
pub(super) fn recall(test: &Test) -> Recall {
    test.resume.clone().unwrap_or_else(|| {
        let [say, then, expect] = RECALL.map(str::to_owned);
        Recall { say, then, expect }
    })
}

/// After these, it is seen whether the tool goes on.
fn goes_on(feature: Feature, todo: Todo, turn: Option<&Turn>) -> Todo {
    let Todo::Send(mut prompts) = todo else { return todo };
    if matches!(feature, Feature::Cancel | Feature::Limit | Feature::Error) {
        let Some(turn) = turn else {
            return Todo::Settled(Verdict::NotTried, "the profile has no [test] to see that it goes on");
        };
        prompts.push(turn.say.clone());
    }
    Todo::Send(prompts)
}

fn not_paid(todo: Todo) -> Todo {
    match todo {
        Todo::Settled(..) => todo,
        Todo::Watch | Todo::Send(_) => {
            Todo::Settled(Verdict::NotTried, "its prompts may cost: --ask sends them")
        }
    }
}

#[cfg(test)]
mod tests;
