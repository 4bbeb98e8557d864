//! The ledger: what a run was told, what it sent, what came back, on disk, so that a batch outlives its controller.
//!
//! ```text
//! Planned ─ Recorder ─▶ Job with an errand ─▶ pool      intent ─┐
//!               ▲                                               ├─▶ writer thread ─▶ one SQLite file a run
//!               └──────── result ──────────── batch     reply  ─┘
//! ```
//!
//! Two promises. The *intent* to send an attempt is on disk before its first byte goes to a tool; a *reply* is on disk
//! before anybody is told. So after any crash a job was never sent, or its end is known, or it is in between, and the
//! record says which.
//!
//! Pure: [`machine`] (one job), [`identity`] (which job is which), [`book`] (all jobs of a run, as rows). Effects:
//! [`writer`] (the one thread that writes), [`store`] (folders and locks), [`read`](mod@read) (everybody else).
//! Beside the jobs there are [`news`]: what happened to the run as a whole.
//!
//! # Layout
//!
//! `$XDG_STATE_HOME/cluster/runs/r7/` holds `ledger.db` (with `-wal` and `-shm` while in use), `run.lock`, `input` (a
//! copy of standard input, if the list came from there) and, until the run has ended, the empty file `open`. Folders are
//! 0700, files 0600.

pub mod book;
pub mod crash;
mod error;
pub mod folder;
pub mod identity;
pub mod lock;
pub mod log;
pub mod machine;
pub mod news;
pub mod pool;
pub mod read;
pub mod recorder;
mod reserve;
pub mod retention;
mod rows;
mod schema;
pub mod spool;
pub mod store;
mod tasks;
#[cfg(test)]
mod tests;
pub mod writer;

pub use error::LedgerError;
pub use recorder::Recorder;
pub use store::Store;
