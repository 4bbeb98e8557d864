//! Effects around a job that take their time, refuse, or panic.

use crate::trace::Trace;
use crate::world::Errand as Kind;
use pool_core::message::{Errand, ErrandFuture, Next, Placement, Refused, StepReply};

/// What [`crate::run::quiet`] keeps out of the output.
pub(crate) const PANIC: &str = "a simulated panic";

/// The errand of one job.
pub(crate) struct Simulated {
    pub(crate) job: usize,
    pub(crate) kind: Kind,
    pub(crate) trace: Trace,
}

impl Errand for Simulated {
    fn before(&mut self, placement: &Placement) -> ErrandFuture<Result<(), Refused>> {
        let (job, kind, trace) = (self.job, self.kind, self.trace.clone());
        trace.note(format!("slot {} life {}: arms job {job}", placement.slot, placement.generation));
        // It may have been armed elsewhere before; this arming counts.
        trace.inner().armed.insert(job, false);
        assert!(kind != Kind::PanicsAtOnce, "{PANIC}");
        Box::pin(async move {
            match kind {
                Kind::Takes(time) => tokio::time::sleep(time).await,
                Kind::Refuses => return Err(Refused("not this one".into())),
                Kind::PanicsAtOnce | Kind::PanicsLater => panic!("{PANIC}"),
            }
            trace.note(format!("job {job} is armed"));
            trace.inner().armed.insert(job, true);
            Ok(())
        })
    }

    fn after_step(&mut self, _: &StepReply) -> ErrandFuture<Next> {
        let kind = self.kind;
        Box::pin(async move {
            if let Kind::Takes(time) = kind {
                tokio::time::sleep(time / 4).await;
            }
            Next::Continue
        })
    }
}
