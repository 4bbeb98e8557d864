use super::*;
use cluster::batch::plan::JobInfo;
use insta::assert_snapshot;
use proptest::prelude::*;

fn record(index: u64, item: &str, outcome: Outcome, reply: &str, error: Option<&str>) -> ResultRecord {
    let info = JobInfo { index, id: (index + 1).to_string(), item: Some(item.into()), ..JobInfo::default() };
    let blank = ResultRecord::refused(info, String::new(), "2026-11-21T03:00:00Z".parse().unwrap());
    let error = error.map(str::to_owned);
    ResultRecord { outcome, reply: reply.into(), error, turn_us: 1_500_000, ..blank }
}

fn report(results: &[(ResultRecord, Shown)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("junit.xml");
    let mut junit = Junit::open(&path).unwrap();
    for (record, shown) in results {
        junit.ended(record, *shown);
    }
    junit.write(Duration::from_secs(2)).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_outcome_has_its_place() {
    let results = [
        (record(0, "a.py", Outcome::Ok, "fine\tand\nwell", None), Shown::Whole),
        (record(1, "b<&\">\n", Outcome::Error, "no: ]]>\u{1b}[31m\0", Some("exit status 3")), Shown::Whole),
        (record(2, "c", Outcome::TimedOut, "", Some("no end within 1s")), Shown::Whole),
        (record(3, "d", Outcome::Cancelled, "", None), Shown::Whole),
        (record(4, "e", Outcome::Refused, "", Some("the pool gave up")), Shown::NotRun),
    ];
    assert_snapshot!(report(&results), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="cluster run" tests="5" skipped="2" failures="1" errors="1" time="2.000">
        <testsuite name="cluster run" tests="5" skipped="2" errors="1" failures="1" time="2.000">
            <testcase name="1 a.py" time="1.500">
                <system-out>fine    and
    well</system-out>
            </testcase>
            <testcase name="2 b&lt;&amp;&quot;&gt;\n" time="1.500">
                <failure message="exit status 3" type="error"/>
                <system-out>no: ]]&gt;\u{1b}[31m\u{0}</system-out>
            </testcase>
            <testcase name="3 c" time="1.500">
                <error message="no end within 1s" type="timed_out"/>
            </testcase>
            <testcase name="4 d" time="1.500">
                <skipped type="cancelled"/>
            </testcase>
            <testcase name="5 e" time="1.500">
                <skipped message="the pool gave up" type="not_run"/>
            </testcase>
        </testsuite>
    </testsuites>
    "#);
}

#[test]
fn long_replies_are_cut_and_many_are_left_out() {
    let long = "é".repeat(REPLY);
    let results: Vec<_> =
        (0..2).map(|index| (record(index, "x", Outcome::Ok, &long, None), Shown::Whole)).collect();
    let text = report(&results);
    assert_eq!((text.len() < 3 * REPLY, text.matches(" bytes more").count()), (true, 2), "{}", text.len());
    let mut full = Junit { path: PathBuf::new(), suite: TestSuite::new("x"), room: 10 };
    full.ended(&results[0].0, Shown::Whole);
    assert_eq!(full.room, 0);
    full.ended(&results[1].0, Shown::Whole);
    let text = full.suite.test_cases[1].system_out.as_ref().unwrap().as_str();
    assert_eq!(text, format!("\n… and {} bytes more", long.len()).as_str());
}

#[test]
fn what_is_no_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for place in [folder.path().to_owned(), folder.path().join("no/such/folder"), "/dev/null".into()] {
        assert!(Junit::open(&place).is_err(), "{place:?}");
    }
}

proptest! {
    /// XML 1.0 knows most control characters and two others not at all, not even escaped.
    #[test]
    fn any_text_makes_a_report_that_can_be_read(item: String, reply: String, error: String) {
        let item = format!("{item}\u{fffe}\u{ffff}\u{1}");
        let text = report(&[(record(0, &item, Outcome::Crashed, &format!("{reply}\u{ffff}\u{85}"), Some(&error)), Shown::Whole)]);
        let is_xml = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
        prop_assert!(text.chars().all(is_xml), "{:?}", text);
        let read = Report::deserialize_from_str(&text).unwrap();
        prop_assert_eq!((read.tests, read.errors), (1, 1));
    }
}
