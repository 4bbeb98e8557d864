//! A run, its controller's end, and the next controller: against real files.

mod back;
mod damage;
mod reading;

use super::log::Log;
use super::machine::{Fate, Machine, State};
use super::recorder::{Passed, Policy, Recorder};
use super::store::{NewRun, Store};
use super::writer::Standing;
use super::{LedgerError, read, rows, schema};
use crate::Job;
use crate::batch::ResultRecord;
use crate::batch::list::OnUnknown;
use crate::batch::plan::{JobInfo, Planned};
use jiff::Timestamp;
use pool_core::message::{
    CompletedBy, Errand, InstanceRef, JobId, Outcome, Placement, Reply, SlotId, StepReply, Timings,
};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const ASK: Policy = Policy { on_unknown: OnUnknown::Ask, failed: false };

/// A state folder of its own.
struct World {
    _dir: tempfile::TempDir,
    store: Store,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::under(dir.path()).unwrap();
        Self { store, _dir: dir }
    }

    fn begin(&self) -> Recorder {
        let first = super::identity::Identities::new(["t"]).of(&planned(0, "job 0"));
        let new = NewRun {
            words: vec!["run".into(), "t".into(), "".into()],
            folder: PathBuf::from("/somewhere"),
            plan: "a plan".into(),
            writes: true,
            first,
        };
        self.store.draft().unwrap().begin(&new, &["t".to_owned()]).unwrap()
    }

    fn resume(&self, policy: Policy) -> Recorder {
        self.store.resume("r1", &["t".to_owned()], policy).unwrap()
    }

    fn state(&self, id: &str) -> State {
        let run = read::Run::open(&self.store, "r1").unwrap();
        run.job(run.find(id).unwrap().unwrap()).unwrap().state
    }

    fn ledger(&self) -> PathBuf {
        self.store.folder("r1").unwrap().join("ledger.db")
    }
}

fn info(index: u64, text: &str) -> JobInfo {
    JobInfo { index, id: (index + 1).to_string(), prompts: vec![text.to_owned()], ..JobInfo::default() }
}

fn planned(index: u64, text: &str) -> Planned {
    Planned { info: info(index, text), job: Ok(Job::new().step(text)) }
}

fn ended(index: u64, outcome: Outcome) -> ResultRecord {
    let blank = ResultRecord::refused(info(index, ""), String::new(), Timestamp::UNIX_EPOCH);
    ResultRecord { outcome, reply: format!("reply {index}"), ..blank }
}

/// What a tool printed in the only turn.
fn printed(output: &str) -> Log {
    Log::take(&mut Ok(printing(output, Outcome::Ok)))
}

fn printing(output: &str, outcome: Outcome) -> Reply {
    let step = StepReply {
        text: String::new(),
        raw: Some(output.as_bytes().to_vec()),
        completed_by: CompletedBy::Sentinel,
        evidence: String::new(),
        outcome,
        detail: None,
        turn: Duration::ZERO,
        usage: None,
        cut: 0,
    };
    let instance = InstanceRef { tool: "t".into(), version: None, slot: SlotId(3), generation: 1 };
    Reply {
        outcome,
        steps: vec![step],
        instance,
        timings: Timings::default(),
        context_lost: false,
        warnings: Vec::new(),
        error: None,
    }
}

async fn send(run: &Recorder, index: u64) -> Result<(), pool_core::message::Refused> {
    send_for(run, index, None).await
}

/// As an attempt that asks after this task.
async fn send_for(run: &Recorder, index: u64, task: Option<&str>) -> Result<(), pool_core::message::Refused> {
    let task = task.map(Arc::from);
    let placement = Placement { job: JobId::fresh(), attempt: 1, slot: SlotId(3), generation: 1, task };
    run.errand(index).unwrap().before(&placement).await
}

/// Plans it, sends it, and keeps its end.
async fn through(run: &Recorder, index: u64, outcome: Outcome) -> ResultRecord {
    assert!(run.plan(planned(index, &format!("job {index}"))).is_some());
    send(run, index).await.unwrap();
    run.keep(ended(index, outcome), Log::default()).await.unwrap()
}

#[tokio::test]
async fn a_run_is_recorded_and_closed() {
    let world = World::new();
    let run = world.begin();
    assert_eq!(
        (run.name(), world.store.is_open("r1"), world.store.holder("r1")),
        ("r1", true, Some(std::process::id()))
    );
    let record = through(&run, 0, Outcome::Ok).await;
    assert_eq!((record.run.as_deref(), record.attempt), (Some("r1"), 1));
    assert_eq!(world.state("1"), State::Done);
    let standing = run.close(true).await.unwrap();
    assert_eq!(standing, Standing { settled: 1, is_begun: true, is_finished: true, ..Standing::default() });
    drop(run);
    assert!(!world.store.is_open("r1"));
    let run = read::Run::open(&world.store, "r1").unwrap();
    let overview = run.overview().unwrap();
    assert_eq!((overview.total, overview.ended.is_some(), overview.words.len()), (Some(1), true, 3));
    let job = run.job(run.find("1").unwrap().unwrap()).unwrap();
    assert_eq!(job.result.unwrap().reply, "reply 0");
    let story: Vec<_> = job.story.iter().map(|line| (line.what.as_str(), line.attempt)).collect();
    assert_eq!(story, [("send", 1), ("end", 1)]);
}

