//! Everything there is to know of every instance, for people who look for an error.

use super::group::Place;
use super::status::InstanceStatus;
use super::{PoolSupervisor, now};
use crate::instance::{Describe, Heard, Inside};
use crate::machine::slot::SlotState;
use crate::message::SlotId;
use crate::process::look::Depth;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long instances have to answer, all together.
const ANSWERS: Duration = Duration::from_secs(2);

/// How much of an instance's last output a dump has, in bytes.
pub const LAST: usize = 4096;

/// Up to so many instances are looked at with all their processes: each such look reads the whole process table.
const TREES: usize = 64;

/// An instance from outside and from inside.
#[derive(Debug, Clone)]
pub struct InstanceDump {
    /// From outside.
    pub status: InstanceStatus,
    /// From inside; absent if there is nobody, or it does not answer.
    pub inside: Option<Inside>,
    /// What the present life has said, and how long ago.
    pub heard: Heard,
    /// The last output of all lives, as it came: at most [`LAST`] bytes.
    pub last: Vec<u8>,
    /// What the supervisor waits for, and how long until then.
    pub timers: Vec<(&'static str, Duration)>,
}

impl PoolSupervisor {
    /// Asks every instance, or this one; the answers are collected beside the supervisor, which goes on.
    pub(super) fn dump(&self, which: Option<SlotId>, home: oneshot::Sender<Vec<InstanceDump>>) {
        let wanted = |index: &usize| which.is_none_or(|slot| slot.index() == *index);
        let wanted: Vec<usize> = (0..self.places.len()).filter(wanted).collect();
        let depth = if wanted.len() > TREES { Depth::Tool } else { Depth::Tree };
        let asked: Vec<_> = wanted.into_iter().map(|index| self.ask(index, depth)).collect();
        actix_rt::spawn(async move {
            let deadline = tokio::time::Instant::now() + ANSWERS;
            let mut dumps = Vec::with_capacity(asked.len());
            for (mut dump, answer) in asked {
                if let Some(answer) = answer {
                    dump.inside = tokio::time::timeout_at(deadline, answer).await.ok().and_then(Result::ok);
                }
                dumps.push(dump);
            }
            let _ = home.send(dumps);
        });
    }

    fn ask(&self, index: usize, depth: Depth) -> (InstanceDump, Option<oneshot::Receiver<Inside>>) {
        let (place, now) = (&self.places[index], now());
        let dump = InstanceDump {
            status: self.status_of(index),
            inside: None,
            heard: place.transcript.heard(now),
            last: place.transcript.last_said(LAST),
            timers: place.timers(now),
        };
        (dump, place.describe(depth))
    }
}

impl Place {
    fn timers(&self, now: Instant) -> Vec<(&'static str, Duration)> {
        let timer = match self.slot.state() {
            SlotState::BackingOff(at) => Some(("back-off", *at)),
            SlotState::Open(at) => Some(("trial", *at)),
            SlotState::Limited(limit) => Some(("hold", limit.until)),
            _ => None,
        };
        timer.into_iter().map(|(name, at)| (name, at.saturating_duration_since(now))).collect()
    }

    fn describe(&self, depth: Depth) -> Option<oneshot::Receiver<Inside>> {
        let (home, answer) = oneshot::channel();
        self.instance.as_ref()?.try_send(Describe { depth, home }).ok()?;
        Some(answer)
    }
}
