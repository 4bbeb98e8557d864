//! What the output of a tool has in it besides what it was asked to print: prompts, remarks, its input once more.

use regex::escape;

/// How a mark was printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting {
    /// In front of the mark, in its line.
    pub(super) front: String,
    /// Behind the mark, in its line.
    pub(super) back: String,
    /// The line begins where we had the tool begin one.
    pub(super) is_line_of_its_own: bool,
    /// What the tool says behind that line: a remark, then its prompt.
    pub(super) behind: Behind,
    /// The tool repeats what it is sent.
    pub(super) echo: bool,
}

/// The end of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Behind {
    /// Whole lines.
    pub(super) remark: String,
    /// The rest: where the tool waits.
    pub(super) prompt: String,
}

impl Behind {
    /// `text` up to its last line end, and what is left.
    pub(super) fn of(text: &str) -> Self {
        let (remark, prompt) = text.split_at(text.rfind('\n').map_or(0, |end| end + 1));
        Self { remark: remark.into(), prompt: prompt.into() }
    }
}

/// Looks for `mark` in what a tool printed when it was sent `line`. `begins`: the tool was asked to begin a line first.
pub(super) fn sight(output: &str, line: &str, mark: &str, begins: bool) -> Option<Sighting> {
    // A complaint about a word repeats it; one about a statement may draw the whole of it.
    let is_word = line.chars().all(|c| c.is_ascii_alphanumeric() || c == '/');
    let repeats = |text: &str| if is_word { text.trim_end() == line } else { text.contains(line) };
    let mut found = None;
    let (mut place, mut echo, mut before) = (0, false, None);
    for whole in output.split_inclusive('\n') {
        place += whole.len();
        let text = whole.trim_end_matches('\n');
        if repeats(text) {
            echo |= text.trim_end().ends_with(line);
        } else if let Some((front, back)) = text.split_once(mark) {
            found = Some((front, back, before, place));
        }
        before = Some(text);
    }
    let (front, back, before, place) = found?;
    let is_bare = front.is_empty() && back.trim_end().is_empty();
    if begins && !(is_bare && before.is_some()) {
        return None;
    }
    Some(Sighting {
        front: front.into(),
        back: back.trim_end().into(),
        is_line_of_its_own: begins,
        behind: Behind::of(&output[place..]),
        echo,
    })
}

/// A pattern for this text, in which numbers may be others, and gaps wider or narrower: prompts count, and what is set
/// in the middle of a line makes room for the count.
pub(super) fn pattern(text: &str) -> String {
    let is_alike = |a: &char, b: &char| kind(*a) == kind(*b) && kind(*a) != Kind::Other;
    let mut pattern = String::new();
    for run in text.chars().collect::<Vec<_>>().chunk_by(is_alike) {
        match kind(run[0]) {
            Kind::Digit => pattern += r"\d+",
            Kind::Space if run.len() > 1 => pattern += " +",
            Kind::Space | Kind::Other => pattern += &plain(&run.iter().collect::<String>()),
        }
    }
    pattern
}

#[derive(PartialEq, Eq)]
enum Kind {
    Digit,
    Space,
    Other,
}

const fn kind(character: char) -> Kind {
    match character {
        '0'..='9' => Kind::Digit,
        ' ' => Kind::Space,
        _ => Kind::Other,
    }
}

/// Escaped, with line ends that can be read.
fn plain(text: &str) -> String {
    escape(text).replace('\n', r"\n").replace('\t', r"\t")
}

/// One pattern for any of these prompts; `None` if the tool has none. A group, so that something may follow.
pub(super) fn any_of<'a>(prompts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut patterns: Vec<String> = Vec::new();
    let mut may_be_absent = false;
    for prompt in prompts {
        let pattern = pattern(prompt);
        if pattern.is_empty() {
            may_be_absent = true;
        } else if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    // Of two that begin alike the longer one is meant.
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
    let optional = if may_be_absent { "?" } else { "" };
    (!patterns.is_empty()).then(|| format!("(?:{}){optional}", patterns.join("|")))
}

