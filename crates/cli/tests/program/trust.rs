//! What a project's file may do before somebody trusts it: nothing. And what is shown, kept and asked again.

use crate::missing::is_missing;
use crate::running::{Ran, World};
use insta::assert_snapshot;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

const POOL: &str = r#"retries = 1

[tools.mine]
profile = "./tools/mine.toml"
env = ["HOME", "GREETING=hi\u001b[2J\u202e"]

[tools.bc]
tool-arg = ["--mathlib"]

[hooks]
on_run_done = ["./bin/done", "it is over"]
"#;

const PROFILE: &str = r#"schema = "cluster.profile/1"
about = "a tool of the project"
command = ["./bin/tool", "a b"]
version = ["./bin/tool", "--version"]
start.warm = "warm up"
turn.by = "lines"
env = { set = { LD_LIBRARY_PATH = "/nowhere" } }
"#;

/// Whatever it does, it leaves a mark.
const TOOL: &str = "#!/bin/sh\n: >\"$(dirname \"$0\")/../ran\"\nexec cat\n";

/// A project that would start things, below a home that is not part of it.
fn world() -> World {
    let world = World::new();
    for folder in ["project/bin", "project/tools", "project/.git"] {
        std::fs::create_dir_all(world.path(folder)).unwrap();
    }
    world.file("project/pool.toml", POOL).file("project/tools/mine.toml", PROFILE);
    for program in ["project/bin/tool", "project/bin/done"] {
        world.file(program, TOOL);
        std::fs::set_permissions(world.path(program), PermissionsExt::from_mode(0o700)).unwrap();
    }
    world
}

fn within(world: &World, words: &[&str]) -> Ran {
    let mut command = world.command(words);
    world.wait(command.current_dir(world.path("project")).spawn().unwrap())
}

/// Digests tell of the folder's name, too.
fn without_hashes(ran: &Ran) -> String {
    let is_hash = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let line = |line: &str| {
        let words = line.split(' ').map(|word| if is_hash(word) { "HASH" } else { word });
        words.collect::<Vec<_>>().join(" ") + "\n"
    };
    ran.to_string().lines().map(line).collect()
}

fn hash(world: &World) -> String {
    let shown = within(world, &["trust"]).stdout;
    shown.lines().find_map(|line| line.strip_prefix("sha256 ")).unwrap().to_owned()
}

fn trust(world: &World) {
    let ran = within(world, &["trust", "--trust-hash", &hash(world)]);
    assert_eq!(ran.status, 0, "{ran}");
}

#[test]
fn what_would_run_is_shown_and_without_a_terminal_refused() {
    let world = world();
    let ran = within(&world, &["trust"]);
    // Where bc is differs.
    let shown = without_hashes(&ran).replace("/usr/bin/bc", "bc");
    assert_snapshot!(shown);
    assert!(!world.path(".local/state/cluster/trust").exists(), "looking leaves nothing");
}

#[test]
fn verbs_go_on_without_what_is_not_trusted_or_say_that_they_need_it() {
    let world = world();
    assert_snapshot!(within(&world, &["run", "mine", "x"]));
    assert_snapshot!(within(&world, &["ask", "bc", "1+1"]));
    let ran = within(&world, &["ask", "python", "6*7"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, "42\n"), "{ran}");
    assert!(ran.stderr.starts_with("DIR/project/pool.toml: its tools and hooks are passed over: "), "{ran}");
    for words in [&["tools", "mine"][..], &["doctor", "mine"], &["run", "mine", "--dry-run", "x"]] {
        let ran = within(&world, words);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran}");
    }
    assert!(!world.path("project/ran").exists());
}

