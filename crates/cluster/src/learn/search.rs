//! The search for a statement that a tool prints a mark by.

use super::LearnError;
use super::catalogue::{CATALOGUE, Statement};
use super::draft::{Draft, Rule};
use super::shape::{self, Behind, Sighting};
use super::talk::{Heard, Talk};
use crate::profile::Io;
use pool_core::process::Launch;
use pool_core::spec::ToolSpec;

/// After so many statements without a word the tool is taken for one that only listens.
const DEAF: usize = 6;

/// So many words are said to a tool that prints nothing on request.
const WORDS: usize = 4;

/// What the search has come to.
#[derive(Debug)]
pub(super) enum Search {
    /// A statement whose mark was printed.
    Found(&'static Statement),
    /// It says nothing, whatever it is told.
    Deaf {
        /// It answered when its input ended.
        at_the_end: bool,
    },
    /// It answers, but prints no mark.
    Unmarked,
    /// It ends before anybody has said anything.
    Ends(String),
}

/// A tool, in as many lives as it takes.
pub(super) struct Searcher<'a> {
    pub(super) launcher: &'a dyn Launch,
    pub(super) spec: &'a ToolSpec,
    seed: u64,
    probes: u32,
}

impl<'a> Searcher<'a> {
    pub(super) fn new(launcher: &'a dyn Launch, spec: &'a ToolSpec) -> Self {
        Self { launcher, spec, seed: pool_core::random_seed(), probes: 0 }
    }

    /// How many statements have been tried.
    pub(super) const fn probes(&self) -> u32 {
        self.probes
    }

    /// Tries all statements: first in one life, as long as it lasts, then each in a life of its own, because one that
    /// is not understood may swallow the next.
    pub(super) async fn search(&mut self) -> Result<Search, LearnError> {
        let (mut talk, greeting) = self.life().await?;
        if greeting.is_over {
            talk.stop().await;
            return Ok(Search::Ends(greeting.text));
        }
        let (mut has_spoken, mut lives) = (!greeting.text.is_empty(), 1);
        let mut marks = Vec::new();
        for (tried, statement) in CATALOGUE.iter().enumerate() {
            if tried == DEAF && !has_spoken {
                break;
            }
            let mark = self.fresh();
            let (heard, seen) = self.probe(&mut talk, statement, &mark).await?;
            marks.push(mark);
            has_spoken |= !heard.text.is_empty();
            if seen.is_some() {
                talk.stop().await;
                return Ok(Search::Found(statement));
            }
            if heard.is_over {
                talk.stop().await;
                talk = self.life().await?.0;
                lives += 1;
            }
        }
        let last = talk.end_of_input().await?;
        if !has_spoken {
            let text = last.map(|heard| heard.text).unwrap_or_default();
            return Ok(Search::Deaf { at_the_end: marks.iter().any(|mark| text.contains(mark)) });
        }
        // One that ended at each statement has been tried in a life for each.
        if lives > CATALOGUE.len() / 2 { Ok(Search::Unmarked) } else { self.one_by_one().await }
    }

    async fn one_by_one(&mut self) -> Result<Search, LearnError> {
        for statement in CATALOGUE {
            let mut talk = self.life().await?.0;
            let mark = self.fresh();
            let (_, seen) = self.probe(&mut talk, statement, &mark).await?;
            talk.stop().await;
            if seen.is_some() {
                return Ok(Search::Found(statement));
            }
        }
        Ok(Search::Unmarked)
    }

    /// Uses what was found a few times in a fresh life, and puts down what the tool says besides.
    pub(super) async fn observe(
        &mut self,
        statement: &'static Statement,
        draft: &mut Draft,
    ) -> Result<bool, LearnError> {
        let (mut talk, greeting) = self.life().await?;
        let first = Behind::of(&greeting.text).prompt;
        let mut found = None;
        // What is said in between, so that the prompts behind it are seen.
        for between in [None, Some("one"), Some("two")] {
            if let Some(word) = between {
                let heard = talk.say(&statement.mistake(word)).await?;
                if heard.is_over {
                    break;
                }
                draft.saw(&Behind::of(&heard.text));
            }
            let mark = self.fresh();
            let Some(sighting) = self.probe(&mut talk, statement, &mark).await?.1 else { break };
            draft.saw(&sighting.behind);
            draft.echo |= sighting.echo;
            found = found.or(Some(sighting));
        }
        talk.stop().await;
        let Some(sighting) = found else { return Ok(false) };
        draft.greets = !first.is_empty()
            && draft.prompts.iter().any(|prompt| shape::pattern(prompt) == shape::pattern(&first));
        draft.remark.clone_from(&sighting.behind.remark);
        draft.rule = Rule::Mark { statement, sighting };
        Ok(true)
    }

    /// For a tool that prints no mark: does each word bring one line, or does the same prompt come back each time?
    pub(super) async fn words(&mut self, draft: &mut Draft) -> Result<bool, LearnError> {
        let (mut talk, greeting) = self.life().await?;
        let mut answers = Vec::new();
        for number in 0..WORDS {
            let heard = talk.say(&format!("zzword{number}")).await?;
            if heard.is_over {
                talk.stop().await;
                return Ok(false);
            }
            answers.push(heard.text);
        }
        talk.stop().await;
        let is_line = |text: &String| text.ends_with('\n') && text.matches('\n').count() == 1;
        if draft.io == Io::Pipes && greeting.text.is_empty() && answers.iter().all(is_line) {
            draft.rule = Rule::Lines;
            return Ok(true);
        }
        let behinds: Vec<Behind> = answers.iter().map(|answer| Behind::of(answer)).collect();
        behinds.iter().for_each(|behind| draft.saw(behind));
        let is_steady = shape::any_of(behinds.iter().map(|behind| behind.prompt.as_str()))
            .is_some_and(|pattern| !pattern.contains('|') && !pattern.ends_with('?'));
        draft.echo = answers.iter().zip(0..).all(|(answer, number)| {
            answer.lines().next().is_some_and(|line| line.ends_with(&format!("zzword{number}")))
        });
        draft.greets = true;
        if is_steady {
            draft.rule = Rule::Prompt;
        }
        Ok(is_steady)
    }

    async fn life(&self) -> Result<(Talk, Heard), LearnError> {
        let mut talk = Talk::start(self.launcher, self.spec).await?;
        let greeting = talk.greeting().await?;
        Ok((talk, greeting))
    }

    async fn probe(
        &mut self,
        talk: &mut Talk,
        statement: &Statement,
        mark: &str,
    ) -> Result<(Heard, Option<Sighting>), LearnError> {
        self.probes += 1;
        let line = statement.mark(mark);
        let heard = talk.say(&line).await?;
        let sighting = shape::sight(&heard.text, &line, mark, !statement.br.is_empty());
        Ok((heard, sighting))
    }

    /// A mark that nobody can have printed before.
    fn fresh(&mut self) -> String {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:016x}", self.seed)
    }
}
