//! What is shown: a fold of what the pool says and of keys, with the time passed in. It performs nothing.

mod keys;
mod row;
#[cfg(test)]
mod tests;
mod transcript;

use super::series::Series;
use cluster::control::protocol::{Ask, Event, LogPiece, StatusDone, TicketChange, TicketId, TicketState};
use cluster::snapshot::InstanceView;
use pool_core::supervisor::{InstanceState, InstanceStatus};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

pub(super) use keys::Key;
pub(super) use row::{Row, word};
pub(super) use transcript::Transcript;

/// So many events are kept.
const EVENTS: usize = 200;

/// The figures are asked for so often at most, and only when something has happened.
const REFRESH: Duration = Duration::from_millis(500);

/// Something that happened.
#[derive(Debug, Clone)]
pub(super) enum Input {
    /// Everything at this moment.
    Status(Box<StatusDone>),
    /// A change.
    Changed(Event),
    /// From here on the pieces are of the transcript of this instance, from its beginning.
    Follows(u32),
    /// A piece of a transcript.
    Logged(LogPiece),
    /// A key.
    Key(Key),
    /// The terminal has another size, or it is time to look at the clock.
    Look,
    /// What was asked for is done, or why it is not.
    Told(String),
    /// The pool has gone; why.
    Gone(String),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// Ask the pool.
    Ask(Ask),
    /// Follow the transcript of this instance, and no other.
    Follow(u32),
    /// End.
    Quit,
}

/// What the keys are for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mode {
    /// Choose an instance, and what is done with it.
    Look,
    /// Say yes to this, or not.
    Sure(Ask, String),
    /// Write an answer.
    Answer(TicketId, String),
    /// Read what the keys do.
    Help,
}

/// What is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The pool, with the end of a transcript.
    Pool,
    /// As much as there is room for of a transcript.
    Transcript,
}

/// Something that is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) at: Instant,
    pub(super) text: String,
}

/// Everything that is shown.
#[derive(Debug)]
pub(super) struct Model {
    /// The pool when it was last asked.
    pub(super) status: Option<Box<StatusDone>>,
    pub(super) rows: BTreeMap<u32, Row>,
    /// The number of the instance that keys are about.
    pub(super) chosen: u32,
    pub(super) mode: Mode,
    pub(super) page: Page,
    /// Of the chosen instance.
    pub(super) transcript: Transcript,
    /// Whose transcript has been asked for.
    followed: Option<u32>,
    /// The newest last.
    pub(super) events: VecDeque<Told>,
    pub(super) queue: Series,
    pub(super) done: Series,
    /// How long turns took, in ms.
    pub(super) turns: Series,
    /// What a key has come to, until the next one.
    pub(super) notice: String,
    /// The pool has gone.
    pub(super) gone: bool,
    asked: Asked,
}

/// Whether the figures are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// They are as new as what has happened.
    No { last: Instant },
    /// Something has happened since.
    Later { at: Instant },
    /// The answer is on its way; whether something has happened meanwhile.
    Now { again: bool },
}

