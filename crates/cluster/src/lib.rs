//! Many command-line tools as one supervised pool: warm instances, a routing policy, whole replies.
//!
//! # Usage
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = cluster::launch_cluster("bash", 3).await?;
//! let reply = cluster.ask("echo hello from a warm shell").await?;
//! assert_eq!(reply.text(), "hello from a warm shell");
//! cluster.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! It works the same from `#[actix::main]`, from a multi-threaded tokio program, and, by [`blocking`], from code
//! without a runtime.
//!
//! # Theory of operation
//!
//! A [`ClusterManager`] is a handle to actors on a thread of their own: a router with the only queue, a supervisor that
//! keeps the instances alive, and an actor for each process. [`ClusterManager::submit`] moves a [`Job`] to the router;
//! its reply comes straight back from the instance, and the [`JobHandle`] is a future of it. Everything else is built
//! from that: `ask` awaits it, `stream` yields its reply as it comes ([`JobStream`]), `send` keeps it in a bounded outbox
//! under a [`Ticket`], a [`Session`] pins it to the slot that holds the conversation; `broadcast`, `race` and `quorum`
//! make one of several ([`Fold`]). What goes on is told by [`ClusterManager::snapshot`].
//!
//! What waits, waits in one place: the router's queue ([`DEFAULT_QUEUE`] jobs, then [`JobError::Overloaded`]). Among jobs of
//! one priority the first goes first; one that nobody can take yet (its tool is down, its session's slot is busy, its account
//! is held) delays nobody. [`outbox::OUTBOX`] replies of `send` may be unread, then `send` waits. A job is tried once,
//! unless [`Job::retries`] says that it bears more.
//!
//! An instance that ends is started again after a growing delay; one that fails jobs in a row loses its breaker's trust for
//! a while; a usage limit holds all instances of its account. None of that is an error of the cluster: jobs wait, and
//! [`ClusterManager::snapshot`] tells for what. A tool that cannot work at all is given up, and its jobs with it.
//!
//! A program that starts a process for each request may begin with an [`adapter::Adapter`]: one call, and behind it a
//! process, a pool, or whichever pays.
//!
//! Tools are data: [`profile`] turns a name, a path or a command line into a [`spec::ToolSpec`]. [`config`] reads what
//! users have settled once. [`batch`] turns items and templates into jobs and their results, for the program `cluster`
//! and for yours; [`ledger`] keeps them on disk.
//!
//! # Guarantees
//!
//! * Every job ends in exactly one result. A [`Reply`] says how the turn ended ([`Reply::outcome`]); a [`JobError`] says
//!   why there is none, and whether anything was sent.
//! * In somebody else's program it is polite: no signal handler, no subscriber, no panic hook, no `waitpid(-1)`.
//! * Dropping the last handle kills the tools at once; [`ClusterManager::shutdown`] is the graceful way.
//! * With [`guard::init`] as the first line of `main`, nothing that a tool has started outlives this program by more than a
//!   second, even if it is killed. Without, tools are in process groups of their own, which end with the handle; a child that
//!   left its group stays, and so does everything if this program is killed.
//!
//! # When not to use it
//!
//! A tool that starts in milliseconds and keeps nothing in memory gains nothing from being kept warm: start a process
//! per job. A pool pays when starting is dear, when a conversation matters, or when somebody has to hold the queue.

#![forbid(unsafe_code)]

pub mod adapter;
mod answers;
mod attempts;
pub mod batch;
pub mod blocking;
#[cfg(doctest)]
mod book;
mod builder;
mod cluster;
pub mod config;
pub mod conformance;
pub mod control;
pub mod doctor;
mod error;
mod fold;
pub mod guard;
pub mod hooks;
pub mod inside;
mod job;
pub mod learn;
pub mod ledger;
pub mod outbox;
pub mod profile;
mod session;
pub mod snapshot;
mod stream;

pub use answers::{Answer, Answers, NoQuorum};
pub use builder::{ClusterBuilder, DEFAULT_QUEUE};
pub use cluster::{ClusterManager, launch_cluster};
pub use error::{LaunchError, ReadError};
pub use fold::{Fold, Standing};
pub use job::Job;
pub use outbox::Ticket;
pub use session::Session;
pub use snapshot::Snapshot;
pub use stream::{JobStream, Piece};

pub use pool_core::message::{JobHandle, Outcome, Reply, SlotId};
pub use pool_core::{JobError, message, spec};
pub use routing;
