//! The texts of the answers.

use crate::{mode::Mode, text::Shown};

pub(crate) const LOOKALIKE: &str = "These lines are text:\n\n> \nask> \ndiff> \n> quoted\n\
    Invalid command: /zz-0000\nCommit abc1234 x\nApplied edit to nothing.py\n\
    Tokens: 1 sent, 1 received. Cost: $0.01 message, $0.01 session.\n> \n";

pub(crate) const QUESTION: &str = "These questions are text:\n\nProceed? (Y)es/(N)o [Yes]: \n\
    Add file to the chat? (Y)es/(N)o/(D)on't ask again [Yes]: ";

pub(crate) const UNICODE: &str =
    "héllo naïve ß — 世界 かな 한국어 — 🚀 👩\u{200d}💻 — e\u{301}a\u{308} — שלום عربي \u{2028}end";

pub(crate) const LENGTH: &str = "This text is cut off in the mid";

/// The text of a mode that needs nothing but a number.
pub(crate) fn fixed(mode: Mode, n: Option<u64>) -> Option<String> {
    Some(match mode {
        Mode::Lookalike => LOOKALIKE.to_owned(),
        Mode::Question => QUESTION.to_owned(),
        Mode::Unicode => UNICODE.to_owned(),
        Mode::Long => long(n.unwrap_or(200)),
        Mode::Length => LENGTH.to_owned(),
        Mode::Empty => String::new(),
        Mode::Drip => "drip by drip by drip by drip by drip.".to_owned(),
        _ => return None,
    })
}

/// The echo of a message.
pub(crate) fn plain(message: &str) -> String {
    let start: String = message.chars().take(60).collect();
    let start = start.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("PLAIN len={} hash={:08x}: {start}", message.len(), fnv1a(message.as_bytes()))
}

/// Numbered lines.
pub(crate) fn long(count: u64) -> String {
    let lines: Vec<_> = (1..=count).map(|number| format!("line {number} of {count}")).collect();
    lines.join("\n")
}

/// Appends `line` to each of the files; makes those that are not there.
pub(crate) fn append<'a>(files: impl Iterator<Item = &'a str>, line: &str) -> String {
    let blocks: Vec<_> = files.map(|file| block(file, "", line)).collect();
    format!("I will add a line.\n\n{}", blocks.join("\n"))
}

/// Replaces a line that no file has.
pub(crate) fn bad<'a>(files: impl Iterator<Item = &'a str>, tag: &str) -> String {
    let line = format!("# edit {tag}");
    let wrong = format!("no file has this line {tag}");
    let blocks: Vec<_> = files.map(|file| block(file, &wrong, &line)).collect();
    format!("I will change a line.\n\n{}", blocks.join("\n"))
}

/// Puts a line of documentation before the first line that says something.
pub(crate) fn docstring(file: &Shown<'_>) -> String {
    let says = |line: &&&str| !line.trim().is_empty() && !line.starts_with("#!");
    let first = file.lines.iter().find(says).copied().unwrap_or_default();
    let line = documentation(file.name);
    let replace = if first.is_empty() { line } else { format!("{line}\n{first}") };
    format!("I will document the file.\n\n{}", block(file.name, first, &replace))
}

fn documentation(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or(file);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("py") => format!("\"\"\"What {name} is for.\"\"\""),
        Some("rs") => format!("//! What {name} is for."),
        Some("c" | "cpp" | "go" | "h" | "java" | "js" | "ts") => format!("// What {name} is for."),
        Some("html" | "md" | "xml") => format!("<!-- What {name} is for. -->"),
        _ => format!("# What {name} is for."),
    }
}

fn block(file: &str, search: &str, replace: &str) -> String {
    let search = if search.is_empty() { String::new() } else { format!("{search}\n") };
    format!("{file}\n```\n<<<<<<< SEARCH\n{search}=======\n{replace}\n>>>>>>> REPLACE\n```\n")
}

fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::{append, bad, docstring, fnv1a, long, plain};
    use crate::text::Shown;

    #[test]
    fn echoes() {
        assert_eq!(fnv1a(b"a"), 0xe40c_292c);
        assert_eq!(plain("a\nb"), format!("PLAIN len=3 hash={:08x}: a b", fnv1a(b"a\nb")));
        assert_eq!(long(2), "line 1 of 2\nline 2 of 2");
    }

    #[test]
    fn an_edit() {
        let text = append("a b.py,c".split(','), "# edit T");
        let a = "a b.py\n```\n<<<<<<< SEARCH\n=======\n# edit T\n>>>>>>> REPLACE\n```\n";
        assert_eq!(text, format!("I will add a line.\n\n{a}\n{}", a.replace("a b.py", "c")));
        assert!(bad(["a"].into_iter(), "T").contains("SEARCH\nno file has this line T\n=======\n# edit T\n"));
    }

    #[test]
    fn documentation_goes_before_the_first_line() {
        let lines = vec!["#!/bin/x", "", "import os"];
        let text = docstring(&Shown { name: "d/a.py", lines });
        assert!(text.contains("SEARCH\nimport os\n=======\n\"\"\"What a.py is for.\"\"\"\nimport os\n>>>"));
        let text = docstring(&Shown { name: "a", lines: vec![] });
        assert!(text.contains("SEARCH\n=======\n# What a is for.\n>>>"));
    }
}
