//! The instances, one a row; the chosen one is always among those that are seen.

use super::{Colours, short};
use crate::commands::top::model::{Model, Row, word};
use crate::output::sanitize;
use pool_core::supervisor::InstanceState;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Modifier, Style, Stylize};
use ratatui::widgets::{Cell, Paragraph, Table, TableState};
use std::time::Instant;

/// A narrower terminal shows no figures of the past.
const NARROW: u16 = 60;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, now: Instant, colours: Colours) {
    let is_narrow = area.width < NARROW;
    let width = usize::from(area.width);
    let rows = model.rows.iter().map(|(index, row)| {
        let mut cells = cells(*index, row, now, colours);
        let about = sanitize::line(&about(row), width);
        cells.push(Cell::from(about));
        ratatui::widgets::Row::new(keep(cells, is_narrow))
    });
    let names = ["#", "tool", "state", "for", "job", "jobs", "tokens", "again", ""].map(Cell::from).into();
    let widths = [4, 10, 9, 5, 6, 6, 8, 5].map(Constraint::Length).into_iter().chain([Constraint::Min(4)]);
    let table = Table::new(rows, keep(widths.collect(), is_narrow))
        .header(ratatui::widgets::Row::new(keep(names, is_narrow)).add_modifier(Modifier::DIM))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
        .highlight_symbol(">");
    let chosen = model.rows.keys().position(|index| *index == model.chosen);
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(chosen));
}

/// What the chosen one rests on, in the whole width: a question must be seen by who answers it.
pub(super) fn chosen(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let Some(row) = model.row() else { return };
    let text = format!("{} {}", model.chosen, about(row));
    frame.render_widget(Paragraph::new(sanitize::line(&text, usize::from(area.width))), area);
}

/// Without what there is no room for.
fn keep<T>(columns: Vec<T>, is_narrow: bool) -> Vec<T> {
    let is_past = |at: usize| (5..8).contains(&at);
    columns.into_iter().enumerate().filter(|(at, _)| !(is_narrow && is_past(*at))).map(|(_, it)| it).collect()
}

fn cells(index: u32, row: &Row, now: Instant, colours: Colours) -> Vec<Cell<'static>> {
    let status = &row.view.status;
    let job = match (&row.work, status.job) {
        (Some(name), _) => sanitize::line(name, 6),
        (None, Some(job)) => format!("#{job}"),
        (None, None) => String::new(),
    };
    // Where nothing is waited for, nobody looks at the clock.
    let time = if row.moves() { short(now.saturating_duration_since(row.since)) } else { String::new() };
    let figures = row.view.routing.as_ref().map(|routing| &routing.figures);
    let tokens = figures
        .and_then(|figures| figures.usage)
        .map(|usage| (usage.input.unwrap_or_default() + usage.output.unwrap_or_default()).to_string());
    vec![
        Cell::from(index.to_string()),
        Cell::from(sanitize::line(&status.tool_id, 10)),
        Cell::from(word(status.state)).style(colours.of(style(status.state))),
        Cell::from(time),
        Cell::from(job),
        Cell::from(status.jobs.to_string()),
        Cell::from(tokens.unwrap_or_default()),
        Cell::from(status.restarts.to_string()),
    ]
}

/// What it asks, or what its state rests on.
fn about(row: &Row) -> String {
    match &row.asks {
        Some(question) => format!("asks: {question}"),
        None => row.view.status.evidence.clone(),
    }
}

/// Colours that can be read on black and on white.
fn style(state: InstanceState) -> Style {
    match state {
        InstanceState::Ready | InstanceState::Working => Style::new().green(),
        InstanceState::NeedsInput
        | InstanceState::Stalled
        | InstanceState::Failed
        | InstanceState::BackingOff => Style::new().red().bold(),
        InstanceState::Throttled | InstanceState::Open | InstanceState::Limited => Style::new().magenta(),
        _ => Style::new(),
    }
}
