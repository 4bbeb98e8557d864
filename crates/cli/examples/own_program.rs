//! The `cluster` program with something of yours inside:
//! `cargo run -p cluster-cli --example own_program -- run bash --route lowest:skip=1 'echo {}' -- a b c`
//! and the same with `--route latest_first`.

use actix::{Actor, Context, Handler};
use cluster::JobError;
use cluster_cli::{Cli, StartRouter};
use pool_core::message::{Credit, Job, PoolEvent, SlotId, Submit, Unspent};
use routing::RouterHandle;
use routing::strategy::{Candidates, JobView, Strategy};

fn main() -> std::process::ExitCode {
    Cli::new()
        .with_strategy("lowest", |options| {
            let skip = options.take("skip")?.unwrap_or(0);
            Ok(Box::new(Lowest { skip }))
        })
        .with_router("latest_first", |_| Ok(Box::new(LatestFirst::launch) as StartRouter))
        .run()
}

/// The lowest free slot, but the first `skip` slots only if no other is free.
struct Lowest {
    skip: u32,
}

impl Strategy for Lowest {
    fn name(&self) -> &str {
        "lowest"
    }

    fn choose(&mut self, _: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        candidates.first_from(SlotId(self.skip))
    }
}

/// A stack: what came last goes first.
#[derive(Default)]
struct LatestFirst {
    #[expect(clippy::vec_box, reason = "jobs travel in their boxes")]
    jobs: Vec<Box<Job>>,
    credits: Vec<Credit>,
}

/// How many messages its mailbox holds, and how many jobs may wait.
const MAILBOX: usize = 1024;

impl LatestFirst {
    fn launch() -> RouterHandle {
        let router = Self::default().start();
        RouterHandle::new(router.clone().recipient(), router.recipient(), MAILBOX)
    }

    fn drive(&mut self) {
        while !self.jobs.is_empty()
            && let Some(credit) = self.credits.pop()
            && let Some(job) = self.jobs.pop()
        {
            if let Err(Unspent(job)) = credit.spend(job)
                && !job.reply_to.is_cancelled()
            {
                self.jobs.push(job);
            }
        }
    }
}

impl Actor for LatestFirst {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(MAILBOX);
    }
}

impl Handler<Submit> for LatestFirst {
    type Result = ();

    fn handle(&mut self, Submit(job): Submit, _: &mut Context<Self>) {
        if self.jobs.len() == MAILBOX {
            return job.reply_to.send(Err(JobError::Overloaded { limit: MAILBOX }));
        }
        self.jobs.push(job);
        self.drive();
    }
}

impl Handler<PoolEvent> for LatestFirst {
    type Result = ();

    fn handle(&mut self, event: PoolEvent, _: &mut Context<Self>) {
        match event {
            PoolEvent::Ready(credit) | PoolEvent::Finished { credit: Some(credit), .. } => {
                self.credits.push(credit);
            }
            PoolEvent::Revoked { slot, .. } | PoolEvent::Gone { slot, .. } => {
                self.credits.retain(|credit| credit.slot != slot);
            }
            PoolEvent::Returned(job) => self.jobs.push(job),
            PoolEvent::Failed { reason, .. } => {
                let error = JobError::Unavailable(reason.to_string());
                self.jobs.drain(..).for_each(|job| job.reply_to.send(Err(error.clone())));
            }
            PoolEvent::Closed => self.jobs.drain(..).for_each(|job| job.reply_to.send(Err(JobError::Closed))),
            _ => {}
        }
        self.drive();
    }
}
