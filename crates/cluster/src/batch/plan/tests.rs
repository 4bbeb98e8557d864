use super::*;
use crate::batch::list;
use crate::batch::template::Quote;

fn shell() -> (Offer, ToolRules) {
    (Offer::of("bash"), ToolRules { quote: Quote::Shell, ..ToolRules::default() })
}

fn agent() -> (Offer, ToolRules) {
    let rules = ToolRules {
        commands: vec!["/add".into()],
        command_prefixes: vec!["/".into()],
        ..ToolRules::default()
    };
    (Offer { capabilities: vec!["edit".into()], ..Offer::of("aider") }, rules)
}

fn bare(name: &str) -> (Offer, ToolRules) {
    (Offer::of(name), ToolRules::default())
}

fn settings(tools: &[(Offer, ToolRules)], steps: &[&str]) -> Settings {
    let steps = steps.iter().map(|step| (*step).to_owned()).collect();
    Settings { tools: tools.to_vec(), steps, ..Settings::default() }
}

fn plan_list(settings: &Settings, text: &str, folder: &Path) -> Result<Vec<Planned>, PlanError> {
    let jobs = list::read(text.as_bytes(), "l").unwrap();
    ListPlanner::new(settings, jobs, "l", folder).map(Iterator::collect)
}

#[test]
fn an_item_is_the_prompt_or_fills_the_steps() {
    let mut planner = ItemPlanner::new(&settings(&[shell()], &[])).unwrap();
    let planned = planner.plan(Ok("ls; pwd".into())).unwrap();
    assert_eq!(planned.job.unwrap().steps(), [Step::Say("ls; pwd".into())]);

    let mut planner = ItemPlanner::new(&settings(&[shell()], &["cd /", "wc < {} # {#}"])).unwrap();
    planner.plan(Ok("a".into())).unwrap();
    let planned = planner.plan(Ok("b c".into())).unwrap();
    let prompts = vec!["cd /".to_owned(), "wc < 'b c' # 2".to_owned()];
    let info = JobInfo { index: 1, id: "2".into(), item: Some("b c".into()), prompts, on_unknown: None };
    assert_eq!(planned.info, info);
}

#[test]
fn a_bad_item_refuses_its_own_job() {
    let mut planner = ItemPlanner::new(&settings(&[agent()], &["/add {}", "fix it"])).unwrap();
    let planned = planner.plan(Ok("a\nb".into())).unwrap();
    assert!(planned.job.unwrap_err().starts_with("the item has a line end"));
    assert_eq!((planned.info.item.as_deref(), planned.info.prompts.len()), (Some("a\nb"), 0));
    let unread = ItemError::NotText { place: "l line 2".into(), shown: "x".into() };
    let planned = planner.plan(Err(unread)).unwrap();
    assert!(planned.job.unwrap_err().starts_with("l line 2 is not UTF-8"));
    assert_eq!((planned.info.index, planned.info.item), (1, None));
    let end = ItemError::TooLong { place: "l line 3".into(), limit: 9 };
    assert!(planner.plan(Err(end)).is_err());
}

#[test]
fn what_stops_a_run_before_it_starts() {
    let wrong = |settings: &Settings| ItemPlanner::new(settings).unwrap_err().to_string();
    assert!(wrong(&settings(&[agent()], &["/exit {}"])).contains("not a command that steps may use (/add)"));
    assert!(wrong(&settings(&[shell()], &["ls", "pwd"])).starts_with("no step uses the item"));
    let allowed = Settings { allow_commands: true, ..settings(&[agent()], &["/exit {}"]) };
    assert!(ItemPlanner::new(&allowed).is_ok());
}

#[test]
fn a_step_goes_to_any_tool_of_the_mix_or_to_none() {
    let plan =
        |steps: &[&str]| ItemPlanner::new(&settings(&[shell(), agent(), bare("bc"), bare("jq")], steps));
    let wrong = |steps: &[&str]| plan(steps).unwrap_err().to_string();
    let table = [
        ("/add {}", "step \"/add {}\" is a command of aider, and bash has no such command"),
        ("/exit {}", "for aider: step \"/exit {}\" begins with \"/exit\""),
        ("explain {/}", "step \"explain {/}\": bash and aider want the text in it quoted in different ways"),
    ];
    for (step, message) in table {
        assert!(wrong(&[step]).starts_with(message), "{}", wrong(&[step]));
    }
    for steps in [&[][..], &["{}"], &["explain {/:raw} {#}"], &["hello", "{}"]] {
        assert!(plan(steps).is_ok(), "{steps:?}");
    }
    let planned = plan(&["say {:raw}"]).unwrap().plan(Ok("a b".into())).unwrap();
    assert_eq!(planned.job.unwrap().steps(), [Step::Say("say a b".into())]);
}

