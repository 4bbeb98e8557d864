//! Settings: `cluster config`, and what is said about those that make no sense.

use crate::running::{Ran, World};
use insta::assert_snapshot;

const TOOL: &str = "schema = 'cluster.profile/1'\nabout = 'mine'\ncommand = ['cat']\nturn.by = 'lines'\n";

/// A world with settings of the user's and of the project's.
fn settled() -> World {
    let world = World::new();
    std::fs::create_dir_all(world.path(".config/cluster/profiles")).unwrap();
    world.file(
        ".config/cluster/config.toml",
        "instances = 2\nroute = 'sticky'\ntimeout = '20m'\n\n[tools.aider]\nmodel = 'gpt-5'\nenv = ['OPENAI_API_KEY=sk-1']\n",
    );
    world.file("pool.toml", "route = 'fastest'\n");
    world.file(".config/cluster/profiles/mine.toml", TOOL);
    world
}

/// Runs it with these variables.
fn with(world: &World, env: &[(&str, &str)], words: &[&str]) -> Ran {
    let mut command = world.command(words);
    world.wait(command.envs(env.iter().copied()).spawn().unwrap())
}

fn complaint(user: &str, project: &str, words: &[&str]) -> String {
    let world = settled();
    let ran = world.file(".config/cluster/config.toml", user).file("pool.toml", project).run(words);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran}");
    ran.stderr
}

