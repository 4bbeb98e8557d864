//! The grandchildren that a prompt asks for.

use std::{io, process::Child};

use crate::{directive::Directives, sleeper::Sleeper};

/// No more than these in one prompt, whatever it says.
const MOST: u64 = 1000;

/// The words that ask for one.
const WORDS: [&str; 5] = ["setsid", "grandchild", "setpgid", "stopchild", "doublefork"];

/// Starts them.
pub(crate) fn start(directives: &Directives) -> io::Result<Vec<Child>> {
    let sleeper = Sleeper {
        own_session: directives.has("setsid"),
        own_group: directives.has("setpgid"),
        holds_stdout: directives.has("grandchild"),
        stopped: directives.has("stopchild"),
        twice: directives.has("doublefork"),
    };
    (0..count(directives)).map(|_| sleeper.start()).collect()
}

fn count(directives: &Directives) -> u64 {
    let one = u64::from(WORDS.iter().any(|word| directives.has(word)));
    directives.number("forkbomb").unwrap_or(one).min(MOST)
}

#[cfg(test)]
mod tests {
    use super::{Directives, count};

    #[test]
    fn none_one_or_many_but_not_without_end() {
        let table =
            [("crash", 0), ("setsid grandchild", 1), ("forkbomb=7", 7), ("stopchild forkbomb=1000000", 1000)];
        for (words, expected) in table {
            assert_eq!(count(&Directives::parse(words)), expected, "{words}");
        }
    }
}
