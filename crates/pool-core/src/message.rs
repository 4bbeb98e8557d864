//! **The protocol**: every message that travels between a caller, the router, an instance and the supervisor.
//!
//! Jobs go down, replies go straight home, news goes round. Nothing here is answered: no actor awaits another.
//!
//! | message | from → to | sent by |
//! |---|---|---|
//! | [`Job`] in [`Submit`] | caller → router | `RouterHandle::submit`, [`crate::pool::ToolProcessPool`] |
//! | [`Assign`] | router → instance | [`Credit::spend`] |
//! | [`JobResult`] | instance → caller | [`ReplyTo::send`], or dropping it |
//! | [`ControlMessage`] | caller → instance | [`JobHandle::cancel`], [`JobHandle::answer`] |
//! | [`Progress`] | instance → caller | the instance, lossy |
//! | [`Event`] | instance → supervisor | [`crate::instance`] |
//! | [`PoolEvent`] | supervisor → router | [`crate::supervisor`] |
//! | [`Order`] | supervisor → instance | [`crate::supervisor`] |
//!
//! The pieces live in one file each: [`job`](Job), [`credit`](Credit), [`reply_to`](ReplyTo), [`news`](Event), [`needs`](Needs).

mod credit;
mod job;
mod limit;
mod needs;
pub(crate) mod news;
mod reply;
mod reply_to;
mod seat;

pub use credit::{Assign, Credit, Serial, Unspent};
pub use job::{Errand, ErrandFuture, Job, JobId, Next, Placement, Refused, SessionKey, Step, Submit};
pub use limit::{Again, LimitMet, OnLimit, Patience, Reset};
pub use needs::{Needs, Offer};
pub use news::{Event, ExitReport, Order, Pause, PoolEvent, Report, StartStage, StateChange, tell};
pub use reply::{CompletedBy, InstanceRef, JobResult, Outcome, Reply, StepReply, Timings, Usage};
pub use reply_to::{
    Afterwards, CONTROL_BOUND, Control, ControlMessage, JobHandle, PROGRESS_BOUND, PROGRESS_TEXT, Progress,
    Remote, ReplyTo, Stage, reply_channel,
};

pub use seat::{Attended, Resize, Seat, Size, Typed};

use serde::{Deserialize, Serialize};

/// The stable index of a place in the pool, `0..n`; the processes that live in it come and go.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct SlotId(pub u32);

impl SlotId {
    /// The index as a `usize`, for tables.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl std::fmt::Display for SlotId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How many lives a slot has had: 1 for its first process. Never two live generations of one slot.
pub type Generation = u32;
