//! aider beside a model that is played.

use crate::model::Model;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What litellm would have to look up on the network.
const METADATA: &str = r#"{"openai/fake": {"max_tokens": 32768, "max_input_tokens": 1000000,
    "max_output_tokens": 32768, "litellm_provider": "openai", "mode": "chat"}}"#;

/// What its user has settled.
const SETTINGS: &str = r#"[tools.aider]
model = "openai/fake"
env = ["OPENAI_API_BASE", "OPENAI_API_KEY"]
tool-arg = ["--weak-model=openai/fake", "--edit-format=diff", "--map-tokens=0", "#;

/// aider, and its model, which goes when this is dropped.
pub(crate) struct Aider {
    program: PathBuf,
    model: Model,
}

impl Aider {
    /// If it is to be tried: for a user with this home.
    pub(crate) fn here(home: &Path) -> Option<Self> {
        let program = PathBuf::from(std::env::var_os("CLUSTER_TEST_AIDER")?);
        // Kept from run to run: aider is slow where it has never been.
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aider-home/.aider");
        std::fs::create_dir_all(&kept).unwrap();
        std::os::unix::fs::symlink(kept, home.join(".aider")).unwrap();
        let metadata = home.join("models.json");
        std::fs::write(&metadata, METADATA).unwrap();
        let settings = home.join(".config/cluster");
        std::fs::create_dir_all(&settings).unwrap();
        let settled = format!("{SETTINGS}\"--model-metadata-file={}\"]\n", metadata.display());
        std::fs::write(settings.join("config.toml"), settled).unwrap();
        Some(Self { program, model: Model::start(home, &[]) })
    }

    /// Where the program is.
    pub(crate) fn folder(&self) -> &Path {
        self.program.parent().unwrap()
    }

    /// Tells it where its model is.
    pub(crate) fn surround(&self, command: &mut Command) {
        command.env("OPENAI_API_BASE", &self.model.base).env("OPENAI_API_KEY", "a key");
    }
}
