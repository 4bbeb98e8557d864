//! Reading beside a writer, and what goes when it is old.

use super::super::retention::Retention;
use super::*;
use crate::batch::clock::wall;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

#[test]
fn who_reads_beside_the_writer_sees_a_whole() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let world = World::new();
    let run = world.begin();
    runtime.block_on(through(&run, 0, Outcome::Ok));
    let (store, over) = (&world.store, AtomicBool::new(false));
    std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            let mut looks = 0;
            while !over.load(Ordering::Relaxed) || looks < 20 {
                let run = read::Run::open(store, "r1").unwrap();
                let overview = run.overview().unwrap();
                let jobs = run.jobs().unwrap();
                let told = overview.outcomes.values().sum::<u64>() + overview.in_between;
                assert_eq!(told, jobs.len() as u64, "one moment");
                assert!(jobs.iter().all(|job| run.job(*job).is_ok()));
                looks += 1;
            }
        });
        runtime.block_on(async {
            for job in 1..300 {
                through(&run, job, Outcome::Ok).await;
            }
        });
        over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}

#[tokio::test]
async fn only_what_has_ended_and_what_never_began_goes_by_age() {
    let world = World::new();
    let old = SystemTime::from(wall()) - Duration::from_secs(31 * 24 * 3600);
    let age = |path: PathBuf| std::fs::File::open(path).unwrap().set_modified(old).unwrap();
    for (name, ends) in [("r1", true), ("r2", true), ("r3", false)] {
        let run = world.begin();
        assert_eq!(run.name(), name);
        through(&run, 0, Outcome::Ok).await;
        run.close(ends).await.unwrap();
        drop(run);
        if name != "r2" {
            age(world.store.folder(name).unwrap().join("ledger.db"));
        }
    }
    for name in ["r8", "r9"] {
        std::fs::create_dir(world.store.folder("r1").unwrap().with_file_name(name)).unwrap();
    }
    age(world.store.folder("r8").unwrap());
    let sweep = world.store.sweep(Retention::DEFAULT, wall()).unwrap();
    let names: Vec<&str> = sweep.old.iter().map(|run| run.name.as_str()).collect();
    assert_eq!((names.as_slice(), sweep.kept), (["r8", "r1"].as_slice(), 3), "r9 may be about to begin");
}