#[test]
fn without_settings_the_defaults_are_shown() {
    assert_snapshot!(World::new().run(&["config", "--origin"]), @r#"
    status: 0
    --- stdout
    # DIR/.config/cluster/config.toml: not there
    # DIR/pool.toml: not there
    instances = 3                   # default
    on-limit = "wait"               # default
    retries = 0                     # default
    route = "least_busy"            # default
    # timeout: as each tool's profile says
    # ready-timeout: as each tool's profile says
    # stall: as each tool's profile says
    # max-memory: as each tool's profile says
    --- stderr
    "#);
}

#[test]
fn what_holds_and_where_it_comes_from() {
    let world = settled();
    let env = [("CLUSTER_RETRIES", "1"), ("CLUSTER_INSTANCE", "9"), ("CLUSTER_NAME", "theirs")];
    let words = ["config", "--origin", "--stall", "5m", "-n", "7"];
    assert_snapshot!(with(&world, &env, &words), @r#"
    status: 0
    --- stdout
    # DIR/.config/cluster/config.toml
    # DIR/pool.toml
    instances = 7                   # --instances
    on-limit = "wait"               # default
    retries = 1                     # CLUSTER_RETRIES
    route = "fastest"               # DIR/pool.toml:1
    stall = "5m"                    # --stall
    timeout = "20m"                 # DIR/.config/cluster/config.toml:3
    tools.aider.env = ["OPENAI_API_KEY=…"]  # DIR/.config/cluster/config.toml:7
    tools.aider.model = "gpt-5"     # DIR/.config/cluster/config.toml:6
    # ready-timeout: as each tool's profile says
    # max-memory: as each tool's profile says
    --- stderr
    CLUSTER_INSTANCE is no setting, did you mean CLUSTER_INSTANCES?
    "#);
    assert_snapshot!(with(&world, &env[..1], &["config"]), @r#"
    status: 0
    --- stdout
    instances = 2
    on-limit = "wait"
    retries = 1
    route = "fastest"
    timeout = "20m"
    tools.aider.env = ["OPENAI_API_KEY=…"]
    tools.aider.model = "gpt-5"
    # ready-timeout: as each tool's profile says
    # stall: as each tool's profile says
    # max-memory: as each tool's profile says
    --- stderr
    "#);
}

#[test]
fn what_holds_for_programs() {
    let ran = settled().run(&["config", "--json", "--max-memory", "2G"]);
    let config: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let values = config["values"].as_array().unwrap().iter();
    let lines: Vec<_> =
        config["files"].as_array().unwrap().iter().chain(values).map(ToString::to_string).collect();
    assert_snapshot!(lines.join("\n"), @r#"
    {"path":"DIR/.config/cluster/config.toml","read":true}
    {"path":"DIR/pool.toml","read":true}
    {"key":"instances","layer":"file","origin":"DIR/.config/cluster/config.toml:1","value":"2"}
    {"key":"max-memory","layer":"flag","origin":"--max-memory","value":"\"2G\""}
    {"key":"on-limit","layer":"default","origin":"default","value":"\"wait\""}
    {"key":"retries","layer":"default","origin":"default","value":"0"}
    {"key":"route","layer":"file","origin":"DIR/pool.toml:1","value":"\"fastest\""}
    {"key":"timeout","layer":"file","origin":"DIR/.config/cluster/config.toml:3","value":"\"20m\""}
    {"key":"tools.aider.env","layer":"file","origin":"DIR/.config/cluster/config.toml:7","value":"[\"OPENAI_API_KEY=…\"]"}
    {"key":"tools.aider.model","layer":"file","origin":"DIR/.config/cluster/config.toml:6","value":"\"gpt-5\""}
    "#);
}

#[test]
fn what_is_shown_is_a_file_that_says_the_same() {
    let world = settled();
    world.file(
        ".config/cluster/config.toml",
        "instances = 2\nstall = '90s'\n[tools.\"mine\"]\ntool-arg = ['a\"b']\n",
    );
    let first = world.run(&["config"]);
    assert_eq!(first.status, 0, "{first}");
    std::fs::remove_file(world.path("pool.toml")).unwrap();
    let second = world.file(".config/cluster/config.toml", &first.stdout).run(&["config"]);
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn a_run_goes_by_its_settings() {
    let world = settled();
    let words = ["run", "mine", "--dry-run", "x"];
    let plan = world.run(&words).stdout;
    assert!(plan.starts_with("2 × mine") && plan.contains("\nroute fastest, "), "{plan}");
    let plan = with(&world, &[("CLUSTER_INSTANCES", "4")], &words).stdout;
    assert!(plan.starts_with("4 × mine"), "{plan}");
    let plan =
        with(&world, &[("CLUSTER_INSTANCES", "4")], &["run", "mine", "-n", "5", "--dry-run", "x"]).stdout;
    assert!(plan.starts_with("5 × mine"), "{plan}");
    let plan = world.run(&["run", "aider", "--dry-run", "x"]).stdout;
    assert!(plan.contains(" --model gpt-5\n"), "{plan}");
    let plan = world.run(&["run", "aider", "--model", "other", "--dry-run", "x"]).stdout;
    assert!(plan.contains(" --model other\n") && !plan.contains("gpt-5"), "{plan}");
    let slow =
        world.file(".config/cluster/config.toml", "timeout = '50ms'\n").run(&["ask", "bash", "sleep 60"]);
    assert!(slow.status == 1 && slow.stderr.contains("timed_out"), "{slow}");
}

#[test]
fn profiles_of_the_users_are_tools() {
    let world = settled();
    let ran = world.run(&["tools"]);
    assert!(ran.stdout.contains("\nmine      mine  (DIR/.config/cluster/profiles/mine.toml)\n"), "{ran}");
    assert_snapshot!(world.run(&["ask", "mine", "hello", "-q"]), @r"
    status: 0
    --- stdout
    hello
    --- stderr
    ");
    let ran = world.run(&["tools", "aider"]);
    assert!(
        ran.stdout.contains("\nargs.extra = [\"--model\", \"gpt-5\"]  (DIR/.config/cluster/config.toml:6)\n"),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("\nenv.set.OPENAI_API_KEY = \"…\"  (DIR/.config/cluster/config.toml:7)\n"),
        "{ran}"
    );
}

#[test]
fn broken_settings_start_nothing() {
    let run = ["run", "mine", "x"];
    assert_snapshot!(complaint("instances = 2\nruote = 'x'\n", "", &run), @r"error: DIR/.config/cluster/config.toml:2: ruote: unknown key `ruote`: did you mean `route`?");
    assert_snapshot!(complaint("instances = 0\n", "", &run), @r"error: DIR/.config/cluster/config.toml:1: instances: invalid value: integer `0`, expected a whole number from 1 to 10000");
    assert_snapshot!(complaint("route = 'stikcy'\n", "", &run), @r"
    error: DIR/.config/cluster/config.toml:1: route: unknown routing strategy 'stikcy'
    help: did you mean 'sticky'?
    ");
    assert_snapshot!(complaint("route = 'stikcy'\n", "", &["config"]), @r"
    error: DIR/.config/cluster/config.toml:1: route: unknown routing strategy 'stikcy'
    help: did you mean 'sticky'?
    ");
    assert_snapshot!(complaint("timeout = 90\n", "", &["ask", "mine", "x"]), @r"error: DIR/.config/cluster/config.toml:1: timeout: invalid type: integer `90`, expected a text: a duration such as 250ms, 90s, 30m or 1h 30m");
    assert_snapshot!(complaint("[tools.aidr]\nmodel = 'm'\n", "", &run), @r"error: DIR/.config/cluster/config.toml:2: tools.aidr: no profile is named 'aidr', did you mean 'aider'?: `cluster tools` lists them");
    assert_snapshot!(complaint("[tools.mine]\nmodel = 'm'\n", "", &run), @r"error: DIR/.config/cluster/config.toml:2: tools.mine.model: the tool's profile does not say how a model is chosen: give it `[args] model`");
    assert_snapshot!(complaint("[tools.mine]\nenv = ['=x']\n", "", &run), @r#"error: DIR/.config/cluster/config.toml:2: tools.mine.env: "=x" has no name: write NAME or NAME=VALUE"#);
    assert_snapshot!(complaint("", "\n[tools.mine]\nenv = ['LD_PRELOAD=x.so']\n", &run), @"error: DIR/pool.toml says how 'mine' is started: it cannot be trusted, DIR/.local/state/cluster/trust, where trust is kept, is part of the project: move its pool.toml into a folder of its own");
    assert_snapshot!(complaint("", "retires = 2\n", &["config"]), @r"error: DIR/pool.toml:1: retires: unknown key `retires`: did you mean `retries`?");
    let ran = with(&World::new(), &[("CLUSTER_ON_LIMIT", "nxet")], &run);
    assert_snapshot!(ran, @r"
    status: 2
    --- stdout
    --- stderr
    error: CLUSTER_ON_LIMIT: unknown word `nxet`: did you mean `next`?
    ");
}

#[test]
fn help_and_schemas_need_no_settings() {
    let world = settled();
    world.file(".config/cluster/config.toml", "broken");
    for words in [&["run", "--help"][..], &["schema", "config"], &["tools"]] {
        assert_eq!(world.run(words).status, 0, "{words:?}");
    }
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let world = settled();
    std::fs::remove_file(world.path("pool.toml")).unwrap();
    std::fs::create_dir(world.path("pool.toml")).unwrap();
    assert_snapshot!(world.run(&["config"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: DIR/pool.toml: cannot be read: it is no plain file
    ");
    std::fs::remove_dir(world.path("pool.toml")).unwrap();
    let file = world.path(".config/cluster/config.toml");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&file, &file).unwrap();
    assert_snapshot!(world.run(&["run", "mine", "x"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: DIR/.config/cluster/config.toml: cannot be read: Too many levels of symbolic links (os error 40)
    ");
}

#[test]
fn profiles_that_cannot_be_read_are_named() {
    let world = settled();
    let file = world.path(".config/cluster/profiles/bash.toml");
    std::os::unix::fs::symlink(&file, &file).unwrap();
    assert_snapshot!(world.run(&["run", "bash", "x"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: DIR/.config/cluster/profiles/bash.toml: cannot be read: Too many levels of symbolic links (os error 40)
    ");
    let ran = world.run(&["tools"]);
    let line = ran.stdout.lines().find(|line| line.starts_with("bash ")).unwrap();
    assert_snapshot!(line, @"bash      cannot be used: DIR/.config/cluster/profiles/bash.toml: cannot be read: Too many levels…  (DIR/.config/cluster/profiles/bash.toml)");
    world.file(".config/cluster/profiles/mine.toml", format!("\u{feff}{}", TOOL.replace('\n', "\r\n")));
    let ran = world.run(&["ask", "mine", "hello", "-q"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "hello\n"), "{ran}");
}

/// Where it would look for the user's file with this environment.
fn looks(home: Option<&str>, config: Option<&str>) -> String {
    let world = World::new();
    let mut command = world.command(&["config", "--origin"]);
    command.env_remove("HOME").env_remove("XDG_CONFIG_HOME");
    let variables = [("HOME", home), ("XDG_CONFIG_HOME", config)];
    command.envs(variables.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let ran = world.wait(command.spawn().unwrap());
    assert_eq!(ran.status, 0, "{ran}");
    ran.stdout.lines().next().unwrap().to_owned()
}

#[test]
fn relative_folders_of_the_environment_are_ignored() {
    let table = [
        (Some("/h"), None, "# /h/.config/cluster/config.toml: not there"),
        (Some("/h"), Some("/c"), "# /c/cluster/config.toml: not there"),
        (Some("/h"), Some("c"), "# /h/.config/cluster/config.toml: not there"),
        (Some("/h"), Some(""), "# /h/.config/cluster/config.toml: not there"),
        (Some("h"), None, "# no folder for your own settings: HOME is unset"),
    ];
    for (home, config, expected) in table {
        assert_eq!(looks(home, config), expected, "{home:?} {config:?}");
    }
    // Then the system's table of users is asked, and not the working folder.
    let asked = looks(None, None);
    assert!(asked.starts_with("# /") && !asked.contains("DIR") || asked.contains("HOME is unset"), "{asked}");
}
