//! `scale`: more instances of a tool, or fewer.

use super::Served;
use crate::control::controller::Controller;
use crate::control::protocol::{Code, Done, Fault, ScaleAsk, ScaleDone};
use crate::inside::ScaleError;
use pool_core::message::SlotId;

pub(super) async fn serve(controller: &Controller, ask: ScaleAsk) -> Result<Served, Fault> {
    let scaled =
        controller.pool().scale(ask.tool.as_deref(), ask.count).await.map_err(|error| match error {
            ScaleError::Refused(why) => Fault::new(Code::Refused, why.to_string()),
            ScaleError::Closed(_) => controller.gone(),
        })?;
    controller.grown(ask.tool.as_deref(), &scaled.added);
    let numbers = |slots: Vec<SlotId>| slots.into_iter().map(|slot| slot.0).collect();
    Ok(Done::Scale(ScaleDone { added: numbers(scaled.added), going: numbers(scaled.going) }).into())
}
