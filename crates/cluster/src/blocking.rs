//! The same for code without a runtime.
//!
//! ```
//! let cluster = cluster::blocking::launch_cluster("bash", 2)?;
//! assert_eq!(cluster.ask("echo $((6 * 7))")?.text(), "42");
//! cluster.shutdown();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::{LaunchError, ReadError};
use crate::job::Job;
use crate::outbox::Ticket;
use pool_core::JobError;
use pool_core::block_on;
use pool_core::message::{JobHandle, JobResult, Reply, SlotId};
use pool_core::supervisor::InstanceStatus;

/// As [`crate::launch_cluster`].
///
/// # Errors
/// As there.
pub fn launch_cluster(tool: &str, instances: usize) -> Result<Cluster, LaunchError> {
    block_on(crate::launch_cluster(tool, instances)).map(Cluster)
}

/// A [`crate::ClusterManager`] whose calls block. Never use it on an actor's or a runtime's own thread.
#[derive(Clone)]
pub struct Cluster(crate::ClusterManager);

impl Cluster {
    /// Wraps a handle.
    #[must_use]
    pub const fn new(cluster: crate::ClusterManager) -> Self {
        Self(cluster)
    }

    /// As [`crate::ClusterManager::ask`].
    ///
    /// # Errors
    /// As there.
    pub fn ask(&self, prompt: impl Into<Job>) -> Result<Reply, JobError> {
        self.0.submit(prompt).wait()
    }

    /// As [`crate::ClusterManager::submit`]; see [`JobHandle::wait`].
    pub fn submit(&self, job: impl Into<Job>) -> JobHandle {
        self.0.submit(job)
    }

    /// As [`crate::ClusterManager::send`].
    pub fn send(&self, job: impl Into<Job>) -> Ticket {
        block_on(self.0.send(job))
    }

    /// As [`crate::ClusterManager::send_to`].
    pub fn send_to(&self, index: SlotId, job: impl Into<Job>) -> Ticket {
        block_on(self.0.send_to(index, job))
    }

    /// As [`crate::ClusterManager::read`].
    ///
    /// # Errors
    /// As there.
    pub fn read(&self, ticket: Ticket) -> Result<JobResult, ReadError> {
        block_on(self.0.read(ticket))
    }

    /// As [`crate::ClusterManager::read_any`].
    ///
    /// # Errors
    /// As there.
    pub fn read_any(&self) -> Result<(Ticket, JobResult), ReadError> {
        block_on(self.0.read_any())
    }

    /// As [`crate::ClusterManager::status`].
    ///
    /// # Errors
    /// As there.
    pub fn status(&self) -> Result<Vec<InstanceStatus>, JobError> {
        block_on(self.0.status())
    }

    /// As [`crate::ClusterManager::shutdown`].
    pub fn shutdown(&self) {
        block_on(self.0.shutdown());
    }
}
