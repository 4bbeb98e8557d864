//! Records that are not what they were: opened or reported, never a panic.

use super::*;

/// Every so many bytes or bits are tried; 1 tries all (`just torture`).
fn step(usual: usize) -> usize {
    if std::env::var_os("CLUSTER_TORTURE_BYTES").is_some() { 1 } else { usual }
}

/// The record of three jobs: one done, one failed with more output than its reply, one in between.
async fn sample() -> (World, Vec<u8>) {
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Ok).await;
    assert!(run.plan(planned(1, "job 1")).is_some());
    send(&run, 1).await.unwrap();
    run.keep(ended(1, Outcome::Error), printed("it failed")).await.unwrap();
    assert!(run.plan(planned(2, "job 2")).is_some());
    send(&run, 2).await.unwrap();
    run.close(false).await.unwrap();
    drop(run);
    let bytes = std::fs::read(world.ledger()).unwrap();
    (world, bytes)
}

/// Opens what these bytes are, in both ways, and reads all of it; how many things have happened in it. Never panics.
fn try_to_read(world: &World, database: &[u8], log: &[u8]) -> Result<usize, LedgerError> {
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", world.ledger().display()));
    }
    std::fs::write(world.ledger(), database).unwrap();
    if !log.is_empty() {
        std::fs::write(format!("{}-wal", world.ledger().display()), log).unwrap();
    }
    let run = read::Run::open(&world.store, "r1")?;
    run.overview()?;
    run.chronicle()?;
    let mut happened = 0;
    for number in run.jobs()? {
        happened += run.job(number)?.story.len();
        run.log(number, None)?;
    }
    drop(run);
    let connection = schema::open(&world.ledger())?;
    rows::load(&connection, &world.ledger())?;
    Ok(happened)
}

/// Fault 75.
#[tokio::test]
async fn a_record_cut_anywhere_is_opened_or_reported() {
    let (world, bytes) = sample().await;
    assert_eq!(try_to_read(&world, &bytes, &[]).unwrap(), 5);
    // The first page has the header and the schema.
    let cuts = (0..4096).step_by(step(7)).chain((4096..bytes.len()).step_by(step(97)));
    for cut in cuts {
        assert!(try_to_read(&world, &bytes[..cut], &[]).is_err(), "cut at {cut}");
    }
}

/// Fault 75, for the log of a controller that was killed: what stands before the cut is there.
#[tokio::test]
async fn a_log_cut_anywhere_loses_nothing_before_the_cut() {
    let world = World::new();
    let run = world.begin();
    for job in 0..4 {
        through(&run, job, Outcome::Ok).await;
    }
    // As a kill would leave them: the writer has them open, and has told that all of it is on disk.
    let log = std::fs::read(format!("{}-wal", world.ledger().display())).unwrap();
    let database = std::fs::read(world.ledger()).unwrap();
    drop(run);
    let mut before = 0;
    for cut in (0..log.len()).step_by(step(211)) {
        // Before the tables are there, it is no record.
        let happened = try_to_read(&world, &database, &log[..cut]).unwrap_or_default();
        assert!(happened >= before, "cut at {cut}: {happened} is less than {before}");
        before = happened;
    }
    assert_eq!(try_to_read(&world, &database, &log).unwrap(), 8);
}

/// Fault 76.
#[tokio::test]
async fn flipped_bits_are_found_or_harmless() {
    let (world, bytes) = sample().await;
    let mut seed = 7u64;
    for _ in 0..1000 {
        // An xorshift generator: the same bits in every run.
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let mut flipped = bytes.clone();
        let place = seed as usize % (bytes.len() * 8);
        flipped[place / 8] ^= 1 << (place % 8);
        // Either is fine; only a panic is not.
        let _ = try_to_read(&world, &flipped, &[]);
    }
}

/// There is no index that forbids it.
#[tokio::test]
async fn a_job_that_is_there_twice_is_reported() {
    let (world, bytes) = sample().await;
    assert!(try_to_read(&world, &bytes, &[]).is_ok());
    let other = schema::open(&world.ledger()).unwrap();
    let twice = "UPDATE job SET identity = (SELECT identity FROM job WHERE number = 0) WHERE number = 1";
    other.execute(twice, []).unwrap();
    drop(other);
    let bytes = std::fs::read(world.ledger()).unwrap();
    let error = try_to_read(&world, &bytes, &[]).unwrap_err().to_string();
    assert!(error.contains("job 1 is there twice"), "{error}");
}
