//! What an answer consists of: bytes only, nothing is done here.

use std::io::{self, Read, Write};

use crate::split::Prompt;

/// The flags that shape every answer.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) reply_bytes: Option<u64>,
    pub(crate) line_bytes: u64,
    pub(crate) len: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { reply_bytes: None, line_bytes: 64, len: false }
    }
}

/// An answer. The filler is made while it is written, since it may be larger than memory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    filler: Filler,
    endless: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Reply {
    /// Makes the answer to a prompt.
    pub(crate) fn new(prompt: &Prompt, style: &Style) -> Self {
        let directives = &prompt.directives;
        let flood = directives.number("flood").unwrap_or(0);
        let bytes = match style.reply_bytes {
            Some(_) => Vec::new(),
            None => text(prompt, style),
        };
        let filler = Filler::new(flood + style.reply_bytes.unwrap_or(0), style);
        Self { filler, endless: directives.number("endless").unwrap_or(0), bytes }
    }

    /// Writes what comes before the bytes: numbered lines, then one line that does not end.
    pub(crate) fn write_filler(&self, out: &mut impl Write) -> io::Result<()> {
        self.filler.write(out)?;
        io::copy(&mut io::repeat(b'e').take(self.endless), out)?;
        Ok(())
    }
}

/// Numbered lines, made while they are written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filler {
    bytes: u64,
    line_bytes: u64,
}

impl Filler {
    /// So many bytes of them.
    pub(crate) fn new(bytes: u64, style: &Style) -> Self {
        Self { bytes, line_bytes: style.line_bytes.max(1) }
    }

    /// Writes them.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut left = self.bytes;
        for number in 0u64.. {
            let length = left.min(self.line_bytes);
            if length == 0 {
                break;
            }
            out.write_all(&numbered(number, length))?;
            left -= length;
        }
        Ok(())
    }
}

/// A line of `length` bytes with its newline, starting with its number as far as that fits.
fn numbered(number: u64, length: u64) -> Vec<u8> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut line = format!("{number:08} ").into_bytes();
    line.resize(length, b'.');
    line.truncate(length - 1);
    line.push(b'\n');
    line
}

fn text(prompt: &Prompt, style: &Style) -> Vec<u8> {
    let directives = &prompt.directives;
    let mut bytes = Vec::new();
    for (word, extra) in EXTRAS {
        if directives.has(word) {
            bytes.extend_from_slice(extra);
        }
    }
    let unclosed = UNCLOSED.iter().find(|(kind, _)| directives.value("unclosed") == Some(kind));
    bytes.extend_from_slice(unclosed.map_or(b"", |(_, start)| start));
    if let Some(count) = directives.number("lines") {
        let lines: Vec<_> = (1..=count).map(|number| format!("line {number}")).collect();
        bytes.extend_from_slice(lines.join("\n").as_bytes());
    } else if let Some(length) = directives.number("big") {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        bytes.resize(bytes.len() + length, b'b');
    } else if style.len {
        bytes.extend_from_slice(prompt.text.len().to_string().as_bytes());
    } else {
        bytes.extend_from_slice(&prompt.text);
    }
    if directives.has("half") {
        bytes.extend_from_slice(&"漢".as_bytes()[..2]);
    } else if !directives.has("nonl") {
        bytes.push(b'\n');
    }
    if directives.has("crlf") { with_crlf(&bytes) } else { bytes }
}

fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// Sequences that begin.
const UNCLOSED: [(&str, &[u8]); 3] = [("osc", b"\x1b]0;"), ("dcs", b"\x1bP"), ("csi", b"\x1b[")];

/// What the words put before the text.
const EXTRAS: [(&str, &[u8]); 7] = [
    (
        "lookalike",
        b"> \nask> \ndiff> \nend 0000\n/end 0000\n(Y)es/(N)o [Yes]: \n>>> \n$ \n> quoted\n",
    ),
    ("utf8", "é ß 漢字 العربية 🦀 e\u{301} \u{2028} \u{feff}\n".as_bytes()),
    ("badutf8", b"bad \xff\xfe \xc3\x28 \xed\xa0\x80 \xf0\x9f bytes\n"),
    ("nul", b"nul \0 byte\n"),
    (
        "ansi",
        b"\x1b]0;a title\x07\x1b]52;c;c3RvbGVu\x07\x1b[1;31mred\x1b[0m \x1b[2K\x1b[?25l\x1b[?25h\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\\n",
    ),
    ("cr", b"  0%\r 25%\r 50%\r 75%\r100%\r\n"),
    ("bom", "\u{feff}".as_bytes()),
];

#[cfg(test)]
mod tests {
    use super::{Reply, Style};
    use crate::split::split;

    fn answer(prompt: &str, style: &Style) -> Vec<u8> {
        let reply = Reply::new(&split(prompt.as_bytes()).unwrap(), style);
        let mut out = Vec::new();
        reply.write_filler(&mut out).unwrap();
        out.extend_from_slice(&reply.bytes);
        out
    }

    fn plain(prompt: &str) -> Vec<u8> {
        answer(prompt, &Style::default())
    }

    #[test]
    fn echo() {
        assert_eq!(plain("hello"), b"hello\n");
        assert_eq!(plain(""), b"\n");
        assert_eq!(plain("[[nonl]] hello"), b"hello");
        assert_eq!(plain("\na\nb"), b"\na\nb\n");
    }

    #[test]
    fn sizes_are_exact() {
        for bytes in [0, 1, 5, 63, 64, 65, 1000] {
            let style = Style { reply_bytes: Some(bytes), ..Style::default() };
            let out = answer("x", &style);
            assert_eq!(out.len() as u64, bytes);
            assert!(out.is_empty() || out.ends_with(b"\n"));
        }
        assert_eq!(plain("[[big=1000]] x").len(), 1001);
        assert_eq!(plain("[[flood=130]] x").len(), 132);
    }

    #[test]
    fn ends_and_beginnings() {
        let table: [(&str, &[u8]); 5] = [
            ("[[crlf lines=2]] x", b"line 1\r\nline 2\r\n"),
            ("[[half]] x", b"x\xe6\xbc"),
            ("[[unclosed=csi]] x", b"\x1b[x\n"),
            ("[[bom]] x", b"\xef\xbb\xbfx\n"),
            ("[[endless=3 flood=1]] x", b"\neeex\n"),
        ];
        for (prompt, expected) in table {
            assert_eq!(plain(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn filler_lines_are_numbered() {
        let style = Style { reply_bytes: Some(32), line_bytes: 16, len: false };
        assert_eq!(answer("x", &style), b"00000000 ......\n00000001 ......\n");
    }

    #[test]
    fn lines_and_lengths() {
        assert_eq!(plain("[[lines=2]] x"), b"line 1\nline 2\n");
        let style = Style { len: true, ..Style::default() };
        assert_eq!(answer("hé", &style), b"3\n");
    }

    #[test]
    fn extras_come_before_the_text() {
        let out = plain("[[lookalike badutf8 nul ansi cr utf8]] last");
        assert!(out.starts_with(b"> \nask> \n") && out.ends_with(b"\r\nlast\n"));
        assert!(std::str::from_utf8(&out).is_err());
    }
}
