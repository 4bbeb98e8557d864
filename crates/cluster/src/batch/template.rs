//! Templates: how items become steps.
//!
//! A template is parsed once and rendered in one pass: what is put in is never looked at again, so text from an
//! item cannot smuggle in a placeholder. Nor can it become a command of the tool: **only the literal beginning of
//! a template makes a step a command**, and that is decided before any item is read.
//!
//! | hole | stands for |
//! |---|---|
//! | `{}` | the item |
//! | `{/}` `{//}` `{.}` `{/.}` | its base name, its folder, itself without extension, its base name without |
//! | `{#}` | the number of the job, from 1 |
//! | `{name}` | a variable of the job |
//! | `{:raw}` `{name:raw}` … | the same, not quoted |
//!
//! Any other `{x}` is text.

mod parse;
mod path;
mod quote;

pub use quote::{CannotQuote, Quote};

use pool_core::message::Step;
use quote::Line;

/// What templates must know of the tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolRules {
    /// The commands of the tool that templates may use, each one word (`/add`).
    pub commands: Vec<String>,
    /// What a command of the tool begins with (`/`, `!`), known or not.
    pub command_prefixes: Vec<String>,
    /// Those of them that take prose: text inside is not quoted.
    pub prose: Vec<String>,
    /// How text from items and variables is quoted inside a step.
    pub quote: Quote,
    /// The same inside a command.
    pub command_quote: Quote,
}

impl ToolRules {
    /// How text is quoted inside this command.
    fn quote_in(&self, word: &str) -> Quote {
        if self.takes_prose(word) { Quote::None } else { self.command_quote }
    }

    fn takes_prose(&self, word: &str) -> bool {
        self.prose.iter().any(|prose| prose == word)
    }

    /// What a command of the tool begins with, if the text looks like one.
    fn command_mark(&self, text: &str) -> Option<&str> {
        self.command_prefixes.iter().map(String::as_str).find(|mark| text.starts_with(mark))
    }

    /// Foreign text is the beginning of the prose: it must be there, and must not look like a command.
    fn check_prose(&self, command: &str, prose: &str) -> Result<(), CannotRender> {
        let prose = trim_start(prose);
        if prose.is_empty() {
            return Err(CannotRender::NoProse { command: command.to_owned() });
        }
        match self.command_mark(prose) {
            Some(mark) => {
                Err(CannotRender::CommandInside { command: command.to_owned(), mark: mark.to_owned() })
            }
            None => Ok(()),
        }
    }
}

/// How templates are to be read: what is the same for every template of a run.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The tool's rules.
    pub rules: &'a ToolRules,
    /// What stands for the item; `{}` unless the user chose another. With `None` there are no items, and the
    /// holes that stand for parts of one are text.
    pub item: Option<&'a str>,
    /// Commands outside [`ToolRules::commands`] are let through.
    pub allow_commands: bool,
}

/// Why a template cannot be used; nothing has started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It begins like a command, but not with one that is known.
    #[error(
        "step {template:?} begins with {word:?}, which is not a command that steps may use ({known}): allow it with --allow-commands, or put a word in front of it to send it as text"
    )]
    UnknownCommand {
        /// The beginning of the template.
        template: String,
        /// What looks like a command.
        word: String,
        /// Those that may be used.
        known: String,
    },
    /// A command that takes prose has none, and without it means something else (`/ask` changes the mode for good).
    #[error("step {template:?} has no text for the command: give it some, or allow it with --allow-commands")]
    NoProse {
        /// The template.
        template: String,
    },
    /// A command is one line.
    #[error(
        "step {template:?} is a command of the tool, and a command is one line: make its other lines steps of their own"
    )]
    CommandWithLines {
        /// The beginning of the template.
        template: String,
    },
    /// The token for the item is empty.
    #[error("the token that stands for the item (-I) is empty: choose some characters")]
    EmptyToken,
}

/// Why a step of one job cannot be made; that job is refused, nothing of it is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotRender {
    /// The text has a line end, and it would go into a command.
    #[error("{what} has a line end in it, and the command {command:?} is one line: send it as text instead")]
    LineEnd {
        /// Which text: the item, or a variable.
        what: String,
        /// The command's first word.
        command: String,
    },
    /// The command takes prose, and the text would be none.
    #[error("the command {command:?} would have no text, and so another meaning: leave this item out")]
    NoProse {
        /// The command's first word.
        command: String,
    },
    /// The command takes prose, in which the tool looks for commands again.
    #[error(
        "the text after {command:?} begins with {mark:?}, which makes it a command of its own: put a word of the step in front of it"
    )]
    CommandInside {
        /// The command's first word.
        command: String,
        /// What the text begins with.
        mark: String,
    },
    /// The text cannot be quoted.
    #[error("{what} cannot be quoted for this tool: {reason}")]
    Quote {
        /// Which text.
        what: String,
        /// Why.
        reason: CannotQuote,
    },
}

