//! From what came in a turn to the reply: without echo, prompts and whatever else the profile trims.

use super::window::{match_at_end, next_boundary};
use crate::spec::TurnSpec;
use regex::Regex;
use std::ops::Range;

/// At the front of a long reply, patterns see only this much.
const FRONT: usize = 1 << 20;

/// At the end of a long reply, patterns see only this much.
const BACK: usize = 16 * 1024;

/// What was sent, for a tool that repeats it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The lines of the text.
    pub(super) text: Vec<u8>,
    /// The lines that were sent behind it, for the framing.
    pub(super) closing: Vec<u8>,
}

/// The reply in `bytes`: decoded, and cut to what the tool meant to say. Moves nothing unless the front is cut.
pub(super) fn compose(bytes: Vec<u8>, turn: &TurnSpec, prompts: &[&Regex], sent: &Sent) -> String {
    let mut text = decode(bytes);
    let Range { start, end } = extent(&text, turn, prompts, sent);
    text.truncate(end);
    if start > 0 {
        text.drain(..start);
    }
    trim(&mut text);
    text
}

/// The reply in `text`, from a tool that neither repeats what was sent nor shows a prompt.
pub(in crate::machine::dialect) fn plain(text: String, turn: &TurnSpec) -> String {
    compose(text.into_bytes(), turn, &[], &Sent::default())
}

/// Gives back the room of a buffer that is mostly empty. Growing by doubling leaves less than that over, pages that
/// nobody has touched; to give those back as well would make the allocator fetch each large reply's memory anew.
fn trim(text: &mut String) {
    if text.len() < text.capacity() / 4 {
        text.shrink_to_fit();
    }
}

/// Decodes once, without a copy if it is valid.
fn decode(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|invalid| String::from_utf8_lossy(invalid.as_bytes()).into_owned())
}

fn extent(text: &str, turn: &TurnSpec, prompts: &[&Regex], sent: &Sent) -> Range<usize> {
    let mut end = text.len();
    if turn.echo {
        let start = echo_at_front(text, &sent.text, prompts);
        end = start + echo_at_back(&text[start..], &sent.closing, prompts);
    }
    let start = front(&text[..end], turn, prompts, sent);
    for pattern in &turn.trim_end {
        let back = next_boundary(text, end.saturating_sub(BACK)).max(start);
        if let Some(found) = match_at_end(pattern, &text[start..end], back - start) {
            end = start + found.start();
        }
    }
    if text[start..end].ends_with('\n') {
        end -= 1;
    }
    start..end
}

/// Where the reply begins in `text`.
pub(super) fn front(text: &str, turn: &TurnSpec, prompts: &[&Regex], sent: &Sent) -> usize {
    let mut start = if turn.echo { echo_at_front(text, &sent.text, prompts) } else { 0 };
    for pattern in &turn.trim_start {
        let front = &text[start..next_boundary(text, start + FRONT)];
        if let Some(found) = pattern.find(front).filter(|found| found.start() == 0) {
            start += found.end();
        }
    }
    start
}

/// Where the lines end that repeat what was sent, each perhaps behind a prompt.
fn echo_at_front(text: &str, sent: &[u8], prompts: &[&Regex]) -> usize {
    let mut at = 0;
    for wanted in lines(sent) {
        let Some(length) = text[at..].find('\n') else { break };
        if echo_start(&text[at..at + length], wanted, prompts) != Some(0) {
            break;
        }
        at += length + 1;
    }
    at
}

/// Where the lines begin that repeat what was sent behind the text.
fn echo_at_back(text: &str, sent: &[u8], prompts: &[&Regex]) -> usize {
    let mut end = text.len();
    for wanted in lines(sent).rev() {
        let body = text[..end].strip_suffix('\n').unwrap_or(&text[..end]);
        let line = body.rfind('\n').map_or(0, |end| end + 1);
        match echo_start(&body[line..], wanted, prompts) {
            Some(start) if !wanted.is_empty() => end = line + start,
            _ => break,
        }
    }
    end
}

