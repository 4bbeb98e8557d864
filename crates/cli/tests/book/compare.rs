//! What a command printed, beside what the page shows.

use regex::Regex;
use std::sync::LazyLock;

static TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b\d+(?:\.\d+)?\s?(?:ns|µs|ms|s|min|h)\b|\b\d+:\d\d\b").unwrap());

/// Whether it is the same but for times. In what the page shows, a line `…` stands for any lines, and `…` in a line for
/// any characters.
pub(crate) fn same(shown: &str, printed: &str) -> bool {
    let pattern = shown.lines().map(line).collect::<Vec<_>>().join("");
    Regex::new(&format!(r"\A{pattern}\z")).unwrap().is_match(&timeless(printed))
}

fn line(shown: &str) -> String {
    if shown == "…" {
        return r"(?:[^\n]*\n)*".to_owned();
    }
    let parts: Vec<_> = timeless(shown).split('…').map(regex::escape).collect();
    parts.join(r"[^\n]*") + r"\n"
}

fn timeless(text: &str) -> String {
    TIME.replace_all(text, "TIME").into_owned()
}

#[test]
fn what_counts_as_the_same() {
    let table = [
        ("", "", true),
        ("a\n", "a\n", true),
        ("a\n", "", false),
        ("", "a\n", false),
        ("a\n", "a\nb\n", false),
        ("ok in 1.2s\n", "ok in 980.1ms\n", true),
        ("ok in 1.2s\n", "ok at 980.1ms\n", false),
        ("3 jobs\n", "4 jobs\n", false),
        ("bash (bash …; may)\n", "bash (bash --norc; may)\n", true),
        ("a\n…\n", "a\n", true),
        ("a\n…\nd\n", "a\nb\nc\nd\n", true),
        ("a\n…\nd\n", "a\nb\nc\n", false),
        ("a…\n", "a\nb\n", false),
        ("(.*)\n", "anything\n", false),
    ];
    for (shown, printed, expected) in table {
        assert_eq!(same(shown, printed), expected, "{shown:?} and {printed:?}");
    }
}
