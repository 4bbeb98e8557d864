//! A router of your own: `cargo run --example custom_router`
//!
//! Any actor that takes jobs and news can be the router. This one sends the shortest prompt first. It holds credits and
//! jobs by value, so it can neither place a job twice nor overload an instance; what it does wrong beyond that is
//! answered by `routing::router::Watch`, which the builder puts in front of it.
//!
//! It serves one tool and no conversations. One for several tools would look at `job.needs` and the credit's `offer`, one for
//! conversations at `job.session`; or it would embed `routing::Dispatcher`, which knows all that.

use actix::{Actor, Context, Handler};
use cluster::profile::{Overrides, Profile, Surroundings};
use cluster::{ClusterManager, JobError};
use pool_core::message::{Credit, Job, PoolEvent, Submit, Unspent};
use routing::RouterHandle;

/// How many jobs may wait.
const QUEUE: usize = 64;

#[derive(Default)]
struct ShortestFirst {
    #[expect(clippy::vec_box, reason = "jobs travel in their boxes")]
    jobs: Vec<Box<Job>>,
    credits: Vec<Credit>,
}

impl ShortestFirst {
    /// The way to a new one.
    fn launch() -> RouterHandle {
        let router = Self::default().start();
        RouterHandle::new(router.clone().recipient(), router.recipient(), QUEUE)
    }

    /// Places all that can be placed now.
    fn drive(&mut self) {
        self.jobs.sort_by_key(|job| {
            std::cmp::Reverse(job.steps.iter().map(|step| step.text().len()).sum::<usize>())
        });
        while !self.jobs.is_empty()
            && let Some(credit) = self.credits.pop()
            && let Some(job) = self.jobs.pop()
        {
            // A credit that was void gives the job back; one that was cancelled is answered already.
            if let Err(Unspent(job)) = credit.spend(job)
                && !job.reply_to.is_cancelled()
            {
                self.jobs.push(job);
            }
        }
    }

    fn refuse_all(&mut self, error: &JobError) {
        self.jobs.drain(..).for_each(|job| job.reply_to.send(Err(error.clone())));
    }
}

impl Actor for ShortestFirst {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(QUEUE);
    }
}

impl Handler<Submit> for ShortestFirst {
    type Result = ();

    fn handle(&mut self, Submit(job): Submit, _: &mut Context<Self>) {
        if self.jobs.len() == QUEUE {
            return job.reply_to.send(Err(JobError::Overloaded { limit: QUEUE }));
        }
        self.jobs.push(job);
        self.drive();
    }
}

impl Handler<PoolEvent> for ShortestFirst {
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
            PoolEvent::Failed { reason, .. } => self.refuse_all(&JobError::Unavailable(reason.to_string())),
            PoolEvent::Closed => self.refuse_all(&JobError::Closed),
            // A tool that is new, and what it did, are of no interest here.
            _ => {}
        }
        self.drive();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bash = Profile::load("bash", &Overrides::default(), &Surroundings::current())?;
    let cluster = ClusterManager::builder().tool(bash.spec, 1).router(ShortestFirst::launch).build().await?;

    // While the first one runs, the others wait, and are put in order. The first is the shortest of all as well, so it goes
    // first whether the router has the instance's credit by now or gets it after all the jobs.
    cluster.ready().await?;
    let prompts = ["sleep 0.3", "echo a rather long prompt", "echo short", "echo of middle size"];
    for prompt in prompts {
        cluster.send(prompt).await;
    }
    // Replies come as they finish, here from one instance: in the order in which the router placed their jobs.
    let mut replies = Vec::new();
    for _ in prompts {
        let (_, reply) = cluster.read_any().await?;
        replies.push(reply?.text().to_owned());
    }
    println!("{}", replies.join("\n"));
    assert_eq!(replies, ["", "short", "of middle size", "a rather long prompt"]);
    cluster.shutdown().await;
    Ok(())
}

#[test]
fn it_ends_well() {
    main().expect("it ends well");
}
