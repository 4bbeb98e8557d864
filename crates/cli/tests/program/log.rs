//! The log: what is shown of it, and what is kept in files.

use crate::running::{Ran, World};
use insta::assert_snapshot;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// A tool that is nowhere, in a place with a secret in its name.
const LOST: &str = "schema = 'cluster.profile/1'\ncommand = ['/nowhere/sk-abcdefgh']\nturn.by = 'lines'\n\
                    restart.max = 0\n";

const FOLDER: &str = ".local/state/cluster/log";

/// What the files have, without times and numbers of processes.
fn kept(world: &World) -> String {
    let text = fs::read_to_string(world.path(FOLDER).join("cluster.log")).unwrap();
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (time, pid) = (words.next().unwrap(), words.next().unwrap());
        assert!(time.len() == 27 && time.ends_with('Z') && pid.parse::<u32>().is_ok(), "{line}");
        words.next().unwrap().trim_start().to_owned() + "\n"
    };
    text.lines().map(line).collect()
}

fn with(world: &World, env: &[(&str, &str)], words: &[&str]) -> Ran {
    let mut command = world.command(words);
    world.wait(command.envs(env.iter().copied()).spawn().unwrap())
}

#[test]
fn a_run_is_kept_in_a_file() {
    let world = World::new();
    assert_eq!(world.run(&["run", "bash", "-q", "exit 3", "echo fine"]).status, 1);
    let text = kept(&world);
    let lines: Vec<_> = text.lines().map(|line| line.split(" in ").next().unwrap()).collect();
    assert!(lines[0].starts_with("INFO cluster_cli::file: a run begins version="), "{text}");
    assert!(text.contains("an instance ended"), "{text}");
    assert!(lines.iter().any(|line| line.starts_with("INFO cluster_cli::file: 2 jobs: ")), "{text}");
    assert!(world.run(&["tools"]).status == 0 && kept(&world) == text, "what runs no job is not kept");
}

#[test]
fn secrets_of_the_environment_are_not_kept() {
    let world = World::new();
    world.file("lost.toml", LOST);
    let ran = with(&world, &[("SERVICE_TOKEN", "sk-abcdefgh")], &["run", "./lost.toml:1", "x"]);
    assert_eq!(ran.status, 3, "{ran}");
    let text = kept(&world);
    assert!(text.contains("/nowhere/<SERVICE_TOKEN>") && !text.contains("sk-abcdefgh"), "{text}");
    let shown = with(&world, &[("SERVICE_TOKEN", "sk-abcdefgh")], &["run", "./lost.toml:1", "-v", "x"]);
    let lines: Vec<_> = shown.stderr.lines().filter(|line| line.contains("an instance ended")).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.contains("<SERVICE_TOKEN>")), "{shown}");
}

#[test]
fn nobody_else_may_read_it_whatever_the_umask_is() {
    for umask in ["0", "777"] {
        let world = World::new();
        let program = env!("CARGO_BIN_EXE_cluster");
        let plain = world.command(&[]);
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask $0; exec \"$@\"", umask, program, "run", "bash:1", "-q", "echo a"]);
        shell.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.current_dir(world.path("")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ran = world.wait(shell.spawn().unwrap());
        assert_eq!((ran.status, ran.stdout.as_str()), (0, "a\n"), "{ran}");
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = world.path(FOLDER);
        assert_eq!([mode(folder.clone()), mode(folder.join("cluster.log"))], [0o700, 0o600], "{umask}");
    }
}

#[test]
fn what_is_shown_and_kept_goes_by_flags_and_the_variable() {
    let shown = |env: &[(&str, &str)], flags: &[&str]| {
        let world = World::new();
        world.file("lost.toml", LOST);
        let ran = with(&world, env, &[&["run", "./lost.toml:1", "x"], flags].concat());
        let count = |text: &str| text.lines().filter(|line| line.contains("an instance ended")).count();
        (count(&ran.stderr) > 0, count(&kept(&world)) > 0)
    };
    assert_eq!(shown(&[], &[]), (false, true), "its state is told instead");
    assert_eq!(shown(&[], &["-v"]), (true, true));
    assert_eq!(shown(&[("CLUSTER_LOG", "off")], &["-v"]), (false, true));
    assert_eq!(shown(&[("CLUSTER_LOG", "pool_core=info")], &["-q"]), (true, true));
    let ran = with(&World::new(), &[("CLUSTER_LOG", "pool_core=loud")], &["run", "bash", "x"]);
    assert_snapshot!(ran, @r#"
    status: 2
    --- stdout
    --- stderr
    error: CLUSTER_LOG: "pool_core=loud" is no filter: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
    help: write a level (error, warn, info, debug, trace, off), or levels of parts: pool_core=debug,info
    "#);
}

#[test]
fn a_run_without_a_place_for_its_log_is_a_run() {
    let world = World::new();
    world.file("taken", "");
    let state = world.path("taken");
    let env = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let ran = with(&world, &env, &["run", "bash:1", "--no-ledger", "echo a"]);
    assert!(ran.status == 0 && !ran.stderr.contains("log"), "{ran}");
    let ran = with(&world, &env, &["run", "bash:1", "--no-ledger", "-v", "echo a"]);
    assert!(ran.stderr.contains("no log is kept in DIR/taken/cluster/log: Not a directory"), "{ran}");
}
