//! `restart`: another life for an instance.

use super::Served;
use crate::control::controller::Controller;
use crate::control::protocol::{Done, Fault, RestartAsk, Restarted};

pub(super) async fn serve(controller: &Controller, ask: RestartAsk) -> Result<Served, Fault> {
    let slot = controller.slot(ask.index).await?;
    let restarted = controller.pool().restart_instance(slot).await.map_err(|_| controller.gone())?;
    Ok(Done::Restart(Restarted { restarted }).into())
}
