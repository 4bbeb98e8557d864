//! A process for each turn.

use super::{Oracle, SECOND, in_virtual_time, pool, spec, started};
use cluster::Job;
use pool_core::message::{CompletedBy, ExitReport, Outcome};
use pool_core::process::fake::Stage;
use pool_core::spec::{Cancel, Extract, Form, OneShotSpec, Pick, ToolSpec, TurnRule};
use pool_core::supervisor::InstanceState;

/// A tool that goes on with conversations.
fn talker() -> ToolSpec {
    let pick = |at: &str| vec![Pick { at: at.into(), when: Vec::new() }];
    let extract =
        Extract { form: Form::Jsonl, reply: pick("/text"), session: pick("/id"), ..Extract::default() };
    let resume = ["--resume", "{session}"].map(str::to_owned).into();
    let mut spec =
        spec(TurnRule::OneShot(Box::new(OneShotSpec { extract, resume, ..OneShotSpec::default() })));
    spec.reset = vec![OneShotSpec::FORGET.into()];
    spec
}

fn simple() -> ToolSpec {
    spec(TurnRule::OneShot(Box::default()))
}

/// Says what it was given and which conversation it is in; that of a new one is called after its first prompt.
async fn talk(stage: &mut Stage, words: &str, input: &str) -> ExitReport {
    let id = words.strip_prefix("--resume ").unwrap_or(input);
    stage.print(format!("{{\"id\": \"{id}\", \"text\": \"{id}: {input}\"}}\n")).await;
    ExitReport::Exited(0)
}

/// Does what it is told.
async fn obey(stage: &mut Stage, _: &str, input: &str) -> ExitReport {
    match input {
        "crash" => ExitReport::Signalled(11),
        "fail" => {
            stage.complain("fatal: no such model\n").await;
            ExitReport::Exited(2)
        }
        "hang" => {
            stage.print("half").await;
            std::future::pending().await
        }
        "interruptible" => {
            stage.interrupted().await;
            stage.print("stopped").await;
            ExitReport::Exited(130)
        }
        "hold" => {
            // It closes nothing, and its end is known only by its exit.
            tokio::time::sleep(SECOND).await;
            ExitReport::Exited(0)
        }
        _ => {
            stage.complain("a note\n").await;
            stage.print(format!("you said {input}\n")).await;
            ExitReport::Exited(0)
        }
    }
}

#[test]
fn each_turn_is_a_process_and_the_instance_stays() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(simple(), 2, &oracle, obey, &[]).await;
        assert_eq!(started(&oracle).len(), 0, "an instance by itself is no process");
        let jobs: Vec<_> = (0..10).map(|number| cluster.submit(format!("job {number}"))).collect();
        for (number, job) in jobs.into_iter().enumerate() {
            let reply = job.await.expect("a reply");
            assert_eq!(
                (reply.text(), reply.outcome),
                (format!("you said job {number}").as_str(), Outcome::Ok)
            );
            assert_eq!((reply.steps[0].completed_by, reply.instance.generation), (CompletedBy::Exit, 1));
        }
        assert_eq!(started(&oracle).len(), 10);
        cluster.shutdown().await;
    });
}

#[test]
fn an_end_of_another_kind_is_the_turns_own_matter() {
    in_virtual_time(async {
        let cluster = pool(simple(), 1, &Oracle::default(), obey, &[]).await;
        for (prompt, outcome, error) in [
            ("crash", Outcome::Crashed, "ended by signal 11"),
            ("fail", Outcome::Error, "fatal: no such model (exit code 2)"),
            ("hold", Outcome::Ok, ""),
        ] {
            let reply = cluster.ask(prompt).await.expect("a reply");
            assert_eq!(
                (reply.outcome, reply.error.unwrap_or_default().as_str()),
                (outcome, error),
                "{prompt}"
            );
            assert_eq!(reply.instance.generation, 1);
        }
        assert_eq!(cluster.ask("hello").await.expect("a reply").text(), "you said hello");
        cluster.shutdown().await;
    });
}

#[test]
fn a_late_turn_costs_its_process_and_not_the_instance() {
    in_virtual_time(async {
        for (cancel, prompt, text) in
            [(Cancel::Message, "hang", "half"), (Cancel::Interrupt, "interruptible", "stopped")]
        {
            let mut spec = simple();
            spec.cancel = cancel;
            let cluster = pool(spec, 1, &Oracle::default(), obey, &[]).await;
            let reply = cluster.ask(prompt).await.expect("a reply");
            assert_eq!((reply.outcome, reply.text()), (Outcome::TimedOut, text), "{reply:?}");
            let next = cluster.ask("hello").await.expect("a reply");
            assert_eq!((next.text(), next.instance.generation), ("you said hello", 1));
            cluster.shutdown().await;
        }
    });
}

