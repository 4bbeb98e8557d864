//! What goes with the program: completions for shells, manual pages.

use crate::running::World;
use insta::assert_snapshot;
use std::process::{Command, Stdio};

/// Each visible verb.
const VERBS: [&str; 6] = ["run", "ask", "tools", "config", "schema", "completions"];

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
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _cluster cluster "${@: -1}" "${@: -2:1}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-c", program, "bash"]).args(words).current_dir(world.path(""));
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
    let table: [(&[&str], &[&str]); 6] = [
        (&["cluster", "con"], &["config"]),
        (&["cluster", "ask", "mi"], &["mine"]),
        (&["cluster", "tools", "py"], &["python"]),
        (&["cluster", "run", "bash", "--ready"], &["--ready-timeout"]),
        (&["cluster", "run", "bash", "--on-limit", "n"], &["next"]),
        (&["cluster", "schema", "pro"], &["profile"]),
    ];
    for (words, expected) in table {
        assert_eq!(offered(&world, words), expected, "{words:?}");
    }
}

#[test]
fn every_shell_has_a_script() {
    let first = |shell: &str| {
        let script = std::fs::read_to_string(world(shell).path("script")).unwrap();
        assert!(VERBS.into_iter().all(|verb| script.contains(verb)), "{script}");
        script.lines().find(|line| !line.is_empty()).unwrap().to_owned()
    };
    let lines = ["bash", "zsh", "fish", "powershell", "elvish"].map(first);
    assert_snapshot!(lines.join("\n"), @r"
    _cluster() {
    #compdef cluster
    # Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
    using namespace System.Management.Automation
    use builtin;
    ");
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
