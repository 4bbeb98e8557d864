//! Reading beside a writer, and what goes when it is old.

use super::super::retention::Retention;
use super::*;
use crate::batch::clock::wall;
use crate::batch::result::StepRecord;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

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

#[tokio::test]
async fn a_record_of_before_there_were_logs_is_read_and_gone_on_with() {
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Error).await;
    drop(run);
    let older = rusqlite::Connection::open(world.ledger()).unwrap();
    older.execute_batch("DROP TABLE log").unwrap();
    drop(older);
    let log = |attempt| read::Run::open(&world.store, "r1").unwrap().log(0, attempt).unwrap();
    assert_eq!(log(None), Some(Vec::new()), "its reply had no turns");
    let run = world.resume(Policy { failed: true, ..ASK });
    assert!(run.plan(planned(0, "job 0")).is_some());
    send(&run, 0).await.unwrap();
    let again = ended(0, Outcome::Error);
    let step = StepRecord {
        prompt: String::new(),
        reply: "r".into(),
        completed_by: CompletedBy::Sentinel,
        evidence: String::new(),
        turn_us: 1,
    };
    let steps = vec![step];
    run.keep(ResultRecord { steps, ..again }, printed("\u{1b}[1mr")).await.unwrap();
    assert_eq!(log(None), Some(vec![b"\x1b[1mr".to_vec()]));
    assert_eq!((log(Some(1)), log(Some(3))), (Some(Vec::new()), None));
}
