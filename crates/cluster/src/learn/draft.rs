//! A profile that is being drawn up: what has been learnt so far, and the text that says it.

use super::catalogue::Statement;
use super::shape::{self, Behind, Sighting};
use crate::profile::Io;
use std::fmt::Write;
use toml::Value;

/// What is known of a tool.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// As its user types it.
    pub(super) command: Vec<String>,
    pub(super) io: Io,
    pub(super) rule: Rule,
    /// The tool repeats what it is sent.
    pub(super) echo: bool,
    /// What it says behind each mark, before its prompt.
    pub(super) remark: String,
    /// Every prompt that was seen.
    pub(super) prompts: Vec<String>,
    /// It greets with a prompt.
    pub(super) greets: bool,
    pub(super) notes: Vec<String>,
    /// Its own word for its version.
    pub(super) version: Option<String>,
}

/// What ends its turns.
#[derive(Debug, Clone)]
pub(super) enum Rule {
    /// Nothing is known yet; the profile listens to everything.
    Unknown,
    /// A mark that it prints.
    Mark { statement: &'static Statement, sighting: Sighting },
    /// Its prompt.
    Prompt,
    /// One line out for one line in.
    Lines,
}

/// The word of the profile's own test.
const TEST: &str = "cluster";

impl Draft {
    pub(super) const fn new(command: Vec<String>, io: Io) -> Self {
        Self {
            command,
            io,
            rule: Rule::Unknown,
            echo: false,
            remark: String::new(),
            prompts: Vec::new(),
            greets: false,
            notes: Vec::new(),
            version: None,
        }
    }

    /// Another end of an answer has been seen.
    pub(super) fn saw(&mut self, behind: &Behind) {
        if !self.prompts.contains(&behind.prompt) {
            self.prompts.push(behind.prompt.clone());
        }
    }

    /// The pattern of its prompts; `None` if it has none.
    pub(super) fn prompt(&self) -> Option<String> {
        shape::any_of(self.prompts.iter().map(String::as_str))
    }

    /// The text of the profile.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let line = shown(&self.command);
        writeln!(out, "# Learnt by trying `{line}`: read it before you rely on it.")?;
        writeln!(out, "schema  = \"cluster.profile/1\"")?;
        writeln!(out, "command = {}", value(self.command.clone()))?;
        writeln!(out, "about   = {}", value(line))?;
        if let Some(version) = &self.version {
            writeln!(out, "tested  = {}", value(vec![version.clone()]))?;
        }
        if self.io == Io::Pty {
            writeln!(out, "io      = \"pty\"")?;
        }
        writeln!(
            out,
            "effects = \"write\"                 # nobody has told: if turns change nothing, write \"read\""
        )?;
        if !self.notes.is_empty() {
            writeln!(out, "notes   = [")?;
            self.notes.iter().try_for_each(|note| writeln!(out, "  {},", value(note.clone())))?;
            writeln!(out, "]")?;
        }
        writeln!(out, "\n[turn]")?;
        self.write_turn(out)?;
        if let Some(ready) = self.ready() {
            writeln!(out, "\n[start]\nready = {}", value(ready))?;
        }
        writeln!(
            out,
            "\n[cancel]\nby = \"restart\"                    # whether it survives an interrupt was not tried"
        )?;
        if let Rule::Mark { statement, .. } = &self.rule {
            let say = value(statement.print(TEST));
            writeln!(out, "\n[test]\nsay    = {say}\nexpect = {}", value(TEST.to_owned()))?;
        }
        Ok(())
    }

    fn write_turn(&self, out: &mut String) -> std::fmt::Result {
        match &self.rule {
            Rule::Unknown => return writeln!(out, "by = \"quiet\"\nquiet_for = \"1s\""),
            Rule::Lines => return writeln!(out, "by        = \"lines\"\nmultiline = false"),
            Rule::Prompt => {
                let until = format!("^{}\\z", self.prompt().unwrap_or_default());
                writeln!(
                    out,
                    "by        = \"prompt\"\nuntil     = {}\nmultiline = false",
                    value(until.clone())
                )?;
                writeln!(out, "trim_end  = {}", value(vec![until]))?;
            }
            Rule::Mark { statement, sighting } => {
                writeln!(out, "by     = \"sentinel\"\nsend   = {}", value(statement.mark("{nonce}")))?;
                writeln!(out, "expect = {}", value(self.expect(sighting)))?;
                writeln!(out, "begin  = true")?;
            }
        }
        if self.echo {
            writeln!(out, "echo   = true")?;
        }
        if let Rule::Mark { sighting, .. } = &self.rule {
            let (front, back) = self.trims(sighting);
            if let Some(front) = front {
                writeln!(out, "trim_start = {}", value(vec![front]))?;
            }
            if let Some(back) = back {
                writeln!(out, "trim_end   = {}", value(vec![back]))?;
            }
        }
        Ok(())
    }

