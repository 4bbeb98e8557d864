//! `down`: the end of the pool, answered when it has come.

use super::Served;
use crate::control::controller::{Controller, End, Work};
use crate::control::protocol::{Code, Done, DownAsk, Fault};

pub(super) async fn serve(controller: &Controller, ask: DownAsk) -> Result<Served, Fault> {
    if let Work::Batch(_) = controller.work() {
        let why = format!("{} is a batch, and ends by itself", controller.about().name);
        return Err(
            Fault::new(Code::Refused, why).help(format!("'kill {}' ends it before", std::process::id()))
        );
    }
    controller.end(if ask.drain { End::Drain } else { End::Stop });
    controller.over().await;
    Ok(Done::Nothing {}.into())
}
