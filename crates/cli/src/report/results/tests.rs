use super::*;
use cluster::batch::plan::JobInfo;
use proptest::prelude::*;

fn record(index: u64, item: &str, reply: &str) -> ResultRecord {
    let info = JobInfo { index, id: (index + 1).to_string(), item: Some(item.into()), ..JobInfo::default() };
    let blank = ResultRecord::refused(info, String::new(), "2026-11-21T03:00:00Z".parse().unwrap());
    ResultRecord { reply: reply.into(), ..blank }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

#[test]
fn each_job_has_a_private_folder() {
    let world = tempfile::tempdir().unwrap();
    let folder = world.path().join("out");
    let mut results = Results::open(&folder, "bash x\n").unwrap();
    let (first, second) = (record(0, "src/a b.py", "one\r\n\0"), record(1, "../../é\n", ""));
    results.write(&second).unwrap();
    results.write(&first).unwrap();
    assert_eq!(names(&folder), [MARK, "000001-src_a_b.py", "000002-.._.._é"]);
    let place = results.place(&first);
    assert_eq!(std::fs::read(place.join("reply.txt")).unwrap(), b"one\r\n\0");
    let json = std::fs::read(place.join("result.json")).unwrap();
    assert_eq!(serde_json::from_slice::<ResultRecord>(&json).unwrap(), first);
    let private = [&folder, &place, &place.join("reply.txt"), &place.join("result.json"), &folder.join(MARK)];
    assert_eq!(private.map(|path| mode(path)), [0o700, 0o700, 0o600, 0o600, 0o600]);
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let world = tempfile::tempdir().unwrap();
    let full = world.path().join("full");
    std::fs::create_dir(&full).unwrap();
    Results::open(&full, "bash x\n").expect("an empty one will do");
    Results::open(&full, "bash x\n").expect("an earlier run of the same");
    let refused = Results::open(&full, "bash y\n").unwrap_err();
    assert!(refused.message.ends_with("full is not empty"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(full.join(MARK)).unwrap(), "bash x\n");
    std::fs::write(world.path().join("file"), "").unwrap();
    assert!(Results::open(&world.path().join("file"), "x").is_err());
    assert!(Results::open(&world.path().join("no/folder"), "x").is_err());
}

#[test]
fn the_same_run_again_replaces_job_by_job() {
    let world = tempfile::tempdir().unwrap();
    let run = |records: &[ResultRecord]| {
        let mut results = Results::open(world.path(), "x").unwrap();
        records.iter().for_each(|record| results.write(record).unwrap());
    };
    run(&[record(0, "a", "1"), record(1, "b", "2")]);
    run(&[record(0, "other", "3")]);
    assert_eq!(names(world.path()), [MARK, "000001-other", "000002-b"]);
    let reply = |name: &str| std::fs::read_to_string(world.path().join(name).join("reply.txt")).unwrap();
    assert_eq!((reply("000001-other"), reply("000002-b")), ("3".to_owned(), "2".to_owned()));
}

proptest! {
    #[test]
    fn any_item_has_a_name_that_stays_inside(item: String, index in 0..2_000_000_u64) {
        let name = name(&record(index, &item, ""));
        prop_assert!(!name.contains('/') && !name.contains('\0') && name.len() < 100);
        prop_assert_eq!(number(&name), Some(index));
    }
}
