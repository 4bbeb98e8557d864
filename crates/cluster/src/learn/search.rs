//! The search for a statement that a tool prints a mark by.

use super::LearnError;
use super::catalogue::{CATALOGUE, Statement};
use super::draft::{Draft, Rule};
use super::shape::{self, Behind, Sighting};
use super::talk::{Heard, Talk};
use pool_core::process::Launch;
use pool_core::spec::ToolSpec;

/// After so many statements a tool that has said nothing at all, or only what it was told, will not do otherwise.
const ENOUGH: usize = 6;

/// So many words are said to a tool that prints nothing on request.
const WORDS: usize = 4;

/// What the search has come to.
#[derive(Debug)]
pub(super) enum Search {
    /// A statement whose mark was printed.
    Found(&'static Statement),
    /// It says nothing, whatever it is told.
    Deaf,
    /// It answers when its input ends, and not before.
    Late,
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
    /// How many statements of the catalogue have been tried.
    tried: usize,
}

/// What a tool does besides printing marks.
#[derive(Debug)]
struct Habits {
    has_spoken: bool,
    /// How many answers were nothing but the statement.
    repeats: usize,
}

impl Habits {
    fn note(&mut self, heard: &str, line: &str) {
        self.has_spoken |= !heard.is_empty();
        self.repeats += usize::from(heard.trim_end() == line);
    }

    const fn is_all_said(&self, tried: usize) -> bool {
        !self.has_spoken || self.repeats == tried
    }
}

impl<'a> Searcher<'a> {
    pub(super) fn new(launcher: &'a dyn Launch, spec: &'a ToolSpec) -> Self {
        Self { launcher, spec, seed: pool_core::random_seed(), tried: 0 }
    }

    /// How many statements have been tried.
    pub(super) const fn tried(&self) -> usize {
        self.tried
    }

    /// Tries the statements that have not been tried yet. A statement that is not understood may swallow the next one:
    /// where the tool is not seen to be as it was, it lives anew.
    pub(super) async fn search(&mut self) -> Result<Search, LearnError> {
        let (mut talk, greeting) = self.life().await?;
        if greeting.is_over {
            talk.stop().await;
            return Ok(Search::Ends(greeting.text));
        }
        let waits = shape::pattern(&Behind::of(&greeting.text).prompt);
        let mut habits = Habits { has_spoken: !greeting.text.is_empty(), repeats: 0 };
        while let Some(statement) = CATALOGUE.get(self.tried) {
            if self.tried == ENOUGH && habits.is_all_said(self.tried) {
                break;
            }
            self.tried += 1;
            let mark = self.fresh();
            let (heard, seen) = self.probe(&mut talk, statement, &mark).await?;
            habits.note(&heard.text, &statement.mark(&mark));
            if seen.is_some() {
                talk.stop().await;
                return Ok(Search::Found(statement));
            }
            let is_as_before = shape::pattern(&Behind::of(&heard.text).prompt) == waits;
            if heard.is_over || heard.text.is_empty() || !is_as_before {
                let last = talk.end_of_input().await?.unwrap_or_default().0;
                let is_late = shape::sight(&last, &statement.mark(&mark), &mark, false).is_some();
                // One that says its first word at the end of its input has kept all of them back.
                if !heard.is_over && (is_late || !habits.has_spoken && last.contains(&mark)) {
                    return Ok(Search::Late);
                }
                talk = self.life().await?.0;
            }
        }
        talk.stop().await;
        Ok(if habits.has_spoken { Search::Unmarked } else { Search::Deaf })
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
        if greeting.text.is_empty() && answers.iter().all(is_line) {
            draft.rule = Rule::Lines;
            return Ok(true);
        }
        let behinds: Vec<Behind> = answers.iter().map(|answer| Behind::of(answer)).collect();
        behinds.iter().for_each(|behind| draft.saw(behind));
        let is_steady = shape::any_of(behinds.iter().map(|behind| behind.prompt.as_str()))
            .is_some_and(|pattern| !pattern.contains('|') && !pattern.ends_with('?'));
        let repeats = |(answer, number): (&String, usize)| {
            answer.lines().next().is_some_and(|line| line.ends_with(&format!("zzword{number}")))
        };
        // One that says nothing else does not repeat: that is its answer.
        let says_more = behinds.iter().any(|behind| behind.remark.matches('\n').count() > 1);
        draft.echo = says_more && answers.iter().zip(0..).all(repeats);
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
        &self,
        talk: &mut Talk,
        statement: &Statement,
        mark: &str,
    ) -> Result<(Heard, Option<Sighting>), LearnError> {
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
