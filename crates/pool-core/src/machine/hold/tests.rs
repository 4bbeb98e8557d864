//! Scripts, and one property: whatever happens, one trial at most, nobody served while held, nothing stuck.

use super::*;
use proptest::prelude::*;

const SPEC: HoldSpec = HoldSpec { min: Duration::from_secs(60), max: Duration::from_secs(3600), jitter: 0.1 };

/// A hold, and a clock that is moved by hand.
struct Script {
    hold: Hold,
    now: Instant,
}

impl Script {
    #[expect(clippy::disallowed_methods, reason = "a script needs some instant to count from")]
    fn new() -> Self {
        Self { hold: Hold::default(), now: Instant::now() }
    }

    /// Held, since slot 1 met a limit that is over in a minute.
    fn held() -> Self {
        let mut script = Self::new();
        script.limited(1, None);
        script
    }

    /// On trial in slot 1, a minute later.
    fn on_trial() -> Self {
        let mut script = Self::held();
        script.pass(60);
        assert!(script.hold.try_on(SlotId(1), script.now));
        script
    }

    fn limited(&mut self, slot: u32, reset: Option<u64>) -> Option<HoldAction> {
        let reset = reset.map(Duration::from_secs);
        self.hold.limited(SlotId(slot), &"429".into(), reset, &SPEC, 0.0, self.now);
        self.hold.judge(SlotId(slot), Outcome::Limited);
        self.hold.poll_action()
    }

    fn ended(&mut self, slot: u32, outcome: Outcome) -> Option<HoldAction> {
        self.hold.judge(SlotId(slot), outcome);
        self.hold.poll_action()
    }

    fn pass(&mut self, seconds: u64) -> Option<HoldAction> {
        self.now += Duration::from_secs(seconds);
        self.hold.handle_timeout(true, self.now);
        self.hold.poll_action()
    }

    /// How many seconds the hold lasts from now on.
    fn left(&self) -> Option<u64> {
        self.hold.limit().map(|limit| limit.until.saturating_duration_since(self.now).as_secs())
    }
}

#[test]
fn a_limit_holds_the_account_for_a_minute() {
    let mut script = Script::new();
    assert_eq!((script.left(), script.hold.poll_timeout()), (None, None));
    assert_eq!(script.limited(1, None), Some(HoldAction::Revoke));
    assert_eq!(script.left(), Some(60));
    assert_eq!(&*script.hold.limit().expect("a limit").reason, "429");
    assert_eq!(script.hold.poll_timeout(), Some(script.now + Duration::from_secs(60)));
    script.pass(59);
    assert!(!script.hold.is_due() && !script.hold.try_on(SlotId(0), script.now));
    script.pass(1);
    assert!(script.hold.is_due());
}

#[test]
fn what_the_tool_says_of_the_end_is_believed() {
    for (seconds, left) in [(1, 1), (7, 7), (18_000, 18_000), (0, 0), (90 * 86_400, 31 * 86_400)] {
        let mut script = Script::new();
        script.limited(0, Some(seconds));
        assert_eq!(script.left(), Some(left), "{seconds}");
        let until = script.hold.limit().expect("a limit").until;
        assert!(until >= script.now + SHORTEST, "{seconds}: never at once");
    }
}

#[test]
fn one_trial_and_a_success_frees_everybody() {
    for outcome in [Outcome::Ok, Outcome::Error, Outcome::Denied, Outcome::ContextFull] {
        let mut script = Script::on_trial();
        assert!(!script.hold.try_on(SlotId(2), script.now), "one trial");
        assert!(!script.hold.is_due());
        assert_eq!(script.ended(1, outcome), Some(HoldAction::Release), "{outcome}");
        assert_eq!(script.hold.limit(), None);
    }
}

#[test]
fn each_trial_that_meets_the_limit_doubles_the_time() {
    let mut script = Script::held();
    for expected in [120, 240, 480, 960, 1920, 3600, 3600] {
        script.pass(script.left().expect("held"));
        assert!(script.hold.try_on(SlotId(0), script.now));
        assert_eq!(script.limited(0, None), Some(HoldAction::Revoke));
        assert_eq!(script.left(), Some(expected));
    }
    script.pass(3600);
    assert!(script.hold.try_on(SlotId(0), script.now));
    script.ended(0, Outcome::Ok);
    script.limited(0, None);
    assert_eq!(script.left(), Some(60), "a success forgets");
}

#[test]
fn a_time_that_proves_wrong_is_doubled_too() {
    let mut script = Script::new();
    script.limited(0, Some(2));
    for expected in [4, 8, 16] {
        script.pass(script.left().expect("held"));
        assert!(script.hold.try_on(SlotId(0), script.now));
        script.limited(0, Some(2));
        assert_eq!(script.left(), Some(expected));
    }
    script.pass(16);
    assert!(script.hold.try_on(SlotId(0), script.now));
    script.limited(0, Some(18_000));
    assert_eq!(script.left(), Some(18_000), "a long one is not doubled beyond what it says");
}

#[test]
fn jobs_that_were_under_way_change_nothing_but_a_later_end() {
    let mut script = Script::held();
    assert_eq!(script.ended(2, Outcome::Ok), None, "a success of before says nothing");
    assert_eq!((script.limited(2, None), script.left()), (None, Some(60)));
    assert_eq!((script.limited(3, Some(30)), script.left()), (None, Some(60)));
    assert_eq!(
        (script.limited(3, Some(65)), script.left()),
        (None, Some(60)),
        "the same, told a little later"
    );
    assert_eq!((script.limited(4, Some(300)), script.left()), (Some(HoldAction::Revoke), Some(300)));
    let mut script = Script::on_trial();
    assert_eq!((script.limited(2, Some(300)), script.left()), (None, Some(0)), "the trial will tell");
    assert_eq!(script.ended(2, Outcome::Ok), None);
    assert_eq!(script.ended(1, Outcome::Ok), Some(HoldAction::Release));
}

