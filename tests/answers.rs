//! One question, several answers: broadcast, race and quorum over mixed tools, in virtual time.

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use cluster::{ClusterManager, Fold, Job, Outcome, Standing};
use pool_core::process::fake::Fakes;
use pool_core::spec::Cancel;
use pool_core::supervisor::InstanceState;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, in_virtual_time, job, play, spec};
use tokio::time::Instant;

/// Tools `t0`, `t1`, …, with so many instances each.
async fn mixed(instances: &[usize], cancel: Cancel, oracle: &Oracle) -> ClusterManager {
    let oracle = oracle.clone();
    let fakes = Fakes::new(move |stage| play(stage, oracle.clone()));
    let mut builder = ClusterManager::builder().launcher(Arc::new(fakes)).seed(7).on_this_arbiter();
    for (number, count) in instances.iter().enumerate() {
        let mut spec = spec(cancel);
        spec.tool = format!("t{number}").into();
        builder = builder.tool(spec, *count);
    }
    let cluster = builder.build().await.expect("a valid plan");
    while cluster.status().await.expect("status").iter().any(|it| it.state != InstanceState::Ready) {
        tokio::task::yield_now().await;
    }
    cluster
}

/// A question for one tool.
fn to(tool: usize, text: &str) -> Job {
    Job::from(text).tool(format!("t{tool}"))
}

/// The prompts that came, without the framing's own.
fn prompts(oracle: &Oracle) -> Vec<String> {
    let oracle = oracle.lock().expect("no panic");
    oracle.iter().map(|(_, line)| line.clone()).filter(|line| !line.starts_with("/end ")).collect()
}

#[test]
fn the_first_good_answer_wins_and_the_others_are_interrupted() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = mixed(&[1, 1, 1], Cancel::Interrupt, &oracle).await;
        let began = Instant::now();
        // The quickest one crashes.
        let jobs = [to(0, "work:3000 say:late"), to(1, "work:20 say:first"), to(2, "work:10 crash")];
        let (index, reply) = cluster.race(jobs).await.expect("a winner");
        assert_eq!((index, reply.text(), &*reply.instance.tool), (1, "first", "t1"));
        assert!(began.elapsed() < Duration::from_millis(25), "{:?}", began.elapsed());
        // The loser is free again at once, and says nothing of the question.
        let reply = cluster.ask(to(0, "say:next")).await.expect("a reply");
        assert_eq!((reply.text(), reply.instance.generation), ("next", 1));
        assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
        cluster.shutdown().await;
    });
}

#[test]
fn what_still_waits_when_it_is_decided_never_runs() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = mixed(&[1], Cancel::Interrupt, &oracle).await;
        let jobs = (0..4).map(|number| to(0, &format!("work:10 say:{number}")));
        assert_eq!(cluster.race(jobs).await.expect("a winner").0, 0);
        assert_eq!(cluster.ask(to(0, "say:next")).await.expect("a reply").text(), "next");
        // The instance was given the next one while the winner was on its way home; that one was interrupted.
        assert_eq!(prompts(&oracle), ["work:10 say:0", "work:10 say:1", "say:next"]);
        cluster.shutdown().await;
    });
}

#[test]
fn a_broadcast_brings_every_result_in_order() {
    in_virtual_time(async {
        let cluster = mixed(&[1, 1, 1], Cancel::Interrupt, &Oracle::default()).await;
        let jobs = [to(0, "work:30 say:slow"), to(1, "crash"), to(2, "say:quick"), to(7, "say:nobody")];
        let all = cluster.broadcast(jobs).await;
        let words: Vec<String> = all
            .iter()
            .map(|result| match result {
                Ok(reply) => format!("{} {}", reply.outcome, reply.text()),
                Err(error) => error.to_string(),
            })
            .collect();
        let nobody = "no instance can take the job: no instance runs 't7': the pool has t0, t1, t2";
        assert_eq!(words, ["ok slow", "crashed ", "ok quick", nobody]);
        cluster.shutdown().await;
    });
}

