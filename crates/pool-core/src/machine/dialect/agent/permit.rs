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
    fn only_yes_is_yes() {
        assert!(is_yes(" Yes\n") && is_yes("y"));
        assert!(!is_yes("") && !is_yes("no") && !is_yes("yes, but") && !is_yes("yesterday"));
    }
}