#[test]
fn a_trial_without_an_answer_is_followed_by_another() {
    for outcome in [Outcome::Cancelled, Outcome::Crashed, Outcome::TimedOut, Outcome::Lost, Outcome::Refused]
    {
        let mut script = Script::on_trial();
        assert_eq!(script.ended(1, outcome), None);
        assert!(script.hold.is_due() && script.hold.try_on(SlotId(2), script.now), "{outcome}");
    }
    let mut script = Script::on_trial();
    script.hold.gave_back(SlotId(2));
    assert!(!script.hold.is_due(), "not its trial");
    script.hold.gave_back(SlotId(1));
    assert!(script.hold.is_due());
}

#[test]
fn a_credit_that_nobody_spends_moves_on_more_slowly_each_round() {
    let mut script = Script::held();
    script.pass(60);
    let mut waits = Vec::new();
    for slot in [0, 1, 0, 1, 0, 1] {
        assert!(script.hold.try_on(SlotId(slot), script.now));
        let patience = script.hold.poll_timeout().expect("patience").saturating_duration_since(script.now);
        waits.push(patience.as_secs());
        assert_eq!(script.pass(patience.as_secs()), Some(HoldAction::Pass(SlotId(slot))));
        assert_eq!(script.pass(0), None, "said once");
        script.hold.gave_back(SlotId(slot));
    }
    assert_eq!(waits, [1, 1, 2, 2, 4, 4]);
    assert!(script.hold.try_on(SlotId(1), script.now));
    script.ended(1, Outcome::Ok);
    script.limited(0, None);
    script.pass(60);
    assert!(script.hold.try_on(SlotId(0), script.now));
    assert_eq!(script.hold.poll_timeout(), Some(script.now + PATIENCE), "a success forgets");
}

#[test]
fn a_credit_that_nobody_else_waits_for_stays() {
    let mut script = Script::on_trial();
    script.now += Duration::from_secs(60);
    script.hold.handle_timeout(false, script.now);
    assert_eq!(script.hold.poll_action(), None);
    assert_eq!(
        (script.pass(63), script.pass(1)),
        (None, Some(HoldAction::Pass(SlotId(1)))),
        "until somebody does"
    );
    assert_eq!(script.ended(1, Outcome::Ok), Some(HoldAction::Release));
}

#[test]
fn jitter_only_adds_and_never_much() {
    for (reset, dice, millis) in
        [(None, 0.0, 60_000), (None, 0.5, 63_000), (Some(10), 1.0, 11_000), (Some(18_000), 1.0, 18_060_000)]
    {
        let length = length(reset.map(Duration::from_secs), 0, &SPEC, dice);
        assert_eq!(length.as_millis(), millis, "{reset:?} {dice}");
    }
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Limited(u32, Option<u64>),
    Ended(u32, Outcome),
    GaveBack(u32),
    Try(u32),
    Pass(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let slot = 0..4_u32;
    let outcome = prop_oneof![Just(Outcome::Ok), Just(Outcome::Crashed), Just(Outcome::Cancelled)];
    let one = prop_oneof![
        2 => (slot.clone(), proptest::option::of(0..100_u64)).prop_map(|(slot, reset)| Move::Limited(slot, reset)),
        2 => (slot.clone(), outcome).prop_map(|(slot, outcome)| Move::Ended(slot, outcome)),
        1 => slot.clone().prop_map(Move::GaveBack),
        3 => slot.prop_map(Move::Try),
        3 => (0..200_u64).prop_map(Move::Pass),
    ];
    proptest::collection::vec(one, 0..200)
}

proptest! {
    #[test]
    fn it_keeps_its_promises(moves in moves()) {
        let mut script = Script::new();
        let mut on_trial = None;
        for step in moves {
            let was_held = script.left().is_some();
            let action = match step {
                Move::Limited(slot, reset) => {
                    if on_trial == Some(slot) { on_trial = None; }
                    script.limited(slot, reset)
                }
                Move::Ended(slot, outcome) => {
                    let tells = on_trial == Some(slot);
                    if tells { on_trial = None; }
                    let action = script.ended(slot, outcome);
                    prop_assert_eq!(action == Some(HoldAction::Release), tells && outcome == Outcome::Ok);
                    action
                }
                Move::GaveBack(slot) => {
                    if on_trial == Some(slot) { on_trial = None; }
                    script.hold.gave_back(SlotId(slot));
                    script.hold.poll_action()
                }
                Move::Try(slot) => {
                    let due = script.hold.is_due();
                    let tried = script.hold.try_on(SlotId(slot), script.now);
                    prop_assert_eq!(tried, due);
                    prop_assert!(!tried || (on_trial.is_none() && script.left() == Some(0)));
                    if tried { on_trial = Some(slot); }
                    script.hold.poll_action()
                }
                Move::Pass(seconds) => script.pass(seconds),
            };
            let is_held = script.left().is_some();
            prop_assert!(!was_held || is_held || action == Some(HoldAction::Release));
            prop_assert!(was_held || !is_held || action == Some(HoldAction::Revoke));
            prop_assert!(on_trial.is_none() || !script.hold.is_due());
            // Never stuck: held means that a time will come, or that a slot may try, or has the trial.
            let hope = script.hold.poll_timeout().is_some() || script.hold.is_due() || on_trial.is_some();
            prop_assert!(!is_held || hope);
        }
    }
}