#[test]
fn a_quorum_that_cannot_be_reached_cancels_the_rest() {
    in_virtual_time(async {
        let cluster = mixed(&[1, 1, 1], Cancel::Interrupt, &Oracle::default()).await;
        let began = Instant::now();
        let jobs = || [to(0, "work:20 say:a"), to(1, "work:10 say:b"), to(2, "work:4000 say:c")];
        let two: Vec<usize> = cluster.quorum(2, jobs()).await.expect("two").iter().map(|it| it.0).collect();
        assert_eq!(two, [1, 0]);
        let jobs = [to(0, "crash"), to(1, "work:1 say:b"), to(2, "work:4000 say:c")];
        let error = cluster.quorum(3, jobs).await.expect_err("one crashed");
        assert_eq!(
            error.to_string(),
            "0 of 3 good answers; 0: crashed: it ended by signal 11 in the middle of its reply"
        );
        assert!(began.elapsed() < Duration::from_millis(100), "{:?}", began.elapsed());
        let error = cluster.quorum(2, [to(0, "say:a")]).await.expect_err("one was asked");
        assert_eq!(error.to_string(), "0 of 2 good answers; so many were not asked for");
        cluster.shutdown().await;
    });
}

/// What an answer is like: it takes so long, and is good or not.
fn answer() -> impl Strategy<Value = (u64, bool)> {
    (prop_oneof![Just(0), 1..50_u64], any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn one_reply_wins_and_no_instance_stays_busy_with_the_question(
        instances in prop::collection::vec(1..3_usize, 1..4),
        answers in prop::collection::vec((answer(), 0..4_usize), 1..10),
        wanted in 1..4_usize,
        restarts in any::<bool>(),
    ) {
        in_virtual_time(async {
            let cancel = if restarts { Cancel::Restart } else { Cancel::Interrupt };
            let cluster = mixed(&instances, cancel, &Oracle::default()).await;
            let question = |(number, ((millis, is_good), tool)): (usize, &((u64, bool), usize))| {
                let end = if *is_good { format!("say:{number}") } else { "half:x".to_owned() };
                to(tool % instances.len(), &format!("work:{millis} {end}"))
            };
            let jobs: Vec<Job> = answers.iter().enumerate().map(question).collect();
            let mut running = cluster.answers(Fold::quorum(wanted, jobs.len()), jobs);
            let (mut seen, mut counted) = (Vec::new(), 0);
            while let Some(answer) = running.next().await {
                if answer.standing == Standing::Counts {
                    let reply = answer.result.expect("a reply");
                    prop_assert_eq!(reply.text(), answer.index.to_string());
                    prop_assert!(answers[answer.index].0.1);
                    counted += 1;
                } else if answer.standing == Standing::Failed {
                    prop_assert!(answer.result.is_ok_and(|reply| reply.outcome == Outcome::Truncated));
                }
                seen.push(answer.index);
            }
            seen.sort_unstable();
            if wanted <= answers.len() {
                prop_assert_eq!(seen, (0..answers.len()).collect::<Vec<_>>(), "each ends once");
            }
            let good = answers.iter().filter(|((_, is_good), _)| *is_good).count();
            prop_assert_eq!(counted == wanted, good >= wanted);
            prop_assert!(counted <= wanted);
            // Every end has come, so every instance is free for what comes next.
            for status in cluster.status().await.expect("status") {
                prop_assert_eq!(status.job, None, "{:?}", status);
            }
            for tool in 0..instances.len() {
                let reply = cluster.ask(job(&["say:next".to_owned()]).tool(format!("t{tool}"))).await;
                let reply = reply.expect("a reply");
                prop_assert_eq!(reply.text(), "next");
            }
            cluster.shutdown().await;
            Ok(())
        })?;
    }
}
