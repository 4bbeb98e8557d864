//! The output so far: one growing buffer, filtered in place, with the places that have been looked at.

use super::cap::Cap;
use super::marks::Marks;
use super::screen::Screen;
use crate::machine::dialect::{TAIL, filter::Filter};
use crate::machine::later;
use crate::spec::Io;
use memchr::memmem;
use std::time::{Duration, Instant};

/// Replies up to this size are copied out of the buffer; longer ones take the buffer with them.
const COPIED: usize = 16 * 1024;

/// What an idle instance may hold on to.
const IDLE: usize = 4096;

/// How much of what was told is compared with what is drawn over it; a screen holds less.
const DRAWN_OVER: usize = 64 * 1024;

/// Bytes of the tool, as text as far as they have been filtered.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Filtered up to `clean`; up to 3 bytes of an incomplete character up to `seen`; new behind that.
    pub(super) buffer: Vec<u8>,
    clean: usize,
    seen: usize,
    reading: Reading,
    /// When something came last.
    changed: Option<Instant>,
    /// Where the search for what ends the turn goes on.
    pub(super) scan: usize,
    /// How far the text has been told to who listens.
    pub(super) told: usize,
    /// Bytes that were given up before they were told.
    missed: u64,
    /// Bytes that were told and have been drawn over.
    void: u64,
}

/// How bytes become text.
#[derive(Debug)]
enum Reading {
    /// Escapes are taken out, in place.
    Filter(Filter),
    /// They are drawn, as on a terminal. There, `clean` and `seen` are one.
    Screen(Box<Screen>),
}

impl Default for Reading {
    fn default() -> Self {
        Self::Filter(Filter::default())
    }
}

impl Stream {
    /// The output of a tool that is connected like this.
    pub(super) fn of(io: Io) -> Self {
        let reading = match io {
            Io::Pipes => Reading::default(),
            Io::Pty => Reading::Screen(Box::default()),
        };
        Self { reading, ..Self::default() }
    }

    /// Takes in what the reader has appended; `false` if that is nothing.
    pub(super) fn absorb(&mut self, now: Instant, raw: Option<&mut Raw>) -> bool {
        if self.buffer.len() <= self.seen {
            return false;
        }
        if let Some(raw) = raw {
            raw.push(&self.buffer[self.seen..]);
        }
        match &mut self.reading {
            Reading::Filter(filter) => self.clean = filter.absorb(&mut self.buffer, self.clean),
            Reading::Screen(screen) => {
                let base = self.told.saturating_sub(DRAWN_OVER);
                let told = self.buffer[base..self.told].to_vec();
                self.scan = screen.draw(&mut self.buffer, self.seen).min(self.scan);
                // What has been told and is now something else is told anew.
                let valid = still_there(&told, base, &self.buffer);
                self.void += (self.told - valid) as u64;
                self.told = valid;
                self.clean = self.buffer.len();
            }
        }
        self.seen = self.buffer.len();
        self.changed = Some(now);
        true
    }

    /// Takes in the last of the output.
    pub(super) fn absorb_rest(&mut self, raw: Option<&mut Raw>) {
        if let Some(now) = self.changed {
            self.absorb(now, raw);
        }
    }

    /// What the tool says of its prompts, on a terminal.
    pub(super) fn marks(&self) -> Option<&Marks> {
        match &self.reading {
            Reading::Filter(_) => None,
            Reading::Screen(screen) => Some(&screen.marks),
        }
    }

    /// What has come belongs to no prompt of the turn that begins.
    pub(super) fn begin_turn(&mut self, now: Instant) {
        if let Reading::Screen(screen) = &mut self.reading {
            screen.marks.begin_turn();
        }
        self.restart_silence(now);
    }

    /// The filtered text.
    pub(super) fn text(&self) -> &[u8] {
        &self.buffer[..self.clean]
    }

    /// Counts silence from now on, not from the last byte.
    pub(super) const fn restart_silence(&mut self, now: Instant) {
        self.changed = Some(now);
    }

    /// When nothing will have come for this long.
    pub(super) fn quiet_at(&self, silence: Duration, now: Instant) -> Instant {
        later(self.changed.unwrap_or(now), silence)
    }

    /// Forgets the first `count` bytes.
    pub(super) fn drop_front(&mut self, count: usize) {
        self.buffer.drain(..count);
        self.moved(count);
    }

    /// Forgets all but the last `keep` bytes or so, now and then; returns how many went.
    pub(super) fn keep_last(&mut self, keep: usize) -> usize {
        if self.clean <= keep.saturating_mul(2) {
            return 0;
        }
        let count = super::window::char_start_before(&self.buffer, self.clean - keep);
        self.drop_front(count);
        count
    }

