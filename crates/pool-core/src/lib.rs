//! Run one interactive command-line tool well, and keep N of it alive.
//!
//! # Usage
//!
//! ```
//! use pool_core::message::SlotId;
//! use pool_core::spec::{ToolSpec, TurnRule, TurnSpec};
//! use pool_core::ToolProcessPool;
//! # use regex::Regex;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A turn of this tool is over when it has printed a number that nobody could have guessed.
//! let rule = TurnRule::Sentinel {
//!     send: "echo {nonce}".into(),
//!     expect: Regex::new("(?m)^(?P<nonce>[0-9a-f]{16})$")?,
//!     before: None,
//!     begin: false,
//! };
//! let spec = ToolSpec::new("sh", vec!["/bin/sh".into()], TurnSpec::new(rule));
//!
//! actix::System::new().block_on(async {
//!     let pool = ToolProcessPool::start(spec, 2)?;
//!     let reply = pool.send_prompt(SlotId(1), "echo hello; echo world").await?;
//!     assert_eq!(reply.text(), "hello\nworld");
//!     pool.shutdown().await?;
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # Theory of operation
//!
//! A **slot** is a place in the pool; the processes that live in it one after the other are its **generations**. Each
//! generation is driven by one [`instance::InstanceActor`], and all of them by one [`supervisor::PoolSupervisor`].
//! Whoever routes jobs is somebody else: the `routing` crate's `RouterActor`, the small spender inside
//! [`ToolProcessPool`], or an actor of your own.
//!
//! *An instance that can take a job now is worth one [`message::Credit`]. Only the supervisor issues credits, only a
//! router spends them, and one credit carries exactly one job.* Starting, busy, being reset, waiting out a back-off,
//! not trusted, draining, given up: the router sees a single fact, no credit.
//!
//! Jobs go down, replies go straight home, news goes round; no actor awaits another. [`message`] holds every message.
//!
//! Two programs that differ in one line show what a credit means. This one prints `one` and then `two`, because each
//! slot works on one job at a time:
//!
//! ```text
//! let (a, b) = (pool.send_prompt(SlotId(0), "sleep 1; echo one"), pool.send_prompt(SlotId(0), "echo two"));
//! ```
//!
//! and this one prints `two` first, because another slot has a credit of its own:
//!
//! ```text
//! let (a, b) = (pool.send_prompt(SlotId(0), "sleep 1; echo one"), pool.send_prompt(SlotId(1), "echo two"));
//! ```
//!
//! The **pure half** is [`machine`]: is the reply whole? restart? when? trust it? It takes events and the time, and
//! returns actions and the next deadline. The actors around it are thin, which is why the whole system runs in
//! virtual time with fake children (feature `test-util`, [`process`]).
//!
//! # Guarantees
//!
//! * A job ends in exactly one result, and a caller always gets it: a [`message::ReplyTo`] that is dropped anywhere says
//!   [`JobError::Lost`], with the stage the job had reached.
//! * A prompt is written to at most one process, at most once. What was not delivered comes back and may go anywhere; so
//!   does a job that a usage limit turned away, if it waits for such ([`message::OnLimit`]).
//! * A reply belongs to its job: the nonce of a turn is fresh, and what comes between turns belongs to nobody.
//! * Every buffer, wait and retry has a limit with a name ([`spec::Limits`]).
//! * Stopping a pool, or dropping it, ends the process group of every instance. A process that leaves its group
//!   (`setsid`) is not followed.
//!
//! # When not to use it
//!
//! For a tool that starts in milliseconds and keeps no state, a process per job is simpler and as fast. For a tool that
//! offers a library, use the library.

pub mod error;
pub mod instance;
pub mod machine;
pub mod message;
pub mod pool;
pub mod process;
pub mod spec;
pub mod supervisor;

pub use error::{JobError, SpecError, StartError};
pub use pool::ToolProcessPool;

/// A seed that differs from run to run, for nonces and jitter. Not for secrets.
#[must_use]
pub fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

/// Parks the thread until `future` is ready: for code without a runtime. Never call it on an arbiter.
pub fn block_on<F: Future>(future: F) -> F::Output {
    use std::task::{Context, Poll, Wake};
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
