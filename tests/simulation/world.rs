//! One seed makes one world: tools, faults, jobs, and what happens when.
//!
//! Each world draws which kinds of faults it has at all, so that some are calm but for one, and most have several.

use crate::dice::Dice;
use crate::limits::{self, Storm, Wants};
use crate::scaling;
use pool_core::spec::{
    Backoff, BreakerSpec, Cancel, Intensity, Restart, Shutdown, ToolSpec, TurnRule, TurnSpec,
};
use std::time::Duration;

/// Everything that is decided before the first actor starts.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) strategy: &'static str,
    pub(crate) queue: usize,
    pub(crate) tools: Vec<Tool>,
    pub(crate) jobs: Vec<Plan>,
    /// What happens besides jobs, in order.
    pub(crate) events: Vec<(Duration, Happening)>,
    /// When accounts turn everybody away.
    pub(crate) storms: Vec<Storm>,
    /// The pool ends before its jobs have ended.
    pub(crate) ends_early: Option<(Duration, End)>,
}

/// A tool, how often it runs, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) spec: ToolSpec,
    pub(crate) instances: usize,
    pub(crate) framing: Framing,
    pub(crate) starts: Starts,
    /// Of a usage limit.
    pub(crate) tells_how_long: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Sentinel,
    Prompt,
    Lines,
}

/// How starts go wrong, in percent of the launches.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Starts {
    pub(crate) short_of_memory: u64,
    pub(crate) missing: u64,
    pub(crate) crashes: u64,
    pub(crate) never_ready: u64,
}

/// What the tool does with one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Answer,
    Work(Duration),
    /// More than a pipe and more than a reply may hold.
    Flood(usize),
    /// Prints what looks like the end of other turns.
    LookAlikes,
    /// The answer, then more after the end of the turn.
    Noise,
    /// The answer; it ends so much later, idle or not.
    CrashAfter(Duration),
    /// Part of the answer, then exit 0.
    Half,
    Crash,
    /// Nothing until interrupted.
    Hang,
    /// Nothing for ever, interrupted or not.
    Deaf,
    /// The answer, but only after so long, interrupted or not.
    Late(Duration),
    /// Asks, and waits for an answer that never comes.
    Question,
}

/// A job and its caller.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) at: Duration,
    pub(crate) steps: Vec<Act>,
    pub(crate) tool: Option<usize>,
    pub(crate) session: Option<u64>,
    pub(crate) priority: u8,
    pub(crate) timeout: Option<Duration>,
    pub(crate) errand: Option<Errand>,
    pub(crate) on_limit: Wants,
    pub(crate) caller: Caller,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    Waits,
    Cancels(Duration),
    /// Stops waiting, as a dropped future does.
    Leaves(Duration),
}

/// The effects around a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Takes so long before the first byte and after each step.
    Takes(Duration),
    Refuses,
    /// Panics in the call that makes its future.
    PanicsAtOnce,
    /// Its future panics.
    PanicsLater,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    Restart(u32),
    /// The last tool is to have so many instances.
    Scale(usize),
    /// The machine slept: the clock is further on, and nobody has worked meanwhile.
    ClockJump(Duration),
    Look,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Shutdown,
    Kill,
}

/// Which faults a world has.
struct Mood {
    cancels: bool,
    leaves: bool,
    ends: bool,
    slow: bool,
    floods: bool,
    idle_crashes: bool,
    bad_starts: bool,
    given_up: bool,
    jumps: bool,
    restarts: bool,
    errands: bool,
    sessions: bool,
    resets: bool,
}

/// What an errand may take in these worlds.
pub(crate) const ERRAND: Duration = Duration::from_secs(4);
/// The longest that a prompt must stand.
pub(crate) const SETTLE: Duration = Duration::from_millis(200);
/// What a turn may take.
pub(crate) const TURN: Duration = Duration::from_secs(5);
/// What an interrupted turn may take to end.
pub(crate) const CANCEL: Duration = Duration::from_secs(2);

