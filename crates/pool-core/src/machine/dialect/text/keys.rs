//! What must not be typed: on a terminal some bytes are keys, and text is to arrive as text.
//!
//! The terminal itself is made deaf to its keys, but a tool that edits its own lines has its own, and may make the
//! terminal listen again. What a profile's `{text:json}` escapes never becomes a key.

use crate::machine::dialect::CannotCarry;
use crate::message::Step;
use crate::spec::{Io, ToolSpec};

/// The end of a paste: what follows it is typed.
const PASTE_END: &str = "\x1b[201~";

/// Whether the text can be typed.
///
/// # Errors
/// [`CannotCarry`] names the byte and its place.
pub(super) fn check(step: &Step, spec: &ToolSpec) -> Result<(), CannotCarry> {
    let (what, wrap) = match step {
        Step::Say(_) => ("prompt", &spec.turn.text.wrap),
        Step::Command(_) => ("command", &spec.turn.text.command),
    };
    if spec.io == Io::Pipes || wrap.as_deref().is_some_and(escapes) {
        return Ok(());
    }
    let text = step.text();
    let Some((place, key)) = text.char_indices().find(|(_, character)| is_key(*character)) else {
        return Ok(());
    };
    let name = if text[place..].starts_with(PASTE_END) { "the end of a paste".into() } else { name(key) };
    Err(CannotCarry(format!(
        "the {what} holds byte 0x{:02x} at place {place}, on a terminal {name}: remove it, or give the tool pipes",
        text.as_bytes()[place]
    )))
}

/// The part of an answer that can be typed: up to the first key.
pub(super) fn answer(text: &str, io: Io) -> &str {
    let ends = |character| matches!(character, '\n' | '\r' | '\0') || io == Io::Pty && is_key(character);
    text.split(ends).next().unwrap_or_default()
}

/// Whether text goes into a template escaped, wherever it goes.
fn escapes(wrap: &str) -> bool {
    wrap.contains("{text:json}") && !wrap.contains("{text}") && !wrap.contains("{text:shell}")
}

/// Line ends and tabs are text.
fn is_key(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\r' | '\t')
}

fn name(key: char) -> String {
    match key {
        '\0' => "Ctrl-@ (NUL)".into(),
        '\x1b' => "the Escape key".into(),
        '\x7f' => "the Delete key".into(),
        '\x01'..='\x1f' => format!("Ctrl-{}", char::from(key as u8 + b'@')),
        _ => "a control character".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{TurnRule, TurnSpec};

    fn on_a_terminal(wrap: Option<&str>) -> ToolSpec {
        let mut spec = ToolSpec::new("t", vec!["t".into()], TurnSpec::new(TurnRule::Lines));
        spec.io = Io::Pty;
        spec.turn.text.wrap = wrap.map(str::to_owned);
        spec
    }

    fn refusal(text: &str, spec: &ToolSpec) -> Option<String> {
        check(&Step::Say(text.into()), spec).err().map(|refused| refused.0)
    }

    #[test]
    fn f41_keys_are_refused_by_name_and_place() {
        let table = [
            ("ab\x03", "byte 0x03 at place 2, on a terminal Ctrl-C"),
            ("\x04", "byte 0x04 at place 0, on a terminal Ctrl-D"),
            ("é\x1a", "byte 0x1a at place 2, on a terminal Ctrl-Z"),
            ("a\nb\x1c", "byte 0x1c at place 3, on a terminal Ctrl-\\"),
            ("\x1b[A", "byte 0x1b at place 0, on a terminal the Escape key"),
            ("x\0", "byte 0x00 at place 1, on a terminal Ctrl-@ (NUL)"),
            ("x\x7f", "byte 0x7f at place 1, on a terminal the Delete key"),
            ("\u{9b}201~", "byte 0xc2 at place 0, on a terminal a control character"),
        ];
        for (text, part) in table {
            let said = refusal(text, &on_a_terminal(None)).unwrap();
            assert!(said.starts_with("the prompt holds ") && said.contains(part), "{text:?}: {said}");
            assert_eq!(refusal(text, &on_a_terminal(Some("'{text:shell}'"))).unwrap(), said);
            assert_eq!(refusal(text, &on_a_terminal(Some("{text:json}{text}"))).unwrap(), said);
            assert_eq!(refusal(text, &on_a_terminal(Some("run {text:json}"))), None, "escaped");
            assert_eq!(
                refusal(text, &ToolSpec { io: Io::Pipes, ..on_a_terminal(None) }),
                None,
                "no terminal"
            );
            let command = check(&Step::Command(text.into()), &on_a_terminal(Some("{text:json}")));
            assert!(command.unwrap_err().0.starts_with("the command holds "), "it has a template of its own");
        }
        for text in ["", "tab\tline\r\n", "漢字 é 😀"] {
            assert_eq!(refusal(text, &on_a_terminal(None)), None, "{text:?}");
        }
    }

    #[test]
    fn f42_the_end_of_a_paste_is_refused_by_name() {
        let said = refusal("a\x1b[201~\ntouch pwned\n", &on_a_terminal(None)).unwrap();
        assert!(said.contains("byte 0x1b at place 1, on a terminal the end of a paste"), "{said}");
    }

    #[test]
    fn f41_an_answer_ends_at_the_first_key() {
        let table =
            [("yes\x03no", Io::Pty, "yes"), ("yes\x03no", Io::Pipes, "yes\x03no"), ("y\nn", Io::Pipes, "y")];
        for (text, io, typed) in table {
            assert_eq!(answer(text, io), typed);
        }
    }
}
