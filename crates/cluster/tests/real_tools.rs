//! The built-in profiles with the tools themselves, through the shipped actors and real processes. A tool that is not
//! installed is skipped, with a word on stderr; aider costs seconds and needs a model, so it is replayed only.

use cluster::profile::{Overrides, Profile, Surroundings};
use cluster::{ClusterManager, Job, Outcome};

/// A cluster of one instance of `tool`; none if its program is not here.
async fn one(tool: &str) -> Option<ClusterManager> {
    let profile = Profile::load(tool, &Overrides::default(), &Surroundings::current()).expect("a profile");
    if !profile.spec.command[0].starts_with('/') {
        eprintln!("skipped: {} is not installed", profile.spec.command[0]);
        return None;
    }
    Some(ClusterManager::builder().tool(profile.spec, 1).build().await.expect("a cluster"))
}

/// Jobs one after the other on one instance; each must end so, with this text.
async fn jobs(tool: &str, table: &[(&[&str], Outcome, &str)]) {
    let Some(cluster) = one(tool).await else { return };
    for (steps, outcome, text) in table {
        let job = steps.iter().fold(Job::new(), |job, step| job.step(*step));
        let reply = cluster.ask(job).await.expect("a reply");
        assert_eq!((reply.outcome, reply.text()), (*outcome, *text), "{steps:?}: {reply:?}");
        assert_eq!(reply.instance.generation, 1, "{steps:?} cost an instance");
    }
    cluster.shutdown().await;
}

#[tokio::test]
async fn bash() {
    jobs(
        "bash",
        &[
            (&["echo hi"], Outcome::Ok, "hi"),
            (&["printf 'no line end'"], Outcome::Ok, "no line end"),
            (&["cd /; x=1", "echo $PWD $x"], Outcome::Ok, "/ 1"),
            (&["echo [$x]"], Outcome::Ok, "[]"),
            (
                &["echo 'unclosed"],
                Outcome::Error,
                "bash: eval: line 1: unexpected EOF while looking for matching `''",
            ),
            (&["cat; read x; echo got=$x"], Outcome::Ok, "got="),
            (&["exit 3"], Outcome::Error, ""),
            (&["(sleep 60; echo late) & echo now"], Outcome::Ok, "now"),
            (&["x=1; echo once; continue", "echo $x; break", "echo $x"], Outcome::Ok, "1"),
            (&["-n --help || echo text"], Outcome::Ok, "bash: line 1: -n: command not found\ntext"),
            (&["trap 'echo bye' EXIT; set -e; false"], Outcome::Error, "bye"),
            (&["echo 'héllo 世界 🚀' | tr -d l"], Outcome::Ok, "héo 世界 🚀"),
            (&["f() {\n  echo \"$1\"\n}\nf 'two\nlines'"], Outcome::Ok, "two\nlines"),
        ],
    )
    .await;
}

#[tokio::test]
async fn python() {
    jobs(
        "python",
        &[
            (&["6 * 7"], Outcome::Ok, "42"),
            (&["x = 1\nprint('a', end='')"], Outcome::Ok, "a"),
            (&["import builtins; builtins.x = 1; del builtins.len"], Outcome::Ok, ""),
            (&["x"], Outcome::Error, "Traceback (most recent call last):\n  File \"<stdin>\", line 1, in <module>\nNameError: name 'x' is not defined"),
            (&["def f(n):\n    return n * 2", "f(4)"], Outcome::Ok, "8"),
            (&["len('abc')"], Outcome::Ok, "3"),
            (&["1if 1else 2"], Outcome::Ok, "<stdin>:1: SyntaxWarning: invalid decimal literal\n<stdin>:1: SyntaxWarning: invalid decimal literal\n1"),
            (&["exit(2)"], Outcome::Error, ""),
            (&["'héllo 世界 🚀'"], Outcome::Ok, "'héllo 世界 🚀'"),
            (&["import subprocess; subprocess.run(['cat']).returncode"], Outcome::Ok, "0"),
        ],
    )
    .await;
}

#[tokio::test]
async fn bc() {
    jobs(
        "bc",
        &[
            (&["6*7"], Outcome::Ok, "42"),
            (&["scale=3", "1/7"], Outcome::Ok, ".142"),
            (&["1/7"], Outcome::Ok, "0"),
            (
                &["2^200 * 10^80"],
                Outcome::Ok,
                &format!(
                    "{}{}",
                    "1606938044258990275541962092341162602522202993782792835301376",
                    "0".repeat(80)
                ),
            ),
            (&["1/0"], Outcome::Error, "Runtime error (func=(main), adr=3): Divide by zero"),
        ],
    )
    .await;
}
