//! A test for each function, written and tried by three instances: `cargo run --example parallel_test_generation`
//!
//! Python itself stands in for an AI tool, so that this runs offline: asked for a test of a function it answers with one
//! that holds what the function does today. What matters is the shape: generate, try it in a conversation of its own,
//! keep what passes, and give what fails another try with the failure in the prompt.

use cluster::{ClusterManager, Job, Reply, launch_cluster};
use std::error::Error;
use std::path::Path;

const MODULE: &str = "
def double(x): return 2 * x
def greet(name): return f'hello {name}'
def clamp(x): return max(0, min(x, 9))
def flaky(x, seen=[]): seen.append(x); return len(seen)
";

/// Each function, and what to call it with.
const FUNCTIONS: [(&str, &str); 4] = [("double", "21"), ("greet", "'you'"), ("clamp", "12"), ("flaky", "0")];

/// How often a test may be written anew.
const TRIES: usize = 2;

/// A test that passes, or why there is none.
async fn generate(
    cluster: &ClusterManager,
    folder: &Path,
    function: &str,
    with: &str,
) -> Result<String, Box<dyn Error>> {
    let load = format!(
        "import sys; sys.path.insert(0, {:?}); from shop import {function}",
        folder.display().to_string()
    );
    let mut failure = String::new();
    for _ in 0..TRIES {
        let write = format!("print(f\"assert {function}({with}) == {{{function}({with})!r}}\")  # {failure}");
        let test = text(cluster.ask(Job::new().step(&load).step(write)).await?)?;
        // A job without a session begins afresh, perhaps on another instance: the test cannot lean on what is left. It
        // is run twice, for one that passes by luck.
        let tried = cluster.ask(Job::new().step(&load).step(&test).step(&test)).await?;
        if tried.is_ok() {
            return Ok(test);
        }
        failure = tried.error.unwrap_or_default().replace('\n', " ");
    }
    Err(format!("no test of {function} passes: {failure}").into())
}

fn text(reply: Reply) -> Result<String, Box<dyn Error>> {
    if reply.is_ok() { Ok(reply.text().to_owned()) } else { Err(reply.error.unwrap_or_default().into()) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("shop.py"), MODULE)?;
    let cluster = launch_cluster("python", 3).await?;

    let work = FUNCTIONS.map(|(function, with)| generate(&cluster, folder.path(), function, with));
    let tests = futures_util::future::join_all(work).await;
    for ((function, _), test) in FUNCTIONS.iter().zip(&tests) {
        match test {
            Ok(test) => println!("{function}: {test}"),
            Err(error) => println!("{function}: {error}"),
        }
    }
    assert_eq!(tests[0].as_deref().ok(), Some("assert double(21) == 42"));
    assert!(tests[..3].iter().all(Result::is_ok) && tests[3].is_err());
    cluster.shutdown().await;
    Ok(())
}

#[test]
fn what_passes_is_kept_and_what_cannot_pass_is_told() {
    main().expect("it ends well");
}
