//! A usage limit of one vendor, and what the others do meanwhile.

use super::{Agent, Vendors, is_answer, job};
use crate::world::Running;
use serde_json::Value;

/// Claude as it is, but for how long a limit holds it.
const CLAUDE: &str = include_str!("../../../../cluster/profiles/claude.toml");
/// A limit that is soon over.
const BRIEF: &str = "1s";
/// One that lasts for longer than a run waits.
const LONG: &str = "13h";

/// How many jobs each of them is given.
const EACH: usize = 5;

/// A claude that meets a limit, and a codex that is answered from `release` on.
fn limited(hold: &str) -> Option<Vendors> {
    let mut vendors = Vendors::new(&["--together", "2"], &[])?;
    // It does not try again by itself.
    vendors.env.push(("CLAUDE_CODE_MAX_RETRIES", "0".into()));
    vendors.claude.control(Some("429"));
    let profile = format!("{CLAUDE}\n[hold]\nmin = \"{hold}\"\nmax = \"{hold}\"\n");
    std::fs::write(vendors.world.path("claude.toml"), profile).unwrap();
    let jobs = (0..2 * EACH).map(|number| job(Some(agent(number)), &prompt(number)));
    std::fs::write(vendors.world.path("jobs.jsonl"), jobs.collect::<String>()).unwrap();
    Some(vendors)
}

/// For whom a job is.
const fn agent(number: usize) -> Agent {
    if number.is_multiple_of(2) { Agent::Claude } else { Agent::Codex }
}

fn prompt(number: usize) -> String {
    format!("question number {number}")
}

/// Whether these are answered, each by whom it was for.
fn assert_answered(results: &[Value]) {
    for result in results {
        let number = usize::try_from(result["index"].as_u64().unwrap()).unwrap();
        assert!(is_answer(result, &prompt(number)), "{result}");
        assert_eq!(result["instance"]["tool"], agent(number).profile(), "{result}");
        assert_eq!(result["attempt"], 1, "a limit is no attempt: {result}");
    }
}

/// The next results, as they come.
fn take(running: &mut Running, count: usize) -> Vec<Value> {
    (0..count).map(|_| serde_json::from_str(&running.line().unwrap()).unwrap()).collect()
}

#[test]
fn only_the_vendor_with_the_limit_is_held() {
    let Some(vendors) = limited(BRIEF) else { return };
    let mut running = vendors.begin("run", &["codex:1,./claude.toml:2", "--from", "jobs.jsonl", "--json"]);
    running.says("claude is limited until ");
    vendors.codex.release();
    // All of codex's, while nobody may ask claude's model for anything.
    let first = take(&mut running, EACH);
    assert!(first.iter().all(|result| result["instance"]["tool"] == "codex"), "{first:?}");
    vendors.claude.control(None);
    let ran = running.end();
    assert_eq!((ran.status, ran.results().len()), (0, EACH), "{ran}");
    assert_answered(&[first, ran.results()].concat());
    assert!(ran.stderr.contains("the limit of claude is over"), "{ran}");
    assert!(!ran.stderr.contains("codex is limited"), "{ran}");
}

#[test]
fn with_next_what_one_vendor_does_not_take_ends_at_the_other() {
    let Some(vendors) = limited(LONG) else { return };
    let prompts: Vec<String> = (0..2 * EACH).map(prompt).collect();
    let items: Vec<&str> = prompts.iter().map(String::as_str).collect();
    let words = ["codex:1,./claude.toml:1", "--on-limit", "next", "--json"];
    let mut running = vendors.begin("run", &[&words, &items[..]].concat());
    running.says("claude is limited until ");
    vendors.codex.release();
    let ran = running.end();
    let results = ran.results();
    assert_eq!((ran.status, results.len()), (0, items.len()), "{ran}");
    for (result, prompt) in results.iter().zip(&prompts) {
        assert!(is_answer(result, prompt), "{ran}");
        let (tool, attempt) = (&result["instance"]["tool"], &result["attempt"]);
        assert_eq!((tool, attempt), (&"codex".into(), &1.into()), "a limit is no attempt: {ran}");
    }
    assert!(!ran.stderr.contains("codex is limited"), "{ran}");
}

#[test]
fn a_run_that_is_told_to_fail_ends_what_is_limited_and_answers_the_rest() {
    let Some(vendors) = limited(BRIEF) else { return };
    let words = ["codex:1,./claude.toml:1", "--from", "jobs.jsonl", "--on-limit", "fail", "--json"];
    let mut running = vendors.begin("run", &words);
    let first = take(&mut running, EACH);
    vendors.codex.release();
    let ran = running.end();
    assert_eq!((ran.status, ran.results().len()), (1, EACH), "{ran}");
    assert_answered(&ran.results());
    assert!(first.iter().all(|result| result["outcome"] == "limited" && result["attempt"] == 1), "{first:?}");
    assert!(!ran.stderr.contains(" is limited until "), "nobody is held: {ran}");
}

#[test]
fn a_run_that_would_wait_too_long_ends_when_the_other_vendor_is_done() {
    let Some(vendors) = limited(LONG) else { return };
    let mut running = vendors.begin("run", &["codex:1,./claude.toml:1", "--from", "jobs.jsonl", "--json"]);
    running.says("claude is limited until ");
    vendors.codex.release();
    let ran = running.end();
    assert_eq!((ran.status, ran.results().len()), (4, 2 * EACH), "{ran}");
    let (ended, left): (Vec<_>, Vec<_>) = ran.results().into_iter().partition(|it| it["outcome"] == "ok");
    assert_eq!((ended.len(), left.len()), (EACH, EACH), "{ran}");
    assert_answered(&ended);
    assert!(ran.stderr.contains("'cluster resume r1' goes on with it"), "{ran}");
}
