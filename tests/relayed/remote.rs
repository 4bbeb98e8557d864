//! Tasks at a service.

use super::{Oracle, SECOND, in_virtual_time, pool, spec, started};
use cluster::{ClusterManager, Job};
use pool_core::message::{Errand, ErrandFuture, ExitReport, Outcome, Placement, Refused};
use pool_core::process::fake::Stage;
use pool_core::spec::{PromptBy, RemoteSpec, RemoteState, ToolSpec, TurnRule};
use pool_core::supervisor::InstanceState;
use std::sync::{Arc, Mutex};

/// What the service shows, look by look; the last one stays.
type Shows = &'static [&'static str];

fn service(cancel: bool) -> ToolSpec {
    let words = |words: &str| words.split(' ').map(str::to_owned).collect();
    let state = |state, word: &str| (state, format!("^{{id}} {word}$"));
    let mut spec = spec(TurnRule::Remote(Box::new(RemoteSpec {
        prompt: PromptBy::Stdin,
        submit: words("new"),
        poll: words("list"),
        pull: words("pull {id}"),
        cancel: cancel.then(|| words("stop {id}")),
        id: regex::Regex::new("ID: (?P<id>.+)").expect("a pattern"),
        states: vec![
            state(RemoteState::Working, "works"),
            state(RemoteState::Waiting, "asks"),
            state(RemoteState::Done, "done"),
            state(RemoteState::Failed, "failed"),
        ],
        every: 10 * SECOND,
        every_max: 60 * SECOND,
    })));
    spec.limits.turn = 3600 * SECOND;
    spec
}

/// One task at a time, called `t1`, `t2` and so on.
async fn cluster(spec: ToolSpec, oracle: &Oracle, shows: Shows, refuse: &'static [usize]) -> ClusterManager {
    let looks = Arc::new(Mutex::new((0, 0)));
    let act = async move |stage: &mut Stage, words: &str, _: &str| {
        let said = match words.split(' ').next() {
            Some("new") => {
                let mut looks = looks.lock().expect("no panic");
                *looks = (looks.0 + 1, 0);
                format!("ID: t{}\n", looks.0)
            }
            Some("list") => {
                let mut looks = looks.lock().expect("no panic");
                let show = shows[looks.1.min(shows.len() - 1)];
                looks.1 += 1;
                format!("t0 failed\nt{} {show}\nt{}0 failed\n", looks.0.max(1), looks.0.max(1))
            }
            _ => format!("the result of {words}\n"),
        };
        stage.print(said).await;
        ExitReport::Exited(0)
    };
    pool(spec, 1, oracle, act, refuse).await
}

#[test]
fn a_task_takes_its_time_and_is_asked_after_less_and_less_often() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster =
            cluster(service(false), &oracle, &["works", "works", "works", "works", "done"], &[]).await;
        let began = tokio::time::Instant::now();
        let reply = cluster.ask("fix it").await.expect("a reply");
        assert_eq!((reply.text(), reply.outcome), ("the result of pull t1", Outcome::Ok));
        assert_eq!(began.elapsed().as_secs(), 91, "10, 10, 15, 22.5 and 33.75");
        assert_eq!(started(&oracle), ["new", "list", "list", "list", "list", "list", "pull t1"]);
        assert_eq!(oracle.lock().expect("no panic")[0].1, "fix it");
        cluster.shutdown().await;
    });
}

#[test]
fn a_service_that_asks_is_shown_until_it_goes_on() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster =
            cluster(service(false), &oracle, &["works", "asks", "asks", "asks", "works", "done"], &[]).await;
        let mut watch = cluster.watch(64);
        assert_eq!(cluster.ask("fix it").await.expect("a reply").outcome, Outcome::Ok);
        let mut states = Vec::new();
        while let Ok(change) = watch.try_recv() {
            states.push(change.state);
        }
        let asked = states.iter().filter(|state| **state == InstanceState::NeedsInput).count();
        assert_eq!(asked, 1, "told once, however often it is seen: {states:?}");
        let at = states.iter().position(|state| *state == InstanceState::NeedsInput).expect("it asks");
        assert_eq!(states[at + 1], InstanceState::Working, "{states:?}");
        cluster.shutdown().await;
    });
}

