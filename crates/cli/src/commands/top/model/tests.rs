//! What comes of what happens.

use super::*;
use crate::commands::top::testing::{changed, status, ticket, working};
use cluster::control::protocol::{CancelAsk, LogPiece, Logged, Outcomes, Reply, RestartAsk};
use pool_core::message::Outcome;

fn start() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// A model that knows of the pool; instance 2 asks on behalf of t8.
fn known(now: Instant) -> Model {
    let mut model = Model::new(now);
    model.handle(Input::Status(status(10, 0)), now);
    model.handle(Input::Changed(ticket(8, working(2, Some("Add file?")))), now);
    model
}

/// What these keys come to: what is asked of the pool, and what is said.
fn typed(keys: &[Key]) -> (Vec<Effect>, String) {
    let now = start();
    let mut model = known(now);
    let effects = keys.iter().flat_map(|key| model.handle(Input::Key(*key), now));
    let effects = effects.filter(|effect| !matches!(effect, Effect::Follow(_))).collect();
    (effects, model.notice)
}

#[test]
fn keys_are_about_the_chosen_instance() {
    use Key::{Backspace, Char, Down, Enter, Escape, Interrupt, Up};
    let (r, c, a, y, n) = (Char('r'), Char('c'), Char('a'), Char('y'), Char('n'));
    let restart = |index| vec![Effect::Ask(Ask::Restart(RestartAsk { index }))];
    let answer =
        |text: &str| vec![Effect::Ask(Ask::Answer(Reply { ticket: TicketId(8), text: text.to_owned() }))];
    let cancel = |job: &str| vec![Effect::Ask(Ask::Cancel(CancelAsk { job: job.to_owned() }))];
    let table: [(&[Key], Vec<Effect>); 16] = [
        (&[r, y], restart(0)),
        (&[r, n], Vec::new()),
        (&[r, Escape], Vec::new()),
        (&[Down, r, y], restart(1)),
        (&[Down, Down, Down, Down, Down, r, y], restart(3)),
        (&[Down, Up, Up, r, y], restart(0)),
        (&[Down, c, y], cancel("t7")),
        (&[Down, c, n], Vec::new()),
        (&[Down, Down, c, y], cancel("t8")),
        (&[Down, Down, a, Char('y'), Char('q'), Backspace, Enter], answer("y")),
        (&[Down, Down, a, Enter], answer("")),
        (&[Down, Down, a, Char('x'), Escape, r, n], Vec::new()),
        (&[Char('?'), Char('q')], Vec::new()),
        (&[Char('q')], vec![Effect::Quit]),
        (&[Escape], vec![Effect::Quit]),
        (&[Down, Down, a, Interrupt], vec![Effect::Quit]),
    ];
    for (keys, expected) in table {
        assert_eq!(typed(keys).0, expected, "{keys:?}");
    }
    assert_eq!(typed(&[c]).1, "it works on nothing");
    assert_eq!(typed(&[a]).1, "it asks nothing that could be answered here");
}

#[test]
fn figures_are_asked_for_when_something_happens_and_not_too_often() {
    let now = start();
    let at = |ms| now + Duration::from_millis(ms);
    let asks = |model: &mut Model, input, ms| !model.handle(input, at(ms)).is_empty();
    let mut model = Model::new(now);
    assert_eq!(model.deadline(now), None, "they are on their way");
    let idle = || {
        let mut status = status(10, 0);
        status.snapshot.instances.truncate(1);
        Input::Status(status)
    };
    model.handle(idle(), now);
    assert_eq!(model.deadline(at(5000)), None, "while nothing happens, nobody looks");
    let change = || Input::Changed(ticket(1, TicketState::Queued));
    assert!(!asks(&mut model, change(), 100), "not so soon after the last time");
    assert_eq!(model.deadline(at(100)), Some(at(500)));
    assert!(!asks(&mut model, change(), 400));
    assert!(asks(&mut model, Input::Look, 500));
    assert!(!asks(&mut model, change(), 600), "the answer is on its way");
    assert_eq!(model.deadline(at(600)), None);
    model.handle(idle(), at(650));
    assert_eq!(model.deadline(at(650)), Some(at(1150)), "it may have come too early for the last change");
    model.handle(Input::Gone("the pool has gone".into()), at(700));
    assert_eq!(model.deadline(at(700)), None);
    assert!(!asks(&mut model, Input::Look, 9000), "who has gone is not asked");
    assert_eq!(model.handle(Input::Key(Key::Char('r')), at(9000)), []);
}

#[test]
fn while_somebody_works_the_clock_is_looked_at() {
    let now = start();
    let model = known(now);
    assert!(model.deadline(now) <= Some(now + Duration::from_secs(1)));
    let since = model.rows[&1].since;
    assert_eq!(now.duration_since(since), Duration::from_secs(61));
}

