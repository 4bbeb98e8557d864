//! Text → [`Template`]: finds the holes, and decides what kind of step it makes.

use super::{Hole, Kind, Part, Reading, Template, TemplateError, ToolRules, trim_start};

pub(super) fn template(text: &str, vars: &[&str], reading: &Reading<'_>) -> Result<Template, TemplateError> {
    let parts = parts(text, vars, reading)?;
    let kind = kind(&parts, text, reading)?;
    Ok(Template { kind, parts })
}

fn parts(text: &str, vars: &[&str], reading: &Reading<'_>) -> Result<Vec<Part>, TemplateError> {
    let token = reading.item;
    if token == Some("") {
        return Err(TemplateError::EmptyToken);
    }
    let mut parts = Parts::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(tail) = token.and_then(|token| rest.strip_prefix(token)) {
            parts.hole(Hole::Item, false);
            rest = tail;
        } else if let Some((what, raw, tail)) = braces(rest, vars, token.is_some()) {
            parts.hole(what, raw);
            rest = tail;
        } else {
            parts.literal.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    Ok(parts.finish())
}

/// The hole in braces that `rest` begins with, and what follows it.
fn braces<'a>(rest: &'a str, vars: &[&str], has_item: bool) -> Option<(Hole, bool, &'a str)> {
    let (inside, tail) = rest.strip_prefix('{')?.split_once('}')?;
    let (name, raw) = inside.strip_suffix(":raw").map_or((inside, false), |name| (name, true));
    let what = match name {
        // A bare `{}` is the token's business, which may be another.
        "" if raw && has_item => Hole::Item,
        "/" if has_item => Hole::BaseName,
        "//" if has_item => Hole::Folder,
        "." if has_item => Hole::Stem,
        "/." if has_item => Hole::BaseStem,
        "#" => Hole::Number,
        _ if vars.contains(&name) => Hole::Var(name.to_owned()),
        _ => return None,
    };
    Some((what, raw, tail))
}

#[derive(Default)]
struct Parts {
    done: Vec<Part>,
    literal: String,
}

impl Parts {
    fn hole(&mut self, what: Hole, raw: bool) {
        self.flush();
        self.done.push(Part::Hole { what, raw });
    }

    fn flush(&mut self) {
        if !self.literal.is_empty() {
            self.done.push(Part::Literal(std::mem::take(&mut self.literal)));
        }
    }

    fn finish(mut self) -> Vec<Part> {
        self.flush();
        self.done
    }
}

/// **The rule for a tool's own commands.** Only the literal in front of the first hole is looked at; a first word
/// that runs into a hole is not finished, and is no command that anybody listed.
fn kind(parts: &[Part], text: &str, reading: &Reading<'_>) -> Result<Kind, TemplateError> {
    let Some(Part::Literal(head)) = parts.first() else { return Ok(Kind::Say) };
    let end = head.find(char::is_whitespace).unwrap_or(head.len());
    let finished = end < head.len() || parts.len() == 1;
    let word = &head[..end];
    let listed = finished && reading.rules.commands.iter().any(|known| known == word);
    if !listed && reading.rules.command_mark(head).is_none() {
        return Ok(Kind::Say);
    }
    if !reading.allow_commands {
        if !listed {
            return Err(unknown(text, word, finished, reading.rules));
        }
        check_prose(trim_start(&head[end..]), parts, text, word, reading.rules)?;
    }
    let has_lines = |part: &Part| matches!(part, Part::Literal(text) if text.contains(['\n', '\r']));
    if parts.iter().any(has_lines) {
        return Err(TemplateError::CommandWithLines { template: beginning(text) });
    }
    Ok(Kind::Command { word: word.to_owned() })
}

/// What a tool takes for prose after a command it may look at again, as if it had been typed.
fn check_prose(
    prose: &str,
    parts: &[Part],
    text: &str,
    word: &str,
    rules: &ToolRules,
) -> Result<(), TemplateError> {
    if !rules.takes_prose(word) {
        return Ok(());
    }
    if prose.is_empty() && parts.len() == 1 {
        return Err(TemplateError::NoProse { template: beginning(text) });
    }
    match rules.command_mark(prose) {
        Some(_) => {
            let inner = prose.split_whitespace().next().unwrap_or(prose);
            Err(unknown(text, &format!("{word} {inner}"), true, rules))
        }
        None => Ok(()),
    }
}

fn unknown(text: &str, word: &str, finished: bool, rules: &ToolRules) -> TemplateError {
    let known = if rules.commands.is_empty() { "it has none".to_owned() } else { rules.commands.join(", ") };
    let word = if finished { word.to_owned() } else { format!("{word}…") };
    TemplateError::UnknownCommand { template: beginning(text), word, known }
}

/// The first line, 60 characters of it at most.
fn beginning(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(60).collect();
    if short.len() < text.trim_end_matches(['\r', '\n']).len() { short + "…" } else { short }
}
