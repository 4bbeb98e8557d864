//! The seam between a run and the pool, so that the loop can be tried without one.

use crate::signals::stop_ourselves;
use cluster::ClusterManager;
use pool_core::supervisor::{HoldStatus, InstanceDump, InstanceStatus};
use tokio::sync::watch;

/// So many changes may wait while results are written.
pub(super) const CHANGES: usize = 1024;

/// A pool, as a run needs it.
pub(crate) trait Pool {
    /// What every instance does.
    async fn status(&self) -> Vec<InstanceStatus>;
    /// What every instance does and waits for.
    async fn dump(&self) -> Vec<InstanceDump>;
    /// Stops this program until somebody continues it; no time passes for jobs meanwhile.
    async fn suspend(&self);
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

    async fn dump(&self) -> Vec<InstanceDump> {
        Self::dump(self).await.unwrap_or_default()
    }

    async fn suspend(&self) {
        self.pause().await;
        stop_ourselves();
        self.resume().await;
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
