//! A pool as a project's file describes it, once that is trusted.

use crate::lab::Lab;

const POOL: &str = r#"route = "round_robin"

[pool]
tools = ["mine:2", "bash:1"]

[tools.mine.profile]
schema = "cluster.profile/1"
command = ["cat"]
turn.by = "lines"
"#;

#[test]
fn a_pool_comes_up_as_its_file_says_and_not_before_that_is_trusted() {
    let lab = Lab::new();
    std::fs::create_dir(lab.path("project")).unwrap();
    std::fs::write(lab.path("project/pool.toml"), POOL).unwrap();
    let up = ["up", "-f", "project/pool.toml"];
    insta::assert_snapshot!(lab.run(&up), @"
    status: 2
    --- stdout
    --- stderr
    error: DIR/project/pool.toml says how 'mine' is started: it is not trusted, 'cluster trust' shows what it says and asks
    ");
    let shown = lab.run(&["trust", "project/pool.toml"]).stdout;
    let hash = shown.lines().find_map(|line| line.strip_prefix("sha256 ")).unwrap();
    lab.ok(&["trust", "project/pool.toml", "--trust-hash", hash]);
    lab.ok(&up);
    let status = lab.status();
    let tools: Vec<_> = status["snapshot"]["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["tool_id"].as_str().unwrap())
        .collect();
    assert_eq!(tools, ["mine", "mine", "bash"]);
    assert_eq!(status["snapshot"]["router"]["strategy"], "round_robin");
    assert_eq!(lab.ok(&["send", "--to", "0", "hello"]), "hello\n");
    lab.ok(&["down"]);
}

#[test]
fn files_that_describe_no_pool() {
    let lab = Lab::new();
    insta::assert_snapshot!(lab.run(&["up", "-f", "nowhere.toml"]), @"
    status: 2
    --- stdout
    --- stderr
    error: nowhere.toml: is not there
    ");
    std::fs::write(lab.path("pool.toml"), "retries = 1\n").unwrap();
    insta::assert_snapshot!(lab.run(&["up", "-f", "pool.toml"]), @r#"
    status: 2
    --- stdout
    --- stderr
    error: pool.toml: names no tools for a pool
    help: write [pool] and tools = ["TOOL:N", …] into it
    "#);
    std::fs::write(lab.path("pool.toml"), "[pool]\ntools = 'bash'\n").unwrap();
    insta::assert_snapshot!(lab.run(&["up", "-f", "pool.toml"]), @r#"
    status: 2
    --- stdout
    --- stderr
    error: DIR/pool.toml:2: pool.tools: invalid type: string "bash", expected a list
    "#);
    std::fs::write(lab.path("pool.toml"), "[pool]\ntools = ['bash:2']\n").unwrap();
    assert_eq!(lab.run(&["up", "-f", "pool.toml", "--lines"]).status, 2, "a name is no command line");
}

/// What a file leads to would start although nobody has been asked.
#[test]
fn a_file_names_tools_and_no_paths() {
    let lab = Lab::new();
    let started = lab.path("started");
    let evil = format!(
        "schema = 'cluster.profile/1'\ncommand = ['touch', '{}']\nturn.by = 'lines'\n",
        started.display()
    );
    std::fs::write(lab.path("evil.toml"), evil).unwrap();
    for tool in ["./evil.toml:1", "evil.toml", "bash:1,./evil.toml", "/bin/sh", "touch started"] {
        std::fs::write(lab.path("pool.toml"), format!("[pool]\ntools = [{tool:?}]\n")).unwrap();
        for words in [&["up", "-f", "pool.toml"][..], &["trust", "pool.toml"], &["run", "bash", "echo"]] {
            let ran = lab.run(words);
            assert!(ran.status == 2 && ran.stderr.contains("pool.toml:2: pool.tools: "), "{words:?}: {ran}");
        }
    }
    assert!(!started.exists());
}
