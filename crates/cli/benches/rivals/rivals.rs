//! The rivals, each as somebody who knows it would call it: five at a time, a limit of time, and what it has for failures.
//!
//! The commands are those of a shell, in a folder with the list `items` and the program `agent`.

use std::process::Command;

/// A runner of lists.
#[derive(Debug)]
pub(crate) struct Rival {
    pub(crate) name: &'static str,
    /// Prints its version; the first line counts.
    asked: &'static str,
    /// How to get it.
    pub(crate) install: &'static str,
    /// Runs the list.
    pub(crate) first: &'static str,
    /// Runs what failed once more, if it can.
    pub(crate) again: Option<&'static str>,
}

/// What `agent.toml` has besides: a tool that ends so often needs restarts that are soon, and not counted as a defect.
pub(crate) const PATIENT: &str = r#"restart = { delay = "50ms", delay_max = "200ms", max = 1000, within = "1h" }
breaker = { failures = 0 }
"#;

/// The agent as a tool of ours, in `plain.toml` and, with what an agent like it needs, in `agent.toml`.
pub(crate) const PROFILE: &str = r#"schema  = "cluster.profile/1"
command = [COMMAND]
effects = "write"
[turn]
by     = "sentinel"
send   = "/end {nonce}"
expect = "^end {nonce}$"
[[outcome]]
is      = "limited"
pattern = '^429 .*: try again in (?P<reset_s>\d+) s$'
"#;

impl Rival {
    /// All of them, ours at the end.
    pub(crate) fn all() -> Vec<Self> {
        let plain = Self {
            name: "ours, plain",
            first: "cluster run ./plain.toml -n 5 -a items --timeout {timeout}s --retries 3 --new",
            ..Self::ours()
        };
        vec![Self::xargs(), Self::parallel(), Self::pueue(), Self::ours(), plain]
    }

    /// Has no way to try again, and keeps no record.
    pub(crate) const fn xargs() -> Self {
        Self {
            name: "xargs -P",
            asked: "xargs --version",
            install: "it is in findutils",
            first: "xargs -a items -P 5 -n 1 timeout {timeout} ./agent --message",
            again: None,
        }
    }

    const fn parallel() -> Self {
        Self {
            name: "GNU parallel",
            asked: "parallel --version",
            install: "apt-get install parallel",
            first: "parallel --will-cite -a items -j 5 --timeout {timeout} --retries 4 --joblog joblog --resume ./agent --message",
            again: Some(
                "parallel --will-cite -a items -j 5 --timeout {timeout} --retries 4 --joblog joblog --resume-failed ./agent --message",
            ),
        }
    }

    /// Knows no limit of time, and tries nothing again by itself.
    const fn pueue() -> Self {
        Self {
            name: "pueue",
            asked: "pueue --version",
            install: "cargo install --locked --root target/rivals pueue",
            first: "pueued -d; until pueue parallel 5; do sleep 0.1; done
while read -r item; do pueue add -- timeout {timeout} ./agent --message $item; done <items
pueue wait --quiet; ! pueue status --json | grep -q '\"Failed\"'",
            again: Some(
                "pueue restart --all-failed --in-place; pueue wait --quiet; ! pueue status --json | grep -q '\"Failed\"'",
            ),
        }
    }

    pub(crate) const fn ours() -> Self {
        Self {
            name: "ours",
            asked: "cluster --version",
            install: "cargo build -p cluster-cli",
            first: "cluster run ./agent.toml -n 5 -a items --timeout {timeout}s --retries 3 --new",
            again: Some("cluster resume r1 --failed"),
        }
    }

    /// Its version; none if it is not here.
    pub(crate) fn version(&self) -> Option<String> {
        let output = Command::new("sh").args(["-c", self.asked]).env("PATH", path()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().next().filter(|_| output.status.success()).map(str::to_owned)
    }
}

/// Where programs are looked for: ours, then what was installed for this, then everything else.
pub(crate) fn path() -> String {
    let ours = std::path::Path::new(env!("CARGO_BIN_EXE_cluster")).parent().unwrap();
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/rivals/bin");
    format!("{}:{installed}:{}", ours.display(), std::env::var("PATH").unwrap_or_default())
}
