//! Where the directives of a prompt end and its text begins.

use crate::directive::Directives;

/// The words a prompt may carry.
const KNOWN: &str = "ansi ask badutf8 big bom closestderr closestdin cr crash crlf delay doublefork endless \
    exec exit first flood flooderr forkbomb grandchild grow half hang kill late limit lines lookalike \
    mid nonl noread nul prompt setpgid setsid sigint signal silent slow spin stderr stop \
    stopchild tag term-ignore twice unclosed utf8";

/// A prompt taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    pub(crate) directives: Directives,
    pub(crate) text: Vec<u8>,
}

/// Takes the directives off the front of a prompt; a misspelt one is an error.
pub(crate) fn split(prompt: &[u8]) -> Result<Prompt, String> {
    let Some((inside, text)) = brackets(prompt) else {
        let text = prompt.to_vec();
        return Ok(Prompt { text, ..Prompt::default() });
    };
    let directives = Directives::parse(inside);
    if let Some(word) = directives.unknown(KNOWN) {
        return Err(format!("unknown directive: {word}"));
    }
    let text = text.to_vec();
    Ok(Prompt { directives, text })
}

fn brackets(prompt: &[u8]) -> Option<(&str, &[u8])> {
    let newlines = prompt.iter().take_while(|byte| **byte == b'\n').count();
    let inside = prompt[newlines..].strip_prefix(b"[[")?;
    let end = inside.windows(2).position(|pair| pair == b"]]")?;
    let text = &inside[end + 2..];
    let words = std::str::from_utf8(&inside[..end]).ok()?;
    Some((words, text.strip_prefix(b" ").unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn directives_then_text() {
        let found = split(b"[[delay=50 tag=x]] hello [[crash]]").unwrap();
        assert_eq!(found.directives.number("delay"), Some(50));
        assert_eq!(found.text, b"hello [[crash]]");
    }

    #[test]
    fn leading_newlines_go_with_the_directives() {
        assert_eq!(split(b"\n[[tag=x]]\na\nb").unwrap().text, b"\na\nb");
        assert_eq!(split(b"\n\n[[tag=x]]  a").unwrap().text, b" a");
    }

    #[test]
    fn without_directives_the_text_is_untouched() {
        for text in [&b"\nplain"[..], b"", b" [[crash]]", b"[[open", b"[crash]", b"\xff[[crash]]"] {
            let found = split(text).unwrap();
            assert_eq!(found.text, text);
            assert_eq!(found.directives, super::Directives::default());
        }
    }

    #[test]
    fn a_misspelt_word_is_an_error() {
        assert_eq!(split(b"[[crsh]] x").unwrap_err(), "unknown directive: crsh");
    }
}
