//! Routers and strategies that misbehave, in a whole pool in virtual time: every fault has a name, and no job is wedged,
//! lost or done twice.

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use actix::{Actor, Context, Handler};
use cluster::ClusterManager;
use pool_core::JobError;
use pool_core::message::{Credit, Job, PoolEvent, SlotId, Stage, Submit, Unspent};
use pool_core::process::fake::Fakes;
use pool_core::spec::Cancel;
use proptest::prelude::{ProptestConfig, prop, prop_assert, prop_assert_eq, proptest};
use routing::RouterHandle;
use routing::router::RouterFault;
use routing::strategy::{Candidates, JobView, Strategy};
use routing::strategy::{NAMES, Weighted, by_name};
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, all_free, in_virtual_time, play, slots, spec};

/// How many messages a router's mailbox holds.
const QUEUE: usize = 64;

/// What a router does with what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Places every job, the oldest first.
    Good,
    /// Keeps every job and every credit.
    Hoards,
    /// Keeps the first job, serves all others.
    KeepsOneJob,
    /// Drops every credit, keeps every job.
    DropsCredits,
    /// Keeps credits, drops every job.
    DropsJobs,
    /// Keeps the first credit until there are two jobs, however void it has become.
    SpendsLate,
    /// Panics when it gets a job.
    PanicsAtJobs,
    /// Panics when it gets a credit.
    PanicsAtCredits,
}

struct Router {
    manner: Manner,
    #[expect(clippy::vec_box, reason = "jobs travel in their boxes")]
    jobs: Vec<Box<Job>>,
    credits: Vec<Credit>,
}

impl Router {
    fn launch(manner: Manner) -> RouterHandle {
        let router = Self { manner, jobs: Vec::new(), credits: Vec::new() }.start();
        RouterHandle::new(router.clone().recipient(), router.recipient(), QUEUE)
    }

    fn drive(&mut self) {
        let enough = match self.manner {
            Manner::Good => 1,
            Manner::SpendsLate | Manner::KeepsOneJob => 2,
            _ => usize::MAX,
        };
        if self.jobs.len() >= enough && !self.credits.is_empty() {
            let kept = usize::from(self.manner == Manner::KeepsOneJob);
            if self.manner == Manner::SpendsLate {
                // From now on it is late no more.
                self.manner = Manner::Good;
            }
            let (credit, job) = (self.credits.remove(0), self.jobs.remove(kept));
            if let Err(Unspent(job)) = credit.spend(job) {
                self.jobs.insert(kept, job);
            }
            self.drive();
        }
    }
}

impl Actor for Router {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.set_mailbox_capacity(QUEUE);
    }
}

impl Handler<Submit> for Router {
    type Result = ();

    fn handle(&mut self, Submit(job): Submit, _: &mut Context<Self>) {
        match self.manner {
            Manner::PanicsAtJobs => panic!("a bug in a router"),
            Manner::DropsJobs => drop(job),
            _ => self.jobs.push(job),
        }
        self.drive();
    }
}

impl Handler<PoolEvent> for Router {
    type Result = ();

    fn handle(&mut self, event: PoolEvent, _: &mut Context<Self>) {
        match event {
            PoolEvent::Ready(credit) | PoolEvent::Finished { credit: Some(credit), .. } => {
                match self.manner {
                    Manner::PanicsAtCredits => panic!("a bug in a router"),
                    Manner::DropsCredits => drop(credit),
                    _ => self.credits.push(credit),
                }
            }
            PoolEvent::Returned(job) => self.jobs.insert(0, job),
            PoolEvent::Closed => self.jobs.drain(..).for_each(|job| job.reply_to.send(Err(JobError::Closed))),
            // Nothing is withdrawn here: what is void is spent all the same.
            _ => {}
        }
        self.drive();
    }
}

async fn pool(manner: Manner, instances: usize, oracle: &Oracle) -> ClusterManager {
    let oracle = oracle.clone();
    let fakes = Fakes::new(move |stage| play(stage, oracle.clone()));
    let builder = ClusterManager::builder().tool(spec(Cancel::Restart), instances).launcher(Arc::new(fakes));
    let builder = builder.router(move || Router::launch(manner)).seed(7).on_this_arbiter();
    builder.build().await.expect("a valid plan")
}

/// How often each of these prompts has reached a tool.
fn heard(oracle: &Oracle, prompt: &str) -> usize {
    oracle.lock().expect("no panic").iter().filter(|(_, line)| line == prompt).count()
}

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_router_of_ones_own_serves_everybody_once() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(Manner::Good, 2, &oracle).await;
        let jobs: Vec<_> = (0..20).map(|n| cluster.submit(format!("work:10 say:{n}").as_str())).collect();
        for (n, job) in jobs.into_iter().enumerate() {
            assert_eq!(job.await.expect("a reply").text(), n.to_string());
            assert_eq!(heard(&oracle, &format!("work:10 say:{n}")), 1);
        }
        assert!(cluster.metrics().await.is_err(), "it keeps no figures");
        cluster.shutdown().await;
    });
}

