use super::*;
use crate::profile::{Overrides, Surroundings};

/// A text tool, and what else its profile says.
fn text(more: &str) -> Profile {
    let text = format!(
        "schema = \"cluster.profile/1\"\ncommand = [\"sh\"]\n[turn]\nby = \"sentinel\"\nsend = \"echo {{nonce}}\"\n\
         expect = '^{{nonce}}$'\n{more}"
    );
    parse(&text)
}

fn agent(more: &str) -> Profile {
    let text = format!("schema = \"cluster.profile/1\"\ncommand = [\"sh\"]\n[turn]\nby = \"acp\"\n{more}");
    parse(&text)
}

fn parse(text: &str) -> Profile {
    Profile::parse("tool", text, &Overrides::default(), &Surroundings::default()).unwrap()
}

/// A word for each feature: a number for so many prompts, `see`, or what is settled.
fn words(profile: &Profile, pays: bool) -> String {
    let plan = Plan::of(profile, Path::new("/f"), pays);
    let words = plan.features.iter().map(|(feature, todo)| {
        let word = match todo {
            Todo::Watch => "see".to_owned(),
            Todo::Send(prompts) => prompts.len().to_string(),
            Todo::Settled(is, _) => is.word().to_owned(),
        };
        format!("{} {word}", feature.word())
    });
    words.collect::<Vec<_>>().join(", ")
}

const TEST: &str = "[test]\nsay = \"echo 42\"\nexpect = \"42\"\n";

#[test]
fn what_a_profile_says_is_what_is_tried() {
    let nothing_else = "permission not offered, cancel not tried, resume not offered, usage not offered";
    let table = [
        (text(""), format!("ready see, turn not tried, stream not tried, {nothing_else}, limit not offered, error not offered")),
        (text(TEST), format!("ready see, turn 1, stream not tried, {nothing_else}, limit not offered, error not offered")),
        (
            text(&format!("{TEST}[test.stream]\nsay = \"a\"\n[test.cancel]\nsay = \"b\"\n")),
            "ready see, turn 1, stream 1, permission not offered, cancel 2, resume not offered, usage not offered, limit not \
             offered, error not offered"
                .to_owned(),
        ),
        // Nothing would show that it goes on.
        (
            text("[test.cancel]\nsay = \"b\"\n[[outcome]]\nis = \"error\"\npattern = \"no\"\n"),
            format!("ready see, turn not tried, stream not tried, {nothing_else}, limit not offered, error not tried"),
        ),
        (
            text(&format!("{TEST}[test.error]\nsay = \"a\"\n[[outcome]]\nis = \"error\"\npattern = \"no\"\n")),
            format!("ready see, turn 1, stream not tried, {nothing_else}, limit not offered, error 2"),
        ),
        (
            agent(""),
            "ready see, turn 1, stream 1, permission 2, cancel 2, resume 2, usage see, limit not tried, error not tried"
                .to_owned(),
        ),
        (
            agent("[test.limit]\nsay = \"a\"\n[test.error]\nsay = \"b\"\n"),
            "ready see, turn 1, stream 1, permission 2, cancel 2, resume 2, usage see, limit 2, error 2".to_owned(),
        ),
    ];
    for (profile, expected) in table {
        assert_eq!(words(&profile, true), expected);
    }
}

#[test]
fn prompts_that_may_cost_are_not_sent_unless_paid_for() {
    let free = agent(TEST);
    let expected = "ready see, turn 1, stream not tried, permission not tried, cancel not tried, resume not tried, usage not \
                    tried, limit not tried, error not tried";
    assert_eq!(words(&free, false), expected);
    assert_eq!(words(&agent(""), false), expected.replace("turn 1", "turn not tried"));
    // A text tool whose profile reads tokens or knows limits has a model behind it.
    let limited = "[[outcome]]\nis = \"limited\"\npattern = \"no\"\n";
    for (turn, end) in [("", limited), ("usage = '(?P<input>\\d+) tokens'\n", "")] {
        let tool = text(&format!("{turn}{TEST}[test.stream]\nsay = \"a\"\n{end}"));
        assert!(words(&tool, false).contains("turn 1, stream not tried"), "{turn}{end}");
        assert!(words(&tool, true).contains("turn 1, stream 1"), "{turn}{end}");
    }
    // What costs nothing is sent without a word.
    let tool = text(&format!("{TEST}[test.stream]\nsay = \"a\"\n"));
    assert_eq!(words(&tool, false), words(&tool, true));
}

#[test]
fn the_prompts_are_the_profiles_own_where_it_has_some() {
    let tool = agent(
        "[test.permission]\nsay = \"write {file}\"\n[test.resume]\nsay = \"a\"\nthen = \"b\"\nexpect = \"c\"\n",
    );
    let plan = Plan::of(&tool, Path::new("/f"), true);
    assert_eq!(plan.sends(Feature::Permission).unwrap(), ["write /f/conformance.txt"; 2]);
    assert_eq!(plan.sends(Feature::Resume).unwrap(), ["a", "b"]);
    assert_eq!(recall(&tool.test).expect, "c");
    assert_eq!(plan.prompts().len(), 1 + 1 + 2 + 2 + 2);
    assert!(plan.prompts().iter().all(|prompt| !prompt.contains("{file}")));
}
