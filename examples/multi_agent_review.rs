//! Three roles review one diff, findings side by side: `cargo run --example multi_agent_review`
//!
//! Each role is a tool of its own in one pool, with instances, limits and trust of its own; here a shell that looks for
//! one thing, so that this runs offline. With AI tools, each role's prompt says what to look for.

use cluster::profile::{Overrides, Profile, Surroundings};
use cluster::{ClusterManager, Job};
use std::error::Error;

const DIFF: &str = "\
+def load(path):
+    return eval(open(path).read())
+
+def area(r): return 3.14 * r * r  # TODO
";

/// Who looks for what: one line a finding.
const ROLES: [(&str, &str); 3] = [
    ("security", "grep -nE 'eval|exec|shell=True'"),
    ("style", "grep -nE '^.def .*: return|TODO'"),
    ("tests", "grep -qE '^.def test_' || echo no new function has a test; true"),
];

/// One pool in which every role has two instances.
async fn reviewers() -> Result<ClusterManager, Box<dyn Error>> {
    let mut builder = ClusterManager::builder();
    for (role, _) in ROLES {
        let mut shell = Profile::load("bash", &Overrides::default(), &Surroundings::current())?.spec;
        shell.tool = role.into();
        builder = builder.tool(shell, 2);
    }
    Ok(builder.build().await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let diff = folder.path().join("change.diff");
    std::fs::write(&diff, DIFF)?;

    let cluster = reviewers().await?;
    let questions = ROLES.map(|(role, look)| {
        // The subshell keeps what a role changes out of the next review.
        Job::from(format!("( {look} ) < '{}'", diff.display())).tool(role)
    });
    // All three at once; each result comes home, in this order, whatever becomes of the others.
    let findings = cluster.broadcast(questions).await;

    let mut columns = Vec::new();
    for ((role, _), result) in ROLES.iter().zip(findings) {
        let found = match result {
            Ok(reply) if reply.is_ok() => reply.text().lines().map(str::to_owned).collect(),
            Ok(reply) => vec![format!("({}: {})", reply.outcome, reply.error.unwrap_or_default())],
            Err(error) => vec![format!("({error})")],
        };
        columns.push((*role, found));
    }
    let table = side_by_side(&columns);
    print!("{table}");
    assert!(table.contains("eval") && table.contains("TODO") && table.contains("has a test"), "{table}");
    cluster.shutdown().await;
    Ok(())
}

/// A column for each role.
fn side_by_side(columns: &[(&str, Vec<String>)]) -> String {
    let height = columns.iter().map(|(_, lines)| lines.len()).max().unwrap_or(0);
    let line = |cells: Vec<&str>| {
        cells.iter().map(|cell| format!("{cell:<44.43}")).collect::<String>().trim_end().to_owned() + "\n"
    };
    let mut table = line(columns.iter().map(|(role, _)| *role).collect());
    for row in 0..height {
        table += &line(
            columns.iter().map(|(_, lines)| lines.get(row).map(String::as_str).unwrap_or_default()).collect(),
        );
    }
    table
}

#[test]
fn every_role_finds_what_it_looks_for() {
    main().expect("it ends well");
}
