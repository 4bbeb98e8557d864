//! aider, with a scripted model.

use crate::model::Model;
use crate::subject::Subject;
use cluster::profile::{Overrides, Surroundings};
use std::path::{Path, PathBuf};

/// What litellm would have to look up on the network.
const METADATA: &str = r#"{"openai/fake": {"max_tokens": 32768, "max_input_tokens": 1000000,
    "max_output_tokens": 32768, "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
    "litellm_provider": "openai", "mode": "chat"}}"#;

/// What the scripted model is told to answer.
const TEST: &str = r#"
say    = "[[mode=unicode]] say"
expect = "世界"
[stream]
say = "[[mode=long n=30 gap=5]] say"
[cancel]
say = "[[mode=hang]] never"
[limit]
say = "[[mode=429 tag=stays after=0.01]] say"
[error]
say = "[[mode=400]] say"
"#;

#[test]
fn aider() {
    let Some(program) = std::env::var_os("CLUSTER_TEST_AIDER").map(PathBuf::from) else {
        assert!(std::env::var_os("CLUSTER_TEST_ALL").is_none(), "CLUSTER_TEST_AIDER is to name aider");
        println!("skipped: CLUSTER_TEST_AIDER does not name aider");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("work");
    std::fs::create_dir(&folder).unwrap();
    let metadata = home.path().join("models.json");
    std::fs::write(&metadata, METADATA).unwrap();
    // Kept from run to run: aider is slow where it has never been.
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aider-home/.aider");
    std::fs::create_dir_all(&kept).unwrap();
    std::os::unix::fs::symlink(kept, home.path().join(".aider")).unwrap();
    let model = Model::start(home.path(), &[]);
    let path = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let path = [program.parent().unwrap().to_owned()].into_iter().chain(path);
    let env = [
        ("PATH", std::env::join_paths(path).unwrap()),
        ("HOME", home.path().into()),
        ("OPENAI_API_BASE", model.base.as_str().into()),
        ("OPENAI_API_KEY", "a key".into()),
    ];
    let around = Surroundings {
        env: env.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        state: Some(home.path().join("state")),
        cwd: folder.clone(),
        ..Surroundings::default()
    };
    let metadata = format!("--model-metadata-file={}", metadata.display());
    let words = ["--weak-model=openai/fake", "--edit-format=diff", "--map-tokens=0", "--no-git", &metadata];
    let flags = Overrides {
        model: Some("openai/fake".into()),
        tool_args: words.map(str::to_owned).into(),
        ..Overrides::default()
    };
    Subject { name: "aider", test: TEST, flags, around, folder: &folder }.try_all();
}