    /// What the mark looks like when it is printed.
    fn expect(&self, sighting: &Sighting) -> String {
        if sighting.is_line_of_its_own {
            return r"\n{nonce}$".into();
        }
        let (front, back) = (shape::pattern(&sighting.front), shape::pattern(&sighting.back));
        // Behind a prompt, output without a line end may stand in the same line.
        let start = self.prompt().map_or_else(|| "^".into(), |prompt| format!("(?:^|{prompt})"));
        format!("{start}{front}{{nonce}}{back}$")
    }

    /// What stands around a reply: behind the first mark, and before the second one.
    fn trims(&self, sighting: &Sighting) -> (Option<String>, Option<String>) {
        let remark = shape::pattern(&self.remark);
        let prompt = self.prompt().unwrap_or_default();
        // Behind a remark the echo of the text is not where it is looked for.
        let echo = if self.echo && !remark.is_empty() { ".*\\n" } else { "" };
        let front = format!("{remark}{prompt}{echo}");
        let back = if sighting.is_line_of_its_own { prompt } else { String::new() };
        let some = |pattern: String| (!pattern.is_empty()).then_some(pattern);
        (some(front).map(|front| format!(r"\A{front}")), some(back).map(|back| format!(r"{back}\z")))
    }

    /// What a terminal shows when the tool waits for its first line. On pipes nothing that comes early is lost.
    fn ready(&self) -> Option<String> {
        let waits = self.greets && (self.io == Io::Pty || self.echo);
        self.prompt().filter(|_| waits).map(|prompt| format!(r"{prompt}\z"))
    }
}

/// A command line as it could be typed.
pub(super) fn shown(command: &[String]) -> String {
    shlex::try_join(command.iter().map(String::as_str)).unwrap_or_else(|_| command.join(" "))
}

fn value(value: impl Into<Value>) -> String {
    value.into().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::catalogue::CATALOGUE;
    use crate::profile::{Overrides, Profile, Surroundings};
    use pool_core::spec::TurnRule;
    use proptest::prelude::*;

    fn draft() -> impl Strategy<Value = Draft> {
        let text = || any::<String>();
        let words = prop::collection::vec(text(), 0..3);
        let rule = (any::<prop::sample::Index>(), text(), text(), any::<bool>());
        let more =
            (any::<bool>(), any::<bool>(), prop::option::of(text()), prop::collection::vec(text(), 0..2));
        (words, text(), prop::collection::vec(text(), 0..3), rule, more).prop_map(
            |(args, remark, prompts, (which, front, back, alone), (pty, echo, version, notes))| {
                let command = std::iter::once("/bin/tool".to_owned()).chain(args).collect();
                let io = if pty { Io::Pty } else { Io::Pipes };
                let statement = &CATALOGUE[which.index(CATALOGUE.len())];
                let behind = Behind { remark: remark.clone(), prompt: String::new() };
                let sighting = Sighting { front, back, is_line_of_its_own: alone, behind, echo };
                let rule = Rule::Mark { statement, sighting };
                Draft { rule, echo, remark, prompts, greets: true, notes, version, ..Draft::new(command, io) }
            },
        )
    }

    proptest! {
        /// Whatever a tool says of itself.
        #[test]
        fn every_draft_is_a_profile(draft in draft()) {
            let text = draft.text();
            let profile = Profile::parse("tool", &text, &Overrides::default(), &Surroundings::default());
            let profile = profile.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            prop_assert_eq!(&profile.spec.command, &draft.command);
            prop_assert_eq!(&profile.notes, &draft.notes);
            let Rule::Mark { statement, .. } = &draft.rule else { unreachable!() };
            let TurnRule::Sentinel { send, .. } = &profile.spec.turn.rule else { unreachable!() };
            prop_assert_eq!(send, &statement.mark("{nonce}"));
        }
    }
}
