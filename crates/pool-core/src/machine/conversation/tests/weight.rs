//! Memory, between two jobs.

use super::*;

/// A script whose tool and one child have so many bytes each, and may have 100 together.
fn script(limit: Option<u64>, each: u64) -> Script {
    let mut spec = spec();
    spec.limits.max_memory = limit;
    let mut script = Script::warm(spec);
    let process = |pid| Seen {
        pid,
        parent: 1,
        state: 'S',
        name: "fake".into(),
        ticks: 0,
        memory: each,
        waits_in: None,
        waits_for: None,
    };
    script.seen = vec![process(7), process(8)];
    script
}

/// What is done at the end of a job, besides telling of it.
fn after_a_job(script: &mut Script) -> Vec<String> {
    let (job, handle) = job(&["one"]);
    script.assign(job);
    assert_eq!(script.take_log(), [""; 0], "a job is not disturbed");
    script.answer("1\n");
    assert!(reply(handle).is_ok());
    script.take_log().split_off(2)
}

#[test]
fn f26_memory_is_looked_at_after_a_job_and_not_too_often() {
    let mut script = script(Some(100), 51);
    assert_eq!(after_a_job(&mut script), ["weigh", "outgrown 102"]);
    assert_eq!(after_a_job(&mut script), [""; 0], "it was looked at just now");
    script.pass(Duration::from_millis(999));
    assert_eq!(after_a_job(&mut script), [""; 0]);
    script.pass(Duration::from_millis(1));
    assert_eq!(after_a_job(&mut script), ["weigh", "outgrown 102"]);
}

#[test]
fn f26_what_is_allowed_or_not_asked_about_is_no_matter() {
    for (limit, each, expected) in
        [(Some(100), 50, &["weigh"][..]), (None, 51, &[]), (Some(100), 0, &["weigh"])]
    {
        assert_eq!(after_a_job(&mut script(limit, each)), expected, "{limit:?}, {each} each");
    }
}

#[test]
fn f26_one_that_is_going_anyway_is_not_weighed() {
    let mut script = script(Some(100), 51);
    let (job, handle) = job(&["one"]);
    script.assign(job);
    script.conversation.order(Order::Drain, script.now);
    script.answer("1\n");
    assert!(reply(handle).is_ok());
    assert!(!script.take_log().contains(&"weigh".to_owned()));
}
