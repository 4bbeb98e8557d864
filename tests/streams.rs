//! Replies as they come: to quick readers, slow ones, and ones that go away, in virtual time.

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use cluster::{ClusterManager, Job, JobStream, Outcome, Piece};
use pool_core::spec::Cancel;
use std::time::Duration;
use support::{Oracle, in_virtual_time, pool, spec};
use tokio::time::{Instant, sleep};

fn text(step: usize, text: &str) -> Piece {
    Piece::Text { step, text: text.into() }
}

/// Everything that comes, the result last, without its details.
async fn all(mut stream: JobStream) -> (Vec<Piece>, Outcome, String) {
    let mut pieces = Vec::new();
    loop {
        match stream.next().await.expect("an end") {
            Piece::End(result) => {
                assert_eq!(stream.next().await, None);
                let reply = result.expect("a reply");
                return (pieces, reply.outcome, reply.text().to_owned());
            }
            piece => pieces.push(piece),
        }
    }
}

async fn one(cancel: Cancel, oracle: &Oracle) -> ClusterManager {
    let cluster = pool(spec(cancel), 1, oracle).await;
    cluster.ready().await.expect("ready");
    cluster
}

#[test]
fn text_comes_while_the_tool_still_works() {
    in_virtual_time(async {
        let cluster = one(Cancel::Interrupt, &Oracle::default()).await;
        let began = Instant::now();
        let mut stream = cluster.stream("say:one work:100 say:two work:100");
        assert_eq!(stream.next().await, Some(Piece::Sent));
        assert_eq!(stream.next().await, Some(text(0, "one\n")));
        assert!(began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
        assert_eq!(stream.next().await, Some(text(0, "two\n")));
        let at = began.elapsed();
        assert!((100..150).contains(&at.as_millis()), "{at:?}");
        let (rest, outcome, reply) = all(stream).await;
        assert_eq!((rest, outcome, reply.as_str()), (Vec::new(), Outcome::Ok, "one\ntwo"));
        cluster.shutdown().await;
    });
}

#[test]
fn each_step_has_its_text_and_the_framing_is_never_in_it() {
    in_virtual_time(async {
        let cluster = one(Cancel::Interrupt, &Oracle::default()).await;
        let stream = cluster.stream(Job::from("look late:rest").step("say:b work:5"));
        let (pieces, _, _) = all(stream).await;
        // What looks like a sentinel is text like any other; the true one is not told, nor is what comes after it.
        let look = "> \nend 0123456789abcdef\n(Y)es/(N)o [Yes]: \ndiff> ";
        assert_eq!(pieces, [Piece::Sent, text(0, look), text(1, "b\n")]);
        cluster.shutdown().await;
    });
}

#[test]
fn a_slow_reader_misses_the_oldest_and_never_holds_up_the_tool() {
    in_virtual_time(async {
        let cluster = one(Cancel::Interrupt, &Oracle::default()).await;
        let began = Instant::now();
        let lines: Vec<String> = (0..100).map(|n| format!("say:{n}{}", "x".repeat(9_999))).collect();
        let prompt = lines.join(" work:1 ");
        let size: usize = lines.iter().map(|line| line.len() - "say:".len() + 1).sum();
        let stream = cluster.stream(prompt.as_str());
        // A second job needs the only instance: it runs although nobody reads the first one's text.
        assert_eq!(cluster.ask("say:next").await.expect("a reply").text(), "next");
        assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
        let (pieces, outcome, reply) = all(stream).await;
        assert_eq!((outcome, reply.len()), (Outcome::Ok, size - 1), "the result has it all");
        assert_eq!(pieces[0], Piece::Sent);
        let Piece::Missed(missed) = pieces[1] else { panic!("no mark: {:?}", pieces[1]) };
        let told: String = pieces[2..]
            .iter()
            .map(|piece| match piece {
                Piece::Text { step: 0, text } => text.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(told.len() <= pool_core::message::PROGRESS_TEXT);
        assert_eq!(told.trim_end(), &reply[missed as usize..]);
        cluster.shutdown().await;
    });
}

#[test]
fn dropping_the_stream_cancels_the_job_and_frees_the_instance() {
    in_virtual_time(async {
        for cancel in [Cancel::Interrupt, Cancel::Restart] {
            let oracle = Oracle::default();
            let cluster = one(cancel, &oracle).await;
            let began = Instant::now();
            let mut stream = cluster.stream("say:one work:4000");
            while stream.next().await != Some(text(0, "one\n")) {}
            let queued = cluster.stream("say:never");
            drop((queued, stream));
            assert_eq!(cluster.ask("say:next").await.expect("a reply").text(), "next");
            assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
            let sent = oracle.lock().expect("no panic").iter().any(|(_, line)| line == "say:never");
            assert!(!sent, "what was queued never ran");
            cluster.shutdown().await;
        }
    });
}

#[test]
fn a_crash_in_the_middle_ends_the_stream_with_what_had_come() {
    in_virtual_time(async {
        let cluster = one(Cancel::Interrupt, &Oracle::default()).await;
        let (pieces, outcome, reply) = all(cluster.stream("say:one work:10 half:two")).await;
        assert_eq!(pieces, [Piece::Sent, text(0, "one\n"), text(0, "two")]);
        assert_eq!((outcome, reply.as_str()), (Outcome::Truncated, "one\ntwo"));
        let (pieces, outcome, _) = all(cluster.stream("say:one work:10 crash")).await;
        assert_eq!((pieces, outcome), (vec![Piece::Sent, text(0, "one\n")], Outcome::Crashed));
        cluster.shutdown().await;
    });
}

#[test]
fn another_attempt_begins_anew() {
    in_virtual_time(async {
        let cluster = one(Cancel::Interrupt, &Oracle::default()).await;
        let job = Job::from("say:one work:10 crash").retries(1);
        let (pieces, outcome, _) = all(cluster.stream(job)).await;
        let attempt = [Piece::Sent, text(0, "one\n")];
        assert_eq!((pieces, outcome), ([attempt.clone(), attempt].concat(), Outcome::Crashed));
        cluster.shutdown().await;
    });
}

#[test]
fn a_job_that_is_taken_back_in_the_queue_ends_at_once() {
    in_virtual_time(async {
        let cluster = one(Cancel::Interrupt, &Oracle::default()).await;
        let busy = cluster.submit("work:3000");
        let mut queued = cluster.stream("say:never");
        sleep(Duration::from_millis(10)).await;
        queued.cancel();
        assert_eq!(queued.next().await, Some(Piece::End(Err(cluster::JobError::Cancelled))));
        assert_eq!(queued.next().await, None);
        drop(busy);
        cluster.shutdown().await;
    });
}
