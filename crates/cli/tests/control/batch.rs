//! A batch that runs, looked at from outside.

use crate::lab::Lab;

#[test]
fn a_batch_is_seen_and_its_jobs_are_taken_back_by_name() {
    let lab = Lab::new();
    let tool = lab.tool(&[]);
    let words = ["run", &format!("{tool}:1"), "-q", "--env", "A", "[[hang]] one", "two", "[[hang]] three"];
    let mut run = lab.command(&words).spawn().unwrap();
    lab.await_log("[[hang]] one");
    let status = lab.status();
    assert_eq!((&status["pool"]["name"], &status["pool"]["kind"]), (&"r1".into(), &"run".into()));
    assert_eq!((&status["jobs"]["working"], &status["tickets"]), (&1.into(), &serde_json::Value::Null));
    let refused = lab.run(&["send", "a prompt"]);
    assert!(refused.status == 2 && refused.stderr.contains("r1 is a batch"), "{refused}");
    assert_eq!(lab.run(&["down", "-p", "r1"]).status, 2);
    assert_eq!(lab.run(&["cancel", "17"]).status, 2);
    lab.ok(&["cancel", "-p", "r1", "1"]);
    lab.await_log("[[hang]] three");
    let ended = &lab.status()["jobs"]["ended"];
    assert_eq!((&ended["ok"], &ended["cancelled"]), (&1.into(), &1.into()));
    lab.ok(&["cancel", "3"]);
    assert_eq!(run.wait().unwrap().code(), Some(1));
    assert_eq!(lab.run(&["status"]).status, 2);
    assert_eq!(std::fs::read_dir(lab.place()).unwrap().count(), 0, "it leaves nothing");
}
