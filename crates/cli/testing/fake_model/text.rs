//! What is read out of the messages: directives, files, words.

use crate::directive::Directives;

/// The words a directive may have.
const KNOWN: &str = "mode file tag delay n gap after also";

/// aider ends user messages with its rules for edits, which are not what the user said.
const RULES: &str = "\n\n# *SEARCH/REPLACE block* Rules:";

/// The opening and the closing fence of the files that aider shows.
const FENCES: [(&str, &str); 7] = [
    ("```", "```"),
    ("````", "````"),
    ("<source>", "</source>"),
    ("<code>", "</code>"),
    ("<pre>", "</pre>"),
    ("<codeblock>", "</codeblock>"),
    ("<sourcecode>", "</sourcecode>"),
];

/// A file that the client shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    pub(crate) name: &'a str,
    pub(crate) lines: Vec<&'a str>,
}

/// The message without the rules at its end, or the wish for a language in their place.
pub(crate) fn said(message: &str) -> &str {
    let message = message.find(RULES).map_or(message, |at| &message[..at]);
    match message.trim_end().rsplit_once("\n\nReply in ") {
        Some((before, language)) if language.ends_with('.') && !language.contains('\n') => before,
        _ => message,
    }
}

/// The first directive in a message and the rest of the message.
pub(crate) fn directive(message: &str) -> Result<Option<(Directives, String)>, String> {
    let Some((before, rest)) = message.split_once("[[") else { return Ok(None) };
    let Some((inside, after)) = rest.split_once("]]") else { return Ok(None) };
    let directives = Directives::parse(inside);
    match directives.unknown(KNOWN) {
        Some(word) => Err(format!("unknown directive: {word}")),
        None => Ok(Some((directives, format!("{before}{after}").trim().to_owned()))),
    }
}

/// Whether the client wrote this message by itself, after an answer to the user's.
pub(crate) fn is_reflection(message: &str) -> bool {
    let starts = ["# Fix any errors below", "I added these files to the chat:", "I ran this command:"];
    let fails = ["failed to match!", "did not conform to the edit format"];
    starts.iter().any(|start| message.starts_with(start)) || fails.iter().any(|text| message.contains(text))
}

/// The file in `edit FILE`; a word is a file if there is a dot within it.
pub(crate) fn file_to_edit(message: &str) -> Option<&str> {
    let mut words = message.split_whitespace();
    while let Some(word) = words.next() {
        if !word.eq_ignore_ascii_case("edit") {
            continue;
        }
        let around: &[char] = &['.', ',', ';', ':', '!', '?', '"', '\'', '`', '(', ')'];
        let file = words.clone().next()?.trim_matches(around);
        if file.trim_start_matches('.').contains('.') {
            return Some(file);
        }
    }
    None
}

/// The files in a message that shows files: an empty line, a name, a fence, the lines, the fence.
pub(crate) fn files(message: &str) -> Vec<Shown<'_>> {
    let mut files = Vec::new();
    let mut lines = message.lines();
    let (mut name, mut before) = ("", "");
    while let Some(line) = lines.next() {
        let fence = FENCES.iter().find(|(open, _)| *open == line);
        match fence {
            Some((_, close)) if !name.is_empty() => {
                let lines = within(&mut lines, close);
                files.push(Shown { name, lines });
                name = "";
            }
            Some(_) => {}
            None => name = if before.is_empty() { line } else { "" },
        }
        before = line;
    }
    files
}

/// The lines up to the closing fence, which follows the last line at once if that has no newline.
fn within<'a>(lines: &mut std::str::Lines<'a>, close: &str) -> Vec<&'a str> {
    let mut inside = Vec::new();
    for line in lines.by_ref() {
        match line.strip_suffix(close) {
            Some("") => break,
            Some(last) => {
                inside.push(last);
                break;
            }
            None => inside.push(line),
        }
    }
    inside
}

/// The tag in the last line that a diff adds.
pub(crate) fn edit_in_diff(diff: &str) -> Option<&str> {
    let mut tags = diff.lines().filter_map(|line| {
        let added = line.strip_prefix("+# edit ");
        added.or_else(|| line.strip_prefix("+# new "))
    });
    tags.next_back()
}

#[cfg(test)]
mod tests {
    use super::{Shown, directive, edit_in_diff, file_to_edit, files, is_reflection, said};

    #[test]
    fn a_directive_anywhere() {
        let (found, rest) = directive("\nplease [[mode=edit file=a.py]] now").unwrap().unwrap();
        assert_eq!(found.value("mode"), Some("edit"));
        assert_eq!(rest, "please  now");
        for none in ["", "a[1]", "[[open", "]] [["] {
            assert_eq!(directive(none), Ok(None), "{none}");
        }
        assert!(directive("[[mod=edit]]").is_err());
    }

    #[test]
    fn the_rules_are_not_said() {
        assert_eq!(said("do it\n\n# *SEARCH/REPLACE block* Rules:\n\ndocstrings"), "do it");
        assert_eq!(said("do it\n\nReply in English.\n"), "do it");
        assert_eq!(said("do it\n\nReply in a.\nb"), "do it\n\nReply in a.\nb");
    }

    #[test]
    fn words_that_name_a_file() {
        assert_eq!(file_to_edit("Please edit `a.py`, now"), Some("a.py"));
        assert_eq!(file_to_edit("edit it, then edit src/b.rs."), Some("src/b.rs"));
        for none in ["edit", "edit this.", "reedit a.py", "credit a.py"] {
            assert_eq!(file_to_edit(none), None, "{none}");
        }
    }

    #[test]
    fn shown_files() {
        let shown = "I have *added these files to the chat* so\n\na.py\n```\nx = 1\n\n```\n\nb c.py\n<source>\ny```</source>\n";
        let a = Shown { name: "a.py", lines: vec!["x = 1", ""] };
        let b = Shown { name: "b c.py", lines: vec!["y```"] };
        assert_eq!(files(shown), [a, b]);
        assert_eq!(files("none\n\n```\nx\n```\n"), []);
    }

    #[test]
    fn what_a_client_says_by_itself() {
        assert!(is_reflection("# 1 SEARCH/REPLACE block failed to match!\n"));
        assert!(is_reflection("# Fix any errors below, if possible.\n"));
        assert!(!is_reflection("fix it"));
    }

    #[test]
    fn tags_of_a_diff() {
        assert_eq!(edit_in_diff("+++ b/f.py\n+# edit A1\n+# edit A2\n # edit A3\n"), Some("A2"));
        assert_eq!(edit_in_diff("+# new N\n"), Some("N"));
        assert_eq!(edit_in_diff("+x\n"), None);
    }
}