#[test]
fn a_turn_is_taken_back_at_once() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(simple(), 1, &oracle, obey, &[]).await;
        let job = cluster.submit("hang");
        while started(&oracle).is_empty() {
            tokio::time::sleep(SECOND / 100).await;
        }
        job.cancel();
        let began = tokio::time::Instant::now();
        assert_eq!(job.await.expect("a reply").outcome, Outcome::Cancelled);
        assert!(began.elapsed() < SECOND / 10);
        assert_eq!(cluster.ask("hello").await.expect("a reply").instance.generation, 1);
        cluster.shutdown().await;
    });
}

#[test]
fn a_pool_goes_while_a_process_hangs() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(simple(), 1, &oracle, obey, &[]).await;
        let job = cluster.submit("hang");
        while started(&oracle).is_empty() {
            tokio::time::sleep(SECOND / 100).await;
        }
        cluster.kill().await;
        assert_eq!(job.await.expect("a reply").outcome, Outcome::Cancelled);
    });
}

#[test]
fn steps_and_sessions_are_conversations_and_jobs_are_not() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(talker(), 1, &oracle, talk, &[]).await;
        let reply = cluster.ask(Job::new().step("a").step("b").step("c")).await.expect("a reply");
        let texts: Vec<_> = reply.steps.iter().map(|step| step.text.as_str()).collect();
        assert_eq!(texts, ["a: a", "a: b", "a: c"]);
        assert_eq!(cluster.ask("d").await.expect("a reply").text(), "d: d", "the next job begins anew");
        let session = cluster.session("s");
        assert_eq!(session.ask("e").await.expect("a reply").text(), "e: e");
        assert_eq!(session.ask("f").await.expect("a reply").text(), "e: f");
        session.close();
        assert_eq!(cluster.ask("g").await.expect("a reply").text(), "g: g");
        let resumed = started(&oracle).into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>();
        assert_eq!(resumed, ["--resume a", "--resume a", "--resume e"]);
        cluster.shutdown().await;
    });
}

#[test]
fn a_start_that_fails_is_the_instances_matter_and_its_session_goes_on() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let cluster = pool(talker(), 1, &oracle, talk, &[1]).await;
        let session = cluster.session("s");
        assert_eq!(session.ask("a").await.expect("a reply").text(), "a: a");
        let failed = session.ask("b").await.expect("a reply");
        assert_eq!(failed.outcome, Outcome::Crashed);
        assert!(failed.error.as_ref().is_some_and(|error| error.contains("no more processes")), "{failed:?}");
        let reply = session.ask("c").await.expect("a reply");
        assert_eq!((reply.text(), reply.context_lost), ("a: c", false));
        assert_eq!(reply.instance.generation, 2);
        assert_eq!(cluster.status().await.expect("status")[0].state, InstanceState::Ready);
        cluster.shutdown().await;
    });
}

#[test]
fn what_comes_is_told_as_it_comes() {
    in_virtual_time(async {
        let drip = async |stage: &mut Stage, _: &str, _: &str| {
            for word in ["one\n", "two\n", "three\n"] {
                stage.print(word).await;
                tokio::time::sleep(SECOND).await;
            }
            ExitReport::Exited(0)
        };
        let cluster = pool(simple(), 1, &Oracle::default(), drip, &[]).await;
        let began = tokio::time::Instant::now();
        let mut stream = cluster.stream("go");
        assert!(stream.next().await.is_some());
        assert!(began.elapsed() < SECOND);
        let reply = stream.result().await.expect("a result").expect("a reply");
        assert_eq!(reply.text(), "one\ntwo\nthree");
        cluster.shutdown().await;
    });
}

#[test]
fn much_of_both_streams_arrives_whole() {
    in_virtual_time(async {
        let flood = async |stage: &mut Stage, _: &str, input: &str| {
            for line in 0..20_000 {
                stage.print(format!("line {line} of a long reply\n")).await;
                stage.complain("a line of a log that nobody reads\n").await;
            }
            stage.print(format!("{} bytes", input.len())).await;
            ExitReport::Exited(0)
        };
        let cluster = pool(simple(), 1, &Oracle::default(), flood, &[]).await;
        let reply = cluster.ask("x".repeat(3_000_000)).await.expect("a reply");
        assert_eq!(reply.text().lines().count(), 20_001);
        assert!(reply.text().ends_with("line 19999 of a long reply\n3000000 bytes"));
        cluster.shutdown().await;
    });
}
