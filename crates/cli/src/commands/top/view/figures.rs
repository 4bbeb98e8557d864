//! The pool as a whole: what it is, how much there is of what, and how that went over time.

use super::Colours;
use super::short;
use crate::commands::top::model::Model;
use crate::commands::top::series::{SPAN, Series};
use crate::output::sanitize;
use cluster::control::protocol::StatusDone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Sparkline};
use std::time::Duration;

/// Room for the name of a row and its number.
const LABEL: u16 = 24;

/// Which pool, and how much there is of what.
pub(super) fn head(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let width = usize::from(area.width);
    let Some(status) = &model.status else {
        frame.render_widget(Paragraph::new("looking …"), area);
        return;
    };
    let pool = &status.pool;
    let ending = match (model.gone, pool.ending) {
        (true, _) => ", gone",
        (false, true) => ", about to end",
        (false, false) => "",
    };
    let title = format!("{} (pid {}{ending}): {}", pool.name, pool.pid, pool.plan);
    let lines = vec![
        Line::from(sanitize::line(&title, width)).add_modifier(Modifier::BOLD),
        Line::from(sanitize::line(&counts(status), width)),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

fn counts(status: &StatusDone) -> String {
    let total = &status.snapshot.total;
    let mut parts =
        vec![format!("{} of {} alive", total.alive, total.instances), format!("{} at work", total.working)];
    let (queued, ended) = match (&status.tickets, &status.jobs) {
        (Some(tickets), _) => (Some(tickets.queued), None),
        (None, Some(jobs)) => (Some(jobs.queued), Some(jobs.ended.values().sum::<u64>())),
        (None, None) => (None, None),
    };
    parts.extend(queued.map(|queued| format!("{queued} queued")));
    let router = status.snapshot.router.as_ref();
    let done = ended.or_else(|| router.map(|router| router.total.outcomes.values().sum()));
    parts.extend(done.map(|done| format!("{done} done")));
    parts.extend(status.tickets.map(|tickets| format!("{} unread", tickets.unread)));
    let extra = [
        (total.restarts, "restarts"),
        (total.limited as u64, "limited"),
        (total.not_trusted as u64, "not trusted"),
    ];
    parts.extend(extra.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")));
    if let Some(usage) = router.and_then(|router| router.total.usage) {
        let tokens = usage.input.unwrap_or_default() + usage.output.unwrap_or_default();
        parts.push(format!("{tokens} tokens"));
        parts.extend(usage.cost_usd.map(|cost| format!("${cost:.2}")));
    }
    parts.join(", ")
}

/// Queue, throughput and latency over time.
pub(super) fn series(frame: &mut Frame<'_>, area: Rect, model: &Model, colours: Colours) {
    if area.height < 4 {
        return;
    }
    let last = |series: &Series| series.last(1).next().unwrap_or_default();
    let turns = Duration::from_millis(last(&model.turns));
    let turn =
        if turns < Duration::from_secs(10) { format!("{:.1}s", turns.as_secs_f64()) } else { short(turns) };
    let per_second = last(&model.done) as f64 / SPAN.as_secs_f64();
    let rows = [
        (format!("queue {:>12}", last(&model.queue)), &model.queue),
        (format!("jobs  {:>12}", format!("{per_second:.1}/s")), &model.done),
        (format!("turn  {turn:>12}"), &model.turns),
    ];
    let lines = Layout::vertical([Constraint::Length(1); 4]).split(area);
    for (line, (label, series)) in lines.iter().skip(1).zip(rows) {
        let [left, right] = Layout::horizontal([Constraint::Length(LABEL), Constraint::Min(1)]).areas(*line);
        frame.render_widget(Paragraph::new(label), left);
        // The newest stands at the right, from the beginning on.
        let width = usize::from(right.width);
        let values: Vec<u64> = series.last(width).collect();
        let data = std::iter::repeat_n(0, width - values.len()).chain(values);
        let line = Sparkline::default().data(data.collect::<Vec<_>>()).style(colours.of(Style::new().cyan()));
        frame.render_widget(line, right);
    }
}
