//! What an instance was told and what it said, for whoever asks afterwards: the last of it is always kept.
//!
//! A ring of bytes for each slot, over all its lives. Writing is a lock that nobody holds for long and one copy; nobody
//! who reads can hold up a tool. One who reads too slowly is told how much has gone meanwhile.

use crate::message::{ExitReport, Generation};
use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// How much is kept of what each slot was told and said, in bytes.
pub const TRANSCRIPT: usize = 64 * 1024;

/// How often the voice may change in what is kept; older bytes than that are given up.
const VOICES: usize = 1024;

/// What a reader gets at a time at most, in bytes.
const PIECE: usize = 16 * 1024;

/// A piece of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The tool said these bytes.
    Said(Vec<u8>),
    /// The tool was told these bytes, what frames a turn included.
    Told(Vec<u8>),
    /// What became of the instance: a life began or ended.
    Note(String),
    /// So many bytes have gone before they were read.
    Missed(u64),
}

/// What has been heard of the present life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    /// Bytes that the tool has said.
    pub said: u64,
    /// How long ago the last of them came.
    pub silent: Option<Duration>,
}

/// The writing end.
#[derive(Debug, Default)]
pub struct Transcript(Arc<Mutex<Ring>>);

/// The reading end: first what is kept, then what comes.
#[derive(Debug)]
pub struct Follower {
    ring: Arc<Mutex<Ring>>,
    /// How many bytes it has read or missed, of all that there ever were.
    at: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    Said,
    Told,
    Note,
}

#[derive(Debug, Default)]
struct Ring {
    bytes: VecDeque<u8>,
    /// How many bytes there ever were.
    end: u64,
    /// From which byte on whose they are.
    voices: VecDeque<(u64, Voice)>,
    /// The life that there is now.
    life: Option<Generation>,
    heard: u64,
    heard_at: Option<Instant>,
    readers: Vec<Waker>,
    over: bool,
}

impl Transcript {
    /// The tool said something.
    pub(super) fn said(&self, bytes: &[u8], now: Instant) {
        let mut ring = open(&self.0);
        ring.heard += bytes.len() as u64;
        ring.heard_at = Some(now);
        ring.put(Voice::Said, bytes);
    }

    /// The tool was told something.
    pub(super) fn told(&self, bytes: &[u8]) {
        open(&self.0).put(Voice::Told, bytes);
    }

    /// A life begins.
    pub(crate) fn begins(&self, generation: Generation) {
        let mut ring = open(&self.0);
        (ring.life, ring.heard, ring.heard_at) = (Some(generation), 0, None);
        ring.note(&format_args!("life {generation} begins"));
    }

    /// It has ended.
    pub(crate) fn ends(&self, generation: Generation, exit: &ExitReport) {
        let mut ring = open(&self.0);
        ring.life = None;
        ring.note(&format_args!("life {generation} ended: it {exit}"));
    }

    /// Nothing more will come.
    pub(crate) fn close(&self) {
        let mut ring = open(&self.0);
        ring.over = true;
        ring.wake();
    }

    /// What has been heard of the present life.
    #[must_use]
    pub fn heard(&self, now: Instant) -> Heard {
        let ring = open(&self.0);
        Heard { said: ring.heard, silent: ring.heard_at.map(|at| now.saturating_duration_since(at)) }
    }

    /// One who reads what is kept, then what comes.
    #[must_use]
    pub fn follow(&self) -> Follower {
        let at = open(&self.0).start();
        Follower { ring: self.0.clone(), at }
    }

    /// One who reads only what comes from now on.
    #[must_use]
    pub fn listen(&self) -> Follower {
        let at = open(&self.0).end;
        Follower { ring: self.0.clone(), at }
    }

    /// The last `count` bytes that the tool has said, over all lives.
    #[must_use]
    pub fn last_said(&self, count: usize) -> Vec<u8> {
        let mut follower = self.follow();
        let mut said = Vec::new();
        while let Some(piece) = follower.try_next() {
            if let Piece::Said(bytes) = piece {
                said.extend(bytes);
            }
        }
        said.split_off(said.len().saturating_sub(count))
    }
}

impl Follower {
    /// The next piece; `None` when there will be no more.
    pub async fn next(&mut self) -> Option<Piece> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// The next piece, if one is there.
    pub fn try_next(&mut self) -> Option<Piece> {
        open(&self.ring).read(&mut self.at)
    }

    /// Which life there is now, if there is one.
    #[must_use]
    pub fn life(&self) -> Option<Generation> {
        open(&self.ring).life
    }

    /// As [`Follower::next`].
    pub fn poll_next(&mut self, context: &Context<'_>) -> Poll<Option<Piece>> {
        let mut ring = open(&self.ring);
        if let Some(piece) = ring.read(&mut self.at) {
            return Poll::Ready(Some(piece));
        }
        if ring.over {
            return Poll::Ready(None);
        }
        if !ring.readers.iter().any(|reader| reader.will_wake(context.waker())) {
            ring.readers.push(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Ring {
    fn note(&mut self, what: &dyn Display) {
        self.put(Voice::Note, format!("{what}\n").as_bytes());
    }

    fn put(&mut self, voice: Voice, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        // Each note is a piece of its own.
        if voice == Voice::Note || self.voices.back().is_none_or(|(_, last)| *last != voice) {
            self.voices.push_back((self.end, voice));
        }
        self.end += bytes.len() as u64;
        let kept = &bytes[bytes.len().saturating_sub(TRANSCRIPT)..];
        // Mostly there is nothing to forget and nobody to wake.
        let surplus = (self.bytes.len() + kept.len()).saturating_sub(TRANSCRIPT);
        if surplus > 0 {
            self.bytes.drain(..surplus);
        }
        self.bytes.extend(kept);
        if surplus > 0 || self.voices.len() > VOICES {
            self.forget();
        }
        if !self.readers.is_empty() {
            self.wake();
        }
    }

    /// Forgets voices whose bytes have gone, and bytes of voices that are too many.
    fn forget(&mut self) {
        if self.voices.len() > VOICES {
            let from = self.voices[1].0;
            let kept = usize::try_from(self.end - from).unwrap_or(usize::MAX);
            self.bytes.drain(..self.bytes.len().saturating_sub(kept));
        }
        let start = self.start();
        while self.voices.get(1).is_some_and(|(from, _)| *from <= start) {
            self.voices.pop_front();
        }
    }

    /// The number of the oldest byte that is kept.
    fn start(&self) -> u64 {
        self.end - self.bytes.len() as u64
    }

    fn read(&self, at: &mut u64) -> Option<Piece> {
        let start = self.start();
        if *at < start {
            let missed = start - std::mem::replace(at, start);
            return Some(Piece::Missed(missed));
        }
        let next = self.voices.partition_point(|(from, _)| *from <= *at);
        let voice = self.voices.get(next.checked_sub(1)?)?.1;
        let until = self.voices.get(next).map_or(self.end, |(from, _)| *from);
        let from = usize::try_from(*at - start).ok()?;
        let count = usize::try_from(until - *at).ok()?.min(PIECE);
        if count == 0 {
            return None;
        }
        *at += count as u64;
        let bytes = self.bytes.range(from..from + count).copied().collect();
        Some(match voice {
            Voice::Said => Piece::Said(bytes),
            Voice::Told => Piece::Told(bytes),
            Voice::Note => Piece::Note(String::from_utf8_lossy(&bytes).trim_end().to_owned()),
        })
    }

    fn wake(&mut self) {
        self.readers.drain(..).for_each(Waker::wake);
    }
}

fn open(ring: &Mutex<Ring>) -> MutexGuard<'_, Ring> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
