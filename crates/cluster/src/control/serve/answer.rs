//! `answer`: the answer to a question that a tool asks.

use super::Served;
use crate::control::controller::Controller;
use crate::control::protocol::{Done, Fault, Reply};

pub(super) fn serve(controller: &Controller, ask: Reply) -> Result<Served, Fault> {
    controller.answer(ask.ticket, ask.text)?;
    Ok(Done::Nothing {}.into())
}
