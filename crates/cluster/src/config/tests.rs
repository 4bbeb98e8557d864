//! Layers, and what is said about broken ones.

use super::*;
use crate::profile::Overrides;
use proptest::prelude::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

fn file(path: &str, text: &str) -> Option<File> {
    Some(File { path: path.into(), text: text.to_owned() })
}

fn project(path: &str, text: &str) -> Result<Option<Project>, ConfigError> {
    Project::read(File { path: path.into(), text: text.to_owned() }).map(Some)
}

/// One line a value that somebody has made.
fn said(config: &Config) -> Vec<String> {
    let made = config.rows().into_iter().filter(|row| row.origin != Origin::Default);
    made.map(|row| format!("{} = {} ({})", row.key, row.value, row.origin)).collect()
}

fn complaint(sources: Sources) -> String {
    Config::of(sources).expect_err("it makes no sense").to_string()
}

#[test]
fn each_layer_covers_those_below_it() {
    let sources = Sources {
        user: file(
            "/u",
            "retries = 1\nroute = 'sticky'\nstall = '1m'\n\n[tools.aider]\nmodel = 'm'\nenv = ['A=b', 'C']\n",
        ),
        project: project("/p", "# ours\nroute = 'fastest'\ntimeout = '90s'\n").unwrap(),
        env: [
            ("CLUSTER_TIMEOUT", "2m"),
            ("CLUSTER_ROUTE", ""),
            ("CLUSTER_MAX_MEMORY", "512M"),
            ("CLUSTER_LOG", "x"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into(),
        flags: vec![(&KEYS[0], "7".to_owned())],
        files: Vec::new(),
    };
    let config = Config::of(sources).unwrap();
    let expected = [
        "instances = 7 (--instances)",
        "max-memory = \"512M\" (CLUSTER_MAX_MEMORY)",
        "retries = 1 (/u:1)",
        "route = \"fastest\" (/p:2)",
        "stall = \"1m\" (/u:3)",
        "timeout = \"2m\" (CLUSTER_TIMEOUT)",
        "tools.aider.env = [\"A=…\", \"C\"] (/u:7)",
        "tools.aider.model = \"m\" (/u:6)",
    ];
    assert_eq!(said(&config), expected);
    assert_eq!(config.settings.max_memory, Some(Size(512 << 20)));
    let made: Vec<_> = config.made().map(|(key, value)| format!("{}={value}", key.flag)).collect();
    let flags = ["instances=7", "route=fastest", "timeout=2m", "stall=1m", "max-memory=512M", "retries=1"];
    assert_eq!(made, flags.map(|flag| format!("--{flag}")));
    let tools = config.tools();
    let places: Vec<_> = tools.settled("aider").iter().map(|(_, origin)| origin.to_string()).collect();
    assert_eq!(places, ["/u:6", "/u:7"]);
}

#[test]
fn without_anything_the_defaults_hold() {
    let config = Config::of(Sources::default()).unwrap();
    assert!(said(&config).is_empty() && config.made().next().is_none());
    let keys: Vec<_> = config.rows().into_iter().map(|row| format!("{} = {}", row.key, row.value)).collect();
    assert_eq!(keys, ["instances = 3", "on-limit = \"wait\"", "retries = 0", "route = \"least_busy\""]);
}

#[test]
fn marks_and_line_ends_of_other_systems_are_read() {
    let user = file("/u", "\u{feff}retries = 1\r\n\r\n[tools.\"a b\"]\r\nmodel = 'm'\r\n");
    let config = Config::of(Sources { user, ..Sources::default() }).unwrap();
    assert_eq!(said(&config), ["retries = 1 (/u:1)", "tools.\"a b\".model = \"m\" (/u:4)"]);
    let user = file("/u", "\u{feff}retries = 1\r\n\r\nrouet = 'x'\r\n");
    assert_eq!(
        complaint(Sources { user, ..Sources::default() }),
        "/u:3: rouet: unknown key `rouet`: did you mean `route`?"
    );
}

#[test]
fn broken_settings() {
    let user = |text: &str| complaint(Sources { user: file("/u", text), ..Sources::default() });
    let project = |text: &str| project("/p", text).expect_err("it makes no sense").to_string();
    let variable = |name: &str, value: &str| {
        complaint(Sources { env: vec![(name.into(), value.into())], ..Sources::default() })
    };
    let said = [
        user("instances = 3\nintsances = 4"),
        user("xyz = 4"),
        user("instances = 0"),
        user("instances = '3'"),
        user("retries = 101"),
        user("timeout = '90'"),
        user("timeout = 90"),
        user("on-limit = 'wiat'"),
        user("max-memory = 0"),
        user("max-memory = '2GB'"),
        user("route = ["),
        user("route = 'a'\nroute = 'b'"),
        user("[tools.aider]\nmodle = 'm'"),
        user("[tools]\naider = 'm'"),
        user("[tools.aider]\ntool-arg = '--x'"),
        project("intsances = 4"),
        project("on-limt = 'wait'"),
        project("on_limit = 'wait'"),
        project("on_run_done = ['rm']"),
        user("[tools.aider]\nprofile = './x.toml'"),
        user("[tools.aider]\nchanges = ['x']"),
        project("instances = 2\n[tools.aider]\nmodle = 'm'"),
        project("[tools.aider]\nprofile = 3"),
        project("[tools.aider.profile]\nschema = 'cluster.profile/1'\ncommand = 'rm'\nturn.by = 'lines'"),
        project("[tools.aider]\nenv = ['PATH=./bin:/bin']"),
        project(
            "[tools.x.profile]\nschema = 'cluster.profile/1'\ncommand = ['x']\nturn.by = 'lines'\nenv.set.PATH = 'bin'",
        ),
        project("[tools.aider]\nprofile = '../x.toml'"),
        project("[tools.aider]\nprofile = '/etc/passwd'"),
        project("[tools.aider]\nprofile = ''"),
        project("[tools.'../../x']\nmodel = 'm'"),
        project("[tools.\"a\\u001b[2J\"]\nmodel = 'm'"),
        project("[hooks]\non_run_odne = ['rm']"),
        project("command = ['rm']"),
        project("env = ['LD_PRELOAD=x.so']"),
        variable("CLUSTER_INSTANCES", "many"),
        variable("CLUSTER_INSTANCES", "0"),
        variable("CLUSTER_TIMEOUT", "90"),
        variable("CLUSTER_ON_LIMIT", "later"),
        variable("CLUSTER_MAX_MEMORY", "lots"),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let env = vec![("CLUSTER_ROUTE".into(), OsString::from_vec(vec![0xff]))];
    assert_eq!(complaint(Sources { env, ..Sources::default() }), "CLUSTER_ROUTE: it is not UTF-8 text");
}

/// A home with settings, and a repository in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(home.path("src/project/.git")).unwrap();
        std::fs::create_dir_all(home.path("src/project/deep/er")).unwrap();
        std::fs::create_dir_all(home.path("config")).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    fn around(&self, cwd: &str) -> Surroundings {
        Surroundings {
            config: Some(self.path("config")),
            home: Some(self.0.path().to_owned()),
            state: Some(self.path("state")),
            cwd: self.path(cwd),
            ..Surroundings::default()
        }
    }

    fn complaint(&self, cwd: &str) -> String {
        let error = Config::load(&self.around(cwd)).expect_err("it makes no sense").to_string();
        error.replace(self.0.path().to_str().unwrap(), "HOME")
    }
}

#[test]
fn the_projects_file_is_the_nearest_up_to_the_root() {
    let home = Home::new();
    let found = |cwd: &str| {
        let config = Config::load(&home.around(cwd)).unwrap();
        config.files[1]
            .path()
            .unwrap()
            .strip_prefix(home.0.path())
            .unwrap_or(Path::new("?"))
            .display()
            .to_string()
    };
    home.write("pool.toml", "").write("src/pool.toml", "");
    let table = [
        ("src/project/deep/er", "src/project/deep/er/pool.toml"),
        ("src", "src/pool.toml"),
        ("", "pool.toml"),
    ];
    assert_eq!(table.map(|(cwd, _)| found(cwd)), table.map(|(_, file)| file), "not above a repository");
    home.write("src/project/pool.toml", "");
    assert_eq!(found("src/project/deep/er"), "src/project/pool.toml");
    home.write("src/project/deep/pool.toml", "");
    assert_eq!(found("src/project/deep/er"), "src/project/deep/pool.toml");
    std::fs::remove_file(home.path("src/pool.toml")).unwrap();
    assert_eq!(found("src"), "pool.toml", "up to the home");
    let homeless = Surroundings { home: None, ..home.around("src") };
    let files = Config::load(&homeless).unwrap().files;
    assert_eq!(files[1], Found::Nothing(home.path("src/pool.toml")), "what lies above may be anybody's");
}

#[test]
fn files_that_are_there_must_be_readable() {
    let home = Home::new();
    assert_eq!(
        Config::load(&home.around("src")).unwrap().files[0],
        Found::Nothing(home.path("config/config.toml"))
    );
    assert_eq!(Config::load(&Surroundings::default()).unwrap().files, [Found::Nowhere, Found::Nowhere]);
    std::fs::create_dir(home.path("src/pool.toml")).unwrap();
    assert_eq!(home.complaint("src"), "HOME/src/pool.toml: cannot be read: it is no plain file");
    std::fs::remove_dir(home.path("src/pool.toml")).unwrap();
    std::fs::write(home.path("src/pool.toml"), b"route = '\xff'").unwrap();
    assert_eq!(home.complaint("src"), "HOME/src/pool.toml: cannot be read: it is not UTF-8 text");
    home.write("src/pool.toml", &"# a\n".repeat(300_000));
    assert_eq!(home.complaint("src"), "HOME/src/pool.toml: cannot be read: it is longer than 1048576 bytes");
    std::fs::remove_file(home.path("src/pool.toml")).unwrap();
    home.write("config/config.toml", "retries = 1\n[tools.adier]\nmodel = 'm'");
    assert_eq!(
        home.complaint("src"),
        "HOME/config/config.toml:3: tools.adier: no profile is named 'adier', did you mean 'aider'?: `cluster tools` lists them"
    );
}

#[test]
fn what_the_users_file_adds_to_a_profile() {
    let home = Home::new();
    home.write("config/config.toml", "[tools.aider]\nmodel = 'mine'\ntool-arg = ['--fast']\nenv = ['K=v']\n");
    let mut around = home.around("src");
    around.tools = Config::load(&around).unwrap().tools();
    let load = |tool: &str, flags: &Overrides| Profile::load(tool, flags, &around).unwrap();
    let plain = load("aider", &Overrides::default());
    assert!(
        plain.spec.command.ends_with(&["--model", "mine", "--fast"].map(str::to_owned)),
        "{:?}",
        plain.spec.command
    );
    assert!(plain.spec.env.contains(&("K".into(), "v".into())));
    let row = |key: &str| {
        let row = plain.rows.iter().find(|row| row.key == key).unwrap();
        (row.value.clone(), row.origin.to_string().replace(home.0.path().to_str().unwrap(), "HOME"))
    };
    assert_eq!(
        row("args.extra"),
        ("[\"--model\", \"mine\", \"--fast\"]".into(), "HOME/config/config.toml:3".into())
    );
    assert_eq!(row("env.set.K"), ("\"…\"".into(), "HOME/config/config.toml:4".into()));
    let other =
        Overrides { model: Some("other".into()), tool_args: vec!["--slow".into()], ..Overrides::default() };
    let other = load("aider", &other).spec.command;
    assert!(other.ends_with(&["--fast", "--model", "other", "--slow"].map(str::to_owned)), "{other:?}");
    assert!(!load("bash", &Overrides::default()).spec.command.contains(&"--fast".to_owned()));
    home.write("aider.toml", "schema = 'cluster.profile/1'\ncommand = ['x']\nturn.by = 'lines'\n");
    let path = home.path("aider.toml");
    assert_eq!(
        load(path.to_str().unwrap(), &Overrides::default()).spec.command.len(),
        1,
        "a path is another tool"
    );

    home.write("config/config.toml", "\n[tools.bash]\nmodel = 'm'");
    around.tools = Config::load(&around).unwrap().tools();
    let error = Profile::load("bash", &Overrides::default(), &around).unwrap_err().to_string();
    assert!(
        error.contains("config/config.toml:3: tools.bash.model: the tool's profile does not say how"),
        "{error}"
    );
}

/// A value of each setting, different for each number.
fn value(key: &Key, number: u32) -> Value {
    match key.name {
        "instances" | "retries" => Value::from(number),
        "on-limit" => Value::from(["wait", "next", "fail"][number as usize % 3]),
        "max-memory" => Value::from(format!("{number}K")),
        "route" => Value::from(format!("route{number}")),
        _ => Value::from(format!("{number}s")),
    }
}

proptest! {
    /// Whatever the layers set, the last one that sets a key wins, and is named.
    #[test]
    fn the_last_layer_that_sets_a_key_wins(layers in proptest::collection::vec(proptest::array::uniform8(any::<bool>()), 4)) {
        let number = |layer: usize| u32::try_from(10 + layer).unwrap();
        let set = |layer: usize| KEYS.iter().zip(layers[layer]).filter(|(_, is_set)| *is_set).map(|(key, _)| key);
        let text = |layer: usize| -> String {
            set(layer).map(|key| format!("{} = {}\n", key.name, value(key, number(layer)))).collect()
        };
        let plain = |key: &Key, layer: usize| {
            let value = value(key, number(layer));
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        };
        let sources = Sources {
            user: file("/u", &text(0)),
            project: project("/p", &text(1)).unwrap(),
            env: set(2).map(|key| (key.variable.into(), plain(key, 2).into())).collect(),
            flags: set(3).map(|key| (key, plain(key, 3))).collect(),
            files: Vec::new(),
        };
        let config = Config::of(sources).unwrap();
        for (place, key) in KEYS.iter().enumerate() {
            let last = (0..4).rev().find(|layer| layers[*layer][place]);
            let line = |layer: usize| set(layer).position(|other| other == key).map_or(0, |before| before + 1);
            let origin = match last {
                None => Origin::Default,
                Some(0) => Origin::Line("/u".into(), line(0)),
                Some(1) => Origin::Line("/p".into(), line(1)),
                Some(2) => Origin::Variable(key.variable),
                Some(_) => Origin::Flag(key.flag),
            };
            prop_assert_eq!(config.origin(key.name), origin);
            let row = config.rows().into_iter().find(|row| row.key == key.name);
            if let Some(last) = last {
                prop_assert_eq!(row.unwrap().value, value(key, number(last)).to_string());
                prop_assert!(config.made().any(|(made, text)| made == key && text == plain(key, last)));
            }
        }
    }
}