/// What is left of a reply when the text that it should be is taken out, and numbers are all alike; `None` if the text
/// is not in it exactly once.
pub(super) fn rest_of(reply: &str, text: &str) -> Option<String> {
    let (front, back) = reply.split_once(text)?;
    (!back.contains(text)).then(|| format!("{}{{}}{}", pattern(front), pattern(back)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Front, back, remark, prompt, echo.
    type Seen<'a> = Option<(&'a str, &'a str, &'a str, &'a str, bool)>;

    fn seen<'a>(sighting: Option<&'a Sighting>) -> Seen<'a> {
        sighting.map(|it| {
            let Behind { remark, prompt } = &it.behind;
            (it.front.as_str(), it.back.as_str(), remark.as_str(), prompt.as_str(), it.echo)
        })
    }

    #[test]
    fn a_mark_is_seen_where_it_was_printed() {
        // `§` stands for the mark.
        let table: &[(&str, &str, bool, Seen<'_>)] = &[
            // A shell, OCaml, Lua on a terminal, clisp.
            ("printf §", "\n§\n", true, Some(("", "", "", "", false))),
            ("print §;;", "\n§\n- : unit = ()\n# ", true, Some(("", "", "- : unit = ()\n", "# ", false))),
            ("print §", "print §\n\n§\n> ", true, Some(("", "", "", "> ", true))),
            ("(p §)", "\n§\nNIL\n[2]> ", true, Some(("", "", "NIL\n", "[2]> ", false))),
            // No line of its own, no line end, a picture of the mistake.
            ("print §", "§\n> ", true, None),
            ("print §", "\n§=> nil\n", true, None),
            ("print(§)", "1 | print(§);\n    ^^^\nError\n# ", true, None),
            // Values and complaints.
            ("\"§\"", "$1 = \"§\"\n> ", false, None),
            ("\"§\";", "$1 = \"§\"\n> ", false, Some(("$1 = \"", "\"", "", "> ", false))),
            ("zz§", "sh: 3: zz§: not found\n", false, Some(("sh: 3: zz", ": not found", "", "", false))),
            ("zz§", "zz§\n  ^ unknown: zz§?\n> ", false, Some(("  ^ unknown: zz", "?", "", "> ", true))),
            ("zz§", "zz§\n", false, None),
            ("print §", "syntax error\n", false, None),
        ];
        for (line, output, begins, expected) in table {
            let [line, output] = [line, output].map(|text| text.replace('§', "q7"));
            let sighting = sight(&output, &line, "q7", *begins);
            assert_eq!(seen(sighting.as_ref()), *expected, "{line:?} {output:?}");
        }
    }

    #[test]
    fn numbers_in_prompts_may_be_others() {
        let table = [
            ("> ", "> "),
            ("  DB<12> ", r" +DB<\d+> "),
            ("irb(main):003:0> ", r"irb\(main\):\d+:\d+> "),
            ("true.\n\n?- ", r"true\.\n\n\?\- "),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(pattern(text), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_pattern_is_that_of_its_text_and_of_its_later_self(text in "\\PC{0,12}", count in 0..100_000_u32) {
            let whole = |pattern: &str, text: &str| {
                let regex = regex::Regex::new(&format!(r"\A(?:{pattern})\z")).unwrap();
                regex.is_match(text)
            };
            proptest::prop_assert!(whole(&pattern(&text), &text));
            let at = |count: u32| format!("{text}[{count}]> ");
            proptest::prop_assert!(whole(&pattern(&at(7)), &at(count)));
        }
    }

    #[test]
    fn the_prompts_of_a_tool_are_one_pattern() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], None),
            (&["", ""], None),
            (&["> ", "> "], Some("(?:> )")),
            (&["[1]> ", "[2]> ", "Break 1 [3]> "], Some(r"(?:Break \d+ \[\d+\]> |\[\d+\]> )")),
            (&["> ", ""], Some("(?:> )?")),
        ];
        for (prompts, expected) in table {
            assert_eq!(any_of(prompts.iter().copied()).as_deref(), *expected, "{prompts:?}");
        }
    }

    #[test]
    fn what_a_reply_is_besides_its_text() {
        let table = [
            ("a", Some("{}")),
            ("a\nok", Some(r"{}\nok")),
            ("[12] a", Some(r"\[\d+\] {}")),
            ("a a", None),
            ("", None),
        ];
        for (reply, expected) in table {
            assert_eq!(rest_of(reply, "a").as_deref(), expected, "{reply:?}");
        }
    }
}
