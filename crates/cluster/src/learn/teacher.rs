//! The course of a lesson: what is tried, in which order, and what is made of it.

use super::catalogue::{HISTORIES, Statement};
use super::draft::{Draft, Rule, shown};
use super::rehearsal::{Fault, Script, Shown, Weight};
use super::search::{Search, Searcher};
use super::talk::Talk;
use super::{LearnError, Learnt, Lesson, shape};
use crate::doctor::version::ask;
use crate::profile::{Io, Overrides, Profile, Surroundings};
use pool_core::machine::dialect::replay::replay;
use pool_core::process::Launch;
use pool_core::spec::{Stderr, ToolSpec};
use std::sync::Arc;
use tokio::time::Instant;

/// Learns one tool.
pub(super) struct Teacher<'a> {
    lesson: &'a Lesson,
    launcher: &'a dyn Launch,
    around: &'a Surroundings,
}

/// A draft that has been rehearsed.
struct Candidate {
    draft: Draft,
    shown: Shown,
    found: Vec<String>,
}

impl Candidate {
    /// The worst of its faults.
    fn worst(&self) -> Option<Weight> {
        self.shown.faults.iter().map(|fault| fault.weight).max()
    }
}

impl<'a> Teacher<'a> {
    pub(super) const fn new(lesson: &'a Lesson, launcher: &'a dyn Launch, around: &'a Surroundings) -> Self {
        Self { lesson, launcher, around }
    }

    /// Pipes, and a terminal if those do not do; the better of the two.
    pub(super) async fn learn(&self) -> Result<Learnt, LearnError> {
        let ways = if self.lesson.pty { [Io::Pty].as_slice() } else { &[Io::Pipes, Io::Pty] };
        let version = self.version().await?;
        let (mut best, mut reasons) = (None::<Candidate>, Vec::new());
        for io in ways {
            let blank = Draft { version: version.clone(), ..Draft::new(self.lesson.command.clone(), *io) };
            match self.try_way(&blank).await? {
                Err(reason) => reasons.push(format!("{}: {reason}", way(*io))),
                Ok(found) => {
                    let is_better = best.as_ref().is_none_or(|best| found.worst() < best.worst());
                    if is_better {
                        best = Some(found);
                    }
                    if best.as_ref().is_some_and(|best| best.worst() < Some(Weight::Awkward)) {
                        break;
                    }
                }
            }
        }
        match best {
            Some(best) => self.finish(best, &reasons).await,
            None => Err(LearnError::Unlearnable(reasons)),
        }
    }

    /// Its own word for its version, by the usual flag.
    async fn version(&self) -> Result<Option<String>, LearnError> {
        let spec = self.spec(&Draft::new(self.lesson.command.clone(), Io::Pipes))?;
        let asked: Vec<String> =
            spec.command.iter().take(1).cloned().chain(["--version".to_owned()]).collect();
        Ok(ask(&asked, &spec, self.launcher).await.said())
    }

    /// One way of talking to it; the reason if that leads nowhere. What printed a mark once and does not do in a
    /// rehearsal is left for the next that does.
    async fn try_way(&self, blank: &Draft) -> Result<Result<Candidate, String>, LearnError> {
        let listening = self.spec(blank)?;
        let mut searcher = Searcher::new(self.launcher, &listening);
        let mut misfits = Vec::new();
        loop {
            let found = match searcher.search().await {
                Err(LearnError::NotStarted(reason)) if blank.io == Io::Pty => return Ok(Err(reason)),
                found => found?,
            };
            let mut draft = blank.clone();
            let statement = match found {
                Search::Found(statement) if searcher.observe(statement, &mut draft).await? => Some(statement),
                Search::Found(statement) => {
                    misfits
                        .push(format!("it printed a mark by `{}` once, and not again", statement.mark("…")));
                    continue;
                }
                Search::Unmarked if misfits.is_empty() && searcher.words(&mut draft).await? => None,
                Search::Unmarked if misfits.is_empty() => return Ok(Err(unmarked(searcher.tried()))),
                Search::Unmarked | Search::Deaf | Search::Late if !misfits.is_empty() => {
                    return Ok(Err(misfits.swap_remove(0)));
                }
                other => return Ok(Err(reason(&other))),
            };
            match self.rehearse(draft, statement, searcher.tried()).await? {
                Ok(candidate) => return Ok(Ok(candidate)),
                Err(reason) => misfits.push(reason),
            }
            if statement.is_none() {
                return Ok(Err(misfits.swap_remove(0)));
            }
        }
    }

    async fn rehearse(
        &self,
        draft: Draft,
        statement: Option<&'static Statement>,
        tried: usize,
    ) -> Result<Result<Candidate, String>, LearnError> {
        let spec = self.spec(&draft)?;
        let title = format!("{}: a rehearsal by `cluster tools learn`", shown(&draft.command));
        let shown = Script::new(statement).play(self.launcher, &spec, &title).await?;
        match shown.faults.iter().find(|fault| fault.weight == Weight::Useless) {
            Some(fault) => Ok(Err(fault.to_string())),
            None => {
                let speaks = |it: &Statement| format!("it speaks {} ({tried} statements tried)", it.of);
                let found = statement.map(speaks).into_iter().collect();
                Ok(Ok(Candidate { draft, shown, found }))
            }
        }
    }

