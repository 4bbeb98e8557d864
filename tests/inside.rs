//! What a running pool tells of its inside: transcripts, and what an instance waits for; in virtual time.

mod support;

use cluster::ClusterManager;
use cluster::inside::Why;
use pool_core::instance::{Follower, Piece};
use pool_core::message::SlotId;
use pool_core::process::fake::Fakes;
use pool_core::process::look::Seen;
use pool_core::spec::Cancel;
use pool_core::supervisor::InstanceState;
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, all_free, in_virtual_time, play, pool, spec};

async fn follow(cluster: &ClusterManager, index: u32) -> Follower {
    cluster.transcript(SlotId(index)).await.expect("open").expect("a slot")
}

async fn why(cluster: &ClusterManager, index: u32) -> Why {
    cluster.why(SlotId(index)).await.expect("open").expect("a slot")
}

/// What has been said and told so far; the latter without what frames it.
fn so_far(follower: &mut Follower) -> String {
    let mut text = String::new();
    while let Some(piece) = follower.try_next() {
        text += &match piece {
            Piece::Said(bytes) => String::from_utf8(bytes).expect("text"),
            Piece::Told(bytes) => String::from_utf8(bytes).expect("text").replace("\n/", "\n> /"),
            Piece::Note(note) => format!("# {note}\n"),
            Piece::Missed(count) => format!("# {count} missed\n"),
        };
    }
    let nonce = regex::Regex::new("[0-9a-f]{16}").expect("valid");
    nonce.replace_all(&text, "NONCE").into_owned()
}

#[test]
fn a_transcript_has_what_was_before_the_question_and_goes_on_over_lives() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 1, &Oracle::default()).await;
        cluster.ask("say:one").await.expect("a reply");
        let mut follower = follow(&cluster, 0).await;
        let text = so_far(&mut follower);
        assert!(text.starts_with("# life 1 begins\n"), "{text}");
        assert!(text.contains("say:one\n") && text.contains("\none\nend NONCE\n"), "{text}");
        assert_eq!(so_far(&mut follower), "", "each piece once");
        cluster.ask("crash").await.expect("a reply");
        all_free(&cluster, 1).await;
        let text = so_far(&mut follower);
        assert!(text.contains("# life 1 ended: it ended by signal 11\n# life 2 begins\n"), "{text}");
        assert!(cluster.transcript(SlotId(1)).await.expect("open").is_none());
        cluster.shutdown().await;
        while follower.next().await.is_some() {}
    });
}

#[test]
fn one_who_follows_hears_at_once_and_one_who_is_slow_holds_up_nobody() {
    in_virtual_time(async {
        let cluster = pool(spec(Cancel::Restart), 1, &Oracle::default()).await;
        cluster.ready().await.expect("ready");
        let (mut quick, mut slow) = (follow(&cluster, 0).await, follow(&cluster, 0).await);
        so_far(&mut quick);
        let job = cluster.submit("say:now work:60000 say:later");
        while !so_far(&mut quick).contains("now\n") {
            let piece = quick.next().await;
            assert!(piece.is_some());
            if piece == Some(Piece::Said(b"now\n".to_vec())) {
                break;
            }
        }
        drop(job);
        let big = "x".repeat(1000);
        for _ in 0..200 {
            cluster.ask(format!("say:{big}").as_str()).await.expect("a reply");
        }
        assert!(matches!(slow.next().await, Some(Piece::Missed(100_000..))));
        cluster.shutdown().await;
    });
}

#[test]
fn why_says_what_is_awaited_since_when_and_what_to_do() {
    in_virtual_time(async {
        let oracle = Oracle::default();
        let fakes = Fakes::new(move |stage| {
            let reads = Some("reads from its input (pipe:[7])".to_owned());
            let name = "fake".into();
            stage.appear(vec![Seen {
                pid: 1,
                parent: 0,
                state: 'S',
                name,
                ticks: 1,
                memory: 0,
                waits_in: None,
                waits_for: reads,
            }]);
            play(stage, oracle.clone())
        });
        let builder = ClusterManager::builder().tool(spec(Cancel::Restart), 1).launcher(Arc::new(fakes));
        let cluster = builder.on_this_arbiter().build().await.expect("a plan");
        cluster.ready().await.expect("ready");
        let _job = cluster.submit("say:half deaf");
        tokio::time::sleep(Duration::from_millis(4500)).await;
        let hangs = why(&cluster, 0).await;
        assert_eq!(
            (hangs.status.state, hangs.doing.as_deref()),
            (InstanceState::Working, Some("a step runs"))
        );
        assert!(hangs.awaits.expect("a rule").starts_with("the sentinel "));
        assert_eq!(hangs.last_lines.last().map(String::as_str), Some("half"));
        assert!((4400..=4600).contains(&hangs.silent_ms.expect("it has spoken")), "{:?}", hangs.silent_ms);
        assert_eq!(hangs.timers[0].name, "timeout");
        assert_eq!(hangs.processes.len(), 1);
        assert!(cluster.why(SlotId(1)).await.expect("open").is_none());
        cluster.kill().await;
    });
}

#[test]
fn why_knows_what_a_dead_instance_said_last_and_when_it_lives_again() {
    in_virtual_time(async {
        let mut spec = spec(Cancel::Restart);
        spec.backoff.min = Duration::from_secs(60);
        spec.backoff.max = Duration::from_secs(60);
        spec.backoff.jitter = 0.0;
        spec.intensity.within = Duration::from_secs(1_000_000);
        let cluster = pool(spec, 1, &Oracle::default()).await;
        cluster.ask("say:oops crash").await.expect("a reply");
        tokio::time::sleep(Duration::from_secs(10)).await;
        let dead = why(&cluster, 0).await;
        assert_eq!((dead.status.state, dead.doing.clone()), (InstanceState::BackingOff, None));
        assert_eq!(dead.last_lines.last().map(String::as_str), Some("oops"));
        assert_eq!(dead.timers.len(), 1);
        assert_eq!(dead.timers[0].name, "back-off");
        assert!((49_000..=50_100).contains(&dead.timers[0].left_ms), "{:?}", dead.timers);
        cluster.shutdown().await;
    });
}
