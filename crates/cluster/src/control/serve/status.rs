//! `status`: everything at this moment.

use super::Served;
use crate::control::controller::Controller;
use crate::control::protocol::{Done, Fault};

pub(super) async fn serve(controller: &Controller) -> Result<Served, Fault> {
    Ok(Done::Status(Box::new(controller.status().await?)).into())
}
