//! How far the run is: rows on a terminal, a line now and then elsewhere.

use super::board::{Board, clock};
use super::fit::fit;
use super::limit::span;
use super::paint::Paint;
use super::screen::Screen;
use cluster::batch::run::Counts;
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(30);

/// How many instances have a row of their own at most.
const ROWS: usize = 16;

/// Cells of the bar; there is none where so many columns are half of the row.
const BAR: u64 = 20;

pub(super) struct Progress {
    screen: Screen,
    paint: Paint,
    began: Instant,
    next_line: Instant,
    total: Option<u64>,
    /// What is asked, and stands above the rest.
    prompt: Option<String>,
}

impl Progress {
    pub(super) fn new(total: Option<u64>, screen: Screen, paint: Paint, now: Instant) -> Self {
        Self { screen, paint, began: now, next_line: now + EVERY, total, prompt: None }
    }

    pub(super) const fn screen(&self) -> &Screen {
        &self.screen
    }

    /// For how long the run goes on.
    pub(super) fn time(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }

    /// Draws the rows, with what instances do; or returns a line, if it is time for one.
    pub(super) fn tick(
        &mut self,
        counts: Counts,
        failed: u64,
        board: &Board<'_>,
        now: Instant,
    ) -> Option<String> {
        if self.screen.is_there() {
            let size = Screen::size();
            self.screen.show(self.rows(counts, failed, board, size, now));
            return None;
        }
        if now < self.next_line {
            return None;
        }
        self.next_line = now + EVERY;
        let of = self.total.map(|total| format!(" of {total}")).unwrap_or_default();
        let (shown, time) = (counts.ended - counts.held as u64, self.time(now).as_secs());
        let left = self.left(counts, now).map(|left| format!("; {left}")).unwrap_or_default();
        Some(format!("{shown}{of} jobs done after {time} s: {}{left}", remark(counts, failed)))
    }

    /// What stands above the rows from the next tick on.
    pub(super) fn prompt(&mut self, prompt: Option<String>) {
        self.prompt = prompt;
    }

    /// Takes the rows away.
    pub(super) fn clear(&self) {
        self.screen.show(Vec::new());
    }

    /// Everything that fits into so many columns and rows, with one of each to spare: a terminal moves on when the last
    /// cell is written.
    fn rows(
        &self,
        counts: Counts,
        failed: u64,
        board: &Board<'_>,
        (columns, rows): (usize, usize),
        now: Instant,
    ) -> Vec<String> {
        let (columns, most) = (columns.saturating_sub(1), ROWS.min((rows / 2).saturating_sub(2)));
        let mut all: Vec<_> = self.prompt.iter().map(|prompt| fit(prompt, columns)).collect();
        all.push(fit(&self.head(counts, failed, columns, now), columns));
        if most > 0 {
            all.extend(held(counts).map(|held| self.paint.dim(&fit(&format!("  {held}"), columns))));
            all.extend(board.rows(columns, most, self.paint));
        }
        all
    }

    fn head(&self, counts: Counts, failed: u64, columns: usize, now: Instant) -> String {
        let done = match self.total {
            Some(total) if columns as u64 >= 3 * BAR => {
                format!("{} {}/{total}", bar(counts.ended, total), counts.ended)
            }
            Some(total) => format!("{}/{total}", counts.ended),
            None => format!("{} done", counts.ended),
        };
        let time = clock(self.time(now));
        let left = self.left(counts, now).map(|left| format!(", {left}")).unwrap_or_default();
        format!("{done}, {failed} failed, {} running  {time}{left}", counts.running)
    }

    /// How long the rest may take, when the first job has shown how long one takes.
    fn left(&self, counts: Counts, now: Instant) -> Option<String> {
        let left = self.total?.checked_sub(counts.ended).filter(|left| *left > 0)?;
        let each = self.time(now).as_secs_f64() / Some(counts.ended).filter(|ended| *ended > 0)? as f64;
        let left = Duration::try_from_secs_f64(each * left as f64).ok()?;
        Some(format!("about {} left", span(left)))
    }
}

fn remark(counts: Counts, failed: u64) -> String {
    let held = held(counts).map(|held| format!(", {held}")).unwrap_or_default();
    format!("{failed} failed, {} running{held}", counts.running)
}

/// What does not go out, and why.
fn held(counts: Counts) -> Option<String> {
    let waits = Some(counts.held).filter(|held| *held > 0)?;
    let blocked = ", no more are begun until it ends (--unordered does not wait)";
    Some(format!("{waits} wait for an earlier one{}", if counts.blocked { blocked } else { "" }))
}

fn bar(done: u64, of: u64) -> String {
    let full = done.min(of).saturating_mul(BAR).checked_div(of).unwrap_or(BAR);
    let cells = |count: u64, cell: &str| cell.repeat(usize::try_from(count).unwrap_or_default());
    cells(full, "█") + &cells(BAR - full, "░")
}

#[cfg(test)]
mod tests;
