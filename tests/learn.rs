//! Tools that play a script are learnt, in virtual time: what the profile says, and what is said about those that
//! cannot be learnt.

#[allow(dead_code, reason = "each test file uses its part")]
mod support;

use cluster::learn::{LearnError, Learnt, Lesson, learn};
use cluster::profile::{Overrides, Profile, Surroundings};
use pool_core::message::{ExitReport, SlotId};
use pool_core::process::fake::{Fakes, Play, Stage};
use pool_core::process::{Launch, Launching};
use pool_core::spec::{Io, ToolSpec};
use std::sync::Arc;
use std::time::Duration;
use support::in_virtual_time;

/// How a scripted tool speaks.
#[derive(Debug, Clone, Copy)]
struct Manner {
    banner: &'static str,
    /// `{n}` counts the lines.
    prompt: &'static str,
    /// The prompt after a mistake.
    broken: Option<&'static str>,
    /// In front of and behind what it is asked to print; it prints what stands between them.
    print: [&'static str; 2],
    /// What it says behind each print.
    remark: &'static str,
    /// It repeats what it reads.
    echo: bool,
    /// A line end returns the cursor, too.
    terminal: bool,
    /// It knows nothing until its input ends.
    late: bool,
    /// A mistake ends it.
    frail: bool,
    /// It says this to what it does not know; `{line}` is what that was.
    unknown: &'static str,
}

const PLAIN: Manner = Manner {
    banner: "",
    prompt: "",
    broken: None,
    print: ["print(\"", "\")"],
    remark: "",
    echo: false,
    terminal: false,
    late: false,
    frail: false,
    unknown: "what?\n",
};

fn play(mut stage: Stage, manner: Manner) -> Play {
    Box::pin(async move {
        let (mut count, mut is_broken, mut kept) = (1, false, String::new());
        let prompt = |count: usize, is_broken: bool| {
            let prompt = manner.broken.filter(|_| is_broken).unwrap_or(manner.prompt);
            prompt.replace("{n}", &count.to_string())
        };
        stage.print(format!("{}{}", manner.banner, prompt(count, is_broken))).await;
        while let Some(line) = stage.line().await {
            count += 1;
            let mut says = if manner.echo { format!("{line}\n") } else { String::new() };
            let [front, back] = manner.print;
            let text = line.strip_prefix(front).and_then(|rest| rest.strip_suffix(back));
            match text {
                Some(text) => says += &format!("{}\n{}", text.replace("\\n", "\n"), manner.remark),
                None => {
                    is_broken = true;
                    says += &manner.unknown.replace("{line}", &line);
                }
            }
            if manner.frail && text.is_none() {
                return ExitReport::Exited(1);
            }
            says += &prompt(count, is_broken);
            if manner.terminal {
                says = says.replace('\n', "\r\n");
            }
            if manner.late {
                kept += &says;
            } else {
                stage.print(says).await;
            }
        }
        stage.print(kept).await;
        ExitReport::Exited(0)
    })
}

fn lesson(pty: bool) -> Lesson {
    let command = vec!["tool".to_owned(), "-x y".to_owned()];
    Lesson { command, name: "tool".into(), pty, limit: Duration::from_secs(600) }
}

fn learn_from(launcher: Arc<dyn Launch>, lesson: &Lesson) -> Result<Learnt, LearnError> {
    in_virtual_time(learn(lesson, launcher, &Surroundings::default()))
}

fn learnt(manner: Manner) -> Result<Learnt, LearnError> {
    learn_from(Arc::new(Fakes::new(move |stage| play(stage, manner))), &lesson(false))
}

/// The profile, without what is the same for all.
fn essence(learnt: &Learnt) -> String {
    let lines = learnt.profile.lines().skip_while(|line| !line.starts_with("[turn]"));
    lines
        .take_while(|line| !line.starts_with("[cancel]"))
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_whole_profile_of_a_tool() {
    let manner = Manner {
        banner: "tool 1.2\n\n",
        prompt: "[{n}]> ",
        broken: Some("Break 1 [{n}]> "),
        remark: "ok\n",
        ..PLAIN
    };
    let learnt = learnt(manner).expect("a profile");
    insta::assert_snapshot!(learnt.profile);
    insta::assert_snapshot!(learnt.found.join("\n"));
    insta::assert_snapshot!(learnt.open.join("\n"));
    let profile = Profile::parse("tool", &learnt.profile, &Overrides::default(), &Surroundings::default());
    assert_eq!(profile.expect("a profile").spec.io, Io::Pipes);
    let transcript = learnt.transcript.expect("it replays");
    assert!(transcript.contains("||| clusterB\\nok\n"), "{transcript}");
}

#[test]
fn each_manner_has_its_own_profile() {
    let table: &[(Manner, &[&str])] = &[
        (PLAIN, &[r#"send   = 'print("\n{nonce}")'"#, r"expect = '\n{nonce}$'", "begin  = true"]),
        (Manner { prompt: "> ", ..PLAIN }, &[r"trim_start = ['\A(?:> )']", r"trim_end   = ['(?:> )\z']"]),
        (Manner { prompt: "> ", echo: true, ..PLAIN }, &["echo   = true", r"ready = '(?:> )\z'"]),
        (Manner { print: ["puts \"", "\""], ..PLAIN }, &[r#"send   = 'puts "\n{nonce}"'"#]),
        (
            Manner { print: ["no", "way"], unknown: "{line}: not known\n", ..PLAIN },
            &["send   = \"zz{nonce}\"", "expect = \"^zz{nonce}: not known$\""],
        ),
        (Manner { print: ["no", "way"], prompt: "ask> ", ..PLAIN }, &["by        = \"prompt\""]),
        (Manner { print: ["no", "way"], unknown: "{line}\n", ..PLAIN }, &["by        = \"lines\""]),
    ];
    for (manner, parts) in table {
        let learnt = learnt(*manner).unwrap_or_else(|why| panic!("{manner:?}: {why}"));
        let essence = essence(&learnt);
        for part in *parts {
            assert!(essence.contains(part), "{manner:?}: {part}\n{essence}");
        }
        assert!(learnt.transcript.is_some(), "{manner:?}: {:?}", learnt.open);
    }
}

#[test]
fn what_is_not_right_is_told() {
    let frail = learnt(Manner { frail: true, ..PLAIN }).expect("a profile");
    assert!(frail.open.iter().any(|open| open == "a prompt without output: it ends"), "{:?}", frail.open);
    assert!(
        frail.profile.contains("Not right in the rehearsal: a prompt without output: it ends."),
        "{}",
        frail.profile
    );
    let prompts = learnt(Manner { prompt: "> ", ..PLAIN }).expect("a profile");
    let two = r#"a prompt of two lines: its reply is "clusterH\n> clusterI""#;
    assert!(prompts.open.iter().any(|open| open == two), "{:?}", prompts.open);
}

/// A tool that is one on pipes, and another one on a terminal.
struct Both<P, T> {
    pipes: Fakes<P>,
    pty: Fakes<T>,
}

impl<P, T> Launch for Both<P, T>
where
    P: Fn(Stage) -> Play + Send + Sync + 'static,
    T: Fn(Stage) -> Play + Send + Sync + 'static,
{
    fn launch(&self, spec: &ToolSpec, slot: SlotId) -> Launching {
        match spec.io {
            Io::Pipes => self.pipes.launch(spec, slot),
            Io::Pty => self.pty.launch(spec, slot),
        }
    }
}

#[test]
fn a_terminal_is_tried_where_pipes_do_not_do() {
    let pipes = Fakes::new(|stage| play(stage, Manner { late: true, ..PLAIN }));
    let pty = Fakes::new(|stage| play(stage, Manner { terminal: true, ..PLAIN }));
    let learnt = learn_from(Arc::new(Both { pipes, pty }), &lesson(false)).expect("a profile");
    assert!(learnt.profile.contains("io      = \"pty\""), "{}", learnt.profile);
    let reason = "not on pipes: it answers only when its input ends";
    assert!(learnt.found.iter().any(|found| found.starts_with(reason)), "{:?}", learnt.found);

    let pipes = Fakes::new(|stage| play(stage, Manner { frail: true, ..PLAIN }));
    let pty = Fakes::new(|stage| play(stage, Manner { terminal: true, ..PLAIN }));
    let learnt = learn_from(Arc::new(Both { pipes, pty }), &lesson(false)).expect("a profile");
    assert!(learnt.profile.contains("io      = \"pty\""), "the better one of two: {}", learnt.profile);
}

#[test]
fn what_cannot_be_learnt_says_why() {
    let late = "pipes: it answers only when its input ends";
    let silent = "pipes: it says nothing, whatever it is told";
    let nothing = Manner { print: ["no", "way"], unknown: "", ..PLAIN };
    let table: &[(Manner, &str)] = &[
        (Manner { late: true, ..PLAIN }, late),
        (nothing, silent),
        (
            Manner { print: ["no", "way"], unknown: "?\nwhat\n", ..PLAIN },
            "pipes: it answers, but none of 33 statements",
        ),
    ];
    for (manner, reason) in table {
        let why = learnt(*manner).expect_err("nothing to learn").to_string();
        assert!(why.starts_with(reason) && why.contains("; a terminal: "), "{manner:?}: {why}");
    }
}

#[test]
fn every_bound_is_kept() {
    let endless = Fakes::new(|mut stage: Stage| {
        Box::pin(async move {
            for _ in 0..1000 {
                stage.print([b'x'; 4096]).await;
            }
            ExitReport::Exited(0)
        }) as Play
    });
    let why = learn_from(Arc::new(endless), &lesson(false)).expect_err("it never ends");
    assert!(matches!(why, LearnError::TooMuch(_)), "{why}");

    let brief = Lesson { limit: Duration::from_secs(1), ..lesson(false) };
    let slow = Fakes::new(|stage| play(stage, Manner { print: ["no", "way"], ..PLAIN }));
    assert_eq!(learn_from(Arc::new(slow), &brief), Err(LearnError::TooLong(brief.limit)));

    let ends = Fakes::new(|mut stage: Stage| {
        Box::pin(async move {
            stage.print("usage: tool\ncannot go on\n").await;
            ExitReport::Exited(2)
        }) as Play
    });
    let why = learn_from(Arc::new(ends), &lesson(true)).expect_err("it ends").to_string();
    assert_eq!(why, "a terminal: it ends before it is told anything: cannot go on");
}

#[test]
fn some_programs_are_not_told_anything() {
    let nobody = || Arc::new(Fakes::new(|_| -> Play { unreachable!("it must not be started") }));
    let lesson = |program: &str| Lesson { command: vec![program.into()], ..lesson(false) };
    for program in ["aider", "/usr/bin/vim"] {
        let why = learn_from(nobody(), &lesson(program)).expect_err("refused");
        assert!(matches!(why, LearnError::Refused { .. }), "{why}");
    }
    assert_eq!(
        learn_from(nobody(), &Lesson { command: Vec::new(), ..lesson("tool") }),
        Err(LearnError::Empty)
    );
}
