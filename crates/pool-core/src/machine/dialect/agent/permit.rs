//! What an agent may do: one policy for all protocols.

use crate::spec::Allow;

/// What an agent asks for, as far as its message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// To look: at files, at the network.
    Read,
    /// To change files of its folder.
    Edit,
    /// Anything else: commands, above all.
    Act,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Whoever gave the job is asked.
    Ask,
}

/// What the policy says.
pub(super) const fn decide(allow: Allow, wish: Wish) -> Verdict {
    match (allow, wish) {
        (Allow::All, _)
        | (Allow::Edits, Wish::Read | Wish::Edit)
        | (Allow::Read | Allow::Ask, Wish::Read) => Verdict::Yes,
        (Allow::Ask, _) => Verdict::Ask,
        (Allow::Edits | Allow::Read, _) => Verdict::No,
    }
}

/// How much of what it wants is shown to who decides, in characters.
const SHOWN: usize = 2000;

/// What it wants, on one line. Whoever decides has to know if that is not all.
pub(super) fn words(text: &str) -> String {
    let text = text.trim();
    let mut words: String =
        text.chars().take(SHOWN).map(|it| if it.is_control() { ' ' } else { it }).collect();
    if let more @ 1.. = text.chars().count().saturating_sub(SHOWN) {
        words.push_str(&format!("… and {more} more characters, which are not shown"));
    }
    words
}

/// Whether somebody's answer to a question means yes. Whatever is not clearly yes is no.
pub(super) fn is_yes(answer: &str) -> bool {
    ["y", "yes", "allow", "ok", "1", "true"].contains(&answer.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_a_table() {
        use Verdict::{Ask, No, Yes};
        let table = [
            (Allow::Read, [Yes, No, No]),
            (Allow::Edits, [Yes, Yes, No]),
            (Allow::All, [Yes, Yes, Yes]),
            (Allow::Ask, [Yes, Ask, Ask]),
        ];
        for (allow, expected) in table {
            let said = [Wish::Read, Wish::Edit, Wish::Act].map(|wish| decide(allow, wish));
            assert_eq!(said, expected, "{allow:?}");
        }
    }

    #[test]
    fn whoever_decides_is_told_if_there_is_more() {
        assert_eq!(words(" touch a\n\trm b\n"), "touch a  rm b");
        let long = words(&"é".repeat(SHOWN + 7));
        assert!(long.ends_with("é… and 7 more characters, which are not shown"), "{long}");
    }

    #[test]
    fn only_yes_is_yes() {
        assert!(is_yes(" Yes\n") && is_yes("y"));
        assert!(!is_yes("") && !is_yes("no") && !is_yes("yes, but") && !is_yes("yesterday"));
    }
}
