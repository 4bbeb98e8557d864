//! The seam between a run and the pool, so that the loop can be tried without one.

use cluster::ClusterManager;
use pool_core::supervisor::{HoldStatus, InstanceStatus};
use tokio::sync::watch;

/// A pool, as a run needs it.
pub(super) trait Pool {
    /// What every instance does.
    async fn status(&self) -> Vec<InstanceStatus>;
    /// The accounts that usage limits hold.
    fn holds(&self) -> watch::Receiver<Vec<HoldStatus>>;
    /// Resolves with the reason when no instance is left and none will come.
    async fn failure(&self) -> String;
    /// Stops every tool by its ladder.
    async fn shutdown(&self);
    /// Kills every tool.
    async fn kill(&self);
}

impl Pool for ClusterManager {
    async fn status(&self) -> Vec<InstanceStatus> {
        Self::status(self).await.unwrap_or_default()
    }

    fn holds(&self) -> watch::Receiver<Vec<HoldStatus>> {
        Self::holds(self)
    }

    async fn failure(&self) -> String {
        Self::failure(self).await
    }

    async fn shutdown(&self) {
        Self::shutdown(self).await;
    }

    async fn kill(&self) {
        Self::kill(self).await;
    }
}
