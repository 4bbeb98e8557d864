//! Programs that cannot be started, and one that can for a moment not: real starts, told apart, tried again only where
//! that helps.

use cluster::ClusterManager;
use pool_core::JobError;
use pool_core::message::SlotId;
use pool_core::process::{Launch, Launching, pipe::Pipes};
use pool_core::spec::{ToolSpec, TurnRule, TurnSpec};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A program that one test has written must not be open in a child that the other one is just starting.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Starts real processes, and counts.
#[derive(Default)]
struct Counted {
    pipes: Pipes,
    starts: AtomicUsize,
}

impl Launch for Counted {
    fn launch(&self, spec: &ToolSpec, slot: SlotId) -> Launching {
        self.starts.fetch_add(1, Ordering::Relaxed);
        self.pipes.launch(spec, slot)
    }
}

fn spec(command: &[&str]) -> ToolSpec {
    let command = command.iter().map(|word| (*word).to_owned()).collect();
    ToolSpec::new("tool", command, TurnSpec::new(TurnRule::Lines))
}

/// A file of this mode.
fn file(path: &Path, text: &str, mode: u32) -> String {
    std::fs::write(path, text).expect("written");
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("a mode");
    path.to_str().expect("text").to_owned()
}

/// Faults 45 to 51: each says what is wrong, is not tried again, and refuses the job with the reason, unharmed.
#[tokio::test]
async fn what_cannot_start_says_why_and_is_not_tried_again() {
    let _one = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let at = |name: &str| dir.path().join(name);
    let script = file(&at("script"), "#!/nowhere/interpreter\n", 0o755);
    let plain = file(&at("plain"), "#!/bin/sh\n", 0o644);
    let noexec = file(&at("noexec"), "echo hello\n", 0o755);
    let folder = dir.path().to_str().expect("text");
    let long = "x".repeat(131_072);
    let missing = at("missing");
    let table = [
        (spec(&["/nowhere/tool"]), "program '/nowhere/tool' not found on PATH: install it".to_owned()),
        (
            ToolSpec { cwd: Some(missing.clone()), ..spec(&["/bin/cat"]) },
            format!("working folder '{}' does not exist", missing.display()),
        ),
        (spec(&[&script]), format!("'{script}' names an interpreter that does not exist")),
        (spec(&[&plain]), format!("'{plain}' cannot be executed: permission denied")),
        (spec(&[folder]), format!("'{folder}' cannot be executed: it is a folder")),
        (spec(&[&noexec]), format!("'{noexec}' cannot be executed: neither a program nor a script")),
        (spec(&["/bin/cat", "a", &long]), "argument 2 has 131072 bytes".to_owned()),
        (spec(&["/bin/cat", "a\0b"]), "argument 1 holds a NUL byte".to_owned()),
        (
            ToolSpec { state_dir: Some(plain.clone().into()), ..spec(&["/bin/cat"]) },
            format!("its private folder '{plain}/0' cannot be made: "),
        ),
    ];
    for (spec, says) in table {
        let starts = Arc::new(Counted::default());
        let builder = ClusterManager::builder().tool(spec, 1).launcher(starts.clone());
        let cluster = builder.build().await.expect("a cluster");
        let Err(JobError::GivenUp(reason)) = cluster.ask("hello").await else { panic!("{says}") };
        assert!(reason.contains(&says), "{reason}\nshould say\n{says}");
        let error = cluster.ready().await.expect_err("nothing starts").to_string();
        assert!(error.contains(&says), "{error}");
        assert_eq!(starts.starts.load(Ordering::Relaxed), 1, "{says}");
        cluster.shutdown().await;
    }
}

/// Fault 54, and 25: a program that is being written is waited for.
#[tokio::test]
async fn a_program_that_is_being_written_is_tried_again() {
    let _one = ONE_AT_A_TIME.lock().await;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("cat");
    std::fs::copy("/bin/cat", &path).expect("copied");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a mode");
    let writer = File::options().append(true).open(&path).expect("open");
    let starts = Arc::new(Counted::default());
    let builder = ClusterManager::builder().tool(spec(&[path.to_str().expect("text")]), 1);
    let cluster = builder.launcher(starts.clone()).build().await.expect("a cluster");
    // It can only start once nobody has it open for writing any more.
    let tried_again = async {
        while starts.starts.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), tried_again).await.expect("a second try");
    drop(writer);
    assert_eq!(cluster.ask("hello").await.expect("a reply").text(), "hello");
    cluster.shutdown().await;
}
