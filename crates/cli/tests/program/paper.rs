//! What goes with the program: completions for shells, manual pages.

use crate::missing::is_missing;
use crate::running::World;
use insta::assert_snapshot;
use std::process::{Command, Stdio};

/// Each visible verb.
const VERBS: [&str; 10] =
    ["run", "ask", "tools", "config", "schema", "completions", "trust", "top", "up", "status"];

/// A world with a tool of the user's, and a script of completions.
fn world(shell: &str) -> World {
    let world = World::new();
    std::fs::create_dir_all(world.path(".config/cluster/profiles")).unwrap();
    let profile = "schema = 'cluster.profile/1'\ncommand = ['cat']\nturn.by = 'lines'\n";
    world.file(".config/cluster/profiles/mine.toml", profile);
    world.file(".config/cluster/profiles/a b$(x).toml", profile);
    let script = world.run(&["completions", shell]);
    assert_eq!((script.status, script.stderr.as_str()), (0, ""), "{script}");
    world.file("script", script.stdout);
    world
}

/// What bash offers behind these words, the last of which is only begun.
fn offered(world: &World, words: &[&str]) -> Vec<String> {
    let program = r#"
        . ./script
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        _clap_complete_cluster cluster "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let cluster = world.command(&[]);
    let folder = std::path::Path::new(cluster.get_program()).parent().unwrap().display().to_string();
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-c", program, "bash"]).args(words).current_dir(world.path(""));
    bash.env_clear().envs(cluster.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bash.env("PATH", format!("{folder}:{}", std::env::var("PATH").unwrap()));
    bash.env("XDG_RUNTIME_DIR", world.path("run"));
    let ran = bash.stdin(Stdio::null()).output().unwrap();
    assert!(ran.stderr.is_empty() && ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_verbs_tools_flags_and_their_words() {
    let world = world("bash");
    let verbs = offered(&world, &["cluster", ""]);
    for verb in VERBS {
        assert!(verbs.iter().any(|offer| offer == verb), "{verb} in {verbs:?}");
    }
    assert!(!verbs.contains(&"man".to_owned()), "{verbs:?}");
    let tools = offered(&world, &["cluster", "run", ""]);
    assert!(["aider", "mine"].into_iter().all(|tool| tools.iter().any(|offer| offer == tool)), "{tools:?}");
    assert!(!tools.iter().any(|offer| offer.contains('$')), "{tools:?}");
    let table: [(&[&str], &[&str]); 7] = [
        (&["cluster", "con"], &["config"]),
        (&["cluster", "ask", "mi"], &["mine"]),
        (&["cluster", "up", "bash,mi"], &["bash,mine"]),
        (&["cluster", "tools", "py"], &["python"]),
        (&["cluster", "run", "bash", "--ready"], &["--ready-timeout"]),
        (&["cluster", "run", "bash", "--on-limit", "n"], &["next"]),
        (&["cluster", "schema", "pro"], &["profile"]),
    ];
    for (words, expected) in table {
        let offers = offered(&world, words);
        let offers: Vec<_> =
            offers.iter().filter(|offer| !offer.starts_with("--") || words.len() > 3).collect();
        assert_eq!(offers, expected, "{words:?}");
    }
}

#[test]
fn bash_completes_what_there_is_at_that_moment() {
    let world = world("bash");
    std::fs::create_dir(world.path("run")).unwrap();
    let cluster = |words: &[&str]| {
        let ran = world.command(words).env("XDG_RUNTIME_DIR", world.path("run")).output().unwrap();
        assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    };
    cluster(&["run", "mine", "-q", "x"]);
    cluster(&["run", "mine", "-q", "y"]);
    cluster(&["up", "mine:3", "-p", "mypool"]);
    let names = |words: &[&str]| {
        let offers = offered(&world, words);
        offers.into_iter().filter(|offer| !offer.is_empty() && !offer.starts_with('-')).collect::<Vec<_>>()
    };
    let asked = [
        &["cluster", "wait", "r"][..],
        &["cluster", "runs", "show", "r2"],
        &["cluster", "restart", ""],
        &["cluster", "send", "--to", ""],
        &["cluster", "down", "-p", "my"],
    ];
    let offers = asked.map(names);
    cluster(&["down"]);
    assert_eq!(offers, [&["r1", "r2"][..], &["r2"], &["0", "1", "2"], &["0", "1", "2"], &["mypool"]]);
    assert_eq!(names(&["cluster", "down", "-p", "my"]), [""; 0], "it has gone");
    assert_eq!(names(&["cluster", "restart", ""]), [""; 0]);
}

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = std::fs::read_to_string(world(shell).path("script")).unwrap();
        assert!(script.contains("CLUSTER_COMPLETE") && script.contains("cluster"), "{script}");
    }
    assert_snapshot!(World::new().run(&["completions", "sh"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: invalid value 'sh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

    For more information, try '--help'.
    ");
}

#[test]
fn every_verb_has_a_manual_page() {
    let world = World::new();
    let ran = world.run(&["man", "to/pages"]);
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{ran}");
    let page = |name: &str| std::fs::read_to_string(world.path("to/pages").join(name)).unwrap();
    let main = page("cluster.1");
    for verb in VERBS {
        let text = page(&format!("cluster-{verb}.1"));
        assert!(
            text.contains(&format!(".TH cluster\\-{verb} 1"))
                || text.contains(&format!(".TH cluster-{verb} 1")),
            "{text}"
        );
        assert!(main.contains(&format!("cluster\\-{verb}(1)")), "{main}");
    }
    assert!(!world.path("to/pages/cluster-man.1").exists(), "what is hidden has no page");
    let rendered = Command::new("man")
        .args(["--warnings=w", "-Tutf8", "-l", "cluster-run.1"])
        .env("LC_ALL", "C.UTF-8")
        .env("MANWIDTH", "80")
        .current_dir(world.path("to/pages"))
        .output();
    let Ok(rendered) = rendered else { return eprintln!("not rendered: there is no man here") };
    let text = String::from_utf8_lossy(&rendered.stdout);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        rendered.status.success() && rendered.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&rendered.stderr)
    );
    assert!(
        text.contains("Count the lines of each file") && text.contains("The longest that a start may take"),
        "{text}"
    );
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let world = World::new();
    assert_snapshot!(world.file("file", "").run(&["man", "file/pages"]), @r"
    status: 2
    --- stdout
    --- stderr
    error: file/pages: Not a directory (os error 20)
    ");
}

/// The file beside the sources.
fn unit() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/cluster@.service")
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    if is_missing("systemd-analyze") {
        return;
    }
    let world = World::new();
    std::fs::copy(unit(), world.path("cluster@main.service")).unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["--user", "verify", "--man=no"]).arg(world.path("cluster@main.service"));
    let ran = verify.env("XDG_RUNTIME_DIR", world.path("")).output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn the_command_line_of_the_unit_is_ours() {
    let text = std::fs::read_to_string(unit()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/env cluster ")).unwrap();
    let line = line.replace("%E", ".config").replace("%i", "main");
    let words: Vec<&str> = line.split(' ').collect();
    let world = World::new();
    assert_snapshot!(world.run(&words), @"
    status: 2
    --- stdout
    --- stderr
    error: .config/cluster/pools/main.toml: is not there
    ");
    std::fs::create_dir_all(world.path(".config/cluster/pools")).unwrap();
    world.file(".config/cluster/pools/main.toml", "[pool]\ntools = ['no-such-tool']\n");
    assert_snapshot!(world.run(&words), @"
    status: 2
    --- stdout
    --- stderr
    error: no profile is named 'no-such-tool': `cluster tools` lists them; a command line needs --until, --sentinel, --lines or --quiet-for
    ");
}
