//! The router actor without a pool: what callers are told, and when it wakes.

use actix::Actor;
use pool_core::JobError;
use pool_core::message::{Job, JobHandle, Needs, Offer, PoolEvent, SlotId, Step, reply_channel};
use routing::dispatcher::RouterSpec;
use routing::router::{Ask, RouterActor, RouterHandle};
use routing::strategy::by_name;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

const SPEC: RouterSpec =
    RouterSpec { queue: 2, patience: Duration::from_secs(30), session_idle: Duration::from_secs(900) };

struct Router {
    address: actix::Addr<RouterActor>,
    handle: RouterHandle,
}

impl Router {
    fn start() -> Self {
        let strategy = by_name("least_busy").expect("a known strategy");
        let address = RouterActor::new(strategy, SPEC).start();
        Self { handle: RouterActor::handle(&address, &SPEC), address }
    }

    fn submit(&self, needs: Needs) -> JobHandle {
        let (reply_to, caller) = reply_channel(false);
        let mut job = Job::new(vec![Step::Say("6*7".into())], reply_to, Instant::now().into_std());
        job.needs = needs;
        self.handle.submit(Box::new(job));
        caller
    }

    fn tell(&self, event: PoolEvent) {
        self.handle.events().try_send(event).expect("room in the mailbox");
    }

    async fn snapshot(&self) -> routing::Snapshot {
        let (reply, answer) = oneshot::channel();
        self.address.try_send(Ask { reply }).expect("room in the mailbox");
        answer.await.expect("an answer")
    }
}

#[actix::test]
async fn a_full_queue_says_so_at_once() {
    let router = Router::start();
    let mut waiting = Vec::new();
    for queued in 1..=2 {
        waiting.push(router.submit(Needs::Anything));
        assert_eq!(router.snapshot().await.queued, queued);
    }
    assert_eq!(router.submit(Needs::Anything).await, Err(JobError::Overloaded { limit: 2 }));
}

#[actix::test]
async fn a_full_mailbox_says_so_without_the_router() {
    let router = Router::start();
    router.snapshot().await;
    let callers: Vec<_> = (0..20).map(|_| router.submit(Needs::Anything)).collect();
    let mut overloaded = 0;
    for caller in callers.into_iter().skip(2) {
        assert_eq!(caller.await, Err(JobError::Overloaded { limit: 2 }));
        overloaded += 1;
    }
    let refused_by_router = router.snapshot().await.counts.rejected;
    assert!(refused_by_router < overloaded, "{refused_by_router} of {overloaded} went through the mailbox");
}

#[actix::test]
async fn closing_refuses_those_who_wait_and_those_who_come() {
    let router = Router::start();
    let waits = router.submit(Needs::Anything);
    router.tell(PoolEvent::Closed);
    assert_eq!(waits.await, Err(JobError::Closed));
    assert_eq!(router.submit(Needs::Anything).await, Err(JobError::Closed));
}

#[actix::test]
async fn a_tool_that_failed_tells_why() {
    let router = Router::start();
    router.tell(PoolEvent::Added { slot: SlotId(0), offer: Offer::of("bash").into() });
    router.tell(PoolEvent::Added { slot: SlotId(1), offer: Offer::of("bc").into() });
    let (waits, takes_any) = (router.submit(Needs::Tool("bash".into())), router.submit(Needs::Anything));
    router.tell(PoolEvent::Failed { tool: "bash".into(), reason: "crashed too often".into() });
    assert_eq!(waits.await, Err(JobError::Unavailable("crashed too often".into())));
    router.tell(PoolEvent::Failed { tool: "bc".into(), reason: "crashed, too".into() });
    assert_eq!(takes_any.await, Err(JobError::GivenUp("crashed, too".into())));
}

#[actix::test]
async fn the_timer_fires_when_patience_is_over() {
    tokio::time::pause();
    let router = Router::start();
    let start = Instant::now();
    let error = router.submit(Needs::Tool("pyton".into())).await;
    assert_eq!(error, Err(JobError::Unavailable("no instance runs 'pyton': the pool has none".into())));
    let waited = start.elapsed();
    assert!((SPEC.patience..SPEC.patience + Duration::from_secs(1)).contains(&waited), "{waited:?}");
}

#[actix::test]
async fn whoever_cancels_is_answered_as_cancelled() {
    let router = Router::start();
    let callers: Vec<_> = (0..2).map(|_| router.submit(Needs::Anything)).collect();
    router.snapshot().await;
    callers.iter().for_each(JobHandle::cancel);
    router.tell(PoolEvent::Closed);
    for caller in callers {
        assert_eq!(caller.await, Err(JobError::Cancelled));
    }
}

#[test]
fn a_router_that_has_gone_answers_as_closed() {
    let system = actix::System::new();
    let router = system.block_on(async { Router::start() });
    drop(system);
    assert_eq!(router.submit(Needs::Anything).wait(), Err(JobError::Closed));
}
