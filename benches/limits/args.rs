//! Arguments, as far as this program needs them: words, flags, and flags with a value.

use std::str::FromStr;

/// The arguments of a command that are still to be understood.
#[derive(Debug, Clone)]
pub(crate) struct Args(Vec<String>);

impl Args {
    /// All that this process was started with, without its name.
    pub(crate) fn of_this_process() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// Takes the first argument.
    pub(crate) fn next_word(&mut self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    /// Whether `name` is there.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.own().any(|word| word == name)
    }

    /// What follows `name`.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let at = self.own().position(|word| word == name)?;
        self.own().nth(at + 1)
    }

    /// What follows `name`, understood; `default` if it is absent or makes no sense.
    pub(crate) fn value<T: FromStr>(&self, name: &str, default: T) -> T {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// What follows `--`: somebody else's arguments.
    pub(crate) fn rest(&self) -> &[String] {
        let at = self.0.iter().position(|word| word == "--").map_or(self.0.len(), |at| at + 1);
        &self.0[at..]
    }

    /// The arguments that are neither flags nor values of `valued` flags.
    pub(crate) fn words(&self, valued: &[&str]) -> Vec<&str> {
        let mut words = Vec::new();
        let mut own = self.own();
        while let Some(word) = own.next() {
            if valued.contains(&word) {
                own.next();
            } else if !word.starts_with('-') {
                words.push(word);
            }
        }
        words
    }

    fn own(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).take_while(|word| *word != "--")
    }
}
