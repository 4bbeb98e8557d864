//! A draft is tried, in turns, each with text that only it can have printed.

use super::LearnError;
use super::catalogue::Statement;
use super::shape;
use super::stage::Stage;
use pool_core::process::Launch;
use pool_core::spec::ToolSpec;

/// What a rehearsal has shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// What is not right.
    pub(super) faults: Vec<Fault>,
    /// What replies have in them besides what was printed, with `{}` for that.
    pub(super) shape: String,
    /// A reply, with `TEXT` for what was printed.
    pub(super) example: String,
    /// What came of each try, for people.
    pub(super) found: Vec<String>,
    pub(super) transcript: String,
}

/// What a draft does not get right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) weight: Weight,
    pub(super) what: &'static str,
    pub(super) why: String,
}

/// How much a fault counts against a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// What cannot be expected of every tool.
    Minor,
    /// Something that a user may well do goes wrong.
    Awkward,
    /// No text comes back as it should.
    Useless,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// What is said in a rehearsal.
pub(super) struct Script {
    statement: Option<&'static Statement>,
}

impl Script {
    /// For a tool that prints on request, or for one that answers to any word.
    pub(super) const fn new(statement: Option<&'static Statement>) -> Self {
        Self { statement }
    }

    fn print(&self, text: &str) -> String {
        self.statement.map_or_else(|| format!("zz{text}"), |statement| statement.print(text))
    }

    /// The reply without the text, if the text is where it has to be: what a tool makes of a word is its own affair.
    fn rest_of(&self, reply: &str, text: &str) -> Option<String> {
        match self.statement {
            Some(_) => shape::rest_of(reply, text),
            None => (reply.matches("cluster").count() == reply.matches(text).count()).then(|| "{}".into()),
        }
    }

    /// Plays it. Stops at the first fault after which nothing else means anything.
    pub(super) async fn play(
        &self,
        launcher: &dyn Launch,
        spec: &ToolSpec,
        title: &str,
    ) -> Result<Shown, LearnError> {
        let mut shown = Shown::default();
        let useless = |what, why: String| Fault { weight: Weight::Useless, what, why };
        let mut stage = match Stage::start(launcher, spec, title).await? {
            Ok(stage) => stage,
            Err(none) => {
                shown.faults.push(useless("it does not become ready", none.to_string()));
                return Ok(shown);
            }
        };
        for (what, text) in [("the first prompt", "clusterA"), ("the second prompt", "clusterB")] {
            let reply = match stage.turn(&self.print(text)).await? {
                Ok(reply) => reply,
                Err(none) => {
                    shown.faults.push(useless(what, none.to_string()));
                    return Ok(shown);
                }
            };
            match self.rest_of(&reply, text) {
                Some(rest) if shown.shape.is_empty() || shown.shape == rest => {
                    shown.shape = rest;
                    shown.example = reply.replace(text, "TEXT");
                }
                _ => {
                    shown.faults.push(useless(what, format!("its reply is {:?}", excerpt(&reply))));
                    return Ok(shown);
                }
            }
        }
        if let Some(statement) = self.statement {
            let whole = self.habits(&mut stage, statement, &mut shown).await?;
            shown.transcript = stage.take_transcript();
            if whole {
                self.half(&mut stage, statement, &mut shown).await?;
            }
        } else {
            shown.transcript = stage.take_transcript();
        }
        stage.stop().await;
        Ok(shown)
    }

    /// What people do besides. Whether the tool is still as it was.
    async fn habits(
        &self,
        stage: &mut Stage,
        statement: &Statement,
        shown: &mut Shown,
    ) -> Result<bool, LearnError> {
        let mut tries = vec![("a prompt without output", statement.nothing.to_owned(), None)];
        tries.push(("a prompt after that", self.print("clusterC"), Some("clusterC")));
        tries.push(("a mistake", statement.mistake("wrong"), None));
        tries.push(("a prompt after that", self.print("clusterD"), Some("clusterD")));
        tries.push(("a second mistake", statement.mistake("again"), None));
        tries.push(("a prompt after that", self.print("clusterE"), Some("clusterE")));
        if let Some(two) = statement.print_two("clusterF", "clusterG") {
            tries.push(("output of two lines", two, Some("clusterF\nclusterG")));
        }
        let lines = format!("{}\n{}", self.print("clusterH"), self.print("clusterI"));
        tries.push(("a prompt of two lines", lines, None));
        for (what, say, expected) in tries.into_iter().filter(|(_, say, _)| !say.is_empty()) {
            let reply = match stage.turn(&say).await? {
                Ok(reply) => reply,
                Err(none) => {
                    shown.faults.push(Fault { weight: Weight::Awkward, what, why: none.to_string() });
                    return Ok(false);
                }
            };
            match expected {
                Some(text) if shape::rest_of(&reply, text).as_ref() != Some(&shown.shape) => {
                    let why = format!("its reply is {:?}", excerpt(&reply));
                    shown.faults.push(Fault { weight: Weight::Awkward, what, why });
                }
                Some(_) => {}
                None => shown.found.push(format!("{what}: {:?}", excerpt(&reply))),
            }
            let is_two = say.contains('\n');
            if is_two && !is_clean(&reply) {
                let why = format!("its reply is {:?}", excerpt(&reply));
                shown.faults.push(Fault { weight: Weight::Minor, what, why });
            }
        }
        Ok(true)
    }

    /// A half-finished statement: does its turn end, and leave nothing behind?
    async fn half(
        &self,
        stage: &mut Stage,
        statement: &Statement,
        shown: &mut Shown,
    ) -> Result<(), LearnError> {
        let Some(half) = statement.half("clusterJ") else { return Ok(()) };
        let what = "a half-finished statement";
        match stage.turn(&half).await? {
            Err(none) => shown.faults.push(Fault { weight: Weight::Minor, what, why: none.to_string() }),
            Ok(reply) => {
                shown.found.push(format!("{what}: {:?}", excerpt(&reply)));
                let after = stage.turn(&self.print("clusterK")).await?;
                let rest = after.as_ref().ok().and_then(|reply| shape::rest_of(reply, "clusterK"));
                if rest.as_ref() != Some(&shown.shape) {
                    let why = match after {
                        Ok(reply) => format!("the reply of the next one is {:?}", excerpt(&reply)),
                        Err(none) => format!("and with the next one {none}"),
                    };
                    shown.faults.push(Fault { weight: Weight::Minor, what, why });
                }
            }
        }
        Ok(())
    }
}

/// Whether two prints one after the other came out as just that.
fn is_clean(reply: &str) -> bool {
    reply == "clusterH\nclusterI"
}

/// The beginning of a reply, for people.
fn excerpt(reply: &str) -> String {
    let short: String = reply.chars().take(100).collect();
    if short.len() < reply.len() { short + "…" } else { short }
}
