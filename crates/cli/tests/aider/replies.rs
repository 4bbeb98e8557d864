//! Replies that are hard to tell from something else, and failures that look like replies.

use crate::lab::{Lab, Ran};
use cluster::batch::ResultRecord;

/// A job: its name, its steps, its outcome, and what the reply must end with (or, after `Tokens`, what follows
/// aider's line of costs).
struct Case {
    name: &'static str,
    steps: &'static [&'static str],
    outcome: &'static str,
    reply: Reply,
}

enum Reply {
    /// What the model said, then the costs, then this.
    Model(&'static str),
    /// Something of aider's own.
    Aider(&'static str),
}

const fn case(
    name: &'static str,
    steps: &'static [&'static str],
    outcome: &'static str,
    reply: Reply,
) -> Case {
    Case { name, steps, outcome, reply }
}

const CASES: &[Case] = &[
    case("prompts", &["[[mode=lookalike tag=prompts]] say"], "ok", Reply::Model("")),
    case("prompts inside", &["[[also=lookalike tag=inside]] say"], "ok", Reply::Model("")),
    case("questions", &["[[mode=question tag=questions]] say"], "ok", Reply::Model("")),
    case("unicode", &["[[mode=unicode tag=unicode]] sag héllo 世界 🚀"], "ok", Reply::Model("")),
    case("long", &["[[mode=long n=2000 tag=long]] say"], "ok", Reply::Model("")),
    case(
        "all at once",
        &["/add a.py", "[[mode=edit also=lookalike,question,unicode,long file=a.py tag=all]] edit"],
        "ok",
        Reply::Model("\nApplied edit to a.py"),
    ),
    case(
        "at the second try",
        &["/add b.py", "[[mode=badonce file=b.py tag=second]] edit"],
        "ok",
        Reply::Aider("\nApplied edit to b.py"),
    ),
    case("a limit that heals", &["[[mode=429 n=1 tag=heals]] say"], "ok", Reply::Model("")),
    case("a server that heals", &["[[mode=500 n=2 tag=server]] say"], "ok", Reply::Model("")),
    case("a line that breaks", &["[[mode=midreset n=1 tag=line]] say"], "ok", Reply::Model("")),
    case(
        "an edit that does not apply",
        &["/add c.py", "[[mode=bad file=c.py tag=bad]] edit", "[[tag=never]] this is not sent"],
        "error",
        Reply::Aider("Only 3 reflections allowed, stopping."),
    ),
    case("nothing", &["[[mode=empty tag=nothing]] say"], "error", Reply::Aider("")),
    case("a bad request", &["[[mode=400]] say"], "error", Reply::Aider("The request is not valid")),
    case("a bad key", &["[[mode=401]] say"], "error", Reply::Aider("Check your API key.")),
    case("no room", &["[[mode=ctx]] say"], "context_full", Reply::Aider("token-limits.html")),
    case("cut off", &["[[mode=length]] say"], "context_full", Reply::Aider("token-limits.html")),
    case("outside", &["/add ../models.json"], "error", Reply::Aider("/repository")),
    case("not there", &["/read-only none.py"], "error", Reply::Aider("No matches found for: none.py")),
    case("after all that", &["[[tag=after]] say"], "ok", Reply::Model("")),
];

fn run(lab: &Lab, cases: &[Case], words: &[&str]) -> Ran {
    let line = |case: &Case| format!("{}\n", serde_json::json!({ "id": case.name, "steps": case.steps }));
    let list: String = cases.iter().map(line).collect();
    lab.run(&[&["--from", "-"], words].concat(), &list)
}

fn check(lab: &Lab, case: &Case, record: &ResultRecord) {
    assert_eq!((record.job.as_str(), record.outcome.word()), (case.name, case.outcome), "{record:?}");
    assert_eq!(record.error.is_none(), case.outcome == "ok", "{record:?}");
    assert!(record.warnings.is_empty() && !record.truncated, "{record:?}");
    match case.reply {
        Reply::Aider(end) => assert!(record.reply.ends_with(end), "{record:?}"),
        Reply::Model(end) => {
            let step = case.steps[case.steps.len() - 1];
            let tag = step.split_once("tag=").unwrap().1.split_once("]]").unwrap().0;
            let asked = lab.model.asked();
            let last = asked.iter().rfind(|asked| asked.tag.as_deref() == Some(tag)).unwrap();
            assert_eq!(last.said(), step);
            // aider takes blanks from the end of what the model said.
            let rest = record.reply.strip_prefix(last.answer.trim_end());
            let rest = rest.unwrap_or_else(|| panic!("not what the model said: {record:?}"));
            let (costs, rest) =
                rest.trim_start_matches('\n').split_at(rest.trim_start().find(" session.").unwrap());
            assert!(costs.starts_with("Tokens: ") && !costs.contains('\n'), "{record:?}");
            assert_eq!(rest, format!(" session.{end}"), "{record:?}");
            let usage = record.usage.unwrap_or_else(|| panic!("aider counts tokens: {record:?}"));
            assert!(usage.input.is_some_and(|tokens| tokens > 0), "{record:?}");
            assert!(usage.output.is_some() && usage.cost_usd.is_some(), "{record:?}");
        }
    }
}

#[test]
fn replies_and_failures_are_what_they_are() {
    let Some(lab) = Lab::new(&[]) else { return };
    for name in ["a.py", "b.py", "c.py"] {
        lab.file(name, "x = 1\n");
    }
    lab.commit();
    let ran = run(&lab, CASES, &["-n", "2"]);
    assert_eq!((ran.status, ran.records.len()), (Some(1), CASES.len()), "{}", ran.stderr);
    ran.slots();
    for (case, record) in CASES.iter().zip(&ran.records) {
        check(&lab, case, record);
    }
    assert_eq!(lab.changes(), [" M a.py", " M b.py"]);
    assert_eq!(
        (lab.read("a.py"), lab.read("b.py")),
        ("x = 1\n# edit all\n".into(), "x = 1\n# edit second\n".into())
    );
    assert!(lab.model.asked().iter().all(|asked| asked.tag.as_deref() != Some("never")));
}

/// aider tries again for more than a minute before it gives up.
#[test]
fn a_limit_that_stays_is_named_and_the_instance_goes_on() {
    let Some(lab) = Lab::new(&[]) else { return };
    let cases = [
        case(
            "a limit that stays",
            &["[[mode=429 tag=stays after=0.01]] say", "[[tag=never]] this is not sent"],
            "limited",
            Reply::Aider("Try again later or check your quotas."),
        ),
        case("after it", &["[[tag=after]] say"], "ok", Reply::Model("")),
    ];
    let ran = run(&lab, &cases, &["-n", "1", "--on-limit", "fail"]);
    assert_eq!((ran.status, ran.records.len()), (Some(1), 2), "{}", ran.stderr);
    assert_eq!(ran.slots(), [0]);
    for (case, record) in cases.iter().zip(&ran.records) {
        check(&lab, case, record);
    }
    let asked = lab.model.asked();
    let tries = asked.iter().filter(|asked| asked.mode == "429").count();
    assert_eq!(
        (tries, asked.len()),
        (27, 28),
        "three tries of the client in each of aider's nine, and the job after"
    );
}