/// What goes into the holes of one job's templates.
#[derive(Debug, Clone, Copy, Default)]
pub struct Values<'a> {
    /// The item.
    pub item: Option<&'a str>,
    /// The number of the job, from 1.
    pub number: u64,
    /// Names and texts.
    pub vars: &'a [(String, String)],
}

/// A template, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    kind: Kind,
    parts: Vec<Part>,
}

/// Decided by the literal beginning alone.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Say,
    Command { word: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Hole { what: Hole, raw: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hole {
    Item,
    BaseName,
    Folder,
    Stem,
    BaseStem,
    Number,
    Var(String),
}

impl Template {
    /// Parses a template in which the variables of these names are known.
    ///
    /// # Errors
    /// [`TemplateError`] if it begins with a command that steps may not use, or is a command of several lines.
    pub fn parse(text: &str, vars: &[&str], reading: &Reading<'_>) -> Result<Self, TemplateError> {
        parse::template(text, vars, reading)
    }

    /// The template that is nothing but the item: the item is the prompt.
    #[must_use]
    pub fn item() -> Self {
        Self { kind: Kind::Say, parts: vec![Part::Hole { what: Hole::Item, raw: false }] }
    }

    /// Whether it makes commands of the tool.
    #[must_use]
    pub const fn is_command(&self) -> bool {
        matches!(self.kind, Kind::Command { .. })
    }

    /// Whether it has a hole, so that it can say something else to each job.
    #[must_use]
    pub fn varies(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Hole { .. }))
    }

    /// How foreign text in it is quoted; `None` if it holds none, or none that is quoted.
    #[must_use]
    pub fn quoting(&self, rules: &ToolRules) -> Option<Quote> {
        let quoted = |part: &Part| matches!(part, Part::Hole { what, raw: false } if *what != Hole::Number);
        let quote = match &self.kind {
            Kind::Say if self.parts.len() == 1 => return None,
            Kind::Say => rules.quote,
            Kind::Command { word } => rules.quote_in(word),
        };
        self.parts.iter().any(quoted).then_some(quote)
    }

    /// Fills in `values`, quoted by `rules`. Text that is the whole step is not quoted: it is the user's own.
    ///
    /// # Errors
    /// [`CannotRender`] names the text that does not fit.
    pub fn render(&self, values: &Values<'_>, rules: &ToolRules) -> Result<Step, CannotRender> {
        match &self.kind {
            Kind::Say if self.parts.len() == 1 => self.fill(values, Quote::None, None).map(Step::Say),
            Kind::Say => self.fill(values, rules.quote, None).map(Step::Say),
            Kind::Command { word } => {
                let line = self.fill(values, rules.quote_in(word), Some(word))?;
                if rules.takes_prose(word) && self.prose_begins_with_a_hole(word) {
                    rules.check_prose(word, line.strip_prefix(word.as_str()).unwrap_or_default())?;
                }
                Ok(Step::Command(line))
            }
        }
    }

    fn prose_begins_with_a_hole(&self, word: &str) -> bool {
        let head = match self.parts.first() {
            Some(Part::Literal(head)) => head.strip_prefix(word).unwrap_or_default(),
            _ => "",
        };
        self.varies() && trim_start(head).is_empty()
    }

    fn fill(&self, values: &Values<'_>, quote: Quote, command: Option<&str>) -> Result<String, CannotRender> {
        let mut line = Line::new(quote);
        for part in &self.parts {
            match part {
                Part::Literal(text) => line.literal(text),
                Part::Hole { what: Hole::Number, .. } => line.literal(&values.number.to_string()),
                Part::Hole { what, raw } => {
                    let text = what.text(values);
                    if let Some(command) = command.filter(|_| text.contains(['\n', '\r'])) {
                        return Err(CannotRender::LineEnd { what: what.name(), command: command.to_owned() });
                    }
                    if *raw {
                        line.literal(text);
                        continue;
                    }
                    line.foreign(text).map_err(|reason| CannotRender::Quote { what: what.name(), reason })?;
                }
            }
        }
        Ok(line.finish())
    }
}

/// Without the blanks in front, by the most generous notion of a blank that a tool may have.
fn trim_start(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control())
}

impl Hole {
    fn text<'a>(&self, values: &Values<'a>) -> &'a str {
        let item = values.item.unwrap_or_default();
        match self {
            Self::Item => item,
            Self::BaseName => path::base_name(item),
            Self::Folder => path::folder(item),
            Self::Stem => path::stem(item),
            Self::BaseStem => path::stem(path::base_name(item)),
            Self::Number => "",
            Self::Var(name) => {
                values.vars.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.as_str())
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Var(name) => format!("the variable {name:?}"),
            _ => "the item".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
