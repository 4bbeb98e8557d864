//! A step as bytes for the tool: whole and inert, or refused.

use super::sentinel::{Nonce, Nonces};
use crate::machine::dialect::CannotCarry;
use crate::message::Step;
use crate::spec::{Limits, TextRule, render};
use memchr::{memchr, memchr3, memmem};

/// What a template can ask for besides the text.
pub(super) struct Marks<'a> {
    pub(super) nonce: &'a Nonce,
    pub(super) nonces: &'a mut Nonces,
}

/// How the text went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carried {
    /// As it is, and it is one line.
    AsOneLine,
    /// Some other way.
    Otherwise,
}

/// Appends the bytes of `step`, without the line end that sends it off; `room` bytes are to follow.
///
/// # Errors
/// [`CannotCarry`]; `out` is as it was.
pub(super) fn step(
    step: Step,
    rule: &TextRule,
    limits: &Limits,
    marks: &mut Marks<'_>,
    room: usize,
    out: &mut Vec<u8>,
) -> Result<Carried, CannotCarry> {
    let is_one_line = check(&step, rule, limits)?;
    let (text, wrap) = match step {
        Step::Say(text) => (text, &rule.wrap),
        Step::Command(line) => (line, &rule.command),
    };
    let Some(wrap) = wrap else {
        append(text, room, out);
        return Ok(if is_one_line { Carried::AsOneLine } else { Carried::Otherwise });
    };
    out.reserve(text.len() + wrap.len() + room + 64);
    fill(wrap, &text, marks, out);
    Ok(Carried::Otherwise)
}

/// A step as text for a tool that takes it whole.
///
/// # Errors
/// [`CannotCarry`].
pub(in crate::machine::dialect) fn whole(
    text: Step,
    rule: &TextRule,
    limits: &Limits,
    nonces: &mut Nonces,
) -> Result<String, CannotCarry> {
    let (nonce, mut out) = (nonces.fresh(), Vec::new());
    step(text, rule, limits, &mut Marks { nonce: &nonce, nonces }, 0, &mut out)?;
    // Texts in texts, and letters and digits.
    String::from_utf8(out).map_err(|error| CannotCarry(error.to_string()))
}

/// A long text becomes the buffer instead of being copied into it.
fn append(text: String, room: usize, out: &mut Vec<u8>) {
    if out.is_empty() && out.capacity() < text.len() + room {
        *out = text.into_bytes();
        out.reserve_exact(room);
    } else {
        out.reserve(text.len() + room);
        out.extend_from_slice(text.as_bytes());
    }
}

/// Whether the text is one line; it is looked through once.
fn check(step: &Step, rule: &TextRule, limits: &Limits) -> Result<bool, CannotCarry> {
    let text = step.text().as_bytes();
    let refuse = |reason: String| Err(CannotCarry(reason));
    if text.len() > limits.max_prompt {
        let (size, max) = (text.len(), limits.max_prompt);
        return refuse(format!(
            "the prompt has {size} bytes, the limit is {max}: shorten it, or raise max_prompt"
        ));
    }
    let odd = memchr3(0, b'\n', b'\r', text);
    if odd.is_some_and(|at| memchr(0, &text[at..]).is_some()) {
        return refuse("the prompt holds a NUL byte, which cannot be typed: remove it".into());
    }
    let is_one_line = odd.is_none();
    match step {
        Step::Command(_) if !is_one_line => refuse("a command is one line: split it into steps".into()),
        Step::Say(_) if !is_one_line && !rule.multiline => refuse(
            "the prompt has several lines, and the tool takes one: join them, or send them as steps".into(),
        ),
        _ => Ok(is_one_line),
    }
}

fn fill(wrap: &str, text: &str, marks: &mut Marks<'_>, out: &mut Vec<u8>) {
    let mut tag = None;
    render(wrap, out, |name, out| {
        match name {
            "text" => out.extend_from_slice(text.as_bytes()),
            "text:shell" => shell(text, out),
            "text:json" => json(text, out),
            "nonce" => out.extend_from_slice(marks.nonce),
            "tag" => out.extend_from_slice(tag.get_or_insert_with(|| fresh_tag(text, marks.nonces))),
            _ => return false,
        }
        true
    });
}

/// Letters and digits, a letter first, that do not occur in the text.
fn fresh_tag(text: &str, nonces: &mut Nonces) -> Nonce {
    loop {
        let mut tag = nonces.fresh();
        tag[0] = b't';
        if memmem::find(text.as_bytes(), &tag).is_none() {
            return tag;
        }
    }
}

/// In POSIX single quotes: nothing inside is special but the quote itself.
fn shell(text: &str, out: &mut Vec<u8>) {
    out.push(b'\'');
    let mut rest = text.as_bytes();
    while let Some(quote) = memchr(b'\'', rest) {
        out.extend_from_slice(&rest[..quote]);
        out.extend_from_slice(br"'\''");
        rest = &rest[quote + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'\'');
}

/// A JSON string that is also a Python literal of the same text, on one line. Escapes everything but printable ASCII;
/// what lies beyond U+FFFF stays as it is, because there JSON and Python differ (a pair of surrogates, `\U`).
fn json(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = rest.find(|c| !is_literal(c)) {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let character = rest[at..].chars().next().unwrap_or_default();
        escape(character, out);
        rest = &rest[at + character.len_utf8()..];
    }
    out.extend_from_slice(rest.as_bytes());
    out.push(b'"');
}

const fn is_literal(c: char) -> bool {
    matches!(c, ' '..='!' | '#'..='[' | ']'..='~' | '\u{10000}'..)
}

fn escape(character: char, out: &mut Vec<u8>) {
    let short = match character {
        '"' | '\\' => Some(character),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        _ => None,
    };
    out.push(b'\\');
    match short {
        Some(short) => out.extend_from_slice(short.encode_utf8(&mut [0; 4]).as_bytes()),
        None => {
            out.push(b'u');
            let digit = |shift: u32| b"0123456789abcdef"[(character as usize >> shift) & 0xf];
            out.extend([12, 8, 4, 0].map(digit));
        }
    }
}