#[test]
fn who_hoards_or_drops_credits_is_named_and_the_pool_goes_on() {
    for manner in [Manner::Hoards, Manner::DropsCredits] {
        in_virtual_time(async {
            let oracle = Oracle::default();
            let cluster = pool(manner, 2, &oracle).await;
            let began = tokio::time::Instant::now();
            let jobs: Vec<_> = (0..3).map(|n| cluster.submit(format!("say:{n}").as_str())).collect();
            for job in jobs {
                let silent = JobError::from(RouterFault::Silent { patience: PATIENCE });
                assert_eq!(job.await, Err(silent), "{manner:?}");
            }
            assert!((PATIENCE..2 * PATIENCE).contains(&began.elapsed()), "{:?}", began.elapsed());
            assert_eq!(cluster.status().await.expect("status").len(), 2);
            cluster.shutdown().await;
            assert_eq!(heard(&oracle, "say:0"), 0);
        });
    }
}

/// One of two instances is always free, but never the same one: the job that is kept back could have gone. While both are
/// at work, it could not.
#[test]
fn who_keeps_one_job_back_and_serves_the_others_is_named_once_an_instance_is_free() {
    for busy in [1, 2] {
        in_virtual_time(async {
            let cluster = pool(Manner::KeepsOneJob, 2, &Oracle::default()).await;
            let kept = cluster.submit("say:kept");
            let began = tokio::time::Instant::now();
            while began.elapsed() < 3 * PATIENCE {
                let others: Vec<_> = (0..busy).map(|_| cluster.submit("work:1000 say:other")).collect();
                for other in others {
                    assert_eq!(other.await.expect("a reply").text(), "other");
                }
                if kept.stage() != Stage::Queued {
                    break;
                }
            }
            let time = began.elapsed();
            assert_eq!(time < 2 * PATIENCE, busy == 1, "{busy} at work: {time:?}");
            let silent = JobError::from(RouterFault::Silent { patience: PATIENCE });
            assert_eq!(kept.await, Err(silent), "now, at the latest");
            assert!(began.elapsed() < 5 * PATIENCE);
            cluster.shutdown().await;
        });
    }
}

#[test]
fn a_router_that_does_not_read_its_mailbox_is_overloaded_by_name() {
    in_virtual_time(async {
        let cluster = pool(Manner::Good, 1, &Oracle::default()).await;
        cluster.ready().await.expect("ready");
        // Nobody reads while this task does not wait.
        let jobs: Vec<_> = (0..4 * QUEUE).map(|n| cluster.submit(format!("say:{n}").as_str())).collect();
        let (mut served, mut overloaded) = (0, 0);
        for job in jobs {
            match job.await {
                Ok(_) => served += 1,
                Err(error) => {
                    assert_eq!(error, JobError::Overloaded { limit: QUEUE });
                    overloaded += 1;
                }
            }
        }
        assert!(served >= QUEUE && overloaded > 0, "{served} and {overloaded}");
        cluster.shutdown().await;
    });
}

#[test]
fn a_job_that_is_dropped_is_lost_by_name_at_once() {
    in_virtual_time(async {
        let cluster = pool(Manner::DropsJobs, 1, &Oracle::default()).await;
        assert_eq!(cluster.submit("say:x").await, Err(JobError::Lost { stage: Stage::Queued }));
        cluster.shutdown().await;
    });
}

#[test]
fn a_credit_that_is_spent_too_late_costs_nothing() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(Manner::SpendsLate, 1, &oracle).await;
        cluster.ready().await.expect("ready");
        assert!(cluster.restart_instance(SlotId(0)).await.expect("open"));
        let jobs: Vec<_> = (0..2).map(|n| cluster.submit(format!("say:{n}").as_str())).collect();
        for (n, job) in jobs.into_iter().enumerate() {
            let reply = job.await.expect("a reply");
            assert_eq!((reply.text(), reply.instance.generation), (n.to_string().as_str(), 2));
            assert_eq!(heard(&oracle, &format!("say:{n}")), 1);
        }
        cluster.shutdown().await;
    });
}

#[test]
fn a_router_that_panics_is_named_and_the_pool_ends_cleanly() {
    for manner in [Manner::PanicsAtJobs, Manner::PanicsAtCredits] {
        in_virtual_time(async {
            let oracle = Oracle::default();
            let cluster = pool(manner, 2, &oracle).await;
            let first = cluster.submit("say:first").await;
            let gone = Err(JobError::from(RouterFault::Gone));
            assert!(first == gone || first == Err(JobError::Lost { stage: Stage::Queued }), "{first:?}");
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert_eq!(cluster.submit("say:second").await, gone, "{manner:?}");
            cluster.shutdown().await;
            assert_eq!(heard(&oracle, "say:first") + heard(&oracle, "say:second"), 0);
        });
    }
}

