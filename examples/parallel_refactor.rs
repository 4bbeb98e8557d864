//! Files in, edited files out, four at a time: `cargo run --example parallel_refactor [FILE]…`
//!
//! `colour` becomes `color` in the files that it is given; without any, in some of its own, once with one instance and once
//! with four, and the times are compared.
//!
//! A shell that thinks for a moment before it edits stands in for an AI tool, so that this runs offline. With aider, an
//! edit is `Job::new().command(format!("/add {file}")).step("Rename colour to color")`.

use cluster::{Job, launch_cluster};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// One job: what to do to one file. Both steps run on the same instance, with nothing in between.
fn edit(file: &Path) -> Result<Job, Box<dyn Error>> {
    let name = file.to_str().ok_or("a name that is no text")?;
    // Here the tool's text is a program: a name could end it.
    let name = shlex::try_quote(name)?;
    let edit = format!("sleep 0.1; sed -i 's/colour/color/g' -- {name}");
    Ok(Job::new().step(edit).step(format!("cat -- {name}")))
}

/// Edits all files; returns how long it took with so many instances.
async fn refactor(files: &[PathBuf], instances: usize) -> Result<Duration, Box<dyn Error>> {
    let cluster = launch_cluster("bash", instances).await?;
    let began = Instant::now();
    // Each is handed to whichever instance is free; the others wait in one queue.
    let edits = files.iter().map(|file| Ok(cluster.submit(edit(file)?)));
    let edits = edits.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
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
    let files: Vec<_> = (0..8).map(|number| folder.path().join(format!("it's module {number}.py"))).collect();
    for file in &files {
        std::fs::write(file, "def paint(colour):\n    return colour\n")?;
    }
    Ok((folder, files))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        return one_and_four().await;
    }
    let took = refactor(&files, 4).await?;
    println!("{} files in {took:.1?} with four instances", files.len());
    Ok(())
}

/// The same work with one instance and with four.
async fn one_and_four() -> Result<(), Box<dyn Error>> {
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

#[tokio::test]
async fn files_are_edited_and_four_are_quicker_than_one() {
    one_and_four().await.expect("it ends well");
}
