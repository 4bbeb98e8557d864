//! What people and programs type at prompts, made from a seed.

pub(crate) mod bash;
pub(crate) mod bc;
pub(crate) mod dc;
pub(crate) mod gdb;
pub(crate) mod jq;
pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod sqlite3;
pub(crate) mod tclsh;

use crate::dice::Dice;

/// A prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// What the job says.
    pub(crate) text: String,
    /// What has to be typed at the tool's own prompt for the same, if it is not the text.
    pub(crate) typed: Option<String>,
}

impl Item {
    /// What is typed at the tool's own prompt.
    pub(crate) fn typed(&self) -> &str {
        self.typed.as_ref().unwrap_or(&self.text)
    }
}

impl<T: Into<String>> From<T> for Item {
    fn from(text: T) -> Self {
        Self { text: text.into(), typed: None }
    }
}

/// So many items, no two the same: first those that are always there.
pub(crate) fn distinct(
    fixed: &[&str],
    generate: fn(&mut Dice) -> Item,
    count: usize,
    seed: u64,
) -> Vec<Item> {
    let mut dice = Dice::new(seed);
    let mut seen = std::collections::HashSet::new();
    let generated = std::iter::repeat_with(|| generate(&mut dice));
    let all = fixed.iter().map(|text| Item::from(*text)).chain(generated);
    all.filter(|item| seen.insert(item.text.clone())).take(count).collect()
}

/// Words in many scripts, with every kind of quote and with what means something to shells, JSON and templates.
const WORDS: [&str; 24] = [
    "plain",
    "zwei Wörter",
    "漢字かな交じり文",
    "العربية",
    "עברית",
    "🦀🚀",
    "e\u{301}",
    "\u{feff}bom",
    "'",
    "\"",
    "`",
    "\\",
    "\\n",
    "$HOME",
    "${x}",
    "{}",
    "{item}",
    "{nonce}",
    "%s",
    "!",
    "#",
    "tab\there",
    "~",
    "a\\'b\"c",
];

/// What prompts, marks and the ends of replies look like.
const LOOKALIKES: [&str; 10] =
    [">>> ", "... ", "$ ", "> ", "(bc) ", "end", "Traceback (most recent call last):", "=", "\"", "."];

/// A text without line ends.
fn words(dice: &mut Dice) -> String {
    let count = 1 + dice.upto(4);
    (0..count).map(|_| dice.pick(&WORDS)).collect::<Vec<_>>().join(" ")
}

/// Something that could be taken for the end of a reply.
fn lookalike(dice: &mut Dice) -> String {
    match dice.upto(3) {
        0 => dice.pick(&LOOKALIKES).to_owned(),
        1 => dice.hex(),
        _ => format!("{} 0", dice.hex()),
    }
}
