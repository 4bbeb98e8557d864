//! Jobs that come back from the pool, and tasks at services.

use super::*;

#[tokio::test]
async fn what_waited_for_another_attempt_is_still_to_be_done() {
    let world = World::new();
    let run = world.begin();
    for job in 0..2 {
        assert!(run.plan(planned(job, &format!("job {job}"))).is_some());
        send(&run, job).await.unwrap();
    }
    // The first met a usage limit and waited, the second was interrupted.
    run.put_back(ended(0, Outcome::Cancelled)).await.unwrap();
    run.keep(ended(1, Outcome::Cancelled), Log::default()).await.unwrap();
    let standing = run.close(true).await.unwrap();
    assert_eq!((standing.unknown, standing.pending, standing.is_finished), (1, 1, false));
    drop(run);
    let run = world.resume(ASK);
    assert!(run.plan(planned(0, "job 0")).is_some());
    assert!(run.plan(planned(1, "job 1")).is_none(), "nobody knows what became of it");
}

#[tokio::test]
async fn what_a_limit_turned_away_is_still_to_be_done_when_the_controller_dies() {
    let world = World::new();
    let run = world.begin();
    assert!(run.plan(planned(0, "job 0")).is_some());
    send(&run, 0).await.unwrap();
    run.errand(0).unwrap().turned_away();
    assert!(run.plan(planned(2, "job 2")).is_some());
    run.errand(2).unwrap().turned_away();
    // It is written before what comes next.
    through(&run, 1, Outcome::Ok).await;
    drop(run);
    let run = world.resume(ASK);
    assert!(run.plan(planned(0, "job 0")).is_some());
    send(&run, 0).await.unwrap();
    let record = run.keep(ended(0, Outcome::Ok), Log::default()).await.unwrap();
    assert_eq!((record.outcome, record.attempt), (Outcome::Ok, 2));
    let jobs = read::Run::open(&world.store, "r1").unwrap().jobs().unwrap();
    assert_eq!(jobs.len(), 2, "what was never sent leaves no trace");
}

#[tokio::test]
async fn a_run_whose_jobs_all_came_back_is_kept() {
    let world = World::new();
    let run = world.begin();
    assert!(run.plan(planned(0, "job 0")).is_some());
    send(&run, 0).await.unwrap();
    run.put_back(ended(0, Outcome::Cancelled)).await.unwrap();
    let standing = run.close(true).await.unwrap();
    assert_eq!(standing, Standing { pending: 1, is_begun: true, ..Standing::default() });
    drop(run);
    assert!(world.resume(ASK).plan(planned(0, "job 0")).is_some());
}

#[tokio::test]
async fn a_task_is_asked_after_however_often_its_controller_dies() {
    let world = World::new();
    let run = world.begin();
    assert!(run.plan(planned(0, "job 0")).is_some());
    send(&run, 0).await.unwrap();
    run.errand(0).unwrap().submitted(&"123".into());
    // It is written with what comes next.
    through(&run, 1, Outcome::Ok).await;
    drop(run);
    for _ in 0..3 {
        let run = world.resume(ASK);
        assert!(run.plan(planned(0, "job 0")).is_some());
        send_for(&run, 0, Some("123")).await.unwrap();
    }
    // An attempt that submits it anew, and dies before it knows the task.
    let run = world.resume(ASK);
    assert!(run.plan(planned(0, "job 0")).is_some());
    send(&run, 0).await.unwrap();
    drop(run);
    assert!(world.resume(ASK).plan(planned(0, "job 0")).is_none(), "it may have been submitted twice");
}
