//! The simulated tool: what the shipped actors talk to instead of a process.

use crate::dice::Dice;
use crate::trace::Trace;
use crate::world::{Act, Framing, Tool, World};
use pool_core::error::StartError;
use pool_core::message::{ExitReport, SlotId};
use pool_core::process::fake::{Play, Stage};
use std::sync::Arc;
use std::time::Duration;

/// One life of a simulated tool.
struct Child {
    stage: Stage,
    dice: Dice,
    trace: Trace,
    world: Arc<World>,
    framing: Framing,
    /// Whose conversation it remembers.
    owner: Option<String>,
    /// What it prints after this turn, and what it prints now, before it does anything else.
    noise: String,
    late: String,
    /// How long after this turn it ends, and how long from now.
    doom: Option<Duration>,
    armed: Option<Duration>,
}

/// What came.
enum Heard {
    Line(String),
    End,
    Doom,
}

/// What a step came to.
enum Done {
    Answered,
    Interrupted,
    Ended(ExitReport),
}

/// What looks like the end of a turn of somebody else.
const LOOK_ALIKES: &str = "end 0123456789abcdef > ";

/// The owner of the conversation of slot 0 itself.
const ADDRESSED: &str = "session 0";

/// The child that is launched in `slot`.
pub(crate) fn play(stage: Stage, world: Arc<World>, trace: Trace) -> Play {
    let dice = Dice::new(world.seed, 1 + stage.launch as u64);
    let framing = world.tool_of(stage.slot).framing;
    let child = Child {
        stage,
        dice,
        trace,
        world,
        framing,
        owner: None,
        noise: String::new(),
        late: String::new(),
        doom: None,
        armed: None,
    };
    Box::pin(child.live())
}

/// Why the system does not start the child number `launch` in this slot, if it does not.
pub(crate) fn refuse(slot: SlotId, launch: usize, world: &World) -> Option<StartError> {
    let mut dice = Dice::new(world.seed, 1_000_000 + launch as u64);
    let starts = &world.tool_of(slot).starts;
    if dice.chance(starts.short_of_memory) {
        return Some(StartError::System("out of memory".into()));
    }
    dice.chance(starts.missing).then(|| StartError::NoProgram { program: "simulated".into() })
}

impl World {
    pub(crate) fn tool_of(&self, slot: SlotId) -> &Tool {
        let mut left = slot.0 as usize;
        for tool in &self.tools {
            if left < tool.instances {
                return tool;
            }
            left -= tool.instances;
        }
        &self.tools[self.tools.len() - 1]
    }

    /// What the tool says to a step, if all goes well.
    pub(crate) fn answer(&self, job: usize, step: usize) -> String {
        let own = format!("[{job}.{step}]");
        match self.jobs[job].steps[step] {
            Act::Flood(bytes) => own.repeat(bytes / own.len() + 1),
            Act::LookAlikes => format!("{LOOK_ALIKES}{own}"),
            _ => own,
        }
    }

    /// Who a job's conversation belongs to.
    fn owner(&self, job: usize) -> String {
        self.jobs[job].session.map_or_else(|| format!("job {job}"), |session| format!("session {session}"))
    }
}

impl Child {
    async fn live(mut self) -> ExitReport {
        let (slot, launch) = (self.stage.slot, self.stage.launch);
        let life = self.trace.lives(slot, launch);
        self.trace.note(format!("slot {slot} launch {launch}: starts"));
        let exit = match self.start().await {
            Some(exit) => exit,
            None => self.serve().await,
        };
        self.trace.fault(format!("slot {slot} launch {launch}: {exit}"));
        drop(life);
        exit
    }

    async fn start(&mut self) -> Option<ExitReport> {
        let starts = self.world.tool_of(self.stage.slot).starts;
        let boot = self.dice.millis(0, 2000);
        self.stage.work(boot).await;
        if self.dice.chance(starts.crashes) {
            self.stage.print("no such model\n").await;
            return Some(ExitReport::Exited(2));
        }
        if self.dice.chance(starts.never_ready) {
            self.stage.print("loading").await;
            while self.stage.line().await.is_some() {}
            return Some(ExitReport::Exited(0));
        }
        let banner = match self.framing {
            Framing::Sentinel => "welcome\n",
            Framing::Prompt => "welcome\n> ",
            Framing::Lines => "ready\n",
        };
        self.stage.print(banner).await;
        None
    }

