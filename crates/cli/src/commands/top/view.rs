//! How it looks: the model as rows of a terminal, of whatever size. Every state is a word, so that no colour is needed.

mod figures;
mod table;
#[cfg(test)]
mod tests;
mod transcript;

use super::model::{Mode, Model, Page, Told};
use crate::output::sanitize;
use jiff::Zoned;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph};
use std::time::{Duration, Instant};

/// Fewer rows show instances alone.
const SMALL: u16 = 16;

/// What the keys do.
const HELP: [&str; 10] = [
    "up, down   choose an instance (k, j)",
    "r          give it another life, after the job at hand",
    "c          cancel what it works on",
    "a          answer what its tool asks",
    "t          its transcript alone, and all of it again",
    "?          this",
    "q          quit; the pool goes on",
    "",
    "Turns, jobs and queue are of spans of 2 s, the newest at the right.",
    "Any key closes this.",
];

/// What is painted, where colours are wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colours(pub(super) bool);

impl Colours {
    pub(super) fn of(self, style: Style) -> Style {
        if self.0 { style } else { Style { fg: None, bg: None, ..style } }
    }
}

/// The time of day of a moment, where the user is.
#[derive(Debug, Clone)]
pub(super) struct Clock {
    pub(super) at: Instant,
    pub(super) shows: Zoned,
}

impl Clock {
    fn time(&self, at: Instant) -> String {
        let since = at.saturating_duration_since(self.at);
        let then = self.shows.checked_add(since).unwrap_or_else(|_| self.shows.clone());
        then.strftime("%H:%M:%S").to_string()
    }
}

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model, now: Instant, clock: &Clock, colours: Colours) {
    let area = frame.area();
    let lines = [Constraint::Length(2), Constraint::Min(2), Constraint::Length(1), Constraint::Length(1)];
    let [head, page, chosen, foot] = Layout::vertical(lines).areas(area);
    figures::head(frame, head, model);
    match model.page {
        Page::Transcript => transcript::draw(frame, page, model),
        Page::Pool if area.height < SMALL => table::draw(frame, page, model, now, colours),
        Page::Pool => pool(frame, page, model, now, clock, colours),
    }
    table::chosen(frame, chosen, model);
    footer(frame, foot, model);
    if model.mode == Mode::Help {
        help(frame, area);
    }
}

/// Everything there is, on a terminal that is high enough.
fn pool(frame: &mut Frame<'_>, area: Rect, model: &Model, now: Instant, clock: &Clock, colours: Colours) {
    let table = u16::try_from(model.rows.len()).unwrap_or(u16::MAX).saturating_add(1);
    let table = table.min(area.height * 2 / 5);
    let rest = area.height.saturating_sub(4 + table);
    // A few lines of a transcript come before events.
    let told_height = if rest < 8 { 0 } else { (rest / 3).max(4) };
    let [figures, instances, text, events] = Layout::vertical([
        Constraint::Length(4),
        Constraint::Length(table),
        Constraint::Min(0),
        Constraint::Length(told_height),
    ])
    .areas(area);
    figures::series(frame, figures, model, colours);
    table::draw(frame, instances, model, now, colours);
    transcript::draw(frame, text, model);
    told(frame, events, model, clock);
}

/// The events, the newest last.
fn told(frame: &mut Frame<'_>, area: Rect, model: &Model, clock: &Clock) {
    if area.height < 2 {
        return;
    }
    let block = Block::new().borders(Borders::TOP).title(" events ");
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let most = usize::from(inside.height);
    let skipped = model.events.len().saturating_sub(most);
    let line = |Told { at, text }: &Told| {
        Line::from(vec![
            Span::styled(format!("{} ", clock.time(*at)), Style::new().add_modifier(Modifier::DIM)),
            Span::raw(sanitize::line(text, usize::from(inside.width))),
        ])
    };
    let lines: Vec<Line<'_>> = model.events.iter().skip(skipped).map(line).collect();
    frame.render_widget(Paragraph::new(lines), inside);
}

fn footer(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let width = usize::from(area.width);
    let text = match &model.mode {
        Mode::Sure(_, question) => {
            format!("{} [y/N]", sanitize::line(question, width.saturating_sub(" [y/N]".len())))
        }
        Mode::Answer(ticket, text) => {
            // The end of a long answer is what is written now.
            let start = format!("answer to {ticket}: ");
            let room = width.saturating_sub(start.len() + 1);
            let safe = sanitize::line(text, usize::MAX);
            let shown: String = safe.chars().skip(safe.chars().count().saturating_sub(room)).collect();
            format!("{start}{shown}_")
        }
        Mode::Look | Mode::Help if !model.notice.is_empty() => sanitize::line(&model.notice, width),
        Mode::Look | Mode::Help => "r restart  c cancel  a answer  t text  ? help  q quit".to_owned(),
    };
    frame.render_widget(Paragraph::new(text).style(Style::new().add_modifier(Modifier::REVERSED)), area);
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let wanted = HELP.iter().map(|line| line.len()).max().unwrap_or_default() + 4;
    let width = u16::try_from(wanted).unwrap_or(u16::MAX).min(area.width);
    let height = u16::try_from(HELP.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let middle =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    let lines: Vec<Line<'_>> = HELP.iter().map(|line| Line::from(format!(" {line}"))).collect();
    frame.render_widget(Clear, middle);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" keys ")), middle);
}

/// A time in few letters.
pub(super) fn short(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m{:02}", seconds / 60, seconds % 60),
        seconds => format!("{}h{:02}", seconds / 3600, seconds / 60 % 60),
    }
}
