//! The picture in the README: the program on a terminal, in the middle of a run. `just capture` takes it anew.

use crate::markdown::root;
use crate::scratch::Scratch;
use crate::terminal::Terminal;
use anstyle::{AnsiColor, Color, Effects, RgbColor, Style};
use regex::Regex;
use std::fmt::Write;

/// Where it is.
const PICTURE: &str = "docs/capture.svg";

/// Jobs of so many seconds: three are over soon, the others not while somebody looks, however slow the machine is.
const COMMAND: &str = r#"cluster run bash -n 4 -s 'sleep {}; echo "slept {} s"' 1 3 2 60 40 50 45 30"#;

/// The colors of the ground, of text, and of what is dim.
const DARK: Color = Color::Rgb(RgbColor(0x1e, 0x22, 0x2a));
const LIGHT: Color = Color::Rgb(RgbColor(0xd8, 0xde, 0xe9));
const DIM: Color = Color::Rgb(RgbColor(0x93, 0xa1, 0xb5));

/// The first replies are there, and four instances work.
fn is_in_the_middle(screen: &str) -> bool {
    let working = screen.lines().filter(|line| line.contains("bash working")).count();
    let replies = "── 2/8 3 ──\nslept 3 s\n── 3/8 2 ──\nslept 2 s\n";
    screen.contains(replies) && screen.contains("3/8, 0 failed, 4 running") && working == 4
}

/// Takes the picture, as SVG.
fn take() -> String {
    let scratch = Scratch::new(false);
    let mut terminal = Terminal::open(&scratch);
    terminal.until(|screen| screen.ends_with('$') || screen.ends_with("$ "));
    terminal.keys(&format!("{COMMAND}\n"));
    let picture = svg(terminal.until(is_in_the_middle));
    // Thrice: then nothing is waited for.
    for said in ["finishing", "cancelling", "\n$"] {
        terminal.keys("\u{3}");
        terminal.until(|screen| screen.contains(said));
    }
    picture
}

/// With a ground of its own, so that it can be read on a light page and on a dark one.
fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let mut text = String::new();
    for row in 0..rows.get() {
        let mut last = Style::new();
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else {
                continue;
            };
            let style = style(cell);
            let shown = if cell.has_contents() { cell.contents() } else { " " };
            if style != last {
                let _ = write!(text, "{last:#}{style}");
                last = style;
            }
            text += shown;
        }
        text.truncate(text.trim_end_matches(' ').len());
        let _ = writeln!(text, "{last:#}");
    }
    let term = anstyle_svg::Term::new().palette(anstyle_svg::WIN10_CONSOLE);
    term.fg_color(LIGHT).bg_color(DARK).render_svg(text.trim_end())
}

fn style(cell: &vt100::Cell) -> Style {
    let effects = [
        (cell.bold(), Effects::BOLD),
        (cell.italic(), Effects::ITALIC),
        (cell.underline(), Effects::UNDERLINE),
        (cell.inverse(), Effects::INVERT),
    ];
    let effects =
        effects.into_iter().filter(|(is_on, _)| *is_on).fold(Effects::new(), |all, (_, one)| all | one);
    // Dim is a color here: what is dim in a picture cannot be read.
    let front = if cell.dim() { Some(DIM) } else { color(cell.fgcolor()) };
    Style::new().effects(effects).fg_color(front).bg_color(color(cell.bgcolor()))
}

fn color(color: vt100::Color) -> Option<Color> {
    match color {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(match index {
            0..16 => anstyle::Ansi256Color(index).into_ansi().map_or(AnsiColor::White.into(), Color::Ansi),
            _ => Color::Ansi256(anstyle::Ansi256Color(index)),
        }),
        vt100::Color::Rgb(r, g, b) => Some(Color::Rgb(RgbColor(r, g, b))),
    }
}

/// What can be read on it.
fn words(svg: &str) -> String {
    let tags = Regex::new(r"(?s)<style>.*?</style>|<[^>]*>").unwrap();
    let text = tags.replace_all(svg, "").replace("&lt;", "<").replace("&gt;", ">");
    let text =
        text.replace("&quot;", "\"").replace("&#39;", "'").replace("&#x27;", "'").replace("&amp;", "&");
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
#[ignore = "`just capture` runs it"]
fn it_is_taken() {
    std::fs::write(root().join(PICTURE), take()).unwrap();
}

/// The one that is there, and one that is taken now.
#[test]
fn it_is_one_of_this_program() {
    let there = std::fs::read_to_string(root().join(PICTURE)).unwrap();
    for picture in [there, take()] {
        let words = words(&picture);
        assert!(words.contains(COMMAND) && is_in_the_middle(&words), "{words}");
    }
}
