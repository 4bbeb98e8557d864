//! The question: a prompt, and what it is about.

use crate::failure::Failure;
use cluster::batch::item::MAX_ITEM;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The prompt, an empty line, and the text of the file; or whichever of them there is.
pub(super) fn read(prompt: Option<&str>, input: Option<&Path>) -> Result<String, Failure> {
    let about = input.map(text).transpose()?;
    match (prompt, about) {
        (Some(prompt), Some(about)) => Ok(format!("{prompt}\n\n{about}")),
        (prompt, about) => Ok(about.or(prompt.map(str::to_owned)).unwrap_or_default()),
    }
}

/// All of a file, or of standard input for `-`, without the line end at its end.
fn text(path: &Path) -> Result<String, Failure> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { path.display().to_string() };
    let unreadable = |error: std::io::Error| Failure::usage(format!("cannot read {name}: {error}"));
    let file: Box<dyn Read> =
        if is_stdin { Box::new(std::io::stdin()) } else { Box::new(File::open(path).map_err(unreadable)?) };
    let mut bytes = Vec::new();
    file.take(MAX_ITEM as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > MAX_ITEM {
        return Err(Failure::usage(format!(
            "{name} is longer than {MAX_ITEM} bytes: is this the right file?"
        )));
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{name} is not UTF-8 text: convert it, or name another file")))?;
    if text.ends_with('\n') {
        text.truncate(text.len() - if text.ends_with("\r\n") { 2 } else { 1 });
    }
    Ok(text)
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
