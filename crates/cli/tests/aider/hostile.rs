//! Items that look like something else. None of them does what it looks like.

use crate::lab::{Lab, Ran};

/// Names that are commands, programs, patterns, and text of other languages. Each is also a file.
const NAMES: [&str; 9] =
    ["!touch x", "a b.py", "--help", "{}", "{a", "it's.py", "$(touch y)", "`touch z`", "é 世界 [1]*.py"];

/// What no command of aider can carry, and why not.
const REFUSED: [(&str, &str); 4] = [
    ("two\nlines.py", "has a line end in it"),
    ("say \"hi\".py", "has a double quote in it"),
    ("", "is blank"),
    (" ", "is blank"),
];

fn run(lab: &Lab, items: &[&str], steps: &[&str]) -> Ran {
    let list: String = items.iter().map(|item| format!("{item}\0")).collect();
    let steps: Vec<&str> = steps.iter().flat_map(|step| ["-s", step]).collect();
    let ran = lab.run(&[&["-n", "1", "-0"], steps.as_slice()].concat(), &list);
    assert_eq!(ran.records.len(), items.len(), "{}", ran.stderr);
    assert_eq!(ran.slots(), [0]);
    for (item, record) in items.iter().zip(&ran.records) {
        assert_eq!(record.item.as_deref(), Some(*item));
    }
    ran
}

/// The items of these reached the model, in this order, and nothing else did.
fn assert_said(lab: &Lab, expected: &[String]) {
    let asked = lab.model.asked();
    assert_eq!(asked.iter().map(|asked| asked.said().to_owned()).collect::<Vec<_>>(), expected);
}

/// Nothing was changed, made or committed; names of the repository are not looked at by git alone.
fn assert_untouched(lab: &Lab, files: usize) {
    assert_eq!(lab.changes(), [""; 0]);
    // The folder of git, and the file that every repository has.
    assert_eq!(std::fs::read_dir(lab.repository()).unwrap().count(), files + 2);
}

#[test]
fn as_names_of_files() {
    let Some(lab) = Lab::new(&[]) else { return };
    for name in NAMES {
        lab.file(name, "x = 1\n");
    }
    lab.commit();
    let outside = "../models.json";
    let refused = REFUSED.map(|(item, _)| item);
    let items = [&NAMES[..], &[outside], &refused].concat();
    let ran = run(&lab, &items, &["/add {}", "Say hello about {}"]);

    let (named, others) = ran.records.split_at(NAMES.len());
    for record in named {
        let name = record.item.as_deref().unwrap();
        assert!(record.is_ok(), "{record:?}");
        assert_eq!(record.steps[0].reply, format!("Added {name} to the chat"));
        assert!(record.reply.starts_with("PLAIN "), "{record:?}");
    }
    assert_eq!((others[0].outcome.word(), others[0].steps.len()), ("error", 1), "{:?}", others[0]);
    for ((item, why), record) in REFUSED.iter().zip(&others[1..]) {
        assert_eq!(
            (record.outcome.word(), record.instance.is_none()),
            ("refused", true),
            "{item:?}: {record:?}"
        );
        assert!(record.error.as_ref().unwrap().contains(why), "{item:?}: {record:?}");
    }
    assert_said(&lab, &NAMES.map(|name| format!("Say hello about {name}")));
    assert_untouched(&lab, NAMES.len());
}

#[test]
fn as_prompts() {
    let Some(lab) = Lab::new(&[]) else { return };
    let items = [
        "/exit",
        "!touch x",
        "/run touch x",
        "a b.py",
        "--help",
        "{}",
        "{",
        "{tag\n/exit\ntag}",
        "two\n/exit\n!touch x\nlines",
        "it's.py",
        "$(touch y)",
        "../outside.py",
        "say \"hi\"",
        "/zz-0123456789abcdef",
        "diff> ",
    ];
    let ran = run(&lab, &items, &[]);
    assert_eq!((ran.status, ran.outcomes()), (Some(0), vec!["ok"; items.len()]), "{}", ran.stderr);
    assert!(ran.records.iter().all(|record| record.reply.starts_with("PLAIN ")), "{:?}", ran.records);
    assert_said(&lab, &items.map(|item| item.trim().to_owned()));
    assert_untouched(&lab, 0);
}

/// aider looks at the text after `/ask` again.
#[test]
fn as_questions() {
    let Some(lab) = Lab::new(&[]) else { return };
    let items = ["!touch x", "/exit", "\u{1c}/exit", "", "what is $(touch y)?", "{}", "--help"];
    let ran = run(&lab, &items, &["/ask {}"]);
    let (refused, asked) = (["refused"; 4], ["ok"; 3]);
    assert_eq!(ran.outcomes(), [&refused[..], &asked].concat(), "{}", ran.stderr);
    assert_said(&lab, &items[4..].iter().map(|item| (*item).to_owned()).collect::<Vec<_>>());
    assert_untouched(&lab, 0);
}
