//! Many files, each edited by its own job.

use crate::lab::Lab;
use regex::Regex;

/// How many jobs: 20, or more on request.
fn jobs() -> usize {
    std::env::var("CLUSTER_TEST_AIDER_JOBS").map_or(20, |jobs| jobs.parse().unwrap())
}

fn file(number: usize) -> String {
    format!("f{number:04}.py")
}

fn text(number: usize) -> String {
    format!("# The file with number {number}.\nx = {number}\n")
}

#[test]
fn every_file_is_edited_once_by_its_own_job() {
    // The first three requests wait for each other, so that all three instances have work to do.
    let Some(lab) = Lab::new(&["--together", "3"]) else { return };
    let jobs = jobs();
    (0..jobs).for_each(|number| lab.file(&file(number), &text(number)));
    lab.commit();

    let steps = ["-s", "/add {}", "-s", "[[mode=edit file={} tag=t{.}]] Add a line to {}"];
    let items: String = (0..jobs).map(|number| file(number) + "\n").collect();
    let ran = lab.run(&[&["-n", "3"][..], &steps].concat(), &items);

    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!((ran.records.len(), ran.slots()), (jobs, vec![0, 1, 2]), "{}", ran.stderr);
    let after = r"\n\nTokens: [^\n]* sent, [^\n]* received\. Cost: [^\n]* session\.\nApplied edit to ";
    let after = Regex::new(&format!(r"\A{after}(\S+)\z")).unwrap();
    for (number, record) in ran.records.iter().enumerate() {
        let file = file(number);
        let tag = format!("t{}", file.trim_end_matches(".py"));
        let asked = lab.model.asked_once(&tag);
        assert_eq!(asked.said(), format!("[[mode=edit file={file} tag={tag}]] Add a line to {file}"));
        assert_eq!(record.item.as_deref(), Some(file.as_str()));
        let replies: Vec<&str> = record.steps.iter().map(|step| step.reply.as_str()).collect();
        let [added, edited] = replies[..] else { panic!("{record:?}") };
        assert_eq!(added, format!("Added {file} to the chat"));
        let rest = edited.strip_prefix(asked.answer.trim_end()).unwrap();
        assert_eq!(after.captures(rest).map(|found| found[1].to_owned()), Some(file.clone()), "{edited}");
        assert_eq!(lab.read(&file), format!("{}# edit {tag}\n", text(number)));
    }
    assert_eq!(lab.model.asked().len(), jobs);
    assert_eq!(lab.changes(), (0..jobs).map(|number| format!(" M {}", file(number))).collect::<Vec<_>>());
}
