//! Real processes, each in the care of a *guard*: a small process of our own program, one for each slot.
//!
//! A process group is no containment: a child that calls `setsid` leaves it, and what coding tools start (servers,
//! daemons, watchers) often does. And a controller that is killed with SIGKILL cannot clean up at all. So the tool's
//! parent is a guard. It is the *subreaper* of everything below it: whoever loses its parent becomes the guard's child,
//! whatever session or group it is in, and so can always be found. The guard outlives the tool's generations, and ends
//! when its socket does:
//!
//! ```text
//!   controller ── socket ──▶ guard ── parent, subreaper ──▶ tool ──▶ its children, wherever they moved
//!       ▲  requests, exits             end of the socket = kill all of it, then go
//!       └───────────────── pipes: input, output ─────────────┘  (the guard never sees the data)
//! ```
//!
//! * The controller never forks. It starts one *template*, from which guards are forked; what must happen between fork
//!   and exec of a tool (signals and their mask reset, a death signal) happens in the guard, which is small and has one
//!   thread.
//! * A generation is over when nothing of it is left: the guard kills what the tool left behind, then tells its exit.
//! * Where the system lets it, that is done to a control group at once, and then to whoever is found elsewhere; a
//!   non-empty `CLUSTER_NO_CGROUP` keeps guards from having one.
//! * Numbers of processes are used only while they cannot belong to a stranger: before the process is reaped, or
//!   through a pidfd that was checked.
//!
//! A guard that is itself killed takes the tool with it (its death signal); the rest of the tree falls to the template,
//! which kills it. A template that is killed takes nothing along: its guards live on, and the next one starts another.
//! Only who kills both at once can leave something behind.
//!
//! The template is the program at hand, started again with [`ARGUMENT`]: [`init`] makes it answer to that.

mod control;
mod group;
mod link;
mod serve;
#[expect(unsafe_code, reason = "signal dispositions and masks have no safe interface")]
mod sys;
mod template;
mod tool;
mod tree;
mod wire;

use super::order::{Order, Ours, Pipework, Streams};
use super::starts::Starts;
use super::{Launch, Launching, Process};
use crate::error::StartError;
use crate::message::SlotId;
use crate::spec::ToolSpec;
use control::Guarded;
use link::{Life, Link};
use std::collections::HashMap;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use template::Template;

/// The first argument of a program that is to be a guard.
pub const ARGUMENT: &str = "__guard";

/// Whether this program answers to [`ARGUMENT`].
static ANSWERS: AtomicBool = AtomicBool::new(false);

/// Makes this program able to be a guard. The first line of `main`: if it was started as one, this does not return.
/// Otherwise it only notes that pools of this process may use guards.
pub fn init() {
    ANSWERS.store(true, Ordering::Relaxed);
    if std::env::args_os().nth(1).is_some_and(|word| word == ARGUMENT) {
        #[expect(clippy::disallowed_methods, reason = "a guard has no children left when it ends")]
        std::process::exit(serve::serve());
    }
}

/// Starts processes in the care of guards.
#[derive(Clone)]
pub struct Guards {
    crew: Arc<Crew>,
}

/// The guards of a pool.
struct Crew {
    program: PathBuf,
    starts: Starts,
    posts: Mutex<Posts>,
}

/// Who guards which slot.
#[derive(Default)]
struct Posts {
    template: Option<Template>,
    links: HashMap<SlotId, Arc<Link>>,
}

impl Guards {
    /// Guards that are this very program; `None` unless [`init`] was called.
    #[must_use]
    pub fn of_this_program() -> Option<Self> {
        ANSWERS.load(Ordering::Relaxed).then(|| Self::of("/proc/self/exe"))
    }

    /// Guards that are this program, which calls [`init`] first (`cluster` does).
    #[must_use]
    pub fn of(program: impl Into<PathBuf>) -> Self {
        let (starts, posts) = (Starts::default(), Mutex::default());
        Self { crew: Arc::new(Crew { program: program.into(), starts, posts }) }
    }
}

impl Launch for Guards {
    fn launch(&self, spec: &ToolSpec, slot: SlotId) -> Launching {
        let order = Order::new(spec, slot);
        let crew = self.crew.clone();
        Box::pin(async move {
            let starts = crew.starts.clone();
            starts.run(move || crew.start(&order, slot)).await?.into_process()
        })
    }

    fn check(&self, spec: &ToolSpec, slot: SlotId) -> Result<(), StartError> {
        Order::new(spec, slot).check()
    }
}

/// A process with our ends of its streams, before the reactor knows them.
struct Started {
    life: Life,
    ours: Ours,
}

impl Crew {
    /// Starts a process under the guard of its slot, and that guard if there is none.
    fn start(&self, order: &Order, slot: SlotId) -> Result<Started, StartError> {
        let system = |error: io::Error| StartError::System(format!("its guard: {error}"));
        let Pipework { ours, stdio } = order.prepare()?;
        let link = self.link(slot).map_err(system)?;
        let life = link.spawn(order, stdio)?;
        Ok(Started { life, ours })
    }

    /// The guard of a slot: the one that is there, or a new one.
    fn link(&self, slot: SlotId) -> io::Result<Arc<Link>> {
        let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = posts.links.get(&slot).filter(|link| link.is_there()) {
            return Ok(link.clone());
        }
        let link = Arc::new(Link::new(posts.guard(&self.program)?));
        posts.links.insert(slot, link.clone());
        Ok(link)
    }
}

impl Posts {
    /// A new guard, forked from the template; if that has gone, from a new one.
    fn guard(&mut self, program: &Path) -> io::Result<OwnedFd> {
        if let Some(Ok(socket)) = self.template.as_ref().map(Template::guard) {
            return Ok(socket);
        }
        self.template.insert(Template::start(program)?).guard()
    }
}

impl Started {
    fn into_process(self) -> Result<Process, StartError> {
        let system = |error: io::Error| StartError::System(error.to_string());
        let control = Guarded::new(self.life).map_err(system)?;
        let Streams { input, output, errors } = self.ours.streams().map_err(system)?;
        Ok(Process { input, output, errors, control: Box::new(control) })
    }
}