impl World {
    /// The world of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 0);
        let mood = Mood::draw(&mut dice);
        let tools: Vec<_> = (0..dice.between(1, 3)).map(|index| tool(index, &mood, &mut dice)).collect();
        let count = dice.between(3, 30);
        let mut at = Duration::ZERO;
        let mut jobs: Vec<Plan> = Vec::new();
        for _ in 0..count {
            if dice.chance(40) {
                at += dice.millis(0, 1500);
            }
            jobs.push(plan(at, &tools, &mood, &mut dice));
        }
        let slots = tools.iter().map(|tool| tool.instances as u64).sum();
        let queue = if dice.chance(10) { 4 } else { 1000 };
        let mut world = Self {
            seed,
            strategy: *dice.pick(&routing::strategy::NAMES[..]),
            queue,
            events: happenings(at, slots, &mood, &mut dice),
            ends_early: dice.chance(15).then(|| {
                let end = if dice.chance(50) { End::Shutdown } else { End::Kill };
                (dice.millis(1, 12_000), end)
            }),
            tools,
            jobs,
            storms: Vec::new(),
        };
        limits::add(&mut world);
        scaling::add(&mut world);
        world
    }

    /// Whether a tool may be given up for its faults, so that jobs have nobody to run them.
    pub(crate) fn may_give_up(&self) -> bool {
        self.tools.iter().any(|tool| {
            let starts = &tool.starts;
            tool.spec.intensity.max < 1000 || tool.spec.restart != Restart::Permanent || starts.missing > 0
        })
    }

    pub(crate) fn has_act(&self, wanted: impl Fn(&Act) -> bool) -> bool {
        self.jobs.iter().flat_map(|job| &job.steps).any(wanted)
    }

    pub(crate) fn jumps(&self) -> bool {
        self.events.iter().any(|(_, event)| matches!(event, Happening::ClockJump(_)))
    }
}

impl Mood {
    fn draw(dice: &mut Dice) -> Self {
        Self {
            cancels: dice.chance(40),
            leaves: dice.chance(30),
            ends: dice.chance(50),
            slow: dice.chance(50),
            floods: dice.chance(15),
            idle_crashes: dice.chance(25),
            bad_starts: dice.chance(30),
            given_up: dice.chance(25),
            jumps: dice.chance(20),
            restarts: dice.chance(40),
            errands: dice.chance(35),
            sessions: dice.chance(50),
            resets: dice.chance(50),
        }
    }
}

fn tool(index: u64, mood: &Mood, dice: &mut Dice) -> Tool {
    let framing = *dice.pick(&[Framing::Sentinel, Framing::Sentinel, Framing::Prompt, Framing::Lines]);
    let mut turn = TurnSpec::new(rule(framing, dice));
    if framing == Framing::Prompt {
        turn.questions = vec![regex::Regex::new(r"sure\? $").expect("a valid pattern")];
    }
    let mut spec = ToolSpec::new(["anvil", "bellows"][index as usize], vec!["simulated".into()], turn);
    if framing == Framing::Lines {
        spec.start.ready = Some(regex::Regex::new(r"ready\n$").expect("a valid pattern"));
    }
    spec.start.at_once = dice.chance(30).then_some(1);
    spec.start.warm = dice.chance(20).then(|| "/warm".into());
    spec.reset = if mood.resets { vec!["/reset".into()] } else { Vec::new() };
    let interrupts = framing != Framing::Lines && dice.chance(50);
    spec.cancel = if interrupts { Cancel::Interrupt } else { Cancel::Restart };
    spec.stop = if dice.chance(30) { Shutdown::Kill } else { Shutdown::default() };
    spec.limits.turn = TURN;
    spec.limits.cancel = CANCEL;
    spec.limits.errand = ERRAND;
    spec.limits.ready = Duration::from_secs(10);
    spec.limits.max_reply = 4096;
    supervise(&mut spec, mood, dice);
    let starts = Starts {
        short_of_memory: if mood.bad_starts { dice.below(50) } else { 0 },
        missing: if mood.bad_starts && mood.given_up { dice.below(20) } else { 0 },
        crashes: if mood.bad_starts { dice.below(50) } else { 0 },
        never_ready: if mood.bad_starts { dice.below(30) } else { 0 },
    };
    let instances = usize::try_from(dice.between(1, 5)).expect("few");
    Tool { spec, instances, framing, starts, tells_how_long: false }
}

fn rule(framing: Framing, dice: &mut Dice) -> TurnRule {
    let pattern = |text: &str| regex::Regex::new(text).expect("a valid pattern");
    match framing {
        Framing::Sentinel => TurnRule::Sentinel {
            send: "/end {nonce}".into(),
            expect: pattern(r"(?m)^end (?P<nonce>[0-9a-f]{16})$"),
            before: None,
            begin: true,
        },
        Framing::Prompt => {
            TurnRule::Prompt { until: pattern(r"(?m)^> $"), settle: SETTLE / 4 + dice.millis(0, 150) }
        }
        Framing::Lines => TurnRule::Lines,
    }
}

