//! What keys do.

use super::{Effect, Mode, Model, Page};
use cluster::control::protocol::{Ask, CancelAsk, Reply, RestartAsk};

/// An answer has so many letters at most.
const LONGEST: usize = 4096;

/// A key, as far as any is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands::top) enum Key {
    /// A letter, a digit, a sign.
    Char(char),
    Enter,
    Escape,
    Backspace,
    Up,
    Down,
    /// Ctrl-C.
    Interrupt,
}

fn first((index, _): (&u32, &super::Row)) -> u32 {
    *index
}

impl Model {
    pub(super) fn key(&mut self, key: Key) -> Vec<Effect> {
        self.notice.clear();
        if key == Key::Interrupt {
            return vec![Effect::Quit];
        }
        match std::mem::replace(&mut self.mode, Mode::Look) {
            Mode::Look => self.command(key),
            Mode::Help => Vec::new(),
            Mode::Sure(ask, _) if matches!(key, Key::Char('y' | 'Y')) => vec![Effect::Ask(ask)],
            Mode::Sure(..) => Vec::new(),
            Mode::Answer(ticket, text) => {
                let mut text = text;
                match key {
                    Key::Escape => return Vec::new(),
                    Key::Enter => return vec![Effect::Ask(Ask::Answer(Reply { ticket, text }))],
                    Key::Backspace => drop(text.pop()),
                    Key::Char(letter) if text.len() < LONGEST => text.push(letter),
                    _ => {}
                }
                self.mode = Mode::Answer(ticket, text);
                Vec::new()
            }
        }
    }

    fn command(&mut self, key: Key) -> Vec<Effect> {
        match key {
            Key::Char('q') | Key::Escape => return vec![Effect::Quit],
            Key::Char('?' | 'h') => self.mode = Mode::Help,
            Key::Char('t') => {
                self.page = match self.page {
                    Page::Pool => Page::Transcript,
                    Page::Transcript => Page::Pool,
                };
            }
            Key::Up | Key::Char('k') => self.choose(self.rows.range(..self.chosen).next_back().map(first)),
            Key::Down | Key::Char('j') => {
                self.choose(self.rows.range(self.chosen.saturating_add(1)..).next().map(first));
            }
            _ if self.gone => "the pool has gone: q quits".clone_into(&mut self.notice),
            Key::Char('r') => self.restart(),
            Key::Char('c') => self.cancel(),
            Key::Char('a') => self.answer(),
            _ => {}
        }
        Vec::new()
    }

    fn choose(&mut self, index: Option<u32>) {
        self.chosen = index.unwrap_or(self.chosen);
    }

    fn restart(&mut self) {
        let index = self.chosen;
        if self.row().is_some() {
            let question = format!("restart instance {index}, after the job at hand?");
            self.mode = Mode::Sure(Ask::Restart(RestartAsk { index }), question);
        }
    }

    fn cancel(&mut self) {
        match self.row().map(|row| (row.work.clone(), row.view.status.job)) {
            Some((Some(job), _)) => {
                let question = format!("cancel {job}?");
                self.mode = Mode::Sure(Ask::Cancel(CancelAsk { job }), question);
            }
            Some((None, Some(_))) => "what it works on has no name yet".clone_into(&mut self.notice),
            _ => "it works on nothing".clone_into(&mut self.notice),
        }
    }

    fn answer(&mut self) {
        // A batch takes no answers, and ids of its jobs may look like tickets.
        let has_tickets = self.status.as_ref().is_some_and(|status| status.tickets.is_some());
        let asking = self.row().filter(|row| has_tickets && row.is_asking());
        match asking.and_then(|row| row.work.as_ref()?.parse().ok()) {
            Some(ticket) => self.mode = Mode::Answer(ticket, String::new()),
            None => "it asks nothing that could be answered here".clone_into(&mut self.notice),
        }
    }
}
