//! From nothing to instances that work.

use super::{INSTANCES, ROUNDS, head, median, row, run, show, tool};
use crate::Failure;
use crate::subject::ours::all_ready;
use cluster::ClusterManager;
use cluster::profile::{Overrides, Profile, Surroundings};
use pool_core::spec::ToolSpec;
use pool_core::supervisor::{InstanceStatus, StartTimes};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What litellm would have to look up on the network.
const METADATA: &str = r#"{"openai/fake": {"max_tokens": 32768, "max_input_tokens": 1000000,
    "max_output_tokens": 32768, "litellm_provider": "openai", "mode": "chat"}}"#;

pub(super) fn print() -> Result<(), Failure> {
    head(
        "Starting 5 instances (first to last of them)",
        &["the process exists", "it answers", "it answers at full speed"],
    );
    for name in ["bash", "python"] {
        let spec = tool(name)?;
        report(name, ROUNDS, || run(times(spec.clone())))?;
    }
    match std::env::var_os("CLUSTER_TEST_AIDER").map(PathBuf::from) {
        None => row("aider", &["not measured: CLUSTER_TEST_AIDER does not name it".to_owned()]),
        Some(path) => {
            let lab = Lab::new()?;
            let spec = lab.spec(&path)?;
            // It is slow where it has never been, and once in life is no claim.
            run(times(spec.clone()))?;
            report("aider (2 start at a time)", 2, || run(times(spec.clone())))?;
        }
    }
    Ok(())
}

/// How all instances of a new pool started.
async fn times(spec: ToolSpec) -> Result<Vec<InstanceStatus>, Failure> {
    let pool = ClusterManager::builder().tool(spec, INSTANCES).build().await?;
    let status = all_ready(&pool).await?;
    pool.shutdown().await;
    Ok(status)
}

fn report(
    name: &str,
    rounds: usize,
    measure: impl Fn() -> Result<Vec<InstanceStatus>, Failure>,
) -> Result<(), Failure> {
    let rounds = (0..rounds).map(|_| measure()).collect::<Result<Vec<_>, _>>()?;
    let columns: [fn(&StartTimes) -> Option<u64>; 3] =
        [|times| times.spawned_us, |times| times.ready_us, |times| times.warm_us];
    let cells = columns.map(|column| {
        let ends = |round: &Vec<InstanceStatus>| {
            let times = round.iter().filter_map(|instance| column(&instance.started));
            Some((times.clone().min()?, times.max()?))
        };
        let ends: Vec<_> = rounds.iter().filter_map(ends).collect();
        if ends.is_empty() {
            return "at once".to_owned();
        }
        let middle = |end: fn(&(u64, u64)) -> u64| {
            let middle = median(ends.iter().map(|ends| end(ends) as f64).collect());
            show(Duration::from_micros(middle as u64))
        };
        format!("{} to {}", middle(|ends| ends.0), middle(|ends| ends.1))
    });
    row(name, &cells);
    Ok(())
}

/// A repository and a home for aider, kept from run to run.
struct Lab(PathBuf);

impl Lab {
    fn new() -> Result<Self, Failure> {
        let lab = Self(std::env::temp_dir().join("cluster-bench-aider"));
        std::fs::create_dir_all(lab.0.join("home"))?;
        std::fs::create_dir_all(lab.0.join("repository/.git"))?;
        std::fs::write(lab.0.join("models.json"), METADATA)?;
        let git =
            std::process::Command::new("git").args(["init", "-q"]).arg(lab.0.join("repository")).status()?;
        if git.success() { Ok(lab) } else { Err("git init failed".into()) }
    }

    /// aider, with a model that nobody asks anything while it starts.
    fn spec(&self, aider: &Path) -> Result<ToolSpec, Failure> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = aider.parent().map(Path::to_owned).into_iter().chain(std::env::split_paths(&path));
        let pair = |name: &str, value: OsString| (OsString::from(name), value);
        let env = vec![
            pair("PATH", std::env::join_paths(folders)?),
            pair("HOME", self.0.join("home").into()),
            pair("LANG", "C.UTF-8".into()),
            pair("OPENAI_API_BASE", "http://127.0.0.1:9/v1".into()),
            pair("OPENAI_API_KEY", "a key".into()),
        ];
        let metadata = format!("--model-metadata-file={}", self.0.join("models.json").display());
        let words = ["--weak-model=openai/fake", "--edit-format=diff", "--map-tokens=0", &metadata];
        let flags = Overrides {
            model: Some("openai/fake".to_owned()),
            tool_args: words.map(str::to_owned).to_vec(),
            ..Overrides::default()
        };
        let around = Surroundings { env, cwd: self.0.join("repository"), ..Surroundings::current() };
        let mut spec = Profile::load("aider", &flags, &around)?.spec;
        spec.cwd = Some(self.0.join("repository"));
        Ok(spec)
    }
}