#[test]
fn a_task_that_fails_over_there_has_failed() {
    in_virtual_time(async {
        let cluster = cluster(service(false), &Oracle::default(), &["works", "failed"], &[]).await;
        let reply = cluster.ask("fix it").await.expect("a reply");
        assert_eq!((reply.outcome, reply.error.as_deref()), (Outcome::Error, Some("t1 failed")));
        cluster.shutdown().await;
    });
}

#[test]
fn a_late_task_is_taken_back_and_the_instance_goes_on() {
    in_virtual_time(async {
        for cancel in [false, true] {
            let oracle = Oracle::default();
            let mut spec = service(cancel);
            spec.limits.turn = 25 * SECOND;
            let cluster = cluster(spec, &oracle, &["works"], &[]).await;
            let reply = cluster.ask("fix it").await.expect("a reply");
            assert_eq!((reply.outcome, reply.instance.generation), (Outcome::TimedOut, 1), "{reply:?}");
            let stopped = started(&oracle).contains(&"stop t1".to_owned());
            assert_eq!(stopped, cancel);
            let next = cluster.submit("another");
            while started(&oracle).iter().filter(|words| *words == "new").count() < 2 {
                tokio::time::sleep(SECOND / 10).await;
            }
            drop(next);
            cluster.shutdown().await;
        }
    });
}

/// Another life of the instance, and another attempt, ask after the task that is there.
#[test]
fn what_was_submitted_is_not_submitted_again() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        // The second look cannot be taken: its process does not start, and the instance ends.
        let cluster = cluster(service(false), &oracle, &["works", "works", "done"], &[2]).await;
        let job = Job::from("fix it").retries(1);
        let reply = cluster.ask(job).await.expect("a reply");
        assert_eq!((reply.text(), reply.instance.generation), ("the result of pull t1", 2), "{reply:?}");
        assert_eq!(started(&oracle), ["new", "list", "list", "list", "pull t1"]);
        assert_eq!(cluster.ask("another").await.expect("a reply").text(), "the result of pull t2");
        cluster.shutdown().await;
    });
}

/// Another program goes on with a task whose id was kept, as soon as it was known.
#[test]
fn a_task_can_be_gone_on_with_by_its_id() {
    struct Notes(Arc<Mutex<Vec<String>>>);
    impl Errand for Notes {
        fn before(&mut self, _: &Placement) -> ErrandFuture<Result<(), Refused>> {
            Box::pin(std::future::ready(Ok(())))
        }
        fn submitted(&mut self, task: &Arc<str>) {
            self.0.lock().expect("no panic").push(task.to_string());
        }
    }
    in_virtual_time(async {
        let (oracle, notes) = (Oracle::default(), Arc::default());
        let before = cluster(service(false), &oracle, &["works"], &[]).await;
        let job = before.submit(Job::from("fix it").errand(Notes(Arc::clone(&notes))));
        while started(&oracle).len() < 2 {
            tokio::time::sleep(SECOND).await;
        }
        assert_eq!(*notes.lock().expect("no panic"), ["t1"]);
        before.kill().await;
        assert_eq!(job.await.expect("a reply").outcome, Outcome::Cancelled);
        let oracle = Oracle::default();
        let after = cluster(service(false), &oracle, &["works", "done"], &[]).await;
        let reply = after.ask(Job::from("fix it").submitted_as("t1")).await.expect("a reply");
        assert_eq!(reply.text(), "the result of pull t1");
        assert_eq!(started(&oracle), ["list", "list", "pull t1"]);
        after.shutdown().await;
    });
}