#[test]
fn what_is_trusted_runs_until_it_changes() {
    let world = world();
    let ran = within(&world, &["trust", "--trust-hash", "0"]);
    assert_eq!(ran.status, 2, "{ran}");
    assert!(
        ran.stderr.starts_with("error: --trust-hash: DIR/project/pool.toml is another by now, "),
        "{ran}"
    );
    trust(&world);
    let ran = within(&world, &["run", "mine", "-q", "-n", "1", "hello"]);
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "hello\n", ""), "{ran}");
    assert!(world.path("project/ran").exists());
    let plan = within(&world, &["run", "bc", "--dry-run", "1"]).stdout;
    assert!(plan.contains("--mathlib"), "{plan}");
    assert_eq!(within(&world, &["trust", "--list"]).stdout, "trusted  DIR/project/pool.toml\n");
    world.file("project/tools/mine.toml", PROFILE.replace("warm up", "rm -rf /"));
    world.file("project/pool.toml", POOL.replace("over", "all over"));
    let changed = without_hashes(&within(&world, &["trust"]));
    assert_snapshot!(changed.split_once("changed since").unwrap().1);
    assert_snapshot!(within(&world, &["run", "mine", "x"]));
    assert_eq!(within(&world, &["trust", "--list"]).stdout, "changed  DIR/project/pool.toml\n");
    assert_snapshot!(within(&world, &["trust", "--revoke"]), @"
    status: 0
    --- stdout
    --- stderr
    DIR/project/pool.toml is not trusted any more
    ");
    assert_snapshot!(within(&world, &["trust", "--revoke", "pool.toml"]), @"
    status: 2
    --- stdout
    --- stderr
    error: DIR/project/pool.toml was not trusted
    ");
    assert_eq!(within(&world, &["trust", "--list"]).stdout, "");
}

#[test]
fn what_needs_no_trust_is_not_asked_about() {
    let world = world();
    world.file("project/pool.toml", "retries = 2\n[pool]\ntools = ['bash:2']\n");
    assert_snapshot!(within(&world, &["trust"]), @"
    status: 0
    --- stdout
    --- stderr
    DIR/project/pool.toml starts nothing: it needs no trust
    ");
    std::fs::remove_file(world.path("project/pool.toml")).unwrap();
    assert_snapshot!(within(&world, &["trust"]), @"
    status: 2
    --- stdout
    --- stderr
    error: DIR/project/pool.toml: is not there
    ");
    assert_snapshot!(within(&world, &["trust", "../else.toml"]), @"
    status: 2
    --- stdout
    --- stderr
    error: DIR/project/../else.toml: is not there
    ");
}

#[test]
fn hostile_projects_are_refused_in_a_line() {
    let world = world();
    symlink("/etc", world.path("project/etc")).unwrap();
    let lines: Vec<String> = [
        "[tools.'../../x']\nmodel = 'm'\n",
        "[tools.\"\\u001b]0;title\\u0007\"]\nmodel = 'm'\n",
        "[tools.x]\nprofile = '../../x.toml'\n",
        "[tools.x]\nprofile = 'etc/passwd'\n",
        "[tools.x]\nprofile = 'missing.toml'\n",
        "[tools.x]\ncommand = ['rm']\n",
        "command = ['rm']\n",
        "[hooks]\non_anything = ['rm']\n",
        &"#".repeat((1 << 20) + 1),
    ]
    .iter()
    .flat_map(|text| {
        world.file("project/pool.toml", text);
        ["trust", "run"].map(|verb| {
            let words = [verb, "bash", "x"];
            let ran = within(&world, if verb == "trust" { &words[..1] } else { &words });
            assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran}");
            assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
            ran.stderr
        })
    })
    .collect();
    assert!(lines.chunks(2).all(|both| both[0] == both[1]), "{lines:?}");
    assert_snapshot!(lines.into_iter().step_by(2).collect::<String>());
}

#[test]
fn variables_cannot_move_the_trust_into_the_project() {
    let world = world();
    let mut command = world.command(&["trust", "--trust-hash", &hash(&world)]);
    command.current_dir(world.path("project")).env("XDG_STATE_HOME", world.path("project/state"));
    let ran = world.wait(command.spawn().unwrap());
    assert_snapshot!(ran, @"
    status: 2
    --- stdout
    --- stderr
    error: DIR/project/state/cluster/trust, where trust is kept, is part of the project: move its pool.toml into a folder of its own
    ");
    assert!(!world.path("project/state").exists());
}

/// The programs that it starts besides itself, whatever the verb.
#[test]
fn before_trust_nothing_is_started() {
    if is_missing("strace") {
        return;
    }
    let verbs: [&[&str]; 8] = [
        &["trust"],
        &["run", "mine", "x"],
        &["ask", "bc", "1"],
        &["run", "mine", "--dry-run", "x"],
        &["config", "--origin"],
        &["tools"],
        &["tools", "mine"],
        &["doctor", "mine"],
    ];
    for words in verbs {
        let world = world();
        let cluster = world.command(words);
        let mut traced = Command::new("strace");
        traced.args(["-f", "-qq", "-e", "trace=execve,execveat", "-o"]).arg(world.path("calls"));
        traced.arg(cluster.get_program()).args(words).current_dir(world.path("project")).env_clear();
        traced.envs(cluster.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = traced.output().unwrap();
        let calls = std::fs::read_to_string(world.path("calls")).unwrap();
        assert_eq!(calls.lines().count(), 1, "{words:?}: {}\n{calls}", String::from_utf8_lossy(&ran.stderr));
        assert!(calls.contains("execve("), "the first one is the program itself: {calls}");
        assert!(!world.path("project/ran").exists(), "{words:?}");
    }
}

#[test]
fn all_that_is_kept_is_private() {
    let world = world();
    let hash = hash(&world);
    let script = format!("umask 000; exec \"$0\" trust --trust-hash {hash}");
    let cluster = world.command(&[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(cluster.get_program()).current_dir(world.path("project"));
    shell.env_clear().envs(cluster.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert!(shell.output().unwrap().status.success());
    let folder = world.path(".local/state/cluster/trust");
    let record = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&record)), (0o700, 0o600));
    assert_eq!(mode(folder.parent().unwrap()), 0o700);
}
