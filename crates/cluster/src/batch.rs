//! A batch: a list of items becomes jobs, jobs become results.
//!
//! ```text
//! arguments, lines ─ item ─▶ plan (template) ─ Planned ─▶ run ─ ResultRecord ─▶
//! a list of jobs ─── list ─▶
//! ```
//!
//! Everything but [`run`] is pure, and nothing is read further ahead than the pool can use: a list of items may never
//! end.

pub mod clock;
pub mod duration;
pub mod halt;
pub mod item;
pub mod list;
pub mod nearest;
pub mod plan;
pub mod reorder;
pub mod result;
pub mod run;
pub mod template;

pub use result::ResultRecord;
pub use run::Batch;
