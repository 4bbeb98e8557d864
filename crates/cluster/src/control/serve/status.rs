//! `status`: everything at this moment.

use super::{Caller, Served};
use crate::control::controller::Controller;
use crate::control::protocol::{Done, Fault};

pub(super) async fn serve(controller: &Controller, caller: &Caller) -> Result<Served, Fault> {
    let turn = caller.out.turn().await;
    let done = Done::Status(Box::new(controller.status().await?));
    Ok(Served { done, claim: None, turn })
}