impl Model {
    /// Nothing is known yet; the first figures are on their way.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            status: None,
            rows: BTreeMap::new(),
            chosen: 0,
            mode: Mode::Look,
            page: Page::Pool,
            transcript: Transcript::default(),
            followed: None,
            events: VecDeque::new(),
            queue: Series::new(now),
            done: Series::new(now),
            turns: Series::new(now),
            notice: String::new(),
            gone: false,
            asked: Asked::Now { again: false },
        }
    }

    /// Takes in what happened.
    pub(super) fn handle(&mut self, input: Input, now: Instant) -> Vec<Effect> {
        let mut effects = match input {
            Input::Status(status) => self.status(status, now),
            Input::Changed(event) => {
                self.changed(event, now);
                self.want(now);
                Vec::new()
            }
            Input::Follows(index) => {
                self.follows(index);
                Vec::new()
            }
            Input::Logged(piece) => {
                self.logged(piece);
                Vec::new()
            }
            Input::Key(key) => self.key(key),
            Input::Told(text) => {
                self.notice = text;
                Vec::new()
            }
            Input::Gone(why) => {
                self.tell(now, why.clone());
                (self.gone, self.notice, self.mode) = (true, why, Mode::Look);
                Vec::new()
            }
            Input::Look => Vec::new(),
        };
        effects.extend(self.follow());
        if matches!(self.asked, Asked::Later { at } if at <= now) && !self.gone {
            self.asked = Asked::Now { again: false };
            effects.push(Effect::Ask(Ask::Status {}));
        }
        effects
    }

    /// When it wants to look at the clock: for figures that it will ask for, and while times that are shown go on.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let figures = match self.asked {
            Asked::Later { at } if !self.gone => Some(at),
            _ => None,
        };
        let moves = !self.gone && self.rows.values().any(Row::moves);
        let clock = moves.then(|| now + Duration::from_secs(1));
        figures.into_iter().chain(clock).min()
    }

    /// The instance that keys are about.
    pub(super) fn row(&self) -> Option<&Row> {
        self.rows.get(&self.chosen)
    }

    fn want(&mut self, now: Instant) {
        self.asked = match self.asked {
            Asked::No { last } => Asked::Later { at: now.max(last + REFRESH) },
            Asked::Now { .. } => Asked::Now { again: true },
            later @ Asked::Later { .. } => later,
        };
    }

    fn status(&mut self, status: Box<StatusDone>, now: Instant) -> Vec<Effect> {
        self.asked = match self.asked {
            Asked::Now { again: true } => Asked::Later { at: now + REFRESH },
            _ => Asked::No { last: now },
        };
        self.figures(&status, now);
        let mut old = std::mem::take(&mut self.rows);
        for view in &status.snapshot.instances {
            let before = old.remove(&view.status.index.0);
            let mut row = Row::new(view.clone(), before, now);
            // Also what began before anybody watched.
            let name = view.status.job.and_then(|job| status.names.get(&job));
            row.work = name.cloned().or(row.work);
            self.rows.insert(view.status.index.0, row);
        }
        self.status = Some(status);
        if !self.rows.contains_key(&self.chosen) {
            self.chosen = self.rows.keys().next().copied().unwrap_or_default();
        }
        Vec::new()
    }

    /// What has been done since the last time.
    fn figures(&mut self, status: &StatusDone, now: Instant) {
        let done = |status: &StatusDone| {
            let total = &status.snapshot.router.as_ref()?.total;
            Some((total.outcomes.values().sum::<u64>(), total.busy_us))
        };
        let queued = status.snapshot.router.as_ref().map_or(0, |router| router.queued as u64);
        self.queue.set(queued, now);
        let (Some((jobs, busy)), Some(before)) = (done(status), self.status.as_deref()) else { return };
        let (old_jobs, old_busy) = done(before).unwrap_or((jobs, busy));
        let ended = jobs.saturating_sub(old_jobs);
        self.done.add(ended, now);
        if let Some(mean_us) = busy.saturating_sub(old_busy).checked_div(ended) {
            self.turns.set(mean_us / 1000, now);
        }
    }

    fn changed(&mut self, event: Event, now: Instant) {
        match event {
            Event::Instance(status) => self.instance(*status, now),
            Event::Ticket(change) => self.ticket(change, now),
            Event::Missed { changes } => self.tell(now, format!("{changes} changes were missed")),
            // Answers to what `top` does not ask for.
            Event::Accepted { .. } | Event::Delivered { .. } | Event::Asks { .. } => {}
            Event::Log(_) | Event::Attached(_) | Event::Output(_) | Event::Unshown { .. } => {}
        }
    }

    fn instance(&mut self, status: InstanceStatus, now: Instant) {
        let index = status.index.0;
        if !matches!(status.state, InstanceState::Ready | InstanceState::Working) {
            let why =
                if status.evidence.is_empty() { String::new() } else { format!(": {}", status.evidence) };
            self.tell(now, format!("{index} {} {}{why}", status.tool_id, word(status.state)));
        }
        let before = self.rows.remove(&index);
        let routing = before.as_ref().and_then(|row| row.view.routing.clone());
        self.rows.insert(index, Row::new(InstanceView { status, routing }, before, now));
    }

    fn ticket(&mut self, TicketChange { ticket, state }: TicketChange, now: Instant) {
        let name = ticket.to_string();
        for row in self.rows.values_mut().filter(|row| row.work.as_ref() == Some(&name)) {
            (row.work, row.asks) = (None, None);
        }
        match state {
            TicketState::Queued => self.tell(now, format!("{ticket} is queued")),
            TicketState::Working { slot, asks, .. } => {
                match &asks {
                    Some(question) => self.tell(now, format!("{ticket} asks: {question}")),
                    None => self.tell(now, format!("{ticket} is at work on {slot}")),
                }
                if let Some(row) = self.rows.get_mut(&slot) {
                    (row.work, row.asks) = (Some(name), asks);
                }
            }
            TicketState::Ended { outcome } => self.tell(now, format!("{ticket} has ended: {outcome}")),
        }
    }

    fn tell(&mut self, at: Instant, text: String) {
        self.events.push_back(Told { at, text });
        let over = self.events.len().saturating_sub(EVENTS);
        self.events.drain(..over);
    }
}