fn supervise(spec: &mut ToolSpec, mood: &Mood, dice: &mut Dice) {
    spec.backoff.min = dice.millis(1, 200);
    spec.backoff.max = spec.backoff.min + dice.millis(0, 2000);
    spec.backoff.steps = u32::try_from(dice.below(6)).expect("few");
    spec.intensity = Intensity { max: 10_000, within: Duration::from_secs(24 * 3600) };
    if mood.given_up {
        spec.restart = *dice.pick(&[Restart::Permanent, Restart::Transient, Restart::Temporary]);
        let max = u32::try_from(dice.between(0, 8)).expect("few");
        spec.intensity = Intensity { max, within: dice.millis(30_000, 120_000) };
    }
    spec.breaker = BreakerSpec {
        failures: u32::try_from(dice.below(4)).expect("few"),
        open: dice.millis(500, 20_000),
        ..BreakerSpec::default()
    };
    debug_assert!(spec.backoff.max <= Backoff::default().max);
}

fn plan(at: Duration, tools: &[Tool], mood: &Mood, dice: &mut Dice) -> Plan {
    let tool = dice.chance(40).then(|| usize::try_from(dice.below(tools.len() as u64)).expect("few"));
    let only = |framing| tools.iter().all(|tool| tool.framing == framing);
    let steps = (0..dice.between(1, 4)).map(|_| act(mood, only(Framing::Sentinel), dice)).collect();
    let session = (mood.sessions && dice.chance(40)).then(|| dice.below(3));
    let caller = match dice.below(10) {
        0..3 if mood.cancels => Caller::Cancels(dice.millis(0, 6000)),
        3..5 if mood.leaves => Caller::Leaves(dice.millis(0, 6000)),
        _ => Caller::Waits,
    };
    Plan {
        at,
        steps,
        // A session lives with one tool; which, its first job finds out.
        tool: if session.is_some() { None } else { tool },
        session,
        priority: if dice.chance(20) { 1 } else { 0 },
        timeout: dice.chance(20).then(|| dice.millis(3000, 8000)),
        errand: (mood.errands && dice.chance(40)).then(|| errand(dice)),
        on_limit: Wants::default(),
        caller,
    }
}

const fn errand(dice: &mut Dice) -> Errand {
    match dice.below(10) {
        0 => Errand::Refuses,
        1 => Errand::PanicsAtOnce,
        2 => Errand::PanicsLater,
        _ => Errand::Takes(dice.millis(0, 8000)),
    }
}

fn act(mood: &Mood, sentinel: bool, dice: &mut Dice) -> Act {
    match dice.below(24) {
        0..3 => Act::Work(dice.millis(0, 1500)),
        3 if mood.floods => Act::Flood(usize::try_from(dice.between(4000, 200_000)).expect("fits")),
        4 => Act::LookAlikes,
        5 | 6 if sentinel => Act::Noise,
        7 | 8 if mood.idle_crashes => Act::CrashAfter(dice.millis(0, 100)),
        9 if mood.ends => Act::Half,
        10 | 11 if mood.ends => Act::Crash,
        12 if mood.slow => Act::Hang,
        13 if mood.slow => Act::Deaf,
        14 | 15 if mood.slow => Act::Late(TURN + dice.millis(0, 4000)),
        16 if mood.slow => Act::Question,
        _ => Act::Answer,
    }
}

fn happenings(last: Duration, slots: u64, mood: &Mood, dice: &mut Dice) -> Vec<(Duration, Happening)> {
    let until = u64::try_from(last.as_millis()).expect("seconds") + 8000;
    let mut events = Vec::new();
    if mood.restarts {
        for _ in 0..dice.between(1, 6) {
            let slot = u32::try_from(dice.below(slots + 1)).expect("few");
            events.push((dice.millis(0, until), Happening::Restart(slot)));
        }
    }
    if mood.jumps {
        for _ in 0..dice.between(1, 3) {
            let hours = Duration::from_secs(dice.between(1, 12) * 3600);
            events.push((dice.millis(0, until), Happening::ClockJump(hours)));
        }
    }
    for _ in 0..dice.below(4) {
        events.push((dice.millis(0, until), Happening::Look));
    }
    events.sort_by_key(|(at, _)| *at);
    events
}
