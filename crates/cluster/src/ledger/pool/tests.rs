//! What is put into the record of a pool is what the next controller finds.

use super::*;
use crate::ledger::LedgerError;
use crate::ledger::retention::Retention;
use pool_core::message::{Errand, JobId, Outcome, Placement, SlotId};
use std::time::Duration;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self, on_unknown: OnUnknown) -> (PoolRecord, Left) {
        self.open_for("fake", on_unknown).unwrap()
    }

    fn open_for(&self, tool: &str, on_unknown: OnUnknown) -> Result<(PoolRecord, Left), LedgerError> {
        let pool = NewPool { plan: tool.into(), writes: true, tools: vec![tool.into()], on_unknown };
        Pools::under(self.0.path())?.open("main", &pool)
    }
}

async fn accept(record: &PoolRecord, number: u64) -> Prompt {
    let (prompt, accepted) = record.accept(number, &[format!("p{number}")], format!("r{number}"));
    accepted.wait().await.unwrap();
    prompt
}

async fn send(record: &PoolRecord, prompt: &Prompt) {
    let placement = Placement { job: JobId::fresh(), attempt: 1, slot: SlotId(0), generation: 1, task: None };
    record.errand(prompt).before(&placement).await.unwrap();
}

async fn keep(record: &PoolRecord, number: u64, prompt: &Prompt, outcome: Outcome, end: End) {
    let blank = ResultRecord::refused(info(number, Vec::new()), String::new(), wall());
    let result = ResultRecord { outcome, reply: format!("reply {number}"), ..blank };
    record.keep(prompt, result, end).await.unwrap();
}

fn told(record: &PoolRecord, number: u64) -> Option<(Outcome, String)> {
    record.result(number).map(|result| (result.outcome, result.reply))
}

fn waiting(left: &Left) -> Vec<(u64, &str)> {
    left.waiting.iter().map(|waiting| (waiting.number, waiting.request.as_str())).collect()
}

/// One of each kind: done, done and read, being sent, waiting, taken back before and after it was sent, refused, interrupted.
async fn one_of_each(home: &Home) {
    let (record, left) = home.open(OnUnknown::Ask);
    assert_eq!((left.counts(), left.last), ([0; 3], 0));
    let mut prompts = Vec::new();
    for number in 1..=8 {
        prompts.push(accept(&record, number).await);
    }
    for sent in [0, 1, 2, 5, 7] {
        send(&record, &prompts[sent]).await;
    }
    keep(&record, 2, &prompts[1], Outcome::Ok, End::Ended).await;
    record.read(2);
    keep(&record, 1, &prompts[0], Outcome::Ok, End::Ended).await;
    keep(&record, 5, &prompts[4], Outcome::Cancelled, End::Withdrawn).await;
    keep(&record, 6, &prompts[5], Outcome::Cancelled, End::Withdrawn).await;
    keep(&record, 7, &prompts[6], Outcome::Refused, End::Ended).await;
    keep(&record, 8, &prompts[7], Outcome::Cancelled, End::Ended).await;
    // Not sent, and taken back because the controller ends: still to be done.
    keep(&record, 4, &prompts[3], Outcome::Cancelled, End::Back).await;
}

#[tokio::test]
async fn the_next_controller_goes_on_with_what_is_left() {
    let home = Home::new();
    one_of_each(&home).await;
    let (record, left) = home.open(OnUnknown::Ask);
    assert_eq!((left.last, waiting(&left)), (8, vec![(4, "r4")]));
    assert_eq!(left.unknown, [3, 8]);
    let unread: Vec<u64> = left.unread.iter().map(|(number, _)| *number).collect();
    assert_eq!(unread, [1, 5, 6, 7, 8, 3], "in the order in which they ended");
    let of = |number| told(&record, number);
    assert_eq!(of(1), Some((Outcome::Ok, "reply 1".into())));
    assert_eq!(of(2), Some((Outcome::Ok, "reply 2".into())));
    assert_eq!(of(3), Some((Outcome::Unknown, String::new())));
    assert_eq!(of(6), Some((Outcome::Cancelled, "reply 6".into())));
    assert_eq!(of(7), Some((Outcome::Refused, "reply 7".into())));
    assert_eq!((of(4), of(9)), (None, None));
    [1, 3, 5, 6, 7].into_iter().for_each(|number| record.read(number));
    record.close().await.unwrap();
    drop(record);
    let (_, left) = home.open(OnUnknown::Ask);
    assert_eq!(left.unread, [(8, Outcome::Unknown)], "each once");
}

