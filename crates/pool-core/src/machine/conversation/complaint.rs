//! What a process has said on its standard error, apart from its output: the end of it, for whoever asks why it ended.

use crate::machine::dialect::filter;

/// So many bytes of a process's standard error are kept, the last ones.
pub const KEPT_ERRORS: usize = 4096;

/// How much of it is shown, in characters.
const SHOWN: usize = 1024;

/// The last words on standard error.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    /// Up to twice of what is kept, so that bytes are moved seldom.
    bytes: Vec<u8>,
}

impl Complaint {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if bytes.len() >= KEPT_ERRORS {
            self.bytes.clear();
        }
        self.bytes.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT_ERRORS)..]);
        if self.bytes.len() > 2 * KEPT_ERRORS {
            self.bytes.drain(..self.bytes.len() - KEPT_ERRORS);
        }
    }

    /// On one line, without escapes and with nothing that moves a cursor; `None` if nothing was said.
    pub(super) fn for_people(&self) -> Option<String> {
        let kept = &self.bytes[self.bytes.len().saturating_sub(KEPT_ERRORS)..];
        let text = filter::clean(kept);
        let text = text.trim();
        let from = text.char_indices().rev().nth(SHOWN - 1).map_or(0, |(at, _)| at);
        let plain = |character: char| match character {
            it if it.is_control() => it.escape_default().to_string(),
            it => it.to_string(),
        };
        (!text.is_empty()).then(|| text[from..].chars().map(plain).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_end_is_told_on_one_line() {
        let long = format!("{}the end", "é".repeat(5000));
        let shown = format!("{}the end", "é".repeat(SHOWN - 7));
        let table: [(&str, Option<&str>); 5] = [
            ("", None),
            (" \n", None),
            ("error: unknown option '--bad'\n", Some("error: unknown option '--bad'")),
            ("\u{1b}[31mno\u{1b}[0m\ttoken\nat 世界\u{7}\n", Some("no\\ttoken\\nat 世界")),
            (&long, Some(&shown)),
        ];
        for (said, told) in table {
            let mut complaint = Complaint::default();
            complaint.add(said.as_bytes());
            assert_eq!(complaint.for_people().as_deref(), told, "{said:.20?}");
        }
    }

    proptest! {
        #[test]
        fn only_the_end_is_kept_however_it_comes(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3 * KEPT_ERRORS), 0..8),
        ) {
            let (mut complaint, mut all) = (Complaint::default(), Vec::new());
            for piece in &pieces {
                complaint.add(piece);
                all.extend_from_slice(piece);
                prop_assert!(complaint.bytes.len() <= 2 * KEPT_ERRORS);
                let kept = KEPT_ERRORS.min(all.len());
                prop_assert!(complaint.bytes.len() >= kept && all.ends_with(&complaint.bytes));
            }
            let mut whole = Complaint::default();
            whole.add(&all);
            prop_assert_eq!(complaint.for_people(), whole.for_people());
        }
    }
}
