//! A conversation that is kept from job to job.

use crate::cluster::ClusterManager;
use crate::job::Job;
use crate::stream::JobStream;
use pool_core::JobError;
use pool_core::message::{JobHandle, Reply, SessionKey};
use std::sync::Arc;

/// A conversation of this name, on one slot. It begins with its first job, and is given up when it has been idle
/// for 15 minutes, or for as long as jobs have waited half a minute for a slot that no session reserves (bounds of the
/// builder's `RouterSpec`); [`Reply::context_lost`] then says so. Dropping the handle does not end it.
#[derive(Clone)]
pub struct Session {
    cluster: ClusterManager,
    name: Arc<str>,
}

impl Session {
    pub(crate) fn new(cluster: ClusterManager, name: &str) -> Self {
        Self { cluster, name: name.into() }
    }

    /// Hands in a job of this conversation.
    pub fn submit(&self, job: impl Into<Job>) -> JobHandle {
        self.cluster.submit(job.into().session(self.name.clone()))
    }

    /// As [`ClusterManager::stream`], in this conversation.
    pub fn stream(&self, job: impl Into<Job>) -> JobStream {
        self.cluster.stream(job.into().session(self.name.clone()))
    }

    /// Asks the next question of this conversation, and waits for the reply.
    ///
    /// # Errors
    /// As [`ClusterManager::ask`].
    pub async fn ask(&self, prompt: impl Into<Job>) -> Result<Reply, JobError> {
        self.submit(prompt).await
    }

    /// Ends the conversation: its slot serves others again.
    pub fn close(self) {
        self.cluster.close_session(SessionKey::Named(self.name));
    }
}
