//! What the chosen instance was told and said: the end of it, in as many rows as there are.

use crate::commands::top::model::Model;
use crate::output::sanitize;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Paragraph};
use std::collections::VecDeque;
use unicode_width::UnicodeWidthChar;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let Some(row) = model.row().filter(|_| area.height >= 2) else { return };
    let tool = sanitize::line(&row.view.status.tool_id, 20);
    let block = Block::new().borders(Borders::TOP).title(format!(" transcript of {} {tool} ", model.chosen));
    let inside = block.inner(area);
    frame.render_widget(block, area);
    let rows = end(model.transcript.newest_first(), inside.width.into(), inside.height.into());
    frame.render_widget(Paragraph::new(rows.into_iter().map(Line::from).collect::<Vec<_>>()), inside);
}

/// The last rows of these lines, of which the newest comes first.
fn end(newest_first: impl Iterator<Item = String>, width: usize, most: usize) -> VecDeque<String> {
    let rows = newest_first.flat_map(|line| wrapped(&line, width).into_iter().rev());
    let mut end = VecDeque::new();
    rows.take(most).for_each(|row| end.push_front(row));
    end
}

/// A line in rows of at most so many columns; a letter that is wider than that has a row for itself.
fn wrapped(line: &str, width: usize) -> Vec<String> {
    let (mut rows, mut left) = (vec![String::new()], width);
    for letter in line.chars() {
        let wide = letter.width().unwrap_or(0);
        let last = rows.len() - 1;
        if wide > left && !rows[last].is_empty() {
            rows.push(letter.to_string());
            left = width.saturating_sub(wide);
        } else {
            rows[last].push(letter);
            left = left.saturating_sub(wide);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_go_on_in_the_next_row_and_the_last_rows_are_seen() {
        let table: [(&[&str], usize, usize, &[&str]); 7] = [
            (&[], 4, 3, &[]),
            (&["b", "a"], 4, 3, &["a", "b"]),
            (&["b", "", "a"], 4, 2, &["", "b"]),
            (&["abcdefghi", "x"], 4, 9, &["x", "abcd", "efgh", "i"]),
            (&["abcdefghi", "x"], 4, 2, &["efgh", "i"]),
            (&["漢字漢"], 5, 9, &["漢字", "漢"]),
            (&["漢字"], 1, 9, &["漢", "字"]),
        ];
        for (lines, width, most, expected) in table {
            let rows = end(lines.iter().map(ToString::to_string), width, most);
            assert_eq!(rows, expected, "{lines:?} in {width} columns");
        }
    }
}
