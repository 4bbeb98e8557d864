//! The ends of lives. Tables that mirror cases of OTP's `supervisor_SUITE` carry their names.

#![expect(clippy::disallowed_methods, reason = "a table needs some instant to count from")]

use super::*;
use crate::error::StartError;
use crate::message::{ExitReport, JobId, Outcome, Report, SlotId};
use crate::spec::{Backoff, TurnRule, TurnSpec};
use std::time::Duration;

const SLOT: SlotId = SlotId(0);

fn spec(restart: Restart) -> ToolSpec {
    let mut spec = ToolSpec::new("t", vec!["t".into()], TurnSpec::new(TurnRule::Lines));
    spec.restart = restart;
    spec.backoff.jitter = 0.0;
    spec.no_restart_on = vec![125];
    spec
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A slot with a time that the test moves.
struct Played {
    slot: Slot,
    hold: Hold,
    now: Instant,
}

impl Played {
    /// Started, not ready.
    fn starting(restart: Restart) -> Self {
        let now = Instant::now();
        let spec = spec(restart);
        let mut slot = Slot::new(&spec);
        slot.start(now);
        Self { slot, hold: Hold::default(), now }
    }

    /// Ready.
    fn ready(restart: Restart) -> Self {
        let mut played = Self::starting(restart);
        played.get_ready();
        played
    }

    fn get_ready(&mut self) {
        assert!(matches!(self.is_ready(), SlotAction::Issue(_)));
    }

    fn is_ready(&mut self) -> SlotAction {
        let generation = self.slot.generation();
        let stage = StartStage::Warm;
        let event = Event::Started { slot: SLOT, generation, stage, pid: None, after: Duration::ZERO };
        self.slot.handle(&event, &mut self.hold, self.now)
    }

    /// A job ends; with the life, if the outcome is that of a crash.
    fn job_ends(&mut self, outcome: Outcome) {
        let generation = self.slot.generation();
        let report = Report {
            job: JobId(1),
            work: JobId(1),
            outcome,
            turn: Duration::ZERO,
            sent: 0,
            received: 0,
            usage: None,
        };
        let idle = !outcome.is_a_crash();
        let event = Event::Finished { slot: SLOT, generation, report, idle, limit: None };
        self.slot.handle(&event, &mut self.hold, self.now);
    }

    fn ends(&mut self, exit: ExitReport) -> SlotAction {
        let generation = self.slot.generation();
        self.slot.handle(&Event::Exited { slot: SLOT, generation, exit }, &mut self.hold, self.now)
    }

    /// Waits for its back-off and starts again; how long that took.
    fn backs_off(&mut self) -> Duration {
        self.slot.back_off(0.5, self.now);
        self.waits()
    }

    fn waits(&mut self) -> Duration {
        let SlotState::BackingOff(until) = *self.slot.state() else { panic!("{:?}", self.slot.state()) };
        let waited = until.saturating_duration_since(self.now);
        self.now = until;
        assert_eq!(self.slot.handle_timeout(&self.hold, self.now), SlotAction::Start);
        self.slot.start(self.now);
        waited
    }
}

fn not_started(error: StartError) -> ExitReport {
    ExitReport::NotStarted(error)
}

fn ended_early(code: Option<i32>) -> ExitReport {
    not_started(StartError::Ended { how: String::new(), code, tail: String::new() })
}

/// OTP's {permanent,transient,temporary}_{normal,shutdown,abnormal}: normal is an exit with 0 while idle, shutdown is
/// ours for a job's sake. Fault 1.
#[test]
fn which_ends_are_followed_by_another_life() {
    use Restart::{Permanent, Temporary, Transient};
    use SlotAction::{Charge, Over, Start};
    let ended = Charge(Cause::Ended);
    let table = [
        ("permanent_normal", Permanent, ExitReport::Exited(0), ended),
        ("permanent_shutdown", Permanent, ExitReport::Stopped, Start),
        ("permanent_abnormal", Permanent, ExitReport::Exited(1), ended),
        ("permanent_abnormal", Permanent, ExitReport::Signalled(9), ended),
        ("permanent_abnormal", Permanent, ExitReport::Panicked, ended),
        ("transient_normal", Transient, ExitReport::Exited(0), Over),
        ("transient_shutdown", Transient, ExitReport::Stopped, Start),
        ("transient_abnormal", Transient, ExitReport::Exited(1), ended),
        ("transient_abnormal", Transient, ExitReport::Signalled(15), ended),
        ("transient_abnormal", Transient, ExitReport::Panicked, ended),
        ("temporary_normal", Temporary, ExitReport::Exited(0), Over),
        ("temporary_shutdown", Temporary, ExitReport::Stopped, Over),
        ("temporary_abnormal", Temporary, ExitReport::Signalled(11), Over),
    ];
    for (name, restart, exit, action) in table {
        let mut played = Played::ready(restart);
        assert_eq!(played.ends(exit.clone()), action, "{name}: {exit:?}");
        assert_eq!(played.slot.is_over(), action == Over, "{name}");
    }
}

#[test]
fn an_end_that_is_told_twice_is_one_end() {
    let mut played = Played::ready(Restart::Permanent);
    assert_eq!(played.ends(ExitReport::Exited(1)), SlotAction::Charge(Cause::Ended));
    played.slot.back_off(0.5, played.now);
    let state = played.slot.state().clone();
    assert_eq!(played.ends(ExitReport::Exited(1)), SlotAction::Nothing);
    assert_eq!(*played.slot.state(), state);
    let mut played = Played::ready(Restart::Permanent);
    assert_eq!(played.ends(ExitReport::Stopped), SlotAction::Start);
    assert_eq!(played.ends(ExitReport::Stopped), SlotAction::Nothing, "the start is under way");
}

/// Fault 2: exit code 0 in the middle of a reply is no normal end. Fault 3: neither is any other.
#[test]
fn an_end_in_the_middle_of_a_job_is_abnormal_and_the_jobs() {
    let charge = SlotAction::Charge(Cause::Job(JobId(1)));
    for (outcome, exit) in [
        (Outcome::Truncated, ExitReport::Exited(0)),
        (Outcome::Crashed, ExitReport::Exited(3)),
        (Outcome::Crashed, ExitReport::Signalled(11)),
        (Outcome::Unframed, ExitReport::Signalled(9)),
    ] {
        for (restart, action) in [
            (Restart::Permanent, charge),
            (Restart::Transient, charge),
            (Restart::Temporary, SlotAction::Over),
        ] {
            let mut played = Played::ready(restart);
            played.job_ends(outcome);
            assert_eq!(played.ends(exit.clone()), action, "{restart:?} {outcome:?} {exit:?}");
        }
    }
    let mut played = Played::ready(Restart::Transient);
    played.job_ends(Outcome::Ok);
    assert_eq!(played.ends(ExitReport::Exited(0)), SlotAction::Over, "the job before was none of it");
}

/// Fault 4: exits before it is ready; fault 5: never ready.
#[test]
fn a_failed_start_counts_as_one() {
    let not_ready = not_started(StartError::NotReady { after: ms(1), tail: String::new() });
    let asks = not_started(StartError::Asks { question: "?".into(), tail: String::new() });
    for exit in [ended_early(Some(0)), ended_early(Some(1)), ended_early(None), not_ready, asks] {
        for restart in [Restart::Permanent, Restart::Transient] {
            let action = Played::starting(restart).ends(exit.clone());
            assert_eq!(action, SlotAction::Charge(Cause::FailedStart), "{restart:?} {exit:?}");
        }
        assert_eq!(Played::starting(Restart::Temporary).ends(exit), SlotAction::Over);
    }
}

/// Faults 45 to 51: what cannot heal is not tried again.
#[test]
fn starts_that_can_never_succeed_are_not_tried_again() {
    let path = || "/x".into();
    for error in [
        StartError::NoProgram { program: "x".into() },
        StartError::NoFolder { path: path() },
        StartError::NoInterpreter { path: path() },
        StartError::NotExecutable { path: path(), reason: String::new() },
        StartError::BadArguments(String::new()),
    ] {
        let mut played = Played::starting(Restart::Permanent);
        assert_eq!(played.ends(not_started(error.clone())), SlotAction::Over);
        assert_eq!(*played.slot.state(), SlotState::Failed(error.to_string()));
    }
}

/// s6's rule: some exit codes mean that another start is of no use, before it is ready and after.
#[test]
fn an_exit_code_can_ask_for_no_further_start() {
    for mut played in [Played::starting(Restart::Permanent), Played::ready(Restart::Permanent)] {
        let is_ready = matches!(played.slot.state(), SlotState::Ready(_));
        let exit = if is_ready { ExitReport::Exited(125) } else { ended_early(Some(125)) };
        assert_eq!(played.ends(exit), SlotAction::Over);
        assert!(
            matches!(played.slot.state(), SlotState::Failed(reason) if reason.contains("not to be started"))
        );
    }
    assert_eq!(
        Played::ready(Restart::Permanent).ends(ExitReport::Exited(124)),
        SlotAction::Charge(Cause::Ended)
    );
}

/// Faults 52 and 53: shortage heals, after a while, and costs nothing.
#[test]
fn what_the_system_lacks_is_not_charged() {
    let mut played = Played::starting(Restart::Permanent);
    let mut waits = Vec::new();
    for _ in 0..4 {
        assert_eq!(played.ends(not_started(StartError::System("EMFILE".into()))), SlotAction::Pause);
        waits.push(played.backs_off().as_millis());
    }
    assert_eq!(waits, [1000, 1000, 1654, 3010], "the back-off's, but at least a second between two starts");
}

/// Fault 54: a program that is being written is tried again quickly, five times, and is never charged.
#[test]
fn a_busy_program_is_tried_again_quickly_and_then_slowly() {
    let mut played = Played::starting(Restart::Permanent);
    let busy = || not_started(StartError::Busy { path: "/x".into() });
    for delay in [10, 20, 40, 80, 100] {
        assert_eq!(played.ends(busy()), SlotAction::Nothing);
        assert_eq!(played.waits(), ms(delay));
    }
    assert_eq!(played.ends(busy()), SlotAction::Pause);
}

/// s6's rule: a life that was ready may be followed at once, one that was not only after a second.
#[test]
fn only_a_ready_life_may_be_followed_at_once() {
    let mut played = Played::ready(Restart::Permanent);
    played.slot.delays = Delays::new(Backoff { min: ms(0), max: ms(0), ..Backoff::default() });
    played.ends(ExitReport::Exited(1));
    assert_eq!(played.backs_off(), ms(0));
    played.now += ms(300);
    played.ends(ended_early(None));
    assert_eq!(played.backs_off(), ms(700));
    played.now += ms(2000);
    played.ends(ended_early(None));
    assert_eq!(played.backs_off(), ms(0), "it has taken its second already");
}

#[test]
fn the_delays_start_over_after_work_or_a_stable_time() {
    let crash = |played: &mut Played, lived: u64, answered: Option<Outcome>| {
        played.get_ready();
        played.now += Duration::from_secs(lived);
        if let Some(outcome) = answered {
            played.job_ends(outcome);
        }
        played.ends(ExitReport::Signalled(11));
        played.backs_off().as_millis()
    };
    let mut played = Played::starting(Restart::Permanent);
    assert_eq!([0, 0, 599].map(|lived| crash(&mut played, lived, None)), [500, 909, 1654]);
    assert_eq!(crash(&mut played, 600, None), 500, "ten minutes ready");
    assert_eq!(crash(&mut played, 0, None), 909);
    assert_eq!(crash(&mut played, 0, Some(Outcome::Error)), 500, "an answer is work, whatever it says");
    assert_eq!(crash(&mut played, 0, Some(Outcome::Refused)), 909, "nothing was sent");
    assert_eq!(crash(&mut played, 0, Some(Outcome::TimedOut)), 1654);
}

/// systemd's start-limit case: a restart asked for while the stop still runs counts once, here not at all. And
/// Kubernetes's: an end that was asked for is followed by another life at once, whatever the exit looks like.
#[test]
fn a_restart_by_hand_is_free_and_happens_once() {
    for exit in [ExitReport::Stopped, ExitReport::Exited(0), ExitReport::Signalled(9), ExitReport::Exited(1)]
    {
        for restart in [Restart::Permanent, Restart::Transient] {
            let mut played = Played::ready(restart);
            assert!(played.slot.recycle() && played.slot.recycle() && played.slot.recycle());
            assert_eq!(played.ends(exit.clone()), SlotAction::Start, "{restart:?} {exit:?}");
            assert_eq!(played.slot.start(played.now), 2);
            played.get_ready();
            assert_eq!(
                played.ends(ExitReport::Exited(1)),
                SlotAction::Charge(Cause::Ended),
                "this was no wish"
            );
        }
    }
    let mut played = Played::ready(Restart::Temporary);
    assert!(!played.slot.recycle(), "no other life may follow, so this one goes on");
    assert!(matches!(played.slot.state(), SlotState::Ready(_)));
}

/// OTP's sup_stop_{infinity,timeout,brutal_kill}, and its terminate_child: whoever is stopped stays so, however it ends.
#[test]
fn a_drained_slot_ends_for_ever() {
    let crashed = || ExitReport::Signalled(9);
    for (name, exit) in
        [("infinity", ExitReport::Stopped), ("timeout", crashed()), ("brutal_kill", crashed())]
    {
        let mut played = Played::ready(Restart::Permanent);
        assert!(played.slot.drain());
        assert!(!played.slot.recycle(), "{name}: a restart comes too late");
        assert_eq!(played.ends(exit), SlotAction::Over, "{name}");
        assert_eq!(*played.slot.state(), SlotState::Gone);
    }
    let mut waiting = Played::ready(Restart::Permanent);
    waiting.ends(ExitReport::Exited(1));
    waiting.slot.back_off(0.5, waiting.now);
    assert!(!waiting.slot.drain(), "there is nobody to be told");
    assert_eq!((waiting.slot.poll_timeout(), waiting.slot.is_over()), (None, true));
}

/// A slot that was given up with its whole tool stays given up when its last life ends.
#[test]
fn a_failed_slot_does_not_live_again() {
    for exit in [ExitReport::Stopped, ExitReport::Exited(0), ExitReport::Signalled(9), ended_early(None)] {
        let mut played = Played::ready(Restart::Permanent);
        played.slot.fail("too often".into());
        played.job_ends(Outcome::Ok);
        assert_eq!(played.ends(exit), SlotAction::Nothing);
        assert_eq!(*played.slot.state(), SlotState::Failed("too often".into()));
    }
}

#[test]
fn a_refund_ends_the_wait_and_takes_its_delay_back() {
    let mut played = Played::ready(Restart::Permanent);
    played.job_ends(Outcome::Crashed);
    played.ends(ExitReport::Signalled(11));
    played.slot.back_off(0.5, played.now);
    assert!(played.slot.refund());
    assert_eq!(*played.slot.state(), SlotState::Waiting);
    played.slot.start(played.now);
    played.get_ready();
    assert!(!played.slot.refund(), "it lives already");
    played.ends(ExitReport::Exited(1));
    assert_eq!(played.backs_off(), ms(500));
}

/// Neither in a row nor by their share do crashes that jobs are to blame for cost an instance our trust.
#[test]
fn a_refund_gives_trust_back_too() {
    for (refunded, trusted) in [(true, 10), (false, 3)] {
        let mut played = Played::starting(Restart::Permanent);
        let lives = (0..10).take_while(|_| {
            let issued = matches!(played.is_ready(), SlotAction::Issue(_));
            played.job_ends(Outcome::Crashed);
            played.ends(ExitReport::Signalled(11));
            played.slot.back_off(0.5, played.now);
            if refunded {
                played.slot.refund();
            }
            played.slot.start(played.now);
            issued
        });
        assert_eq!(lives.count(), trusted);
    }
}