#[test]
fn who_works_on_what() {
    let now = start();
    let mut model = known(now);
    let mut has = |event: Event| {
        model.handle(Input::Changed(event), now);
        model
            .rows
            .values()
            .map(|row| {
                let asks = if row.asks.is_some() { "?" } else { "" };
                row.work.as_deref().unwrap_or("-").to_owned() + asks
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(has(ticket(9, TicketState::Queued)), "- t7 t8? -");
    assert_eq!(has(ticket(9, working(0, None))), "t9 t7 t8? -");
    assert_eq!(has(ticket(8, working(2, None))), "t9 t7 t8 -");
    assert_eq!(has(changed(2, "ready", None, "")), "t9 t7 - -");
    assert_eq!(has(ticket(9, TicketState::Ended { outcome: Outcome::Ok })), "- t7 - -");
    assert_eq!(has(ticket(7, TicketState::Ended { outcome: Outcome::Ok })), "- - - -");
}

/// Nobody watched when it began: no change has told of it, only the whole.
#[test]
fn what_began_before_can_be_answered_unless_it_is_of_a_batch() {
    let now = start();
    let mut pool = status(10, 0);
    let mut batch = pool.clone();
    (batch.tickets, batch.jobs) = (None, Some(Outcomes::default()));
    let mut nameless = pool.clone();
    nameless.names.clear();
    pool.names.insert(7, "t70".to_owned());
    let keys = |status: Box<StatusDone>, keys: &[Key]| {
        let mut model = Model::new(now);
        model.handle(Input::Status(status), now);
        keys.iter().for_each(|key| drop(model.handle(Input::Key(*key), now)));
        (model.mode, model.notice)
    };
    let (down, answer, cancel) = (Key::Down, Key::Char('a'), Key::Char('c'));
    let (mode, _) = keys(pool.clone(), &[down, down, answer]);
    assert_eq!(mode, Mode::Answer(TicketId(8), String::new()));
    assert_eq!(keys(pool.clone(), &[down, answer]).0, Mode::Look, "at work, and asks nothing");
    let (mode, _) = keys(pool, &[down, cancel]);
    assert!(matches!(mode, Mode::Sure(Ask::Cancel(what), _) if what.job == "t70"));
    let (mode, notice) = keys(batch, &[down, down, answer]);
    assert_eq!((mode, notice.as_str()), (Mode::Look, "it asks nothing that could be answered here"));
    assert_eq!(keys(nameless, &[down, cancel]).1, "what it works on has no name yet");
}

#[test]
fn numbers_over_time() {
    let now = start();
    let at = |seconds| now + Duration::from_secs(seconds);
    let mut model = Model::new(now);
    for (jobs, queued, seconds) in [(10, 0, 0), (13, 5, 1), (13, 4, 3), (17, 0, 5)] {
        model.handle(Input::Status(status(jobs, queued)), at(seconds));
    }
    let last = |series: &Series| series.last(9).collect::<Vec<_>>();
    assert_eq!(last(&model.done), [3, 0, 4], "what was done before is not of now");
    assert_eq!(last(&model.queue), [5, 4, 0]);
    assert_eq!(last(&model.turns), [2000, 2000, 2000], "the mean of what ended");
}

#[test]
fn events_are_kept_but_not_without_end() {
    let now = start();
    let mut model = known(now);
    for number in 0..1000 {
        model.handle(Input::Changed(ticket(number, TicketState::Queued)), now);
    }
    assert_eq!(model.events.len(), EVENTS);
    assert_eq!(model.events.back().map(|told| told.text.as_str()), Some("t999 is queued"));
}

#[test]
fn the_transcript_is_of_the_chosen_instance() {
    let now = start();
    let mut model = Model::new(now);
    let piece = |slot, text: &str| {
        let what = Logged::Said(text.as_bytes().to_vec().into());
        Input::Logged(LogPiece { slot, what })
    };
    let (down, up) = (|| Input::Key(Key::Down), || Input::Key(Key::Up));
    let mut fewer = status(10, 0);
    fewer.snapshot.instances.pop();
    let table = [
        (Input::Status(status(10, 0)), Some(0), ""),
        (Input::Follows(0), None, ""),
        (piece(0, "zero\n"), None, "zero"),
        (Input::Status(status(11, 0)), None, "zero"),
        (down(), Some(1), ""),
        (piece(0, "late\n"), None, ""),
        (up(), Some(0), ""),
        (piece(0, "late\n"), None, "late"),
        (Input::Follows(1), None, "late"),
        (piece(1, "never\n"), None, "late"),
        (Input::Follows(0), None, ""),
        (piece(0, "zero\n"), None, "zero"),
        (up(), None, "zero"),
        (down(), Some(1), ""),
        (down(), Some(2), ""),
        (down(), Some(3), ""),
        // The last one goes, so that the first one is chosen.
        (Input::Status(fewer), Some(0), ""),
        (piece(0, "zero\n"), None, "zero"),
        (Input::Gone("the pool has gone".into()), None, "zero"),
        (down(), None, ""),
    ];
    for (step, (input, followed, shown)) in table.into_iter().enumerate() {
        let effects = model.handle(input, now);
        assert_eq!(effects, followed.map(Effect::Follow).into_iter().collect::<Vec<_>>(), "step {step}");
        let lines: Vec<String> = model.transcript.newest_first().collect();
        assert_eq!(lines.join(" "), shown, "step {step}");
    }
}
