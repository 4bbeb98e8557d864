//! The control socket: a pool that others drive, and that lives longer than any of them.
//!
//! ```text
//! client ── line ─▶ connection ─ request ─▶ serve/… ─▶ Controller ─▶ ClusterManager
//!        ◀─ line ── outbound ◀── events, ok | error ──────┘
//! ```
//!
//! A [`Controller`] has a pool and what it works on: prompts that are sent to it ([`Controller::of_pool`]), each under a
//! ticket that outlives whoever sent it, or a batch ([`Controller::of_run`]). A [`Server`] listens for it at a
//! [`Place`], and a [`Client`] speaks to it. [`protocol`] is all that is said between them, [`limits`] what is taken.
//!
//! Pure: [`protocol`], `lines`, `tickets/shelf`, `terms`. While nobody asks, nothing runs here.

mod client;
mod connection;
mod controller;
pub mod limits;
mod lines;
mod outbound;
mod place;
pub mod protocol;
mod roster;
mod seats;
mod serve;
mod server;
mod terms;
mod tickets;

pub use client::{Client, ClientError, Heard, Said};
pub use controller::{About, Controller, End};
pub use place::{Claimed, Live, Place, PlaceError};
pub use roster::Roster;
pub use server::Server;
pub use terms::{Grown, Terms};
