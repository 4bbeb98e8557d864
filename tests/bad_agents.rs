//! Agents that end, ask and flood, in virtual time: what is said of them, and that they take nothing along.

mod support;

use cluster::ClusterManager;
use pool_core::machine::conversation::{KEPT_ERRORS, UNREAD_ANSWERS};
use pool_core::message::{ExitReport, Outcome};
use pool_core::process::fake::{Fakes, Play, Stage};
use pool_core::spec::{AgentSpec, Allow, Cancel, OnStall, Protocol, Stderr, ToolSpec, TurnRule, TurnSpec};
use pool_core::supervisor::InstanceState;
use std::sync::Arc;
use std::time::Duration;
use support::{in_virtual_time, spec};

/// A pool of one fake child that plays this.
async fn pool(spec: ToolSpec, play: impl Fn(Stage) -> Play + Send + Sync + 'static) -> ClusterManager {
    let builder = ClusterManager::builder().tool(spec, 1).launcher(Arc::new(Fakes::new(play)));
    builder.seed(7).on_this_arbiter().build().await.expect("a valid plan")
}

/// A tool whose last words are kept.
fn kept() -> ToolSpec {
    ToolSpec { stderr: Stderr::Kept, ..spec(Cancel::Restart) }
}

/// Answers until its first job; that it meets with these words, and its end.
fn complains(words: &'static str) -> impl Fn(Stage) -> Play + Send + Sync {
    move |mut stage| {
        Box::pin(async move {
            stage.complain("a note of no interest\n").await;
            while let Some(line) = stage.line().await {
                match line.strip_prefix("/end ") {
                    Some(nonce) => stage.print(format!("end {nonce}\n")).await,
                    None => break,
                }
            }
            stage.complain(words).await;
            ExitReport::Exited(3)
        })
    }
}

#[test]
fn who_ends_in_mid_turn_is_quoted() {
    in_virtual_time(async {
        let cluster = pool(kept(), complains("\u{1b}[31mError: no more tokens\u{1b}[0m\n")).await;
        let reply = cluster.ask("a").await.expect("a reply");
        let error = "it exited with code 3 in the middle of its reply; on its standard error: a note of no interest\\nError: no more tokens";
        assert_eq!((reply.outcome, reply.error.as_deref()), (Outcome::Crashed, Some(error)));
        cluster.shutdown().await;
    });
}

#[test]
fn who_does_not_start_is_quoted() {
    in_virtual_time(async {
        let cluster = pool(kept(), |mut stage| {
            Box::pin(async move {
                stage.complain("error: unknown option '--bad'\n").await;
                ExitReport::Exited(1)
            })
        })
        .await;
        let mut changes = cluster.watch(8);
        let exit = loop {
            let status = changes.recv().await.expect("an end is told");
            if let Some(exit) = status.last_exit {
                break exit;
            }
        };
        assert!(exit.contains("(nothing); on its standard error: error: unknown option '--bad'"), "{exit}");
        cluster.shutdown().await;
    });
}

/// More than pipe and memory together hold of it: whoever did not read it would never see the reply.
#[test]
fn a_flood_of_complaints_holds_nobody_up_and_is_told_to_nobody() {
    in_virtual_time(async {
        let flood = |mut stage: Stage| -> Play {
            Box::pin(async move {
                while let Some(line) = stage.line().await {
                    for _ in 0..100 {
                        stage.complain([b'x'; KEPT_ERRORS]).await;
                    }
                    match line.strip_prefix("/end ") {
                        Some(nonce) => stage.print(format!("end {nonce}\n")).await,
                        None => stage.print(format!("{line}\n")).await,
                    }
                }
                ExitReport::Exited(0)
            })
        };
        let cluster = pool(kept(), flood).await;
        let reply = cluster.ask("a").await.expect("a reply");
        assert_eq!((reply.outcome, reply.text(), reply.error.as_deref()), (Outcome::Ok, "a", None));
        cluster.shutdown().await;
    });
}

/// Says who it is.
async fn greet(stage: &mut Stage) {
    stage.line().await;
    let response = r#"{"subtype":"success","request_id":"initialize","response":{}}"#;
    stage.print(format!("{{\"type\":\"control_response\",\"response\":{response}}}\n")).await;
}

/// Asks whether it may run a command.
async fn ask(stage: &mut Stage, number: usize) {
    let request = r#"{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"ls"}}"#;
    let id = format!("{{\"type\":\"control_request\",\"request_id\":\"{number}\"");
    stage.print(format!("{id},\"request\":{request}}}\n")).await;
}

/// A tool that speaks in messages, and may do so much.
fn agent(allow: Allow) -> ToolSpec {
    let agent = AgentSpec { allow, ..AgentSpec::new(Protocol::StreamJson) };
    let rule = TurnRule::Protocol(Box::new(agent));
    ToolSpec::new("agent", vec!["agent".into()], TurnSpec::new(rule))
}

/// Greets, takes its turn, asks and asks, and never reads an answer.
fn asks_without_end(mut stage: Stage) -> Play {
    Box::pin(async move {
        greet(&mut stage).await;
        stage.line().await;
        for number in 0..1_000_000 {
            ask(&mut stage, number).await;
        }
        std::future::pending().await
    })
}

#[test]
fn an_agent_that_asks_and_never_reads_is_ended_with_the_limit_by_name() {
    for allow in [Allow::Read, Allow::All, Allow::Ask] {
        in_virtual_time(async {
            let cluster = pool(agent(allow), asks_without_end).await;
            let reply = cluster.ask("a").await.expect("a reply");
            assert_eq!(reply.outcome, Outcome::Unframed, "{reply:?}");
            let error = reply.error.unwrap_or_default();
            assert!(error.contains(&format!("more than {UNREAD_ANSWERS} bytes of answers wait")), "{error}");
            cluster.shutdown().await;
        });
    }
}

/// Asks the same twice, and talks on meanwhile; its reply are the answers.
fn asks_twice(mut stage: Stage) -> Play {
    Box::pin(async move {
        greet(&mut stage).await;
        stage.line().await;
        let mut said = Vec::new();
        for number in 0..2 {
            ask(&mut stage, number).await;
            stage.print("{\"type\":\"system\",\"subtype\":\"api_retry\"}\n").await;
            let answer = stage.line().await.unwrap_or_default();
            said.push(if answer.contains("\"allow\"") { "yes" } else { "no" });
        }
        let said = said.join(" ");
        stage.print(format!("{{\"type\":\"result\",\"subtype\":\"success\",\"result\":\"{said}\"}}\n")).await;
        std::future::pending().await
    })
}

#[test]
fn whoever_is_asked_may_take_the_time() {
    in_virtual_time(async {
        let mut spec = ToolSpec { on_stall: OnStall::Kill, ..agent(Allow::Ask) };
        let stall = spec.limits.stall;
        spec.limits.turn = 4 * stall;
        let cluster = pool(spec, asks_twice).await;
        let mut changes = cluster.watch(64);
        let job = cluster.submit("a");
        for answer in ["no", "yes"] {
            // It is put a second time, although it is the same.
            while changes.recv().await.expect("a change").state != InstanceState::NeedsInput {}
            tokio::time::sleep(stall + Duration::from_secs(60)).await;
            let status = &cluster.status().await.expect("a status")[0];
            assert_eq!(status.state, InstanceState::NeedsInput, "neither stalled nor at work: {status:?}");
            job.answer(answer);
        }
        let reply = job.await.expect("a reply");
        assert_eq!((reply.outcome, reply.text()), (Outcome::Ok, "no yes"), "{reply:?}");
        cluster.shutdown().await;
    });
}
