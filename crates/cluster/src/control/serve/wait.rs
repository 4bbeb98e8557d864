//! `wait`: until nothing is queued or at work.

use super::Served;
use crate::control::controller::Controller;
use crate::control::protocol::{Code, Done, Fault, WaitAsk};
use std::time::Duration;
use tokio::time::timeout;

pub(super) async fn serve(controller: &Controller, ask: WaitAsk) -> Result<Served, Fault> {
    let idle = controller.tickets()?.idle();
    match ask.wait_ms {
        None => idle.await,
        Some(wait) => timeout(Duration::from_millis(wait), idle)
            .await
            .map_err(|_| Fault::new(Code::TimedOut, "prompts are still queued or at work"))?,
    }
    Ok(Done::Nothing {}.into())
}