#[tokio::test]
async fn what_is_done_stays_done_and_the_rest_follows_the_policy() {
    let table: [(Policy, [bool; 4], Passed); 4] = [
        (ASK, [false, false, false, true], Passed { done: 1, failed: 1, unknown: 1 }),
        (
            Policy { on_unknown: OnUnknown::Retry, failed: false },
            [false, false, true, true],
            Passed { done: 1, failed: 1, unknown: 0 },
        ),
        (
            Policy { on_unknown: OnUnknown::Skip, failed: true },
            [false, true, false, true],
            Passed { done: 1, failed: 1, unknown: 0 },
        ),
        (
            Policy { on_unknown: OnUnknown::Retry, failed: true },
            [false, true, true, true],
            Passed { done: 1, failed: 0, unknown: 0 },
        ),
    ];
    for (policy, runs, passed) in table {
        let world = World::new();
        let run = world.begin();
        through(&run, 0, Outcome::Ok).await;
        through(&run, 1, Outcome::Error).await;
        assert!(run.plan(planned(2, "job 2")).is_some());
        send(&run, 2).await.unwrap();
        drop(run);
        let run = world.resume(policy);
        let planned = (0..4).map(|index| run.plan(planned(index, &format!("job {index}"))).is_some());
        assert_eq!(planned.collect::<Vec<_>>(), runs, "{policy:?}");
        assert_eq!(run.passed(), passed);
        for index in (0..4).filter(|index| runs[*index]) {
            send(&run, index as u64).await.unwrap();
            let record = run.keep(ended(index as u64, Outcome::Ok), Log::default()).await.unwrap();
            assert_eq!(record.attempt, if index == 3 { 1 } else { 2 }, "attempts are counted on");
        }
        let standing = run.close(true).await.unwrap();
        assert_eq!(standing.is_finished, passed.unknown == 0, "{policy:?}");
    }
}

/// Its attempt has ended, say at a usage limit: that it was sent is no reason to ask or to leave it out.
#[tokio::test]
async fn what_waited_for_another_attempt_when_the_pool_gave_up_is_still_to_be_done() {
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Ok).await;
    assert!(run.plan(planned(1, "job 1")).is_some());
    send(&run, 1).await.unwrap();
    run.put_back(ended(1, Outcome::Refused)).await.unwrap();
    assert_eq!(world.state("2"), State::Pending);
    let standing = run.close(true).await.unwrap();
    assert_eq!(standing, Standing { settled: 1, pending: 1, is_begun: true, ..Standing::default() });
    drop(run);
    let run = world.resume(ASK);
    assert!(run.plan(planned(0, "job 0")).is_none() && run.plan(planned(1, "job 1")).is_some());
    send(&run, 1).await.unwrap();
    assert_eq!(run.keep(ended(1, Outcome::Ok), Log::default()).await.unwrap().attempt, 2);
    assert!(run.close(true).await.unwrap().is_finished);
}

#[tokio::test]
async fn what_left_the_list_is_left_alone() {
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Ok).await;
    assert!(run.plan(planned(1, "job 1")).is_some());
    send(&run, 1).await.unwrap();
    drop(run);
    let run = world.resume(ASK);
    assert!(run.plan(planned(0, "job 0")).is_none());
    through(&run, 5, Outcome::Ok).await;
    assert!(run.close(true).await.unwrap().is_finished);
    assert_eq!(world.state("2"), State::Failed(Outcome::Unknown));
}

/// Fault 65.
#[tokio::test]
async fn one_controller_a_run_and_a_fenced_one_writes_no_more() {
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Ok).await;
    let second = world.store.resume("r1", &["t".to_owned()], ASK);
    assert!(matches!(second, Err(LedgerError::Held { pid, .. }) if pid == std::process::id()));
    // As if the lock had failed, and another one had taken over.
    let other = schema::open(&world.ledger()).unwrap();
    other.execute("UPDATE run SET epoch = epoch + 1", []).unwrap();
    assert!(run.plan(planned(1, "job 1")).is_some());
    let refused = send(&run, 1).await.unwrap_err();
    assert!(refused.to_string().contains("taken over"), "{refused}");
}

/// Fault 77.
#[tokio::test]
async fn a_record_that_was_removed_is_noticed() {
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Ok).await;
    std::fs::remove_file(world.ledger()).unwrap();
    assert!(run.plan(planned(1, "job 1")).is_some());
    assert!(send(&run, 1).await.unwrap_err().to_string().contains("was removed"));
}

