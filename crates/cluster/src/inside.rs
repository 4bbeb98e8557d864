//! Looking inside a running pool, and changing it: how many instances there are.

use crate::cluster::ClusterManager;
use pool_core::JobError;
use pool_core::supervisor::{CannotScale, Scaled, Supervise};

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

impl ClusterManager {
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