#[test]
fn an_item_that_one_tool_of_the_mix_cannot_take_refuses_its_job() {
    let asks = |name: &str, prose: &[&str]| {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let (commands, command_prefixes) = (words(&["/ask"]), words(&["/"]));
        (
            Offer::of(name),
            ToolRules { commands, command_prefixes, prose: words(prose), ..ToolRules::default() },
        )
    };
    let mix = [asks("one", &[]), asks("other", &["/ask"])];
    let mut planner = ItemPlanner::new(&settings(&mix, &["/ask {}"])).unwrap();
    assert!(planner.plan(Ok("why".into())).unwrap().job.is_ok());
    let refused = planner.plan(Ok("/why".into())).unwrap().job.unwrap_err();
    assert!(refused.starts_with("for other: the text after \"/ask\" begins with \"/\""), "{refused}");
}

#[test]
fn a_list_is_checked_line_by_line() {
    let both = settings(&[shell(), agent()], &[]);
    let wrong = |text: &str| plan_list(&both, text, Path::new(".")).unwrap_err().to_string();
    let table = [
        (
            "{\"tool\":\"bash\",\"steps\":[\"x\"]}\n{\"tool\":\"bsah\"}",
            "l line 2: the pool has no tool \"bsah\": did you mean \"bash\"?",
        ),
        ("{\"tool\":\"sqlite3\"}", "l line 1: the pool has no tool \"sqlite3\": it has bash, aider"),
        ("{\"tool\":\"aider\",\"steps\":[\"/exit\"]}", "l line 1: step \"/exit\" begins with \"/exit\""),
        (
            "{\"steps\":[\"ls {f}\"],\"vars\":{\"f\":\"x\"}}",
            "l line 1: step \"ls {f}\": bash and aider want the text",
        ),
        ("{\"tool\":\"bash\"}", "l line 1: the job has no steps"),
        (
            "{\"capability\":\"edti\"}",
            "l line 1: the pool has no capability \"edti\": did you mean \"edit\"?",
        ),
        ("{\"capability\":\"poetry\"}", "l line 1: the pool has no capability \"poetry\": it has edit"),
        ("{\"capability\":\"edit\",\"steps\":[\"/exit\"]}", "l line 1: step \"/exit\" begins with \"/exit\""),
    ];
    for (text, message) in table {
        assert!(wrong(text).starts_with(message), "{}", wrong(text));
    }
}

#[test]
fn a_job_that_needs_a_capability_is_read_as_the_tools_that_have_it_do() {
    let both = settings(&[shell(), agent()], &[]);
    let text = r#"{"capability":"edit","steps":["/add {f}"],"vars":{"f":"a"}}"#;
    let planned = plan_list(&both, text, Path::new(".")).unwrap();
    let [Planned { job: Ok(job), .. }] = &planned[..] else { panic!("one job") };
    assert_eq!(job.steps(), [Step::Command("/add a".into())], "no command of bash, and nobody asks bash");
    assert!(format!("{job:?}").contains("Capability(\"edit\")"), "{job:?}");
}

#[test]
fn variables_come_from_the_line_and_from_files_beside_the_list() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("f.txt"), "a b").unwrap();
    let text = r#"{"steps":["cat {f} {t} {}"],"vars":{"f":{"file":"f.txt"},"t":"{f}"},"session":"s"}
{"id":"x","vars":{"f":{"file":"gone"}}}"#;
    let planned = plan_list(&settings(&[shell()], &["cat {f}"]), text, dir.path()).unwrap();
    assert_eq!(planned[0].info.prompts, ["cat 'a b' '{f}' {}"]);
    assert!(format!("{:?}", planned[0].job).contains("session: Some(Named(\"s\"))"));
    assert_eq!((planned[1].info.id.as_str(), planned[1].info.index), ("x", 1));
    let refused = planned[1].job.as_ref().unwrap_err();
    assert!(
        refused.starts_with("cannot read ") && refused.contains("gone for {f}: No such file"),
        "{refused}"
    );
}
