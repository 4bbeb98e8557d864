//! How it looks, at the sizes that people have.

use super::*;
use crate::commands::top::model::{Input, Key};
use crate::commands::top::testing::{changed, status, ticket, transcript, working};
use cluster::control::protocol::{LogPiece, Logged, TicketState};
use pool_core::message::Outcome;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

/// A pool that has been watched for a minute.
fn model(now: Instant) -> Model {
    let mut model = Model::new(now);
    for step in 0..30u64 {
        let at = now + Duration::from_secs(2 * step);
        model.handle(Input::Status(status(10 + step * step % 7, step % 5)), at);
    }
    let at = now + Duration::from_secs(60);
    let events = [
        ticket(7, working(1, None)),
        ticket(8, working(2, Some("Add file? (Y)es/(N)o \u{1b}[2J"))),
        changed(3, "backing_off", None, "it ended by signal 9; started again in 5s"),
        ticket(6, TicketState::Ended { outcome: Outcome::Ok }),
    ];
    for event in events {
        model.handle(Input::Changed(event), at);
    }
    model
}

fn clock(at: Instant) -> Clock {
    Clock { at, shows: "2026-01-01T12:00:00[UTC]".parse().unwrap() }
}

fn drawn(model: &Model, now: Instant, (width, height): (u16, u16), colours: bool) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let at = now + Duration::from_secs(61);
    terminal.draw(|frame| draw(frame, model, at, &clock(now), Colours(colours))).unwrap();
    terminal
}

fn screen(keys: &[Key], size: (u16, u16)) -> String {
    let now = tokio::time::Instant::now().into_std();
    let mut model = model(now);
    for key in keys {
        model.handle(Input::Key(*key), now);
    }
    for piece in transcript(model.chosen) {
        model.handle(Input::Logged(piece), now);
    }
    drawn(&model, now, size, true).backend().to_string()
}

#[test]
fn on_a_terminal_of_the_usual_size() {
    insta::assert_snapshot!(screen(&[Key::Down], (80, 24)));
}

#[test]
fn on_a_large_one() {
    insta::assert_snapshot!(screen(&[Key::Down, Key::Down, Key::Char('c')], (120, 40)));
}

#[test]
fn on_a_small_one() {
    let answer = [Key::Down, Key::Down, Key::Char('a'), Key::Char('y')];
    insta::assert_snapshot!(screen(&answer, (40, 10)));
}

#[test]
fn the_transcript_alone_where_there_is_little_room() {
    insta::assert_snapshot!(screen(&[Key::Down, Key::Char('t')], (40, 10)));
}

#[test]
fn what_the_keys_do() {
    insta::assert_snapshot!(screen(&[Key::Char('?')], (80, 24)));
}

#[test]
fn before_anything_is_known_and_after_it_has_gone() {
    let now = tokio::time::Instant::now().into_std();
    let mut model = Model::new(now);
    let before = drawn(&model, now, (40, 10), true).backend().to_string();
    model.handle(Input::Status(status(1, 0)), now);
    model.handle(Input::Gone("the pool has gone".into()), now);
    let after = drawn(&model, now, (60, 20), true).backend().to_string();
    insta::assert_snapshot!(format!("{before}\n{after}"));
}

#[test]
fn without_colours_there_are_none_and_with_them_none_for_one_background_only() {
    let now = tokio::time::Instant::now().into_std();
    let model = model(now);
    let colours = |wanted| {
        let terminal = drawn(&model, now, (80, 24), wanted);
        let cells = terminal.backend().buffer().content().to_vec();
        cells.into_iter().flat_map(|cell| [cell.fg, cell.bg]).collect::<std::collections::HashSet<_>>()
    };
    assert_eq!(colours(false), [Color::Reset].into());
    let with = colours(true);
    assert!(with.len() > 1);
    for bad in [Color::Yellow, Color::White, Color::Black] {
        assert!(!with.contains(&bad), "{bad}");
    }
}

fn input() -> impl Strategy<Value = Input> {
    let key = prop_oneof![
        any::<char>().prop_map(Key::Char),
        prop::sample::select(vec![Key::Up, Key::Down, Key::Enter, Key::Backspace, Key::Escape]),
        prop::sample::select(vec!['r', 'c', 'a', 'y', 't', '?']).prop_map(Key::Char),
    ];
    let state = prop::sample::select(vec!["ready", "working", "needs_input", "failed", "limited"]);
    prop_oneof![
        key.prop_map(Input::Key),
        (0u64..99, 0u64..9).prop_map(|(jobs, queued)| Input::Status(status(jobs, queued))),
        (0u32..9, state, any::<String>()).prop_map(|(index, state, text)| Input::Changed(changed(
            index,
            state,
            Some(1),
            &text
        ))),
        (0u64..5, 0u32..9, any::<Option<String>>())
            .prop_map(|(number, slot, asks)| Input::Changed(ticket(number, working(slot, asks.as_deref())))),
        any::<String>().prop_map(Input::Told),
        (0u32..3, any::<String>()).prop_map(|(slot, text)| {
            Input::Logged(LogPiece { slot, what: Logged::Said(text.into_bytes().into()) })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes, it can be drawn on any terminal, and shows nothing that acts on one.
    #[test]
    fn it_can_always_be_drawn(
        inputs in proptest::collection::vec(input(), 0..20),
        size in (1u16..130, 1u16..50),
    ) {
        let now = tokio::time::Instant::now().into_std();
        let mut model = Model::new(now);
        for (second, input) in (0..).zip(inputs) {
            model.handle(input, now + Duration::from_secs(second));
        }
        let screen = drawn(&model, now, size, true).backend().to_string();
        prop_assert!(screen.chars().all(|c| !c.is_control() || c == '\n'), "{screen:?}");
    }
}
