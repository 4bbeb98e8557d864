//! Everything there is to know of every instance, for people who look for an error.

use super::PoolSupervisor;
use super::group::Place;
use super::status::InstanceStatus;
use crate::instance::{Describe, Inside};
use crate::process::look::Depth;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long instances have to answer, all together.
const ANSWERS: Duration = Duration::from_secs(2);

/// Up to so many instances are looked at with all their processes: each such look reads the whole process table.
const TREES: usize = 64;

/// An instance from outside and from inside.
#[derive(Debug, Clone)]
pub struct InstanceDump {
    /// From outside.
    pub status: InstanceStatus,
    /// From inside; absent if there is nobody, or it does not answer.
    pub inside: Option<Inside>,
}

impl PoolSupervisor {
    /// Asks every instance; the answers are collected beside the supervisor, which goes on.
    pub(super) fn dump(&self, home: oneshot::Sender<Vec<InstanceDump>>) {
        let depth = if self.places.len() > TREES { Depth::Tool } else { Depth::Tree };
        let asked = self.places.iter().enumerate();
        let asked: Vec<_> =
            asked.map(|(index, place)| (self.status_of(index), place.describe(depth))).collect();
        actix_rt::spawn(async move {
            let deadline = tokio::time::Instant::now() + ANSWERS;
            let mut dumps = Vec::with_capacity(asked.len());
            for (status, answer) in asked {
                let inside = match answer {
                    Some(answer) => tokio::time::timeout_at(deadline, answer).await.ok().and_then(Result::ok),
                    None => None,
                };
                dumps.push(InstanceDump { status, inside });
            }
            let _ = home.send(dumps);
        });
    }
}

impl Place {
    fn describe(&self, depth: Depth) -> Option<oneshot::Receiver<Inside>> {
        let (home, answer) = oneshot::channel();
        self.instance.as_ref()?.try_send(Describe { depth, home }).ok()?;
        Some(answer)
    }
}