#[tokio::test]
async fn what_nobody_knows_the_end_of_follows_the_policy() {
    let home = Home::new();
    one_of_each(&home).await;
    let (record, left) = home.open(OnUnknown::Retry);
    assert_eq!(waiting(&left), [(3, "r3"), (4, "r4"), (8, "r8")]);
    let again = &left.waiting[0].prompt;
    send(&record, again).await;
    keep(&record, 3, again, Outcome::Ok, End::Ended).await;
    assert_eq!(record.result(3).unwrap().attempt, 2);
    drop((record, left));
    let (record, left) = home.open(OnUnknown::Skip);
    assert_eq!(left.unknown, [8]);
    record.close().await.unwrap();
    drop(record);
    let (_, left) = home.open(OnUnknown::Retry);
    assert_eq!(waiting(&left), [(4, "r4")], "it was taken for failed");
}

#[tokio::test]
async fn prompts_that_wait_are_not_for_other_tools_and_nobody_else_may_write() {
    let home = Home::new();
    let (record, _) = home.open(OnUnknown::Ask);
    let prompt = accept(&record, 1).await;
    assert!(matches!(home.open_for("fake", OnUnknown::Ask), Err(LedgerError::Held { .. })));
    drop(record);
    assert!(matches!(home.open_for("other", OnUnknown::Ask), Err(LedgerError::OtherTools(_))));
    let (record, _) = home.open(OnUnknown::Ask);
    keep(&record, 1, &prompt, Outcome::Cancelled, End::Withdrawn).await;
    drop(record);
    let (record, left) = home.open_for("other", OnUnknown::Ask).unwrap();
    assert_eq!(left.last, 1, "numbers go on");
    drop(record);
    Pools::under(home.0.path()).unwrap().forget("main").unwrap();
    assert_eq!(home.open(OnUnknown::Ask).1.last, 0);
}

#[tokio::test]
async fn a_record_that_was_broken_off_is_begun_again() {
    let home = Home::new();
    drop(home.open(OnUnknown::Ask));
    let path = home.0.path().join("cluster/pools/main").join(LEDGER);
    std::fs::write(&path, "").unwrap();
    let (record, left) = home.open(OnUnknown::Ask);
    assert_eq!(left.last, 0);
    accept(&record, 1).await;
    drop(record);
    std::fs::write(&path, "what is this?").unwrap();
    assert!(home.open_for("fake", OnUnknown::Ask).is_err(), "somebody else's file is left alone");
}

#[tokio::test]
async fn what_waited_for_another_attempt_is_sent_by_the_next_controller() {
    let home = Home::new();
    let (record, _) = home.open(OnUnknown::Ask);
    let prompt = accept(&record, 1).await;
    send(&record, &prompt).await;
    // It met a usage limit, and then the pool went down, or gave up.
    keep(&record, 1, &prompt, Outcome::Cancelled, End::Back).await;
    record.close().await.unwrap();
    drop(record);
    let left = home.open(OnUnknown::Ask).1;
    assert_eq!((waiting(&left), &left.unknown[..]), (vec![(1, "r1")], &[][..]));
}

/// Lets these tickets have been used last long ago.
fn age(home: &Home, tickets: &[u64]) {
    let connection = Connection::open(ledger(home)).unwrap();
    for ticket in tickets {
        connection
            .execute("UPDATE event SET at = '2020-01-01T00:00:00Z' WHERE job = ?", [ticket - 1])
            .unwrap();
    }
}

fn ledger(home: &Home) -> PathBuf {
    home.0.path().join("cluster/pools/main").join(LEDGER)
}

