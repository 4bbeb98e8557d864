//! The language between a dialect and its relay. Requests are JSON, one a line; what comes back are frames: a letter, the
//! length of what follows in four bytes (the lowest first), and that.

use serde::{Deserialize, Serialize};

/// What a relay is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Start a short process. None may be running.
    Run(Run),
    /// Kill the one that runs, and all that it started; its end is told as usual. Nothing if none runs.
    Cancel,
}

/// A short process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Run {
    /// The argument vector; `None` stands for the path of `file`.
    pub words: Vec<Option<String>>,
    /// What its standard input holds, before that ends.
    pub input: String,
    /// What is in a file of its own, which is removed after its end.
    pub file: Option<String>,
}

/// How a short process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// The kernel killed it for want of memory.
    OutOfMemory,
}

/// What a relay tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// From its standard output.
    Output(&'a [u8]),
    /// From its standard error.
    Errors(&'a [u8]),
    /// It has ended; all that it printed has come before.
    End(End),
}

/// The longest frame, in bytes, without its head.
pub const LONGEST: usize = 64 << 10;

/// The letter and the length.
const HEAD: usize = 5;

impl Request {
    /// Appends the line.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Texts and numbers can always be written.
        if serde_json::to_writer(&mut *out, self).is_ok() {
            out.push(b'\n');
        }
    }

    /// Reads a line, without its end; none if it is no request.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}

impl Frame<'_> {
    /// Appends the frame. Of text no more than [`LONGEST`] bytes fit.
    pub fn write(&self, out: &mut Vec<u8>) {
        let end;
        let (letter, bytes) = match self {
            Self::Output(bytes) => (b'o', *bytes),
            Self::Errors(bytes) => (b'e', *bytes),
            Self::End(how) => {
                end = serde_json::to_vec(how).unwrap_or_default();
                (b'x', end.as_slice())
            }
        };
        let bytes = &bytes[..bytes.len().min(LONGEST)];
        out.push(letter);
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or_default().to_le_bytes());
        out.extend_from_slice(bytes);
    }
}

/// A buffer that is read frame by frame.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
    /// Frames before here have been taken.
    taken: usize,
}

impl Frames {
    /// Where the reader puts bytes: append only.
    pub const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// The next frame, if it is whole.
    ///
    /// # Errors
    /// What came is none; nothing that follows can be understood.
    pub fn pop(&mut self) -> Result<Option<Frame<'_>>, String> {
        let (letter, length) = match &self.buffer[self.taken..] {
            [letter, a, b, c, d, ..] => (*letter, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
            _ => return Ok(self.wait()),
        };
        if length > LONGEST {
            return Err(format!("a frame of {length} bytes"));
        }
        let start = self.taken + HEAD;
        if self.buffer.len() < start + length {
            return Ok(self.wait());
        }
        self.taken = start + length;
        let bytes = &self.buffer[start..start + length];
        match letter {
            b'o' => Ok(Some(Frame::Output(bytes))),
            b'e' => Ok(Some(Frame::Errors(bytes))),
            b'x' => match serde_json::from_slice(bytes) {
                Ok(end) => Ok(Some(Frame::End(end))),
                Err(error) => Err(format!("an end that is none: {error}")),
            },
            other => Err(format!("a frame of the kind {:?}", char::from(other))),
        }
    }

    /// Nothing whole is there: what has been read goes.
    fn wait(&mut self) -> Option<Frame<'_>> {
        self.buffer.drain(..std::mem::take(&mut self.taken));
        if self.buffer.capacity() > 4 * LONGEST {
            self.buffer.shrink_to(2 * LONGEST);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn owned(frames: &mut Frames) -> Vec<(char, Vec<u8>)> {
        let mut all = Vec::new();
        while let Some(frame) = frames.pop().expect("frames") {
            all.push(match frame {
                Frame::Output(bytes) => ('o', bytes.to_vec()),
                Frame::Errors(bytes) => ('e', bytes.to_vec()),
                Frame::End(end) => ('x', format!("{end:?}").into_bytes()),
            });
        }
        all
    }

    proptest! {
        #[test]
        fn frames_are_whole_however_they_come(
            pieces in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)), 1..40),
            at in 1..500_usize,
        ) {
            let mut bytes = Vec::new();
            let mut expected = Vec::new();
            for (is_output, piece) in &pieces {
                let frame = if *is_output { Frame::Output(piece) } else { Frame::Errors(piece) };
                frame.write(&mut bytes);
                expected.push((if *is_output { 'o' } else { 'e' }, piece.clone()));
            }
            Frame::End(End::Code(3)).write(&mut bytes);
            expected.push(('x', b"Code(3)".to_vec()));
            let (mut frames, mut seen) = (Frames::default(), Vec::new());
            for chunk in bytes.chunks(at) {
                frames.buffer().extend_from_slice(chunk);
                seen.extend(owned(&mut frames));
            }
            prop_assert_eq!(seen, expected);
            prop_assert!(frames.buffer.is_empty());
        }

        #[test]
        fn whatever_else_comes_is_refused_and_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut frames = Frames::default();
            frames.buffer().extend_from_slice(&bytes);
            while let Ok(Some(_)) = frames.pop() {}
        }
    }

    #[test]
    fn requests_come_back_as_they_were() {
        let run = Run {
            words: vec![Some("a\nb".into()), None, Some("é".into())],
            input: "two\nlines\0".into(),
            file: Some("{file}".into()),
        };
        for request in [Request::Run(run), Request::Cancel] {
            let mut line = Vec::new();
            request.write(&mut line);
            assert_eq!(line.pop(), Some(b'\n'));
            assert!(!line.contains(&b'\n'));
            assert_eq!(Request::read(&line), Some(request));
        }
        assert_eq!(Request::read(b"{}"), None);
    }
}
