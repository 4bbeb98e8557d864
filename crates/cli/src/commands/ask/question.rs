//! The question: a prompt, and what it is about.

use crate::commands::run::steps::{Input, whole};
use crate::failure::Failure;
use std::path::Path;

/// The prompt, an empty line, and the text of the file; or whichever of them there is.
pub(super) fn read(prompt: Option<&str>, input: Option<&Path>) -> Result<String, Failure> {
    let about = input.map(|path| whole(path, &Input::Direct)).transpose()?;
    match (prompt, about) {
        (Some(prompt), Some(about)) => Ok(format!("{prompt}\n\n{about}")),
        (prompt, about) => Ok(about.or(prompt.map(str::to_owned)).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_and_what_it_is_about() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (unix, dos, open) = (file("a", b"x\ny\n"), file("b", b"x\r\n"), file("c", b"x\n\n"));
        let table = [
            (Some("Review"), None, "Review"),
            (Some("Review"), Some(&unix), "Review\n\nx\ny"),
            (None, Some(&dos), "x"),
            (None, Some(&open), "x\n"),
        ];
        for (prompt, input, expected) in table {
            assert_eq!(read(prompt, input.map(|path| &**path)).unwrap(), expected);
        }
        let wrong = |path: &Path| read(None, Some(path)).unwrap_err().message;
        assert!(
            wrong(&file("d", b"\xff")).ends_with("d is not UTF-8 text: convert it, or name another file")
        );
        assert!(wrong(&dir.path().join("gone")).contains("gone: No such file"));
        assert!(wrong(dir.path()).contains("directory"));
    }
}