#[tokio::test]
async fn what_was_never_sent_leaves_nothing() {
    let world = World::new();
    let run = world.begin();
    assert!(run.plan(planned(0, "job 0")).is_some());
    run.keep(ended(0, Outcome::Cancelled), Log::default()).await.unwrap();
    let standing = run.close(true).await.unwrap();
    assert_eq!(standing, Standing { pending: 1, ..Standing::default() });
    drop(run);
    assert_eq!(world.store.names().unwrap(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_list_that_an_unfinished_run_holds_is_found() {
    let world = World::new();
    let run = world.begin();
    let first = super::identity::Identities::new(["t"]).of(&planned(0, "job 0"));
    let other = super::identity::Identities::new(["t"]).of(&planned(0, "job 1"));
    let holding = |folder: &str, first| world.store.holding(folder.as_ref(), first).unwrap();
    assert_eq!(holding("/somewhere", first).as_deref(), Some("r1"), "it is at work");
    drop(run);
    assert_eq!(holding("/somewhere", first), None, "nothing was sent");
    let run = world.resume(ASK);
    assert!(run.plan(planned(0, "job 0")).is_some());
    send(&run, 0).await.unwrap();
    assert_eq!(holding("/somewhere", first).as_deref(), Some("r1"));
    assert_eq!((holding("/elsewhere", first), holding("/somewhere", other)), (None, None));
    assert!(run.plan(planned(1, "job 1")).is_some());
    send(&run, 1).await.unwrap();
    assert_eq!(holding("/somewhere", other).as_deref(), Some("r1"), "the head of the list was cut off");
    run.keep(ended(1, Outcome::Ok), Log::default()).await.unwrap();
    run.keep(ended(0, Outcome::Ok), Log::default()).await.unwrap();
    run.close(true).await.unwrap();
    assert_eq!(holding("/somewhere", first), None, "it has ended");
}

#[tokio::test]
async fn everything_is_private_and_removed_as_a_whole() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Ok).await;
    let folder = world.store.folder("r1").unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    assert!(matches!(world.store.remove("r1"), Err(LedgerError::Held { .. })));
    run.close(true).await.unwrap();
    drop(run);
    world.store.remove("r1").unwrap();
    assert!(!folder.exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// After every step, the record read back is what is in memory.
    #[test]
    fn replay_is_memory(steps in prop::collection::vec((0..4u64, 0..7u8), 0..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let world = World::new();
        let run = world.begin();
        for job in 0..4 {
            let planned = run.plan(planned(job, &format!("job {job}")));
            prop_assert!(planned.is_some());
        }
        let mut memory = [Machine::new(); 4];
        for (job, step) in steps {
            if run.errand(job).is_none() {
                continue;
            }
            if step == 6 {
                // Another attempt follows: it is put down, and the job stands where it stood.
                run.errand(job).unwrap().gives_way(&mut Ok(printing("half", Outcome::Crashed)));
                continue;
            }
            let placed = super::machine::Placed { slot: SlotId(3), generation: 1 };
            let (event, result) = match step {
                0..3 => (super::machine::Event::Send(placed), runtime.block_on(send(&run, job)).is_ok()),
                step => {
                    let (outcome, fate) = [
                        (Outcome::Ok, Fate::Final),
                        (Outcome::Crashed, Fate::Final),
                        (Outcome::Error, Fate::Bury),
                    ][usize::from(step) - 3];
                    let attempt = memory[job as usize].attempts();
                    let error = (fate == Fate::Bury).then(|| "dead letter: it crashed both".to_owned());
                    let record = ResultRecord { error, ..ended(job, outcome) };
                    let kept = runtime.block_on(run.keep(record, Log::default())).is_ok();
                    (super::machine::Event::End { attempt, outcome, fate }, kept)
                }
            };
            prop_assert!(result || memory[job as usize].after(event).is_err());
            memory[job as usize] = memory[job as usize].after(event).unwrap_or(memory[job as usize]);
            let connection = schema::read(&world.ledger()).unwrap();
            let book = rows::load(&connection, &world.ledger()).unwrap();
            let mut on_disk: Vec<Machine> = book.jobs().map(|(_, job)| job.on_disk()).collect();
            let mut expected: Vec<Machine> =
                memory.iter().copied().filter(|job| *job != Machine::new()).collect();
            on_disk.sort_by_key(|job| format!("{job:?}"));
            expected.sort_by_key(|job| format!("{job:?}"));
            prop_assert_eq!(on_disk, expected);
        }
    }
}

#[tokio::test]
async fn other_tools_do_not_go_on_with_a_run() {
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Ok).await;
    drop(run);
    let other = world.store.resume("r1", &["another".to_owned()], ASK);
    assert!(matches!(other, Err(LedgerError::OtherTools(name)) if name == "r1"));
    assert!(world.resume(ASK).plan(planned(0, "job 0")).is_none(), "it is done");
}

/// Fault 70.
#[tokio::test]
async fn a_record_of_a_later_version_is_refused_and_left_as_it_is() {
    let world = World::new();
    let run = world.begin();
    through(&run, 0, Outcome::Ok).await;
    drop(run);
    let later = schema::open(&world.ledger()).unwrap();
    later.pragma_update(None, "user_version", 1000).unwrap();
    drop(later);
    assert!(matches!(read::Run::open(&world.store, "r1"), Err(LedgerError::Newer(_))));
    let resumed = world.store.resume("r1", &["t".to_owned()], ASK);
    assert!(resumed.unwrap_err().to_string().ends_with("made by a later version of cluster: use that one"));
}