    async fn serve(&mut self) -> ExitReport {
        loop {
            let line = match self.hears().await {
                Heard::Line(line) => line,
                Heard::End => return ExitReport::Exited(0),
                Heard::Doom => return ExitReport::Signalled(11),
            };
            // What was sent before this line came to an idle tool, which ignores it.
            self.stage.forget_interrupts();
            let late = std::mem::take(&mut self.late);
            self.stage.print(late).await;
            if let Some(nonce) = line.strip_prefix("/end ") {
                self.stage.print(format!("end {nonce}\n")).await;
                self.turn_over();
                continue;
            }
            match self.does(&line).await {
                Done::Ended(exit) => return exit,
                Done::Interrupted => self.stage.print("interrupted").await,
                Done::Answered => {}
            }
            let end = if self.framing == Framing::Prompt { "\n> " } else { "\n" };
            self.stage.print(end).await;
            if self.framing != Framing::Sentinel {
                self.turn_over();
            }
        }
    }

    async fn hears(&mut self) -> Heard {
        let line = self.stage.line();
        let heard = match self.armed.take() {
            None => line.await,
            Some(doom) => match tokio::time::timeout(doom, line).await {
                Ok(line) => line,
                Err(_) => return Heard::Doom,
            },
        };
        heard.map_or(Heard::End, Heard::Line)
    }

    fn turn_over(&mut self) {
        self.late = std::mem::take(&mut self.noise);
        self.armed = self.doom.take();
    }

    async fn does(&mut self, line: &str) -> Done {
        if line == "/reset" {
            self.owner = None;
        }
        let Some((job, step)) = line.strip_prefix("say ").and_then(|own| own.split_once('.')) else {
            return self.says(if self.framing == Framing::Lines { "ok" } else { "" }).await;
        };
        let (job, step) = (job.parse().expect("a job"), step.parse().expect("a step"));
        self.remembers(job);
        let (slot, launch) = (self.stage.slot, self.stage.launch);
        self.trace.note(format!("slot {slot} launch {launch}: hears job {job} step {step}"));
        self.trace.inner().says(job, step, &self.world);
        let now = self.trace.inner().now();
        if let Some(told) = self.world.limited(self.stage.slot, now) {
            self.trace.turns_away(job, &self.world);
            return self.says(&told).await;
        }
        let answer = self.world.answer(job, step);
        self.acts(self.world.jobs[job].steps[step], &answer).await
    }

    /// A tool that is reset between jobs never hears two conversations in one.
    fn remembers(&mut self, job: usize) {
        let owner = self.world.owner(job);
        // Work that is addressed to a slot joins whatever conversation is there.
        let addressed =
            [&self.owner, &Some(owner.clone())].into_iter().flatten().any(|owner| owner == ADDRESSED);
        let resets = !addressed && !self.world.tool_of(self.stage.slot).spec.reset.is_empty();
        if let Some(other) = &self.owner
            && resets
            && *other != owner
        {
            self.trace.violation(format!("job {job} of {owner} continues the conversation of {other}"));
        }
        self.owner = Some(owner);
    }

    async fn acts(&mut self, act: Act, answer: &str) -> Done {
        match act {
            Act::Answer | Act::Flood(_) | Act::LookAlikes => self.says(answer).await,
            Act::Work(time) if !self.stage.work(time).await => Done::Interrupted,
            Act::Work(_) => self.says(answer).await,
            Act::Noise => {
                self.noise = format!("noise after {answer}\n");
                self.says(answer).await
            }
            Act::CrashAfter(time) => {
                self.doom = Some(time);
                self.says(answer).await
            }
            Act::Half => {
                self.stage.print(&answer[..answer.len() / 2]).await;
                Done::Ended(ExitReport::Exited(0))
            }
            Act::Crash => {
                self.stage.print(answer).await;
                Done::Ended(ExitReport::Signalled(11))
            }
            Act::Hang => self.waits("").await,
            Act::Question => self.waits("sure? ").await,
            Act::Deaf => std::future::pending().await,
            Act::Late(time) => {
                tokio::time::sleep(time).await;
                self.stage.print(answer).await;
                Done::Answered
            }
        }
    }

    async fn waits(&mut self, saying: &str) -> Done {
        self.stage.print(saying).await;
        self.stage.interrupted().await;
        Done::Interrupted
    }

    /// Prints in pieces, cut anywhere, with pauses.
    async fn says(&mut self, text: &str) -> Done {
        let mut rest = text;
        for _ in 0..self.dice.below(4) {
            let cut = usize::try_from(self.dice.below(rest.len() as u64 + 1)).expect("fits");
            self.stage.print(&rest[..cut]).await;
            rest = &rest[cut..];
            let pause = self.dice.millis(0, 20);
            if !self.stage.work(pause).await {
                return Done::Interrupted;
            }
        }
        self.stage.print(rest).await;
        Done::Answered
    }
}