    async fn finish(&self, best: Candidate, reasons: &[String]) -> Result<Learnt, LearnError> {
        let Candidate { mut draft, shown, mut found } = best;
        found.extend(self.facts(&draft).await?);
        found.extend(shown.found.iter().cloned());
        let mut open: Vec<String> = shown.faults.iter().map(Fault::to_string).collect();
        open.push(
            "whether it survives an interrupt, how it is brought back to a fresh state, and how its errors \
                   are told from answers: not tried"
                .into(),
        );
        let folder = self.around.cwd.file_name().map(|name| name.to_string_lossy().into_owned());
        if folder.is_some_and(|name| draft.prompts.iter().any(|prompt| prompt.contains(&name))) {
            open.push(
                "its prompt names the folder that it was learnt in: its profile may not fit elsewhere".into(),
            );
        }
        found.extend(reasons.iter().map(|reason| format!("not on {reason}")));
        draft.notes = notes(&draft, &shown);
        let profile = draft.text();
        let spec = Arc::new(self.parse(&profile)?.spec);
        let is_replayed = replay(&spec, &shown.transcript, Instant::now().into_std());
        if let Err(reason) = &is_replayed {
            open.push(format!("its transcript does not replay: {reason}"));
        }
        let transcript = is_replayed.is_ok().then_some(shown.transcript);
        Ok(Learnt { profile, transcript, found, open })
    }

    /// What is seen besides.
    async fn facts(&self, draft: &Draft) -> Result<Vec<String>, LearnError> {
        let mut facts = vec![format!("it talks on {}", way(draft.io))];
        match draft.prompt() {
            Some(prompt) => facts.push(format!("its prompt: /{prompt}/")),
            None => facts.push("it has no prompt there".into()),
        }
        if draft.echo {
            facts.push("it repeats what it is sent".into());
        }
        if draft.io == Io::Pipes {
            facts.extend(self.streams(draft).await?);
        }
        Ok(facts)
    }

    /// Which of its streams carries what: a life whose standard error is thrown away.
    async fn streams(&self, draft: &Draft) -> Result<Option<String>, LearnError> {
        let Rule::Mark { statement, .. } = &draft.rule else { return Ok(None) };
        let mut spec = self.spec(draft)?;
        spec.stderr = Stderr::Dropped;
        let mut talk = Talk::start(self.launcher, &spec).await?;
        talk.greeting().await?;
        let heard = talk.say(&statement.print("clusterL")).await?;
        let has_prompt = !shape::Behind::of(&heard.text).prompt.is_empty();
        let ends = talk.end_of_input().await?.is_some();
        let answers = if heard.text.contains("clusterL") { "output" } else { "error" };
        let mut fact = format!("its answers come on standard {answers}");
        if draft.prompt().is_some() {
            fact += if has_prompt { ", with its prompt" } else { ", its prompt on standard error" };
        }
        if !ends {
            fact += "; it does not end with its input, so it is terminated";
        }
        Ok(Some(fact))
    }

    fn spec(&self, draft: &Draft) -> Result<ToolSpec, LearnError> {
        let mut spec = self.parse(&draft.text())?.spec;
        // What is tried here is nothing that its user has said.
        spec.env.extend(HISTORIES.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Ok(spec)
    }

    fn parse(&self, text: &str) -> Result<Profile, LearnError> {
        Ok(Profile::parse(&self.lesson.name, text, &Overrides::default(), self.around)?)
    }
}

const fn way(io: Io) -> &'static str {
    match io {
        Io::Pipes => "pipes",
        Io::Pty => "a terminal",
    }
}

fn unmarked(tried: usize) -> String {
    format!(
        "it answers, but none of {tried} statements made it print a mark, and no prompt comes back each time; \
         `cluster run --quiet-for` would guess by silence"
    )
}

/// Why a search led to nothing.
fn reason(search: &Search) -> String {
    match search {
        Search::Ends(words) => format!("it ends before it is told anything{}", last(words)),
        Search::Late => {
            "it answers only when its input ends: it keeps its output back, or reads all of its input \
                         first; many tools have a flag for a dialogue, often -i"
                .into()
        }
        _ => "it says nothing, whatever it is told; many tools have a flag for a dialogue, often -i".into(),
    }
}

fn last(words: &str) -> String {
    let line = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let short: String = line.chars().take(120).collect();
    if short.is_empty() { short } else { format!(": {short}") }
}

/// What its users should know.
fn notes(draft: &Draft, shown: &Shown) -> Vec<String> {
    let mut notes = Vec::new();
    if let Rule::Mark { .. } = &draft.rule
        && shown.shape != "{}"
    {
        notes.push(format!(
            "What it says besides stays in replies: a print of TEXT brings {:?}.",
            shown.example
        ));
    }
    if matches!(draft.rule, Rule::Prompt) {
        notes.push("Best effort: a reply that ends like its prompt is taken for the end.".into());
    }
    notes.extend(shown.faults.iter().map(|fault| format!("Not right in the rehearsal: {fault}.")));
    notes
}
