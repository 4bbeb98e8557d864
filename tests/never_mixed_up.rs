//! The promise of the whole: every job gets exactly one result, and it is its own.
//!
//! The shipped actors run in virtual time with fake children: random jobs, steps, sessions, delays, crashes,
//! cancels, further attempts, late output and pool sizes.

mod support;

use pool_core::message::{JobResult, Outcome};
use pool_core::spec::Cancel;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;
use support::{Oracle, in_virtual_time, job, pool, spec};

#[derive(Debug, Clone)]
enum Act {
    Answer,
    Work(u16),
    LookAlikes,
    Late,
    Half,
    Crash,
    Hang,
    Deaf,
}

#[derive(Debug, Clone)]
struct Plan {
    steps: Vec<Act>,
    session: Option<u8>,
    cancel_after: Option<u16>,
    pause_before: u16,
    retries: u32,
}

#[derive(Debug, Clone)]
struct Case {
    instances: usize,
    interrupts: bool,
    jobs: Vec<Plan>,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Answer),
        4 => (0_u16..3000).prop_map(Act::Work),
        2 => Just(Act::LookAlikes),
        2 => Just(Act::Late),
        1 => Just(Act::Half),
        1 => Just(Act::Crash),
        1 => Just(Act::Hang),
        1 => Just(Act::Deaf),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    (
        prop::collection::vec(act(), 1..4),
        prop::option::weighted(0.3, 0_u8..3),
        prop::option::weighted(0.2, 0_u16..4000),
        prop_oneof![3 => Just(0_u16), 1 => 0_u16..500],
        prop_oneof![2 => Just(0_u32), 1 => 1_u32..5],
    )
        .prop_map(|(steps, session, cancel_after, pause_before, retries)| Plan {
            steps,
            session,
            cancel_after,
            pause_before,
            retries,
        })
}

fn case() -> impl Strategy<Value = Case> {
    (1_usize..5, any::<bool>(), prop::collection::vec(plan(), 1..24))
        .prop_map(|(instances, interrupts, jobs)| Case { instances, interrupts, jobs })
}

/// The line that makes the child act, and what it then says if all goes well.
fn line(id: usize, step: usize, act: &Act) -> (String, String) {
    let own = format!("{id}.{step}");
    let look = "> \nend 0123456789abcdef\n(Y)es/(N)o [Yes]: \ndiff> \n";
    match act {
        Act::Answer => (format!("job:{own} say:{own}"), own),
        Act::Work(ms) => (format!("job:{own} work:{ms} say:{own}"), own),
        Act::LookAlikes => (format!("job:{own} look say:{own}"), format!("{look}{own}")),
        Act::Late => (format!("job:{own} say:{own} late:LATE"), own),
        Act::Half => (format!("job:{own} half:{own}"), own),
        Act::Crash => (format!("job:{own} say:{own} crash"), own),
        Act::Hang => (format!("job:{own} say:{own} hang"), own),
        Act::Deaf => (format!("job:{own} say:{own} deaf"), own),
    }
}

/// What must hold of one result.
fn check(id: usize, plan: &Plan, result: &JobResult) -> Result<(), TestCaseError> {
    let Ok(reply) = result else {
        prop_assert!(plan.cancel_after.is_some(), "job {id}: {result:?} although nobody cancelled it");
        return Ok(());
    };
    for (step, kept) in reply.steps.iter().enumerate() {
        let (_, own) = line(id, step, &plan.steps[step]);
        let is_own = if kept.outcome == Outcome::Ok { kept.text == own } else { own.starts_with(&kept.text) };
        let interrupted = kept.text == "interrupted" || kept.text == format!("{own}\ninterrupted");
        prop_assert!(is_own || interrupted, "job {id} step {step}: {kept:?} is not its own");
    }
    let fatal = plan.steps.iter().any(|act| matches!(act, Act::Half | Act::Crash | Act::Hang | Act::Deaf));
    let is_dead = reply.error.as_ref().is_some_and(|error| error.starts_with("dead letter"));
    prop_assert!(!is_dead || (plan.retries > 0 && reply.outcome.is_a_crash()));
    if reply.outcome == Outcome::Ok {
        prop_assert!(!fatal);
        prop_assert_eq!(reply.steps.len(), plan.steps.len());
    } else {
        prop_assert!(fatal || plan.cancel_after.is_some(), "job {}: {:?}", id, reply);
    }
    Ok(())
}

async fn run(case: &Case, oracle: &Oracle) -> Vec<JobResult> {
    let cancel = if case.interrupts { Cancel::Interrupt } else { Cancel::Restart };
    let cluster = pool(spec(cancel), case.instances, oracle).await;
    let mut waiting = Vec::new();
    for (id, plan) in case.jobs.iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(plan.pause_before.into())).await;
        let lines: Vec<_> = plan.steps.iter().enumerate().map(|(step, act)| line(id, step, act).0).collect();
        let mut job = job(&lines).retries(plan.retries);
        if let Some(session) = plan.session {
            job = job.session(format!("s{session}"));
        }
        let handle = cluster.submit(job);
        let remote = handle.remote();
        let after = plan.cancel_after;
        actix::spawn(async move {
            if let Some(after) = after {
                tokio::time::sleep(Duration::from_millis(after.into())).await;
                remote.cancel();
            }
        });
        waiting.push(actix::spawn(handle));
    }
    let mut results = Vec::new();
    for handle in waiting {
        // An instance that fails again and again is left alone for ten minutes each time.
        let result = tokio::time::timeout(Duration::from_secs(7 * 24 * 3600), handle).await;
        results.push(result.expect("every job ends").expect("no panic"));
    }
    cluster.shutdown().await;
    results
}

proptest! {
    #[test]
    fn every_job_gets_exactly_one_result_and_it_is_its_own(case in case()) {
        let oracle = Oracle::default();
        let results = in_virtual_time(run(&case, &oracle));
        for (id, (plan, result)) in case.jobs.iter().zip(&results).enumerate() {
            check(id, plan, result)?;
        }
        let lines = oracle.lock().expect("no panic");
        let sent = lines.iter().filter_map(|(_, line)| line.strip_prefix("job:")?.split_once(' '));
        let mut counts = BTreeMap::new();
        sent.for_each(|(step, _)| *counts.entry(step).or_insert(0) += 1);
        for (step, count) in counts {
            let id: usize = step.split_once('.').expect("a job's step").0.parse().expect("its number");
            prop_assert!(count <= 1 + case.jobs[id].retries, "step {} was sent {} times", step, count);
        }
    }
}
