//! A batch: a list of items becomes jobs, jobs become results.
//!
//! ```text
//! item, list  ──▶  plan (template)  ──▶  run  ──▶  result
//! ```
//!
//! Everything but [`run`] is pure. Nothing is read further ahead than the pool can use: a list may never end.

pub mod clock;
pub mod duration;
pub mod item;
pub mod list;
pub mod nearest;
pub mod template;
