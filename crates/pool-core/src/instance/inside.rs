//! What only an instance knows of itself, for people who wonder what it waits for.

use super::InstanceActor;
use crate::process::look::{Depth, Seen};
use actix::{Handler, Message};
use std::time::Duration;
use tokio::sync::oneshot;

/// An instance, seen from inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// What goes on, in a few words.
    pub doing: &'static str,
    /// Which of how many steps of the job runs, from 1.
    pub step: Option<(usize, usize)>,
    /// What output would end what goes on.
    pub awaits: String,
    /// Bytes that have come since the last prompt.
    pub received: u64,
    /// The last output, as it came: at most 4 KiB.
    pub tail: Vec<u8>,
    /// What ends by itself, and how long until then.
    pub timers: Vec<(&'static str, Duration)>,
    /// Its processes, the tool first, each after its parent.
    pub processes: Vec<Seen>,
}

/// Asks an instance how it is; the answer goes home by itself.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Describe {
    /// How closely to look at its processes.
    pub depth: Depth,
    /// Where the answer goes.
    pub home: oneshot::Sender<Inside>,
}

impl Handler<Describe> for InstanceActor {
    type Result = ();

    fn handle(&mut self, Describe { depth, home }: Describe, _: &mut Self::Context) {
        let Some(driver) = self.driver() else { return };
        let (mut inside, look) = driver.describe(depth);
        actix_rt::spawn(async move {
            if let Some(look) = look {
                inside.processes = look.await;
            }
            let _ = home.send(inside);
        });
    }
}
