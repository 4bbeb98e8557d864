//! `why`: what an instance waits for.

use super::Served;
use crate::control::controller::Controller;
use crate::control::protocol::{Done, Fault, WhyAsk};

pub(super) async fn serve(controller: &Controller, ask: WhyAsk) -> Result<Served, Fault> {
    let slot = controller.slot(ask.index).await?;
    let why = controller.pool().why(slot).await.ok().flatten().ok_or_else(|| controller.gone())?;
    Ok(Done::Why(Box::new(why)).into())
}
