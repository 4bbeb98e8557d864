//! The built-in profiles with the tools themselves, through the shipped actors and real processes. A tool that is not
//! installed is skipped, with a word on stderr; aider costs seconds and needs a model, so it is replayed only.

use cluster::profile::{Overrides, Profile, Surroundings};
use cluster::{ClusterManager, Job, Outcome};

/// A cluster of one instance of `tool`; none if its program is not here, which is a failure where all tools are
/// promised to be there.
async fn one(tool: &str, args: &[&str]) -> Option<ClusterManager> {
    let program = if tool == "python" { "python3" } else { tool };
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        assert!(std::env::var_os("CLUSTER_TEST_ALL").is_none(), "{program} is not installed");
        eprintln!("skipped: {program} is not installed");
        return None;
    }
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    let flags = Overrides { tool_args: args, ..Overrides::default() };
    let profile = Profile::load(tool, &flags, &Surroundings::current()).expect("a profile");
    Some(ClusterManager::builder().tool(profile.spec, 1).build().await.expect("a cluster"))
}

/// Jobs one after the other on one instance; each must end so, with this text.
async fn jobs(tool: &str, table: &[(&[&str], Outcome, &str)]) {
    jobs_with(tool, &[], table).await;
}

/// The same with arguments for the tool.
async fn jobs_with(tool: &str, args: &[&str], table: &[(&[&str], Outcome, &str)]) {
    let Some(cluster) = one(tool, args).await else { return };
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

#[tokio::test]
async fn dc() {
    jobs(
        "dc",
        &[
            (&["6 7*p"], Outcome::Ok, "42"),
            (&["3 5sa 16i", "la FF+p"], Outcome::Ok, "260"),
            (&["f 10p"], Outcome::Ok, "10"),
            (&["[open [twice"], Outcome::Ok, ""),
            (&["[two\nlines]p"], Outcome::Ok, "two\nlines"),
            (&["1 0/"], Outcome::Error, "dc: divide by zero"),
            (&["[é漢🦀]p"], Outcome::Ok, "é漢🦀"),
        ],
    )
    .await;
}

#[tokio::test]
async fn sqlite3() {
    jobs(
        "sqlite3",
        &[
            (&["select 6*7;"], Outcome::Ok, "42"),
            (
                &["create table t(a); begin;", "insert into t values ('two\nlines');", "select * from t;"],
                Outcome::Ok,
                "two\nlines",
            ),
            (&[".tables"], Outcome::Ok, ""),
            (&[".mode json\nselect 1 as x;"], Outcome::Ok, "[{\"x\":1}]"),
            (&["select 1, 'é漢🦀';"], Outcome::Ok, "1|é漢🦀"),
            (&[".output /dev/null\nselect 1;", "select 2;"], Outcome::Ok, "2"),
            (
                &[".nope"],
                Outcome::Error,
                "Error: unknown command or invalid arguments:  \"nope\". Enter \".help\" for help",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn sqlite3_does_not_run_what_is_not_finished() {
    let Some(cluster) = one("sqlite3", &[]).await else { return };
    for open in ["'x", "\"x", "`x", "[x", "/* x", "1", "(", "1; select 'x", "-- x\n'"] {
        let job = Job::new()
            .step("create table t(a); create trigger g after insert on t begin select 1; end;")
            .step(format!("insert into t select {open}"))
            .step("select count(*) from t where a != 1;");
        let reply = cluster.ask(job).await.expect("a reply");
        assert_eq!((reply.outcome, reply.instance.generation), (Outcome::Error, 1), "{open}: {reply:?}");
    }
    for open in [
        "create table t(a); create trigger g after insert on t begin select 1;",
        "begin; select (",
        "explain",
    ] {
        let reply = cluster.ask(open).await.expect("a reply");
        assert_eq!((reply.outcome, reply.instance.generation), (Outcome::Error, 1), "{open}: {reply:?}");
    }
    assert_eq!(cluster.ask("select 7;").await.expect("a reply").text(), "7");
    cluster.shutdown().await;
}

#[tokio::test]
async fn jq() {
    let type_error = "jq: error (at <stdin>:15): Cannot index number with string \"a\"";
    jobs_with(
        "jq",
        &[".a | .[]?"],
        &[
            (&["{\"a\": [1, \"é漢🦀\"]}"], Outcome::Ok, "1\n\"é漢🦀\""),
            (&["{\n\"a\":\n[[]]}"], Outcome::Ok, "[]"),
            (&["{}"], Outcome::Ok, ""),
            (&["{\"a\": [\"jq: error\"]}"], Outcome::Ok, "\"jq: error\""),
            (&["5"], Outcome::Error, type_error),
        ],
    )
    .await;
}

#[tokio::test]
async fn tclsh() {
    jobs(
        "tclsh",
        &[
            (&["expr {6 * 7}"], Outcome::Ok, "42"),
            (&["proc f {n} {\n  return [expr {$n * 2}]\n}", "f 4"], Outcome::Ok, "8"),
            (&["f 4"], Outcome::Error, "invalid command name \"f\""),
            (&["puts {open"], Outcome::Error, "missing close-brace"),
            (&["error no\nputs after"], Outcome::Error, "no\nafter"),
            (&["exec cat; gets stdin"], Outcome::Ok, ""),
            (&["catch {exit 3}; puts not"], Outcome::Error, ""),
            (&["cd /; set env(A) b", "list [pwd] $env(A)"], Outcome::Ok, "/ b"),
            (&["info exists env(A)"], Outcome::Ok, "0"),
            (&["interp eval {} {rename puts {}}; close stdout"], Outcome::Ok, ""),
            (&["puts -nonewline é漢🦀; string length 漢"], Outcome::Ok, "é漢🦀1"),
        ],
    )
    .await;
}

#[tokio::test]
async fn node() {
    jobs(
        "node",
        &[
            (&["6 * 7"], Outcome::Ok, "42"),
            (&["const f = n =>\n  n * 2;", "f(4)"], Outcome::Ok, "8"),
            (&["f(4)"], Outcome::Error, "Uncaught ReferenceError: f is not defined"),
            (&["`open"], Outcome::Error, "\n\n\nUncaught SyntaxError: Unexpected end of input"),
            (&["await Promise.reject(5)"], Outcome::Error, "Uncaught 5"),
            (&["setInterval(() => console.log('not'), 1); 0"], Outcome::Ok, "0"),
            (&["await new Promise(done => setTimeout(done, 30, 7))"], Outcome::Ok, "7"),
            (&["require('fs').readFileSync(0).length"], Outcome::Ok, "0"),
            (&["process.exit(3)"], Outcome::Error, ""),
            (
                &["process.chdir('/'); process.env.A = 'b'; delete Array.prototype.map", "process.cwd()"],
                Outcome::Ok,
                "'/'",
            ),
            (
                &["[process.env.A, process.cwd() === '/', [1].map(x => x)]"],
                Outcome::Ok,
                "[ undefined, false, [ 1 ] ]",
            ),
            (&["console.log('é漢🦀')"], Outcome::Ok, "é漢🦀"),
        ],
    )
    .await;
}

#[tokio::test]
async fn gdb() {
    jobs(
        "gdb",
        &[
            (&["print 6*7"], Outcome::Ok, "$1 = 42"),
            (&["print 1\nprint $+1", "print $1+$2"], Outcome::Ok, "$3 = 3"),
            (&["print $1"], Outcome::Error, "History has not yet reached $1."),
            (
                &["print 1\nnope\nprint 2"],
                Outcome::Error,
                "$1 = 1\nUndefined command: \"nope\".  Try \"help\".",
            ),
            (&["define twice\nprint $arg0 * 2\nend", "twice 4"], Outcome::Ok, "$1 = 8"),
            (&["twice 4"], Outcome::Error, "Undefined command: \"twice\".  Try \"help\"."),
            (&["define open"], Outcome::Ok, ""),
            (&["shell cat; echo end"], Outcome::Ok, "end"),
            (&["quit 3"], Outcome::Error, ""),
            (&["print \"é漢🦀\""], Outcome::Ok, "$1 = \"é漢🦀\""),
        ],
    )
    .await;
}

#[tokio::test]
async fn gdb_runs_a_program() {
    let Some(cluster) = one("gdb", &[]).await else { return };
    let reply = cluster.ask("file /bin/true\nrun").await.expect("a reply");
    assert!(reply.outcome == Outcome::Ok && reply.text().contains("exited normally"), "{reply:?}");
    let reply = cluster.ask("info inferiors").await.expect("a reply");
    assert!(reply.text().contains("<null>") && !reply.text().contains("true"), "{reply:?}");
    cluster.shutdown().await;
}

/// Against the server that the environment names, if it does.
#[tokio::test]
async fn psql() {
    if std::env::var_os("PGHOST").is_none() {
        eprintln!("skipped: PGHOST names no server");
        return;
    }
    let open =
        "ERROR:  unterminated quoted string at or near \"'open\"\nLINE 1: select 'open\n               ^";
    jobs_with(
        "psql",
        &["-A", "-t"],
        &[
            (&["select 6*7"], Outcome::Ok, "42"),
            (
                &["begin; create temp table t(a int)", "insert into t values (1); select * from t"],
                Outcome::Ok,
                "1",
            ),
            (&["select count(*) from pg_class where relname = 't'"], Outcome::Ok, "0"),
            (
                &["\\! echo not"],
                Outcome::Error,
                "ERROR:  syntax error at or near \"\\\"\nLINE 1: \\! echo not\n        ^",
            ),
            (&["select 'open"], Outcome::Error, open),
            (&["select 1/0"], Outcome::Error, "ERROR:  division by zero"),
            (&["create temp table t(a int); copy t from stdin", "select count(*) from t"], Outcome::Ok, "0"),
            (&["select 'é漢🦀'"], Outcome::Ok, "é漢🦀"),
        ],
    )
    .await;
}
