//! The schemas that the program prints describe what it reads and writes, and nothing else.

use crate::running::World;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The schema of this name, as the program prints it.
fn schema(name: &str) -> Validator {
    let ran = World::new().run(&["schema", name]);
    let schema = serde_json::from_str(&ran.stdout).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// The schema describes the value; and no longer if one of its own keys is misspelt. Returns how many keys it has.
fn describes(schema: &Validator, value: &Value, name: &str) -> usize {
    let errors: Vec<_> =
        schema.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:?} in {value:#}");
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    for key in &keys {
        let mut typo = value.clone();
        let value = typo.as_object_mut().unwrap().remove(*key).unwrap();
        typo[format!("{key}x")] = value;
        assert!(!schema.is_valid(&typo), "{name}: {key} may be misspelt");
    }
    keys.len()
}

fn of_toml(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn profiles() {
    let schema = schema("profile");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cluster/profiles");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let read = |path: PathBuf| {
        let profile = of_toml(&std::fs::read_to_string(&path).unwrap());
        describes(&schema, &profile, &path.display().to_string());
        profile
    };
    let profiles: Vec<Value> = files.map(read).collect();
    assert!(profiles.len() > 10, "{}", profiles.len());
    let mut profile = profiles[0].clone();
    profile["turn"]["by"] = "sentinal".into();
    assert!(!schema.is_valid(&profile));
}

#[test]
fn settings() {
    let schema = schema("config");
    let world = World::new();
    let all = "instances = 2\nroute = 'sticky'\ntimeout = '1m'\nready-timeout = '1m'\nstall = '1m'\nmax-memory = '1G'\n\
               retries = 1\non-limit = 'next'\n[tools.aider]\nmodel = 'm'\ntool-arg = ['--x']\nenv = ['A=b']\n";
    std::fs::create_dir_all(world.path(".config/cluster")).unwrap();
    let shown = world.file(".config/cluster/config.toml", all).run(&["config"]);
    assert_eq!(shown.status, 0, "{shown}");
    for text in [all, &shown.stdout, "max-memory = 1"] {
        describes(&schema, &of_toml(text), text);
    }
    for wrong in [
        "instances = 0",
        "instances = '2'",
        "on-limit = 'x'",
        "tools.aider.modle = 'm'",
        "max-memory = 0",
        "timeout = 1",
    ] {
        assert!(!schema.is_valid(&of_toml(wrong)), "{wrong}");
    }
}

#[test]
fn jobs_and_results() {
    let (jobs, results) = (schema("job"), schema("result"));
    let world = World::new();
    let job = json!({
        "id": "a", "tool": "bash", "steps": ["echo {who}"], "vars": {"who": "me"}, "session": null, "timeout": "1m",
    });
    let plain = json!({"steps": ["exit 3"]});
    assert!(describes(&jobs, &job, "job") > 4);
    describes(&jobs, &plain, "plain job");
    assert!(!jobs.is_valid(&json!({"steps": "echo"})) && !jobs.is_valid(&json!({"steps": [1]})));
    let ran = world
        .file("jobs", format!("{job}\n{plain}\n"))
        .run(&["run", "bash:1", "--from", "jobs", "--json", "-q"]);
    assert_eq!((ran.status, ran.stdout.lines().count()), (1, 2), "{ran}");
    for line in ran.stdout.lines() {
        let result: Value = serde_json::from_str(line).unwrap();
        describes(&results, &result, "result");
        let mut wrong = result.clone();
        wrong["outcome"] = "okay".into();
        assert!(!results.is_valid(&wrong));
    }
}

#[tokio::test]
async fn what_the_library_shows() {
    let cluster = cluster::launch_cluster("bash", 1).await.unwrap();
    cluster.ask("echo a").await.unwrap();
    let snapshot = serde_json::to_value(cluster.snapshot().await.unwrap()).unwrap();
    describes(&schema("snapshot"), &snapshot, "snapshot");
    let metrics = serde_json::to_value(cluster.metrics().await.unwrap()).unwrap();
    describes(&schema("metrics"), &metrics, "metrics");
    for status in cluster.status().await.unwrap() {
        describes(&schema("instance"), &serde_json::to_value(status).unwrap(), "instance");
    }
    cluster.shutdown().await;
}
