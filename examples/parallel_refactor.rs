//! Files in, edited files out, four at a time: `cargo run --example parallel_refactor`
//!
//! A shell that thinks for a moment before it edits stands in for an AI tool, so that this runs offline. With aider, an
//! edit is `Job::new().command(format!("/add {file}")).step("Rename colour to color")`.

use cluster::{Job, launch_cluster};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// One job: what to do to one file. Both steps run on the same instance, with nothing in between.
fn edit(file: &Path) -> Job {
    let file = file.display();
    Job::new().step(format!("sleep 0.1; sed -i 's/colour/color/g' '{file}'")).step(format!("cat '{file}'"))
}

/// Edits all files; returns how long it took with so many instances.
async fn refactor(files: &[PathBuf], instances: usize) -> Result<Duration, Box<dyn Error>> {
    let cluster = launch_cluster("bash", instances).await?;
    let began = Instant::now();
    // Each is handed to whichever instance is free; the others wait in one queue.
    let edits: Vec<_> = files.iter().map(|file| cluster.submit(edit(file))).collect();
    for (file, edit) in files.iter().zip(edits) {
        let reply = edit.await?;
        println!("{}: {} by instance {}", file.display(), reply.outcome, reply.instance.slot);
        if !reply.is_ok() {
            return Err(format!("{}: {}", file.display(), reply.error.unwrap_or_default()).into());
        }
    }
    let took = began.elapsed();
    cluster.shutdown().await;
    Ok(took)
}

/// A folder with something to do.
fn project() -> Result<(tempfile::TempDir, Vec<PathBuf>), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let files: Vec<_> = (0..8).map(|number| folder.path().join(format!("module_{number}.py"))).collect();
    for file in &files {
        std::fs::write(file, "def paint(colour):\n    return colour\n")?;
    }
    Ok((folder, files))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (_folder, files) = project()?;
    let alone = refactor(&files, 1).await?;
    let (_folder, files) = project()?;
    let together = refactor(&files, 4).await?;
    println!("{} files: {alone:.1?} with one instance, {together:.1?} with four", files.len());
    for file in &files {
        let edited = std::fs::read_to_string(file)?;
        assert_eq!(edited, "def paint(color):\n    return color\n");
    }
    assert!(together < alone);
    Ok(())
}

#[test]
fn files_are_edited_and_four_are_quicker_than_one() {
    main().expect("it ends well");
}
