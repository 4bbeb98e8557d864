//! One list over everybody.

use super::{Agent, Vendors, is_answer, job};
use std::collections::BTreeMap;
use std::io::Write;

/// How many jobs.
const JOBS: usize = 50;

#[test]
fn fifty_jobs_are_answered_each_by_an_agent_that_may() {
    let Some(vendors) = Vendors::new(&[], &[]) else { return };
    let mut agents = vec![Agent::Codex, Agent::Claude];
    agents.extend(&vendors.others);
    let counts: Vec<_> =
        agents.iter().map(|agent| (agent.profile(), 2 - usize::from(*agent == Agent::Gemini))).collect();
    let tools: Vec<_> = counts.iter().map(|(name, count)| format!("{name}:{count}")).collect();
    // Every other job is for one of them, in turn; the rest is for whoever is free.
    let of = |number: usize| number.is_multiple_of(2).then(|| agents[number / 2 % agents.len()]);
    let prompt = |number: usize| format!("question number {number}, 世界");
    let (running, mut input) = vendors.start(&[&tools.join(",")]);
    for number in 0..JOBS {
        input.write_all(job(of(number), &prompt(number)).as_bytes()).unwrap();
    }
    drop(input);
    let ran = running.end();
    let results = ran.results();
    assert_eq!((ran.status, results.len()), (0, JOBS), "{ran}");
    let mut slots = BTreeMap::<_, usize>::new();
    for (number, result) in results.iter().enumerate() {
        assert!(is_answer(result, &prompt(number)), "{number}: {result}\n{ran}");
        let (tool, step) = (result["instance"]["tool"].as_str().unwrap(), &result["steps"][0]);
        assert!(of(number).is_none_or(|agent| agent.profile() == tool), "{number}: {result}");
        assert_eq!((&step["completed_by"], &result["attempt"]), (&"protocol".into(), &1.into()), "{result}");
        *slots.entry((tool.to_owned(), result["instance"]["slot"].as_u64())).or_default() += 1;
    }
    for (tool, _) in counts {
        let done: usize = slots.iter().filter(|((name, _), _)| name == tool).map(|(_, count)| count).sum();
        assert!(done >= JOBS / 2 / agents.len(), "{slots:?}");
    }
}