    /// Forgets everything; returns how many bytes that was.
    pub(super) fn clear(&mut self) -> usize {
        let count = self.buffer.len();
        (self.clean, self.seen, self.scan, self.told) = (0, 0, 0, 0);
        (self.missed, self.void) = (0, 0);
        self.buffer.clear();
        self.detach();
        self.shrink();
        count
    }

    /// Keeps a long reply near its bound.
    pub(super) fn thin(&mut self, cap: &mut Cap) {
        let gone = cap.thin(&mut self.buffer);
        if gone > 0 {
            // What is kept goes on behind the head.
            let kept = cap.head_len() + gone;
            self.missed += kept.saturating_sub(self.told) as u64;
            self.told = self.told.max(kept);
            self.moved(gone);
        }
    }

    /// How many bytes were given up before they were told, or were told and are void, since the last call.
    pub(super) const fn take_missed(&mut self) -> u64 {
        std::mem::replace(&mut self.missed, 0) + self.take_void()
    }

    /// How many of those were told.
    pub(super) const fn take_void(&mut self) -> u64 {
        std::mem::replace(&mut self.void, 0)
    }

    /// Takes the first `reply` bytes out and forgets everything up to `rest`. The buffer is small afterwards.
    pub(super) fn take(&mut self, reply: usize, rest: usize) -> Vec<u8> {
        self.moved(rest);
        self.scan = 0;
        if reply <= COPIED {
            let bytes = self.buffer[..reply].to_vec();
            self.buffer.drain(..rest);
            self.shrink();
            return bytes;
        }
        let rest = self.buffer.split_off(rest);
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(reply);
        bytes
    }

    /// Takes everything out, and keeps a copy of the end, for [`Dialect::tail`](crate::machine::dialect::Dialect::tail).
    pub(super) fn take_all(&mut self) -> Vec<u8> {
        let all = self.buffer.len();
        let tail = self.buffer[all.saturating_sub(TAIL)..].to_vec();
        let bytes = self.take(all, all);
        (self.clean, self.seen) = (tail.len(), tail.len());
        self.buffer = tail;
        bytes
    }

    fn moved(&mut self, count: usize) {
        self.clean = self.clean.saturating_sub(count);
        self.seen -= count;
        self.scan = self.scan.saturating_sub(count);
        self.told = self.told.saturating_sub(count);
        self.detach();
    }

    /// What was drawn is text from now on.
    fn detach(&mut self) {
        if let Reading::Screen(screen) = &mut self.reading {
            screen.detach();
        }
    }

    fn shrink(&mut self) {
        if self.buffer.capacity() > IDLE {
            self.buffer.shrink_to(IDLE);
        }
        if let Reading::Screen(screen) = &mut self.reading {
            screen.shrink();
        }
    }
}

/// How far `told`, which stood at `base`, is still there.
fn still_there(told: &[u8], base: usize, now: &[u8]) -> usize {
    let pairs = told.iter().zip(now.get(base..).unwrap_or_default());
    let place = base.min(now.len()) + pairs.take_while(|(told, now)| told == now).count();
    // Nothing is told from the middle of a character on.
    if place < now.len() { super::window::char_start_before(now, place) } else { place }
}

/// The bytes of a turn as they came: head and tail, as of the text, within a bound of their own.
#[derive(Debug)]
pub(super) struct Raw {
    bytes: Vec<u8>,
    cap: Cap,
}

impl Raw {
    pub(super) const fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), cap: Cap::new(max) }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.cap.thin(&mut self.bytes);
    }

    /// Forgets what came before the end of the last line with this in it.
    pub(super) fn start_after(&mut self, nonce: &[u8], max: usize) {
        let Some(at) = memmem::rfind(&self.bytes, nonce) else { return };
        let end = memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |end| at + end + 1);
        self.bytes.drain(..end);
        self.cap = Cap::new(max);
    }

    /// Forgets what ends the turn: the last place with `nonce` in it, with `lead` before it or, if that does not
    /// stand there as it is, from the beginning of its line.
    pub(super) fn end_before(&mut self, nonce: &[u8], lead: &[u8]) {
        let Some(at) = memmem::rfind(&self.bytes, nonce) else { return };
        let line = memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |end| end + 1);
        let end = if self.bytes[..at].ends_with(lead) { at - lead.len() } else { line };
        self.bytes.truncate(end);
    }

    /// Forgets the line end: of CR LF, the LF may not have come.
    pub(super) fn end_before_line_end(&mut self) {
        while self.bytes.pop_if(|byte| matches!(byte, b'\r' | b'\n')).is_some() {}
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        self.cap.finish(&mut self.bytes);
        self.bytes
    }
}
