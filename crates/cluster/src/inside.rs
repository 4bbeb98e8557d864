//! Looking inside a running pool, and changing it: transcripts, what an instance waits for, how many there are.

mod why;

pub use why::{ProcessView, Timer, Why};

use crate::cluster::ClusterManager;
use pool_core::JobError;
use pool_core::instance::Follower;
use pool_core::message::SlotId;
use pool_core::supervisor::{Attachment, CannotAttach, CannotScale, Patience, Scaled, Supervise};

/// Why a tool was not scaled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScaleError {
    /// It cannot be; nothing has changed.
    #[error(transparent)]
    Refused(#[from] CannotScale),
    /// The cluster has gone.
    #[error(transparent)]
    Closed(#[from] JobError),
}

/// Why an instance was not lent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// It cannot be.
    #[error(transparent)]
    Refused(#[from] CannotAttach),
    /// The cluster has gone, or the instance has, while it was waited for.
    #[error(transparent)]
    Closed(#[from] JobError),
}

impl ClusterManager {
    /// Why the instance at `index` does not go on: what it waits for, its last output, its processes, what to do. For
    /// people: it takes a while. None if there is no such slot.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the cluster has gone.
    pub async fn why(&self, index: SlotId) -> Result<Option<Why>, JobError> {
        Ok(self.order(|home| Supervise::Why(index, home)).await?.pop().map(Why::of))
    }

    /// What the instance at `index` was told and said: the last [`TRANSCRIPT`](pool_core::instance::TRANSCRIPT) bytes of
    /// it, over all its lives, then what comes. None if there is no such slot.
    ///
    /// # Errors
    /// [`JobError::Closed`] if the cluster has gone.
    pub async fn transcript(&self, index: SlotId) -> Result<Option<Follower>, JobError> {
        self.order(|home| Supervise::Follow(index, home)).await
    }

    /// Lends the instance at `index` to somebody who sits down at its terminal, as soon as it is free. It gets no jobs until
    /// the [`Attachment`] is dropped and it has answered; one that was left in the middle of something is started again.
    ///
    /// # Errors
    /// [`AttachError`] if that cannot be.
    pub async fn attach(&self, index: SlotId, patience: Patience) -> Result<Attachment, AttachError> {
        self.order(|home| Supervise::Attach(index, patience, home)).await?.map_err(AttachError::Refused)
    }

    /// Lets the tool of this name, or the only one, have `count` instances, at most
    /// [`SCALE_LIMIT`](pool_core::supervisor::SCALE_LIMIT). New ones start in the background; of too many, those with the
    /// highest indices finish the job at hand and go. Indices are stable: the others keep theirs.
    ///
    /// # Errors
    /// [`ScaleError`] if that cannot be; nothing has changed then.
    pub async fn scale(&self, tool: Option<&str>, count: usize) -> Result<Scaled, ScaleError> {
        let tool = tool.map(str::to_owned);
        Ok(self.order(|home| Supervise::Scale(tool, count, home)).await??)
    }
}