/// The tickets that the record has.
fn kept(home: &Home) -> Vec<u64> {
    let connection = Connection::open(ledger(home)).unwrap();
    let mut numbers = connection.prepare("SELECT number + 1 FROM job ORDER BY number").unwrap();
    numbers.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

#[tokio::test]
async fn what_ended_long_ago_goes_when_the_pool_starts_and_its_numbers_stay_away() {
    let home = Home::new();
    one_of_each(&home).await;
    drop(home.open(OnUnknown::Ask));
    age(&home, &[1, 2, 3, 4, 6, 7]);
    let (record, left) = home.open(OnUnknown::Ask);
    assert_eq!(kept(&home), [3, 4, 5, 8], "what waits or is in doubt stays, and what is young");
    assert_eq!((left.last, waiting(&left), &left.unknown), (8, vec![(4, "r4")], &vec![3, 8]));
    assert_eq!((told(&record, 1), told(&record, 6)), (None, None));
    assert_eq!(told(&record, 5), Some((Outcome::Cancelled, "reply 5".into())));
    record.close().await.unwrap();
    drop(record);
    age(&home, &[5]);
    assert_eq!(home.open(OnUnknown::Ask).1.last, 8);
    assert_eq!(kept(&home), [3, 4, 8]);
    // What is missing for another reason is still found.
    let connection = Connection::open(ledger(&home)).unwrap();
    connection.execute_batch("DELETE FROM event WHERE job = 3; DELETE FROM job WHERE number = 3").unwrap();
    assert!(matches!(home.open_for("fake", OnUnknown::Ask), Err(LedgerError::Damaged { .. })));
}

#[tokio::test]
async fn the_last_tickets_may_go_and_numbers_go_on() {
    let home = Home::new();
    let (record, _) = home.open(OnUnknown::Ask);
    for number in 1..=2 {
        let prompt = accept(&record, number).await;
        keep(&record, number, &prompt, Outcome::Refused, End::Ended).await;
    }
    record.close().await.unwrap();
    drop(record);
    age(&home, &[1, 2]);
    let (record, left) = home.open(OnUnknown::Ask);
    assert_eq!((kept(&home), left.last), (vec![], 2));
    accept(&record, 3).await;
    drop(record);
    assert_eq!(waiting(&home.open(OnUnknown::Ask).1), [(3, "r3")]);
}

#[tokio::test]
async fn a_pool_that_stays_up_forgets_what_was_read_long_ago() {
    let home = Home::new();
    let (record, _) = home.open(OnUnknown::Ask);
    for number in 1..=3 {
        let prompt = accept(&record, number).await;
        send(&record, &prompt).await;
        if number < 3 {
            keep(&record, number, &prompt, Outcome::Ok, End::Ended).await;
        }
    }
    record.read(2);
    accept(&record, 4).await;
    age(&home, &[1, 2, 3]);
    for number in 5..=1028 {
        accept(&record, number).await;
    }
    // Its turn comes after the tickets have been told.
    accept(&record, 1029).await;
    assert_eq!(kept(&home)[..4], [1, 3, 4, 5], "unread results stay for clients that know of them");
    drop(record);
    assert_eq!(home.open(OnUnknown::Ask).1.last, 1029);
    assert_eq!(kept(&home)[0], 3);
}

#[tokio::test]
async fn a_record_that_nobody_has_used_for_long_goes_if_all_in_it_has_ended() {
    let home = Home::new();
    let (record, _) = home.open(OnUnknown::Ask);
    let pools = Pools::under(home.0.path()).unwrap();
    let names = |later: u64| {
        let (keep, day) = (Retention::DEFAULT.keep, Duration::from_secs(24 * 3600));
        let old = pools.sweep(keep, wall() + day * u32::try_from(later).unwrap()).unwrap();
        old.into_iter().map(|pool| pool.name).collect::<Vec<_>>()
    };
    let prompt = accept(&record, 1).await;
    assert!(names(31).is_empty(), "it is up");
    drop(record);
    assert!(names(31).is_empty(), "a prompt waits in it");
    let (record, _) = home.open(OnUnknown::Ask);
    keep(&record, 1, &prompt, Outcome::Refused, End::Ended).await;
    record.close().await.unwrap();
    drop(record);
    assert!(names(29).is_empty(), "it is young");
    assert_eq!(names(31), ["main"]);
}
