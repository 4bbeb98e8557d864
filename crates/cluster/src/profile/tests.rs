//! Profiles as a whole: those that come with the program, and what is said about broken ones.

use super::*;
use pool_core::message::Outcome;
use pool_core::spec::HoldSpec;
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn around() -> Surroundings {
    Surroundings {
        env: [("PATH", "/nowhere"), ("HOME", "/home/u"), ("SECRET", "s")]
            .map(|(n, v)| (n.into(), v.into()))
            .into(),
        state: Some("/state".into()),
        cwd: "/here".into(),
        ..Surroundings::default()
    }
}

fn load(tool: &str) -> Profile {
    Profile::load(tool, &Overrides::default(), &around()).unwrap()
}

/// What is said about a profile of this text.
fn complaint(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.toml");
    std::fs::write(&path, text).unwrap();
    let error = Profile::load(path.to_str().unwrap(), &Overrides::default(), &around()).unwrap_err();
    error.to_string().replace(folder.path().to_str().unwrap(), "DIR")
}

#[test]
fn a_terminal_of_ours_is_called_dumb_unless_somebody_says_otherwise() {
    let mut around = around();
    around.env.push(("TERM".into(), "fancy".into()));
    for (pty, env, expected) in [
        (false, None, "fancy"),
        (true, None, "dumb"),
        (true, Some("TERM"), "fancy"),
        (true, Some("TERM=x"), "x"),
    ] {
        let env = env.map(str::to_owned).into_iter().collect();
        let profile =
            Profile::load("bash", &Overrides { pty, env, ..Overrides::default() }, &around).unwrap();
        let term = profile.spec.env.iter().find(|(name, _)| name == "TERM");
        assert_eq!(term.map(|(_, value)| value.as_str()), Some(expected), "pty: {pty}");
    }
}

const GOOD: &str = r#"schema = "cluster.profile/1"
command = ["sqlite3", "-batch"]
effects = "write"
[turn]
by     = "sentinel"
send   = ".print {nonce}"
expect = "^{nonce}$"
before = ";"
[env]
inherit = ["SQLITE_*"]
[stop]
say   = ".quit"
after = "2s"
[test]
say    = "select 6*7;"
expect = "42"
"#;

