//! The text of a transcript, and what it means.

use std::fmt::Write as _;
use std::time::Duration;

/// One line, or several of the same kind that are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Say(String),
    Command(String),
    Answer(String),
    Interrupt,
    Sent(Vec<Part>),
    Got(Vec<Part>),
    Wait(Duration),
    Ready,
    Question(String),
    Throttled(String),
    Violation(String),
    /// The words for the outcome and for what ended the turn.
    End(String, String),
    Text(Vec<Part>),
    Reason(String),
    /// Tokens sent and received.
    Usage(String),
}

/// A piece of what went over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Bytes(Vec<u8>),
    /// `{nonce}`, `{tag}`, …
    Name(String),
}

/// A transcript; each line with its number.
pub(super) fn parse(transcript: &str) -> Result<Vec<(usize, Line)>, String> {
    let mut script: Vec<(usize, Line)> = Vec::new();
    for (line, number) in transcript.lines().zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parsed = parse_line(line).map_err(|error| format!("line {number}: {error}"))?;
        match (script.last_mut(), parsed) {
            (Some((_, Line::Sent(parts))), Line::Sent(more))
            | (Some((_, Line::Got(parts))), Line::Got(more))
            | (Some((_, Line::Text(parts))), Line::Text(more)) => parts.extend(more),
            (_, parsed) => script.push((number, parsed)),
        }
    }
    Ok(script)
}

fn parse_line(line: &str) -> Result<Line, String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    Ok(match word {
        "say" => Line::Say(text(rest)?),
        "command" => Line::Command(text(rest)?),
        "answer" => Line::Answer(text(rest)?),
        "interrupt" => Line::Interrupt,
        ">>>" => Line::Sent(parts(rest)?),
        "<<<" => Line::Got(parts(rest)?),
        "|||" => Line::Text(parts(rest)?),
        "!!!" => Line::Reason(text(rest)?),
        "###" => Line::Usage(rest.to_owned()),
        "..." => Line::Wait(duration(rest)?),
        "===" => found(rest)?,
        _ => return Err(format!("unknown word {word:?}")),
    })
}

fn found(rest: &str) -> Result<Line, String> {
    let (what, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Ok(match what {
        "ready" => Line::Ready,
        "question" => Line::Question(text(rest)?),
        "throttled" => Line::Throttled(text(rest)?),
        "violation" => Line::Violation(text(rest)?),
        outcome => Line::End(outcome.to_owned(), rest.to_owned()),
    })
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| format!("{text:?} is no time"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        _ => Err(format!("{text:?}: a time is in ms or s")),
    }
}

fn text(escaped: &str) -> Result<String, String> {
    match parts(escaped)?.as_slice() {
        [] => Ok(String::new()),
        [Part::Bytes(bytes)] => String::from_utf8(bytes.clone()).map_err(|_| "must be UTF-8".into()),
        _ => Err("no {names} here: write \\{".into()),
    }
}

/// Reads the escapes and the names.
fn parts(escaped: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut bytes, mut rest) = (Vec::new(), Vec::new(), escaped);
    while let Some(character) = rest.chars().next() {
        if character == '{' {
            let end = rest.find('}').ok_or("a '{' without '}': write \\{")?;
            parts.push(Part::Bytes(std::mem::take(&mut bytes)));
            parts.push(Part::Name(rest[1..end].to_owned()));
            rest = &rest[end + 1..];
        } else if character == '\\' {
            let (byte, length) = unescape(&rest[1..])?;
            bytes.push(byte);
            rest = &rest[1 + length..];
        } else {
            bytes.extend_from_slice(&rest.as_bytes()[..character.len_utf8()]);
            rest = &rest[character.len_utf8()..];
        }
    }
    parts.push(Part::Bytes(bytes));
    parts.retain(|part| !matches!(part, Part::Bytes(bytes) if bytes.is_empty()));
    Ok(parts)
}

fn unescape(after: &str) -> Result<(u8, usize), String> {
    Ok(match after.as_bytes() {
        [b'n', ..] => (b'\n', 1),
        [b'r', ..] => (b'\r', 1),
        [b't', ..] => (b'\t', 1),
        [b'e', ..] => (0x1b, 1),
        [byte @ (b'\\' | b'{'), ..] => (*byte, 1),
        [b'x', _, _, ..] => {
            let digits = after.get(1..3).unwrap_or_default();
            (u8::from_str_radix(digits, 16).map_err(|_| format!("bad escape \\x{digits}"))?, 3)
        }
        _ => return Err("unknown escape: one of \\n \\r \\t \\e \\\\ \\{ \\xNN".into()),
    })
}

/// `bytes` as they are written in a transcript; `names` are written for the bytes they stand for, say
/// `("{nonce}", b"0123456789abcdef")`.
#[must_use]
pub fn escape(bytes: &[u8], names: &[(&str, &[u8])]) -> String {
    let (mut out, mut rest) = (String::new(), bytes);
    while !rest.is_empty() {
        if let Some((name, value)) =
            names.iter().find(|(_, value)| !value.is_empty() && rest.starts_with(value))
        {
            out.push_str(name);
            rest = &rest[value.len()..];
            continue;
        }
        let chunk = rest[..rest.len().min(4)].utf8_chunks().next();
        let character = chunk.and_then(|chunk| chunk.valid().chars().next());
        match character {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some('\u{1b}') => out.push_str("\\e"),
            Some('\\') => out.push_str("\\\\"),
            Some('{') => out.push_str("\\{"),
            Some(plain) if !plain.is_control() => out.push(plain),
            // Writing to a string cannot fail.
            _ => drop(write!(out, "\\x{:02x}", rest[0])),
        }
        let plain = character.filter(|c| !c.is_control());
        rest = &rest[plain.map_or(1, char::len_utf8)..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_reads_back() {
        let bytes: Vec<u8> = (0..=255).chain("é漢\u{85}".bytes()).chain(*b"abc-NONCE-abc").collect();
        let escaped = escape(&bytes, &[("{nonce}", b"NONCE")]);
        let mut back = Vec::new();
        for part in parts(&escaped).expect("escapes") {
            match part {
                Part::Bytes(bytes) => back.extend(bytes),
                Part::Name(name) => back.extend(name.to_uppercase().bytes()),
            }
        }
        assert_eq!(back, bytes);
    }

    #[test]
    fn mistakes_are_named() {
        for (transcript, part) in [
            ("hello", "line 1: unknown word"),
            ("# fine\n<<< \\q", "line 2: unknown escape"),
            ("<<< {open", "'{' without '}'"),
            ("... 5 minutes", "ms or s"),
            ("say {nonce}", "no {names}"),
        ] {
            let error = parse(transcript).expect_err(transcript);
            assert!(error.contains(part), "{error}");
        }
    }
}
