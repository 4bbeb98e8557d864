//! What is shown and starts nothing: `--dry-run`, `tools`, `schema`.

use crate::running::World;
use insta::assert_snapshot;

/// A tool of which nothing depends on the machine.
const TOOL: &str = r#"
schema  = "cluster.profile/1"
about   = "a tool that is nowhere"
command = ["/nowhere/tool", "--quiet"]
effects = "read"
commands = ["/add"]
command_marks = ["/"]
[turn]
by = "lines"
[env]
set = { MODE = "batch" }
"#;

#[test]
fn the_plan_of_items() {
    let world = World::new();
    world.file("tool.toml", TOOL);
    let words = [
        "run",
        "./tool.toml:2",
        "--dry-run",
        "-s",
        "/add {/}",
        "-s",
        "look at {} ({#})",
        "src/a b.py",
        "c\nd",
    ];
    assert_snapshot!(world.run(&words), @r"");
}

#[test]
fn the_plan_of_an_endless_list_is_cut_short() {
    let world = World::new();
    world.file("tool.toml", TOOL).file("items", "x\n".repeat(100));
    let ran = world.run(&["run", "./tool.toml", "--dry-run", "-q", "-a", "items"]);
    assert_eq!((ran.status, ran.stdout.matches("\njob ").count()), (0, 10), "{ran}");
    assert!(ran.stdout.ends_with("job 10: x\n  say      x\nand more\n"), "{ran}");
}

#[test]
fn the_plan_of_a_list() {
    let world = World::new();
    world.file("tool.toml", TOOL).file(
        "jobs.jsonl",
        r#"{"id":"one","steps":["say {what}"],"vars":{"what":"hello"}}
           {"id":"two","tool":"tool","steps":["say {what}"],"vars":{"what":{"file":"gone"}}}"#,
    );
    assert_snapshot!(world.run(&["run", "./tool.toml", "--dry-run", "--from", "jobs.jsonl"]), @r"");
}

#[test]
fn the_tools() {
    assert_snapshot!(World::new().run(&["tools"]), @r"");
    assert_snapshot!(World::new().run(&["tools", "pyhton"]), @r"");
}

#[test]
fn one_tool() {
    let world = World::new();
    let ran = world.file("tool.toml", TOOL).run(&["tools", "./tool.toml"]);
    assert_snapshot!(ran, @r"");
    let ran = world.run(&["tools", "./tool.toml", "--json"]);
    let tool: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (tool["name"].as_str(), tool["about"].as_str()),
        (Some("tool"), Some("a tool that is nowhere"))
    );
    let values = tool["values"].as_array().unwrap();
    let command = values.iter().find(|value| value["key"] == "command").unwrap();
    assert_eq!(command["value"], r#"["/nowhere/tool", "--quiet"]"#);
    assert_eq!(command["origin"], "DIR/tool.toml");
}

#[test]
fn the_schemas_are_json_and_have_their_keys() {
    for (name, key) in
        [("result", "outcome"), ("job", "steps"), ("profile", "command"), ("instance", "state")]
    {
        let ran = World::new().run(&["schema", name]);
        let schema: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert!(schema["properties"][key].is_object(), "{name}: {ran}");
    }
    assert_snapshot!(World::new().run(&["schema", "reslt"]), @r"");
}

#[test]
fn the_schema_of_results_is_a_promise() {
    assert_snapshot!("schema_result", World::new().run(&["schema", "result"]).stdout);
}
