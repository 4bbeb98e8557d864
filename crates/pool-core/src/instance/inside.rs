//! The question how an instance is, for people who wonder what it waits for.

use super::InstanceActor;
use crate::machine::conversation::Inside;
use crate::process::look::Depth;
use actix::{Handler, Message};
use tokio::sync::oneshot;

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
