//! What the tool looks like at each look, and what that means.
#![expect(clippy::disallowed_methods, reason = "any instant will do, and only the clock makes one")]

use super::*;
use proptest::prelude::*;

const LIMIT: Duration = Duration::from_secs(600);

/// The processor time of the tool and of all after so much idleness.
type World = fn(Duration) -> Option<Vitals>;

/// What is told, and after how many seconds.
type News = Vec<(u64, Verdict)>;

const fn runs(tool: u64, all: u64) -> Option<Vitals> {
    Some(Vitals { stopped: false, tool, all })
}

const STOPPED: Option<Vitals> = Some(Vitals { stopped: true, tool: 1, all: 1 });

/// Looks as often as it wants for so long, and writes down what is new: `(seconds, verdict)`.
fn watch(vigil: &mut Vigil, start: Instant, until: Duration, world: World) -> News {
    let mut verdicts = Vec::new();
    while let Some(at) = vigil.poll_timeout().filter(|at| *at <= start + until) {
        assert!(vigil.handle_timeout(at).is_some(), "a look is due");
        let since = at.saturating_duration_since(start);
        match vigil.looked(world(since), at) {
            Verdict::Nothing => {}
            verdict => verdicts.push((since.as_secs(), verdict)),
        }
    }
    verdicts
}

#[test]
fn f27_work_without_a_word_is_no_stall() {
    let stalled = |at| vec![(at, Verdict::Stalled(Duration::from_secs(at)))];
    let table: [(&str, World, News); 6] = [
        ("idle", |_| runs(3, 9), stalled(600)),
        ("unseen", |_| None, stalled(600)),
        ("busy itself", |since| runs(since.as_secs(), since.as_secs()), vec![]),
        ("busy below", |since| runs(3, since.as_secs()), vec![]),
        ("a child went without a trace", |since| runs(3, 999 - since.as_secs().min(900)), vec![]),
        ("busy for a minute", |since| runs(since.as_secs().min(60), 0), vec![(660, Verdict::Stalled(LIMIT))]),
    ];
    for (what, world, expected) in table {
        let now = Instant::now();
        let verdicts = watch(&mut Vigil::new(LIMIT, now), now, Duration::from_secs(900), world);
        assert_eq!(verdicts, expected, "{what}");
    }
}

#[test]
fn a_stall_that_ends_is_told() {
    let now = Instant::now();
    let world: World = |since| runs(3, if since.as_secs() < 700 { 9 } else { 10 });
    let verdicts = watch(&mut Vigil::new(LIMIT, now), now, Duration::from_secs(1000), world);
    assert_eq!(verdicts, [(600, Verdict::Stalled(LIMIT)), (700, Verdict::Working)]);
}

#[test]
fn f09_a_stopped_tool_is_told_to_go_on_once() {
    let now = Instant::now();
    let stays = watch(&mut Vigil::new(LIMIT, now), now, Duration::from_secs(12), |_| STOPPED);
    assert_eq!(stays, [(5, Verdict::Stopped), (10, Verdict::StaysStopped)]);
    let goes_on: World = |since| if since.as_secs() < 10 { STOPPED } else { runs(1, 1) };
    let verdicts = watch(&mut Vigil::new(LIMIT, now), now, Duration::from_secs(60), goes_on);
    assert_eq!(verdicts, [(5, Verdict::Stopped), (10, Verdict::Working)]);
    // Output in between does not make it forget.
    let mut vigil = Vigil::new(LIMIT, now);
    watch(&mut vigil, now, Duration::from_secs(6), |_| STOPPED);
    vigil.output(now + Duration::from_secs(7));
    let again = watch(&mut vigil, now, Duration::from_secs(12), |_| STOPPED);
    assert_eq!(again, [(12, Verdict::StaysStopped)]);
}

#[test]
fn looks_are_few() {
    let now = Instant::now();
    let mut vigil = Vigil::new(LIMIT, now);
    let mut trees = Vec::new();
    while let Some(at) = vigil.poll_timeout().filter(|at| *at <= now + LIMIT) {
        if vigil.handle_timeout(at) == Some(Depth::Tree) {
            trees.push((at - now).as_secs());
        }
        vigil.looked(runs(1, 1), at);
    }
    assert_eq!(trees, [60, 600], "one to compare with, and one to judge");
}

#[test]
fn a_look_that_output_overtakes_says_nothing() {
    let now = Instant::now();
    let mut vigil = Vigil::new(LIMIT, now);
    assert_eq!(vigil.handle_timeout(now + LOOK), Some(Depth::Tool));
    assert_eq!((vigil.poll_timeout(), vigil.handle_timeout(now + LOOK)), (None, None), "one at a time");
    vigil.output(now + LOOK);
    assert_eq!(vigil.looked(STOPPED, now + LOOK), Verdict::Nothing);
    assert_eq!(vigil.poll_timeout(), Some(now + 2 * LOOK));
}

#[test]
fn a_pause_of_ours_does_not_count() {
    let now = Instant::now();
    let mut vigil = Vigil::new(LIMIT, now);
    vigil.shift(Duration::from_secs(8 * 3600));
    assert_eq!(vigil.poll_timeout(), Some(now + Duration::from_secs(8 * 3600 + 5)));
    assert_eq!(vigil.stalled_at(), Some(now + Duration::from_secs(8 * 3600 + 600)));
}

proptest! {
    /// Whatever happens: a next look is always due later, a stall needs a whole limit of idleness, and output ends it.
    #[test]
    fn any_history(limit in 1_u64..2000, events in prop::collection::vec((0_u64..100, 0_u8..5), 1..200)) {
        let limit = Duration::from_secs(limit);
        let mut now = Instant::now();
        let mut vigil = Vigil::new(limit, now);
        let (mut moved, mut ticks) = (now, 0);
        for (wait, event) in events {
            now += Duration::from_secs(wait);
            if event == 0 {
                vigil.output(now);
                moved = now;
            } else if let Some(depth) = vigil.handle_timeout(now) {
                ticks += u64::from(event == 1);
                let seen = if event == 2 { None } else { runs(0, ticks) };
                let verdict = vigil.looked(seen, now);
                if depth == Depth::Tree && verdict == Verdict::Working {
                    moved = now;
                }
                if let Verdict::Stalled(idle) = verdict {
                    prop_assert!(idle >= limit && idle <= now - moved);
                }
                prop_assert!(vigil.poll_timeout().is_some_and(|at| at > now && at <= now + LOOK));
            }
        }
    }
}
