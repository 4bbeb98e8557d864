//! A step as bytes for the tool: whole and inert, or refused.

use super::sentinel::{Nonce, Nonces};
use crate::machine::dialect::CannotCarry;
use crate::message::Step;
use crate::spec::{Limits, TextRule, render};
use memchr::{memchr, memchr2, memmem};

/// What a template can ask for besides the text.
pub(super) struct Marks<'a> {
    pub(super) nonce: &'a Nonce,
    pub(super) nonces: &'a mut Nonces,
}

/// Appends the bytes of `step`, without the line end that sends it off.
///
/// # Errors
/// [`CannotCarry`]; `out` is as it was.
pub(super) fn step(
    step: &Step,
    rule: &TextRule,
    limits: &Limits,
    marks: &mut Marks<'_>,
    out: &mut Vec<u8>,
) -> Result<(), CannotCarry> {
    let text = step.text();
    check(step, rule, limits)?;
    let wrap = match step {
        Step::Say(_) => &rule.wrap,
        Step::Command(_) => &rule.command,
    };
    out.reserve(text.len() + wrap.as_ref().map_or(0, String::len) + 64);
    match wrap {
        None => out.extend_from_slice(text.as_bytes()),
        Some(wrap) => fill(wrap, text, marks, out),
    }
    Ok(())
}

fn check(step: &Step, rule: &TextRule, limits: &Limits) -> Result<(), CannotCarry> {
    let text = step.text().as_bytes();
    let refuse = |reason: String| Err(CannotCarry(reason));
    if text.len() > limits.max_prompt {
        let (size, max) = (text.len(), limits.max_prompt);
        return refuse(format!(
            "the prompt has {size} bytes, the limit is {max}: shorten it, or raise max_prompt"
        ));
    }
    if memchr(0, text).is_some() {
        return refuse("the prompt holds a NUL byte, which cannot be typed: remove it".into());
    }
    let is_one_line = memchr2(b'\n', b'\r', text).is_none();
    match step {
        Step::Command(_) if !is_one_line => refuse("a command is one line: split it into steps".into()),
        Step::Say(_) if !is_one_line && !rule.multiline => refuse(
            "the prompt has several lines, and the tool takes one: join them, or send them as steps".into(),
        ),
        _ => Ok(()),
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