/// Takes one slot, then panics.
struct Fragile(u32);

impl Strategy for Fragile {
    fn name(&self) -> &'static str {
        "fragile"
    }

    fn choose(&mut self, _: &JobView<'_>, candidates: &Candidates<'_>) -> Option<SlotId> {
        self.0 += 1;
        assert!(self.0 < 3, "a bug in a strategy");
        candidates.first_from(SlotId(0))
    }
}

#[test]
fn a_strategy_that_panics_costs_no_job() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = routed(Box::new(Fragile(0)), 2, &oracle).await;
        for n in 0..6 {
            let reply = cluster.submit(format!("say:{n}").as_str()).await.expect("a reply");
            assert_eq!(reply.text(), n.to_string());
            assert_eq!(heard(&oracle, &format!("say:{n}")), 1);
        }
        let counts = cluster.metrics().await.expect("figures").counts;
        assert_eq!((counts.placed, counts.after_panic), (6, 4));
        cluster.shutdown().await;
    });
}

async fn routed(strategy: Box<dyn Strategy>, instances: usize, oracle: &Oracle) -> ClusterManager {
    let oracle = oracle.clone();
    let fakes = Fakes::new(move |stage| play(stage, oracle.clone()));
    let builder = ClusterManager::builder().tool(spec(Cancel::Restart), instances).launcher(Arc::new(fakes));
    builder.strategy(strategy).seed(7).on_this_arbiter().build().await.expect("a valid plan")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Jobs that work, crash and are taken back at random: each has one result, none is sent twice, and the books
    /// balance.
    #[test]
    fn every_job_ends_once_under_every_strategy(
        strategy in 0..NAMES.len(),
        instances in 1_usize..5,
        jobs in prop::collection::vec((0_u8..8, 0_u64..40, prop::bool::weighted(0.1)), 1..40),
    ) {
        let oracle = Oracle::default();
        let (prompts, metrics) = in_virtual_time(async {
            let cluster = routed(by_name(NAMES[strategy]).expect("shipped"), instances, &oracle).await;
            let mut prompts = Vec::new();
            let mut asked = Vec::new();
            for (n, (kind, millis, taken_back)) in jobs.into_iter().enumerate() {
                let end = if kind == 0 { "crash" } else { "say:done" };
                prompts.push(format!("work:{millis} job:{n} {end}"));
                let handle = cluster.submit(prompts[n].as_str());
                if taken_back {
                    handle.cancel();
                }
                asked.push(handle);
                tokio::time::sleep(Duration::from_millis(millis / 4)).await;
            }
            for handle in asked {
                // Whatever it is, it comes.
                let _ = handle.await;
            }
            let metrics = cluster.metrics().await.expect("figures");
            cluster.shutdown().await;
            (prompts, metrics)
        });
        for prompt in prompts {
            prop_assert!(heard(&oracle, &prompt) <= 1, "{}", prompt);
        }
        let counts = metrics.counts;
        prop_assert_eq!(
            counts.submitted + counts.returned,
            counts.placed + metrics.queued as u64 + counts.rejected + counts.cancelled + counts.failed
        );
        prop_assert_eq!(counts.placed - counts.returned, metrics.total.served);
        prop_assert_eq!(metrics.total.in_flight, 0);
    }

    /// The same statement as of the dispatcher alone: sequential jobs, all instances free all the time.
    #[test]
    fn weights_are_exact_over_a_cycle(weights in prop::collection::vec(1_u16..5, 1..5)) {
        let served = in_virtual_time(async {
            let weighed = (0..).map(SlotId).zip(weights.iter().filter_map(|weight| NonZeroU16::new(*weight)));
            let strategy = Box::new(Weighted::new(weighed));
            let cluster = routed(strategy, weights.len(), &Oracle::default()).await;
            // Until all are up.
            all_free(&cluster, weights.len()).await;
            let cycle: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
            for n in 0..2 * cycle {
                cluster.submit(format!("say:{n}").as_str()).await.expect("a reply");
                // The instance is free again when the router has heard of the end.
                slots(&cluster).await;
            }
            let slots = cluster.metrics().await.expect("figures").slots;
            cluster.shutdown().await;
            slots.into_iter().map(|slot| slot.figures.served).collect::<Vec<_>>()
        });
        prop_assert_eq!(served, weights.iter().map(|weight| 2 * u64::from(*weight)).collect::<Vec<_>>());
    }
}