/// Where in `line` the echo of `wanted` begins: at 0 too if only a prompt stands before it.
fn echo_start(line: &str, wanted: &[u8], prompts: &[&Regex]) -> Option<usize> {
    let start = line.len().checked_sub(wanted.len())?;
    if !line.as_bytes().ends_with(wanted) {
        return None;
    }
    let before = line.get(..start)?;
    let is_prompt =
        |pattern: &&Regex| match_at_end(pattern, before, 0).is_some_and(|found| found.start() == 0);
    Some(if before.is_empty() || prompts.iter().any(is_prompt) { 0 } else { start })
}

pub(super) fn lines(sent: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    let body = sent.strip_suffix(b"\n").unwrap_or(sent);
    let count = if sent.is_empty() { 0 } else { usize::MAX };
    body.split(|&byte| byte == b'\n').filter(move |_| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::TurnRule;

    fn turn(echo: bool, trim_start: &[&str], trim_end: &[&str]) -> TurnSpec {
        let patterns = |list: &[&str]| list.iter().map(|p| Regex::new(p).expect("a pattern")).collect();
        let mut turn = TurnSpec::new(TurnRule::Lines);
        (turn.echo, turn.trim_start, turn.trim_end) = (echo, patterns(trim_start), patterns(trim_end));
        turn
    }

    #[test]
    fn each_trim_once_then_one_line_end() {
        let table: &[(&[&str], &[&str], &str, &str)] = &[
            (&[], &[], "a\n\n", "a\n"),
            (&[], &[], "\n", ""),
            (
                &["^(?:[a-z]+> )+\n"],
                &[r"\n(?:[^\n]+\n)*[a-z]*> \z"],
                "diff> diff> \nreply\n\nf.py\ndiff> ",
                "reply",
            ),
            (&["a"], &["a"], "aaaa\n", "aaa"),
            (&["a", "b"], &["d", "c"], "abxcd", "x"),
            (&["x"], &["x"], "axb", "axb"),
            (&["漢+"], &["é+"], "漢漢-éé", "-"),
            (&[".*"], &[".*"], "all", ""),
        ];
        for (front, back, text, expected) in table {
            let reply = compose(text.as_bytes().to_vec(), &turn(false, front, back), &[], &Sent::default());
            assert_eq!(reply, *expected, "{text:?}");
        }
    }

    #[test]
    fn an_echo_is_taken_out_at_both_ends() {
        let prompt = Regex::new(r">>> |\.\.\. ").expect("a pattern");
        let table = [
            ("1+1\n2\n", "1+1\n", "mark\n", "2"),
            (">>> 1+1\n2\n", "1+1\n", "mark\n", "2"),
            ("if x:\n... a\n... \nout\n>>> mark\n", "if x:\na\n\n", "mark\n", "out"),
            ("$ 1+1\n2\n", "1+1\n", "", "$ 1+1\n2"),
            ("no echo\n", "1+1\n", "mark\n", "no echo"),
            ("1+1\n1+1\n", "1+1\n", "", "1+1"),
            ("a\nunfinishedmark\n", "a\n", "mark\n", "unfinished"),
            ("a\nout\n;\nmark\n", "a\n", ";\nmark\n", "out"),
        ];
        for (text, sent, closing, expected) in table {
            let sent = Sent { text: sent.into(), closing: closing.into() };
            let reply = compose(text.as_bytes().to_vec(), &turn(true, &[], &[]), &[&prompt], &sent);
            assert_eq!(reply, expected, "{text:?}");
        }
    }

    #[test]
    fn a_valid_reply_is_not_copied() {
        let mut bytes = vec![b'x'; 1 << 20];
        bytes.push(b'\n');
        let place = bytes.as_ptr();
        let reply = compose(bytes, &turn(false, &["^ "], &[" $"]), &[], &Sent::default());
        assert_eq!((reply.as_ptr(), reply.len()), (place, 1 << 20));
    }

    #[test]
    fn a_small_reply_gives_a_large_buffer_back() {
        let mut bytes = Vec::with_capacity(1 << 20);
        bytes.extend_from_slice(b"small\n");
        let reply = compose(bytes, &turn(false, &[], &[]), &[], &Sent::default());
        assert!(reply == "small" && reply.capacity() < 64, "{}", reply.capacity());
    }

    #[test]
    fn invalid_text_is_shown_as_such() {
        let reply = compose(b"a\xffb\xe2\x82".to_vec(), &turn(false, &[], &[]), &[], &Sent::default());
        assert_eq!(reply, "a\u{fffd}b\u{fffd}");
    }
}
