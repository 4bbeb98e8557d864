//! The words between `[[` and `]]`, shared by the fake programs.

/// The words of one directive, in the order they were written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Directives {
    words: Vec<(String, String)>,
}

impl Directives {
    /// Reads the inside of the brackets: `key=value` or bare words, separated by blanks.
    pub(crate) fn parse(inside: &str) -> Self {
        let words = inside
            .split_whitespace()
            .map(|word| word.split_once('=').unwrap_or((word, "")))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        Self { words }
    }

    /// Whether the word is there, with or without a value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.words.iter().any(|(k, _)| k == key)
    }

    /// The value of a word; a bare word and `key=` have none. The last one written counts.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        let found = self.words.iter().rev().find(|(k, _)| k == key);
        found.map(|(_, v)| v.as_str()).filter(|value| !value.is_empty())
    }

    /// The value of a word as a number; `None` if it is not one.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.value(key)?.parse().ok()
    }

    /// The first word that is not among the `known` ones: a misspelling in a test.
    pub(crate) fn unknown(&self, known: &str) -> Option<&str> {
        let is_known = |word: &str| known.split(' ').any(|known| known == word);
        self.words.iter().map(|(key, _)| key.as_str()).find(|key| !is_known(key))
    }
}

#[cfg(test)]
mod tests {
    use super::Directives;

    #[test]
    fn words_and_values() {
        let found = Directives::parse("delay=50 crash tag=a=b  late=");
        assert_eq!(found.number("delay"), Some(50));
        assert!(found.has("crash") && found.has("late") && !found.has("hang"));
        assert_eq!(found.value("tag"), Some("a=b"));
        assert_eq!(found.value("late"), None);
        assert_eq!(found.number("tag"), None);
    }

    #[test]
    fn the_last_value_counts() {
        assert_eq!(Directives::parse("n=1 n=2").number("n"), Some(2));
    }

    #[test]
    fn a_misspelling_is_found() {
        let found = Directives::parse("delay=1 crsh");
        assert_eq!(found.unknown("delay crash"), Some("crsh"));
        assert_eq!(found.unknown("delay crsh"), None);
    }
}
