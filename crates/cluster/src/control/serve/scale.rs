//! `scale`: more instances of a tool, or fewer.

use super::Served;
use crate::control::controller::Controller;
use crate::control::protocol::{Code, Done, Fault, ScaleAsk, ScaleDone};
use crate::inside::ScaleError;
use pool_core::message::SlotId;

pub(super) async fn serve(controller: &Controller, ask: ScaleAsk) -> Result<Served, Fault> {
    // A task of its own: if whoever asked goes away meanwhile, prompts may be sent to what comes all the same.
    let (scales, ScaleAsk { tool, count }) = (controller.clone(), ask);
    let scaled = tokio::spawn(async move {
        let scaled = scales.pool().scale(tool.as_deref(), count).await?;
        scales.grown(tool.as_deref(), &scaled.added);
        Ok(scaled)
    });
    let scaled = scaled.await.map_err(|_| controller.gone())?.map_err(|error| match error {
        ScaleError::Refused(why) => Fault::new(Code::Refused, why.to_string()),
        ScaleError::Closed(_) => controller.gone(),
    })?;
    let numbers = |slots: Vec<SlotId>| slots.into_iter().map(|slot| slot.0).collect();
    Ok(Done::Scale(ScaleDone { added: numbers(scaled.added), going: numbers(scaled.going) }).into())
}
