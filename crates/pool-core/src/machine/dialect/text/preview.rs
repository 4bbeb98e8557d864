//! What can be told of a reply before it is whole: what is sure to be in it, for people who watch.

use super::reply;
use super::stream::Stream;
use super::turn::Turn;
use super::window::char_start_before;
use crate::spec::ToolSpec;
use memchr::{memchr_iter, memmem, memrchr};

/// A line that is longer than this is told in parts.
const LONG: usize = 4096;

/// The end of a long line may be what ends the turn: so much is kept back.
const KEPT_BACK: usize = 1024;

impl Turn {
    /// What has come since the last call, as far as it is whole lines: the last line may be a prompt or the answer to
    /// the sentinel.
    pub(super) fn preview(&mut self, spec: &ToolSpec, stream: &mut Stream) -> String {
        if self.begin.is_some() {
            return String::new();
        }
        let Some(end) = self.tellable(spec, stream) else { return String::new() };
        let text = String::from_utf8_lossy(&stream.text()[stream.told..end]);
        let start = if self.front_told {
            0
        } else {
            reply::front(&text, &spec.turn, &super::start::prompts(spec), &self.sent)
        };
        let text = text[start..].to_owned();
        self.front_told = true;
        stream.told = end;
        text
    }

    /// Where that ends which can be told now, if there is any.
    fn tellable(&self, spec: &ToolSpec, stream: &Stream) -> Option<usize> {
        // What is drawn on a terminal may have become shorter.
        let new = stream.text().get(stream.told..)?;
        let lines =
            if spec.turn.echo { self.without_echo(new) } else { memrchr(b'\n', new).map(|end| end + 1) };
        if let Some(end) = lines.filter(|&end| end > 0) {
            return Some(stream.told + end);
        }
        let is_long = !spec.turn.echo && new.len() > LONG;
        is_long.then(|| stream.told + char_start_before(new, new.len() - KEPT_BACK))
    }

    /// With an echo, what was sent stands in the text: at first whole or not at all, behind it the lines of the framing
    /// are kept back.
    fn without_echo(&self, new: &[u8]) -> Option<usize> {
        let nonce = self.end.as_ref().and_then(|end| memmem::find(new, &end.nonce));
        let new = &new[..nonce.unwrap_or(new.len())];
        let ends: Vec<usize> = memchr_iter(b'\n', new).map(|end| end + 1).collect();
        let echo = if self.front_told { 0 } else { reply::lines(&self.sent.text).count() };
        let kept_back = reply::lines(&self.sent.closing).count();
        (ends.len() > echo + kept_back).then(|| ends[ends.len() - 1 - kept_back])
    }
}

#[cfg(test)]
mod tests;
