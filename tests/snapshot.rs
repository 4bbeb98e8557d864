//! A whole cluster at one moment, as plain data: what it says, and that it keeps to its schema.

#[allow(dead_code, reason = "each test file uses its part of it")]
mod support;

use cluster::{ClusterManager, Job, Snapshot};
use pool_core::message::{Outcome, SlotId};
use pool_core::process::fake::Fakes;
use pool_core::spec::{Cancel, OutcomeRule, ToolSpec};
use std::sync::Arc;
use std::time::Duration;
use support::{Oracle, in_virtual_time, play, spec};

/// A tool of this name that tells of usage limits and of tokens, and is no longer trusted after one crash.
fn tool(name: &str) -> ToolSpec {
    let pattern = |text| regex::Regex::new(text).expect("valid");
    let mut spec = spec(Cancel::Interrupt);
    spec.tool = name.into();
    spec.account = name.into();
    spec.capabilities = vec!["chat".into()];
    spec.turn.outcomes = vec![OutcomeRule { outcome: Outcome::Limited, pattern: pattern("(?m)^429$") }];
    spec.turn.usage = Some(pattern(r"(?m)^tokens=(?P<input>\d+)/(?P<output>\d+)$"));
    spec.breaker.failures = 1;
    spec.breaker.open = Duration::from_secs(60);
    spec
}

async fn two_tools() -> ClusterManager {
    let oracle = Oracle::default();
    let fakes = Fakes::new(move |stage| play(stage, oracle.clone()));
    let builder = ClusterManager::builder().tool(tool("one"), 2).tool(tool("two"), 1);
    let builder = builder.launcher(Arc::new(fakes)).seed(7).on_this_arbiter();
    let cluster = builder.build().await.expect("a valid plan");
    cluster.ready().await.expect("ready");
    cluster
}

/// The snapshot as JSON, which keeps to the schema, and whose schema has no key that nothing fills.
async fn json(cluster: &ClusterManager) -> serde_json::Value {
    let schema = serde_json::to_value(schemars::schema_for!(Snapshot)).expect("a schema");
    let snapshot = serde_json::to_value(cluster.snapshot().await.expect("a snapshot")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let errors: Vec<_> = validator.iter_errors(&snapshot).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {snapshot:#}");
    let mut typo = snapshot.clone();
    typo["health"] = "well".into();
    assert!(!validator.is_valid(&typo), "the schema says nothing");
    snapshot
}

#[test]
fn it_tells_of_every_instance_and_of_all_together() {
    in_virtual_time(async {
        let cluster = two_tools().await;
        for prompt in ["say:tokens=100/10", "say:tokens=20/3 say:tokens=1/1", "say:x"] {
            let reply = cluster.ask(Job::from(prompt).on_slot(SlotId(0))).await.expect("a reply");
            assert_eq!(reply.outcome, Outcome::Ok, "{reply:?}");
        }
        let mut changes = cluster.watch(64);
        cluster.ask(Job::from("crash").on_slot(SlotId(1))).await.expect("a reply");
        cluster.ask(Job::from("say:429").tool("two")).await.expect("a reply");
        while changes.recv().await.expect("a change").restarts == 0 {}
        let snapshot = json(&cluster).await;
        assert_eq!((&snapshot["schema"], &snapshot["health"]), (&"cluster.snapshot/1".into(), &"up".into()));

        let router = &snapshot["router"];
        assert_eq!((&router["strategy"], &router["counts"]["placed"]), (&"least_busy".into(), &5.into()));
        let outcomes = serde_json::json!({"ok": 3, "limited": 1, "crashed": 1});
        assert_eq!((&router["total"]["outcomes"], &router["total"]["served"]), (&outcomes, &5.into()));
        let usage = serde_json::json!({"input": 121, "output": 14, "cost_usd": null});
        assert_eq!(router["total"]["usage"], usage, "of all turns, as the tool says");

        let [first, second, third] = &snapshot["instances"].as_array().expect("a list")[..] else {
            panic!("three instances")
        };
        assert_eq!(
            (&first["tool_id"], &first["breaker"], &first["restarts"]),
            (&"one".into(), &"closed".into(), &0.into())
        );
        assert_eq!((&first["routing"]["usage"], &first["routing"]["turn"]["count"]), (&usage, &3.into()));
        assert_eq!(first["routing"]["capabilities"], serde_json::json!(["chat"]));
        assert_eq!((&second["breaker"], &second["state"]), (&"open".into(), &"open".into()), "{second:#}");
        assert_eq!((&second["restarts"], &second["alive"]), (&1.into(), &true.into()));
        assert_eq!(
            (&third["state"], &third["breaker"]),
            (&"limited".into(), &"closed".into()),
            "no sickness"
        );

        let total = serde_json::json!({
            "instances": 3, "alive": 3, "working": 0, "not_trusted": 1, "limited": 1, "restarts": 1
        });
        assert_eq!(snapshot["total"], total);

        let hold = &snapshot["holds"][0];
        assert_eq!((&hold["account"], &hold["reason"]), (&"two".into(), &"429".into()));
        assert!(hold["left_ms"].as_u64().is_some_and(|left| left > 0), "{hold}");
        cluster.shutdown().await;
        assert_eq!(json(&cluster).await["health"], "gone");
    });
}
