//! Usage limits where there are several tools: a job stays with the one that it began with, or goes to the next.

use super::{Backend, HOUR, Says, check, limited_spec, play};
use crate::support::in_virtual_time;
use cluster::{ClusterManager, Job};
use pool_core::message::{JobHandle, Outcome, SlotId};
use pool_core::process::fake::Fakes;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Two tools with an account each, `a` and `b`.
struct Two {
    cluster: ClusterManager,
    a: Arc<Backend>,
    b: Arc<Backend>,
    began: Instant,
}

/// So many instances of each; `a` has the first slots.
async fn two(a: usize, b: usize) -> Two {
    let (backends, began) = ([Arc::new(Backend::default()), Arc::new(Backend::default())], Instant::now());
    let shared = backends.clone();
    let fakes = Fakes::new(move |stage| {
        let backend = shared[usize::from(stage.slot.index() >= a)].clone();
        play(stage, backend, began, Says::Seconds)
    });
    let tool = |name: &str| {
        let mut spec = limited_spec();
        (spec.tool, spec.account) = (name.into(), name.into());
        spec
    };
    let builder = ClusterManager::builder().launcher(Arc::new(fakes)).seed(7);
    let builder = builder.tool(tool("a"), a).tool(tool("b"), b).on_this_arbiter();
    let cluster = builder.build().await.expect("a valid plan");
    cluster.ready().await.expect("ready");
    let [a, b] = backends;
    Two { cluster, a, b, began }
}

fn next(text: &str) -> Job {
    Job::from(text).next_tool_at_limits(12 * HOUR)
}

/// Who answered, when all have.
async fn tools(jobs: Vec<JobHandle>) -> Vec<String> {
    let mut tools = Vec::new();
    for mut job in jobs {
        let reply = (&mut job).await.expect("a reply");
        assert_eq!((reply.outcome, job.attempts()), (Outcome::Ok, 1), "{reply:?}");
        tools.push(reply.instance.tool.to_string());
    }
    tools
}

#[test]
fn a_limited_job_goes_to_another_tool_as_the_next_job_there() {
    in_virtual_time(async {
        let two = two(2, 1).await;
        two.a.limit(HOUR);
        let names: Vec<String> = (0..8).map(|number| format!("job{number}")).collect();
        let jobs = names.iter().map(|name| two.cluster.submit(next(name))).collect();
        assert_eq!(tools(jobs).await, ["b"; 8]);
        assert!(two.began.elapsed() < 12 * SECOND, "nobody waited: {:?}", two.began.elapsed());
        let away: Vec<String> = two.a.turned_away().into_iter().map(|(_, text)| text).collect();
        assert_eq!(away.len(), 2, "those that ran when the limit was met: {away:?}");
        let asked = two.b.asked();
        let first: Vec<&String> = asked[1..3].iter().map(|(_, text, _)| text).collect();
        assert!(away.iter().all(|text| first.contains(&text)), "{away:?} first: {asked:?}");
        two.cluster.shutdown().await;
    });
}

#[test]
fn where_all_are_held_the_job_waits_for_the_first_that_is_free() {
    in_virtual_time(async {
        let two = two(1, 1).await;
        two.a.limit(100 * SECOND);
        two.b.limit(30 * SECOND);
        assert_eq!(tools(vec![two.cluster.submit(next("text"))]).await, ["b"]);
        let asked = two.a.asked().len() + two.b.asked().len();
        assert_eq!(asked, 3, "turned away by each, then answered");
        assert!((30..40).contains(&two.began.elapsed().as_secs()), "{:?}", two.began.elapsed());
        two.cluster.shutdown().await;
    });
}

#[test]
fn a_job_that_waits_stays_with_its_tool_and_delays_nobody() {
    in_virtual_time(async {
        let two = two(1, 1).await;
        two.a.limit(100 * SECOND);
        let job = |text: &str| two.cluster.submit(Job::from(text).wait_for_limits(HOUR));
        let (first, others) = (job("first"), ["x", "y", "z"].map(job));
        assert_eq!(tools(others.into()).await, ["b"; 3]);
        assert!(two.began.elapsed() < 10 * SECOND, "{:?}", two.began.elapsed());
        assert_eq!(tools(vec![first]).await, ["a"]);
        assert!(two.began.elapsed() >= 100 * SECOND);
        two.cluster.shutdown().await;
    });
}

#[test]
fn a_job_that_needs_its_tool_or_its_conversation_waits_for_it() {
    in_virtual_time(async {
        let two = two(1, 1).await;
        two.a.limit(50 * SECOND);
        let here = || next("text").on_slot(SlotId(0));
        let jobs = [next("text").tool("a"), next("text").tool("a").session("s"), here()];
        let jobs = jobs.map(|job| two.cluster.submit(job));
        assert_eq!(tools(jobs.into()).await, ["a"; 3]);
        assert!((50..120).contains(&two.began.elapsed().as_secs()), "{:?}", two.began.elapsed());
        assert_eq!(two.b.asked().len(), 0);
        two.cluster.shutdown().await;
    });
}

#[test]
fn where_no_tool_is_free_soon_enough_the_job_comes_home() {
    in_virtual_time(async {
        let two = two(1, 1).await;
        two.a.limit(13 * HOUR);
        two.b.limit(14 * HOUR);
        let reply = two.cluster.ask(next("text")).await.expect("a reply");
        assert_eq!((reply.outcome, &*reply.instance.tool), (Outcome::Limited, "b"));
        assert!(two.began.elapsed() < 5 * SECOND);
        two.cluster.shutdown().await;
    });
}

/// What a job of the properties wants.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Next,
    Wait,
    Bound(bool),
}

impl Wish {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![3 => Just(Self::Next), 2 => Just(Self::Wait), 1 => any::<bool>().prop_map(Self::Bound)]
    }

    fn job(self, text: &str) -> Job {
        match self {
            Self::Next => next(text),
            Self::Wait => Job::from(text).wait_for_limits(12 * HOUR),
            Self::Bound(on_a) => next(text).tool(if on_a { "a" } else { "b" }),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whoever_is_limited_every_job_is_done_once_and_where_it_may_be(
        instances in (1..4_usize, 1..4_usize),
        wishes in proptest::collection::vec(Wish::any(), 1..20),
        limits in proptest::collection::vec((0..300_u64, 1..400_u64, any::<bool>()), 0..5),
    ) {
        in_virtual_time(async {
            let two = two(instances.0, instances.1).await;
            let submit = |(number, wish): (usize, &Wish)| two.cluster.submit(wish.job(&format!("job{number}")));
            let handles: Vec<_> = wishes.iter().enumerate().map(submit).collect();
            let storms = async {
                for (pause, lasts, on_a) in limits {
                    if on_a { &two.a } else { &two.b }.limit(Duration::from_secs(lasts));
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
            };
            let (tools, ()) = tokio::join!(tools(handles), storms);
            for (wish, tool) in wishes.iter().zip(&tools) {
                if let Wish::Bound(on_a) = wish {
                    prop_assert_eq!(*on_a, tool == "a");
                }
            }
            two.cluster.shutdown().await;
            let on_a = tools.iter().filter(|tool| *tool == "a").count();
            check(on_a, &two.a.asked())?;
            check(tools.len() - on_a, &two.b.asked())
        })?;
    }
}