#[test]
fn broken_profiles() {
    let swap = |from: &str, to: &str| {
        assert!(GOOD.contains(from));
        complaint(&GOOD.replace(from, to))
    };
    let said = [
        swap("expect = \"^", "expcet = \"^"),
        swap("[stop]", "[shutdown]"),
        swap("\"sentinel\"", "\"sentinal\""),
        swap("\"2s\"", "\"2\""),
        swap("\"2s\"", "2"),
        swap("^{nonce}$", "^({nonce}$"),
        swap("\"^{nonce}$\"", "\"^mark$\""),
        swap(".print {nonce}", ".print mark"),
        swap("send   =", "until  ="),
        swap("before = \";\"", "until  = \"x\""),
        swap("send   = \".print {nonce}\"\n", ""),
        swap("[\"sqlite3\", \"-batch\"]", "[]"),
        swap("command = [\"sqlite3\", \"-batch\"]\n", ""),
        swap("profile/1", "profile/2"),
        swap("before = \";\"", "wrap = \"x\""),
        swap("before = \";\"", "before = "),
        swap("[stop]", "[restart]\ndelay = \"1h\"\n[stop]"),
        swap("[stop]", "[[outcome]]\nis = \"eror\"\npattern = \"x\"\n[stop]"),
        swap("[stop]", "[[outcome]]\nis = \"error\"\npattern = \"*\"\n[stop]"),
        swap("[stop]", "[[outcome]]\nis = \"limited\"\npattern = '(?P<reset_sec>\\d+)'\n[stop]"),
        swap("[stop]", "[[outcome]]\nis = \"error\"\npattern = '(?P<reset_s>\\d+)'\n[stop]"),
        swap("[stop]", "[breaker]\nslow_rate = 0\n[stop]"),
        swap("[stop]", "[hold]\nmax = \"1s\"\n[stop]"),
        swap("by     = \"sentinel\"\n", ""),
        swap("effects = \"write\"", "io = \"tty\""),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn settings_of_acp_are_known_ones() {
    let said = |setting: &str| {
        complaint(&format!(
            "schema = \"cluster.profile/1\"\ncommand = [\"x\"]\n[turn]\nby = \"acp\"\n[agent.settings]\n{setting}\n"
        ))
    };
    for setting in
        ["modeId = 1", "usage = \"sesion\"", "countsEveryTurn = \"yes\"", "notes = \"(\"", "mode = \"plan\""]
    {
        let said = said(setting);
        assert!(
            said.contains("agent.settings") && said.contains("cluster schema profile"),
            "{setting}: {said}"
        );
    }
}

#[test]
fn a_profile_of_the_users_hides_a_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bc.toml"), GOOD.replace("sqlite3", "mybc")).unwrap();
    std::fs::write(folder.path().join("broken.toml"), "x = 1").unwrap();
    let around = Surroundings { profiles: Some(folder.path().into()), ..around() };
    let profile = Profile::load("bc", &Overrides::default(), &around).unwrap();
    assert_eq!((&*profile.name, profile.spec.command[0].as_str()), ("bc", "mybc"));
    let names: Vec<_> = Profile::list(&around).into_iter().map(|it| (it.name, it.about.is_ok())).collect();
    let broken = |name: &str| (name.to_owned(), name != "broken");
    let mut expected: Vec<_> = place::BUILT_IN.iter().map(|(name, _)| broken(name)).collect();
    expected.push(broken("broken"));
    expected.sort();
    assert_eq!(names, expected);
    let error = Profile::load("bahs", &Overrides::default(), &around).unwrap_err().to_string();
    assert!(error.contains("did you mean 'bash'?"), "{error}");
}

#[test]
fn every_value_and_who_said_so() {
    let flags = Overrides {
        model: Some("gpt-5".into()),
        tool_args: vec!["--auto-commits".into()],
        env: vec!["SECRET".into(), "A=b=c".into()],
        cwd: Some("tree".into()),
        timeout: Some(Duration::from_secs(90)),
        ..Overrides::default()
    };
    let profile = Profile::load("aider", &flags, &around()).unwrap();
    let rows: Vec<String> =
        profile.rows.iter().map(|row| format!("{:<18} {:<8} {}", row.key, row.origin, row.value)).collect();
    insta::assert_snapshot!(rows.join("\n"));
    let spec = profile.spec;
    assert!(spec.command.ends_with(&["--model", "gpt-5", "--auto-commits"].map(str::to_owned)));
    assert_eq!(spec.cwd, Some(PathBuf::from("/here/tree")));
    assert_eq!(spec.state_dir, Some(PathBuf::from("/state/aider")));
    assert_eq!(spec.limits.turn, Duration::from_secs(90));
    assert!(
        spec.env.contains(&("A".into(), "b=c".into())) && spec.env.contains(&("SECRET".into(), "s".into()))
    );
    assert!(profile.dropped_env.is_empty());
}

#[test]
fn defaults_are_shown_as_they_are_used() {
    let spec =
        Profile::load("x", &Overrides { framing: Some(Framing::Lines), ..Overrides::default() }, &around());
    let spec = spec.unwrap().spec;
    let plain = ToolSpec::new("x", vec!["x".into()], spec.turn.clone());
    assert_eq!(spec.limits, plain.limits);
    assert_eq!((spec.stop, spec.breaker, spec.intensity), (plain.stop, plain.breaker, plain.intensity));
    assert_eq!((spec.backoff, spec.cancel, spec.restart), (plain.backoff, plain.cancel, plain.restart));
    assert_eq!((spec.account, spec.hold), (plain.account, plain.hold));
}

#[test]
fn an_account_may_be_shared_and_holds_may_be_short() {
    let profile = GOOD.replace("[stop]", "[hold]\nmin = \"5s\"\nmax = \"1m\"\njitter = 0.5\n[stop]");
    let profile = profile.replace("[turn]", "account = \"team\"\n[turn]");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sqlite3.toml"), profile).unwrap();
    let around = Surroundings { profiles: Some(folder.path().into()), ..around() };
    let spec = Profile::load("sqlite3", &Overrides::default(), &around).unwrap().spec;
    let (min, max) = (Duration::from_secs(5), Duration::from_secs(60));
    assert_eq!((&*spec.account, spec.hold), ("team", Some(HoldSpec { min, max, jitter: 0.5 })));
}

#[test]
fn aider_says_when_a_limit_is_over_where_the_provider_does() {
    let outcomes = load("aider").spec.turn.outcomes;
    let limited = outcomes.into_iter().find(|rule| rule.outcome == Outcome::Limited).unwrap().pattern;
    let table: [(&str, &[(&str, &str)]); 5] = [
        (
            "Rate limit reached for gpt-4o. Please try again in 7m12s. Visit x.",
            &[("reset_m", "7"), ("reset_s", "12")],
        ),
        ("Limit 30000, Used 29000. Please try again in 120ms.", &[("reset_ms", "120")]),
        ("Please retry after 20 seconds.", &[("reset_s", "20")]),
        (r#"{"error": {"retryDelay": "32.5s"}}"#, &[("reset_s", "32.5")]),
        ("Rate limit reached (fake)", &[]),
    ];
    for (message, expected) in table {
        let line = format!(
            "litellm.RateLimitError: {message}\nThe API provider has rate limited you. Try again later."
        );
        let found = limited.captures(&line).unwrap();
        let groups = limited.capture_names().flatten();
        let said: Vec<_> = groups.filter_map(|name| Some((name, found.name(name)?.as_str()))).collect();
        assert_eq!(said.len(), expected.len(), "{message}");
        assert!(expected.iter().all(|pair| said.contains(pair)), "{message}: {said:?}");
    }
}

#[test]
fn command_lines() {
    let framed = |line: &str, framing: Framing| {
        let flags = Overrides { framing: Some(framing), ..Overrides::default() };
        match Profile::load(line, &flags, &around()) {
            Ok(profile) => {
                format!("{} {:?} {:?}", profile.name, profile.spec.command, profile.spec.turn.rule)
            }
            Err(error) => error.to_string(),
        }
    };
    let until = |re: &str| Framing::Until(re.into());
    let sentinel = |pair: &str| Framing::Sentinel(pair.into());
    let said = [
        framed("gdb -q -nx", until(r"\(gdb\) $")),
        framed("'/opt/my tool/x' 'a b' c\\ d", Framing::Lines),
        framed("tool | sort > out", Framing::QuietFor(Duration::from_millis(1500))),
        framed("node x", sentinel("console.log(a='{nonce}')=^a={nonce}$")),
        framed("gdb", until("(")),
        framed("gdb 'unclosed", until("x")),
        framed("", Framing::Lines),
        framed("node", sentinel("echo {nonce}")),
        framed("node", sentinel("echo=x{nonce}")),
        framed("node", sentinel("echo {nonce}=({nonce}")),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn flags_that_make_no_sense() {
    let said = |tool: &str, flags: Overrides| Profile::load(tool, &flags, &around()).unwrap_err().to_string();
    let model = |model: &str| Overrides { model: Some(model.into()), ..Overrides::default() };
    assert!(said("bash", model("m")).starts_with("--model: the tool's profile does not say"));
    assert!(said("aider", model("--yes")).starts_with("--model: \"--yes\" would be taken for an option"));
    let nameless = Overrides { env: vec!["=x".into()], ..Overrides::default() };
    assert!(said("bash", nameless).starts_with("--env: \"=x\" has no name"));
}

#[test]
fn a_private_folder_needs_a_place() {
    let nowhere = Surroundings { state: None, ..around() };
    let error = Profile::load("aider", &Overrides::default(), &nowhere).unwrap_err().to_string();
    assert!(
        error.ends_with("command: {dir} has no place: let HOME or XDG_STATE_HOME be an absolute path"),
        "{error}"
    );
    assert!(Profile::load("bash", &Overrides::default(), &nowhere).is_ok());
}

#[test]
fn programs_become_absolute() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("bash");
    std::fs::write(&program, "").unwrap();
    let mut around = around();
    around.env[0].1 = format!("/nowhere:{}", folder.path().display()).into();
    let found = |around: &Surroundings| {
        Profile::load("bash", &Overrides::default(), around).unwrap().spec.command[0].clone()
    };
    assert_eq!(found(&around), "bash", "a file that nobody may execute is no program");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(found(&around), program.to_str().unwrap());
}

/// Replays what the real tools said.
#[test]
fn built_in_profiles_read_what_the_tools_say() {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("profiles/golden");
    // Any moment will do: no time passes in a replay.
    #[expect(clippy::disallowed_methods, reason = "where a replay begins")]
    let now = Instant::now();
    for (name, _) in place::BUILT_IN {
        let spec = Arc::new(load(name).spec);
        // What is started for each turn has no dialogue: its output is tried with stand-ins.
        if spec.turn.rule.is_relayed() {
            continue;
        }
        let mut cases = 0;
        for case in std::fs::read_dir(golden.join(name)).unwrap() {
            let path = case.unwrap().path();
            let transcript = std::fs::read_to_string(&path).unwrap();
            if let Err(error) = pool_core::machine::dialect::replay::replay(&spec, &transcript, now) {
                panic!("{}: {error}", path.display());
            }
            cases += 1;
        }
        assert!(cases >= 2, "{name} has {cases} transcripts");
    }
}

#[test]
fn every_key_is_explained() {
    let schema = serde_json::to_value(schema()).unwrap();
    let definitions = schema["$defs"].as_object().unwrap().values();
    let mut keys = 0;
    for table in definitions.chain([&schema]) {
        for (key, value) in table["properties"].as_object().into_iter().flatten() {
            assert!(value["description"].is_string(), "{key}");
            keys += 1;
        }
    }
    assert!(keys > 60, "{keys}");
}
