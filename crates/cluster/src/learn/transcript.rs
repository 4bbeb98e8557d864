//! The golden transcript of a rehearsal: what went over the wire, for `dialect::replay` and for whoever reads it.

use pool_core::machine::dialect::TurnEnd;
use pool_core::machine::dialect::replay::escape;
use std::fmt::Write;

/// How many digits a nonce has.
const NONCE: usize = 16;

/// What has been recorded.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    text: String,
    /// What the tool has printed and is not yet written down.
    got: Vec<u8>,
    /// The nonces of the last step: how they are written, and their digits.
    names: Vec<(String, Vec<u8>)>,
}

impl Transcript {
    /// Begins with a line of explanation.
    pub(super) fn new(title: &str) -> Self {
        let mut begun = Self::default();
        begun.line("#", title);
        begun
    }

    /// A step begins.
    pub(super) fn say(&mut self, text: &str) {
        self.flush();
        self.text.push('\n');
        self.line("say", &escape(text.as_bytes(), &[]));
        self.names.clear();
    }

    /// These bytes are written to the tool.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        self.flush();
        if bytes.is_empty() {
            return;
        }
        for nonce in nonces(bytes) {
            if !self.names.iter().any(|(_, known)| known == nonce) {
                let number = self.names.len() + 1;
                let name = if number == 1 { "{nonce}".to_owned() } else { format!("{{nonce{number}}}") };
                self.names.push((name, nonce.to_vec()));
            }
        }
        let escaped = self.escaped(bytes);
        self.line(">>>", &escaped);
    }

    /// The tool has printed this.
    pub(super) fn got(&mut self, bytes: &[u8]) {
        self.got.extend_from_slice(bytes);
    }

    /// The start is over.
    pub(super) fn ready(&mut self) {
        self.flush();
        self.line("===", "ready");
    }

    /// A turn has ended.
    pub(super) fn end(&mut self, end: &TurnEnd) {
        self.flush();
        let by = format!("{:?}", end.completed_by).to_lowercase();
        self.line("===", &format!("{} {by}", end.outcome.word()));
        self.line("|||", &escape(end.text.as_bytes(), &[]));
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.flush();
        self.text
    }

    fn flush(&mut self) {
        let got = std::mem::take(&mut self.got);
        for line in got.split_inclusive(|byte| *byte == b'\n') {
            let escaped = self.escaped(line);
            self.line("<<<", &escaped);
        }
    }

    fn escaped(&self, bytes: &[u8]) -> String {
        let names: Vec<_> =
            self.names.iter().map(|(name, digits)| (name.as_str(), digits.as_slice())).collect();
        escape(bytes, &names)
    }

    fn line(&mut self, word: &str, rest: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{word} {rest}");
    }
}

/// Every run of digits that is as long as a nonce.
fn nonces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    // A letter that stands before a nonce may be a digit, too: the nonce is the end of such a run.
    bytes
        .split(move |byte| !is_digit(byte))
        .filter(|run| run.len() >= NONCE)
        .map(|run| &run[run.len() - NONCE..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use pool_core::machine::dialect::replay::replay;
    use pool_core::message::{CompletedBy, Outcome};
    use pool_core::spec::{ToolSpec, TurnRule, TurnSpec};
    use std::sync::Arc;
    use std::time::Instant;

    fn end(text: &str) -> TurnEnd {
        TurnEnd {
            text: text.into(),
            raw: None,
            completed_by: CompletedBy::Sentinel,
            evidence: String::new(),
            outcome: Outcome::Ok,
            detail: None,
            reset: None,
            usage: None,
            cut: 0,
            void: 0,
        }
    }

    #[test]
    fn what_is_recorded_can_be_replayed() {
        let (start, before, behind) = ("0123456789abcdef", "fedcba9876543210", "00000000deadbeef");
        let mut transcript = Transcript::new("a shell");
        transcript.sent(format!("echo {start}\n").as_bytes());
        transcript.got(format!("hello\n{start}\n> ").as_bytes());
        transcript.ready();
        transcript.say("echo {x}");
        transcript.sent(format!("echo {before}\necho {{x}}\necho {behind}\n").as_bytes());
        transcript.got(format!("{before}\n\x1b[1m> {{x}}").as_bytes());
        transcript.got(format!("\n{behind}\n").as_bytes());
        transcript.end(&end("> {x}"));
        transcript.got(b"> ");
        let text = transcript.finish();
        assert!(
            text.contains(">>> echo {nonce}\\necho \\{x}\\necho {nonce2}\\n\n<<< {nonce}\\n\n"),
            "{text}"
        );

        let expect = regex::Regex::new("(?m)^(?P<nonce>[0-9a-f]{16})$").expect("a pattern");
        let rule = TurnRule::Sentinel { send: "echo {nonce}".into(), expect, before: None, begin: true };
        let spec = Arc::new(ToolSpec::new("sh", vec!["sh".into()], TurnSpec::new(rule)));
        #[expect(clippy::disallowed_methods, reason = "where a replay begins")]
        let now = Instant::now();
        assert_eq!(replay(&spec, &text, now), Ok(()), "{text}");
        assert!(replay(&spec, &text.replace("||| >", "||| <"), now).is_err());
    }
}
