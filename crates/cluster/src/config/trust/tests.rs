//! What a project says of programs holds when the user trusts exactly that, and not before.

use super::super::{Config, ConfigError, Project, Sources, Standing, TrustError, Trusts};
use crate::profile::{Overrides, Profile, ProfileError, Surroundings};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

const PROFILE: &str = "schema = 'cluster.profile/1'\ncommand = ['./bin/tool', 'x']\nturn.by = 'lines'\n";
const TOOLS: &str = "retries = 1\n[tools.mine]\nprofile = './tools/mine.toml'\nenv = ['A=b']\n[tools.bash]\nenv = ['C=d']\n[hooks]\non_run_done = ['./bin/done']\n";

/// A project in a folder of its own, and a folder for what is trusted.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for folder in ["project/tools", "project/bin", "project/.git"] {
            std::fs::create_dir_all(place.path(folder)).unwrap();
        }
        place.write("project/pool.toml", TOOLS).write("project/tools/mine.toml", PROFILE);
        place.write("project/bin/tool", "#!/bin/sh\n");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        std::fs::write(self.path(name), text).unwrap();
        self
    }

    fn around(&self) -> Surroundings {
        Surroundings {
            cwd: self.path("project"),
            trust: Some(self.path("state/cluster/trust")),
            ..Surroundings::default()
        }
    }

    fn trusts(&self) -> Trusts {
        Trusts::at(self.around().trust.as_deref()).unwrap()
    }

    fn project(&self) -> Project {
        Sources::find(&self.around()).unwrap().project.unwrap()
    }

    fn standing(&self) -> Standing {
        self.project().standing
    }

    fn trust(&self) -> &Self {
        self.trusts().keep(&self.project()).unwrap();
        self
    }

    fn refusal(&self) -> String {
        let error = Sources::find(&self.around()).expect_err("it makes no sense").to_string();
        error.replace(self.path("").to_str().unwrap(), "PLACE/")
    }

    fn load(&self, tool: &str) -> Result<Profile, ProfileError> {
        let mut around = self.around();
        around.tools = Config::load(&around).unwrap().tools();
        Profile::load(tool, &Overrides::default(), &around)
    }
}

#[test]
fn without_trust_only_what_is_harmless_holds() {
    let place = Place::new();
    let config = Config::load(&place.around()).unwrap();
    assert_eq!(config.settings.retries.map(|number| number.0), Some(1));
    assert!(config.settings.hooks.is_empty() && config.settings.tools.is_empty());
    let note = config.tools().note().unwrap();
    assert!(note.ends_with("/pool.toml: its tools and hooks are passed over: it is not trusted, 'cluster trust' shows what it says and asks"), "{note}");
    for tool in ["mine", "bash"] {
        assert!(matches!(place.load(tool), Err(ProfileError::Withheld { .. })), "{tool}");
    }
    assert!(place.load("bc").is_ok(), "it says nothing of that");
}

#[test]
fn with_trust_it_holds_as_it_was_shown() {
    let place = Place::new();
    place.trust();
    let config = Config::load(&place.around()).unwrap();
    assert_eq!(config.settings.hooks.on_run_done, [place.path("project/bin/done").to_str().unwrap()]);
    assert_eq!(config.tools().note(), None);
    let mine = place.load("mine").unwrap();
    assert_eq!(mine.spec.command, [place.path("project/bin/tool").to_str().unwrap(), "x"]);
    assert_eq!(mine.spec.env, [("A".to_owned(), "b".to_owned())]);
    assert_eq!(place.load("bash").unwrap().spec.env, [("C".to_owned(), "d".to_owned())]);
    let inline = format!("[tools.other.profile]\n{PROFILE}cwd = 'bin'\n");
    place.write("project/pool.toml", &inline).trust();
    let other = place.load("other").unwrap().spec;
    assert_eq!(other.command, mine.spec.command);
    assert_eq!(other.cwd, Some(place.path("project/bin")));
}

#[test]
fn any_change_takes_the_trust_away() {
    let (pool, more) = (TOOLS.replace("= 1", "= 2"), format!("{TOOLS}#\n"));
    let profile = format!("{PROFILE}#\n");
    let changes = [
        ("a setting", "pool.toml", pool.as_str()),
        ("a comment", "pool.toml", &more),
        ("a profile", "tools/mine.toml", &profile),
        ("a program", "bin/tool", "#!/bin/sh\nrm -rf ~\n"),
        ("a program that was not there", "bin/done", "#!/bin/sh\n"),
        ("an argument that was not a file", "x", "1\n"),
        ("a program that leads elsewhere", "bin/tool", "-> /bin/sh"),
    ];
    for (what, file, text) in changes {
        let place = Place::new();
        assert_eq!(place.standing(), Standing::New);
        assert_eq!(place.trust().standing(), Standing::Trusted);
        match text.strip_prefix("-> ") {
            Some(there) => {
                std::fs::remove_file(place.path("project").join(file)).unwrap();
                symlink(there, place.path("project").join(file)).unwrap();
            }
            None => drop(place.write(&format!("project/{file}"), text).path("")),
        }
        assert_eq!(place.standing(), Standing::Changed, "{what}");
        assert!(matches!(place.load("mine"), Err(ProfileError::Withheld { .. })), "{what}");
        assert_eq!(place.trust().standing(), Standing::Trusted, "{what}");
    }
}

#[test]
fn what_a_tool_changes_by_itself_can_be_left_out() {
    let place = Place::new();
    place.write("project/pool.toml", &format!("{TOOLS}\n").replace("env = ['A=b']", "changes = ['x']"));
    place.trust().write("project/x", "1\n");
    assert_eq!(place.standing(), Standing::Trusted);
    place.write("project/bin/tool", "2\n");
    assert_eq!(place.standing(), Standing::Changed);
}

#[test]
fn what_was_shown_is_kept_whatever_the_file_is_by_then() {
    let place = Place::new();
    let shown = place.project();
    place.write("project/pool.toml", &TOOLS.replace("bin/done", "bin/evil"));
    place.trusts().keep(&shown).unwrap();
    assert_eq!(place.standing(), Standing::Changed);
    let kept = place.trusts().trusted(&shown).unwrap().unwrap();
    assert_eq!((kept.digest.as_str(), kept.parts[0].text.as_str()), (shown.digest().as_str(), TOOLS));
    place.write("project/pool.toml", TOOLS);
    assert_eq!(place.standing(), Standing::Trusted);
    // What has been read is used, even if the file is another one by now.
    let sources = Sources::find(&place.around()).unwrap();
    place.write("project/pool.toml", "").write("project/tools/mine.toml", "");
    let tools = Config::of(sources).unwrap().tools();
    let around = Surroundings { tools, ..place.around() };
    assert!(Profile::load("mine", &Overrides::default(), &around).is_ok());
}

#[test]
fn trust_is_of_a_place_and_can_be_taken_back() {
    let place = Place::new();
    place.trust();
    let list = place.trusts().list().unwrap();
    assert_eq!(list.iter().map(|it| it.path.clone()).collect::<Vec<_>>(), [place.path("project/pool.toml")]);
    std::fs::rename(place.path("project"), place.path("elsewhere")).unwrap();
    let moved = Surroundings { cwd: place.path("elsewhere"), ..place.around() };
    assert_eq!(Sources::find(&moved).unwrap().project.unwrap().standing, Standing::New);
    std::fs::rename(place.path("elsewhere"), place.path("project")).unwrap();
    assert_eq!(place.standing(), Standing::Trusted);
    let revoke = || place.trusts().revoke(&place.path("project/pool.toml")).unwrap();
    assert_eq!([revoke(), revoke()], [true, false]);
    assert_eq!((place.standing(), place.trusts().list().unwrap()), (Standing::New, Vec::new()));
}

#[test]
fn records_that_others_could_have_written_are_not_believed() {
    let place = Place::new();
    place.trust();
    let folder = place.path("state/cluster/trust");
    let record = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let mode =
        |path: &PathBuf, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let barred = |what: &str| match place.standing() {
        Standing::Barred(reason) => assert!(reason.contains(what), "{reason}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(record.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    mode(&record, 0o620);
    barred("must be yours");
    mode(&record, 0o600);
    mode(&folder, 0o770);
    barred("must be yours");
    mode(&folder, 0o700);
    assert_eq!(place.standing(), Standing::Trusted);
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::write(&record, text.replace("cluster.trust/1", "cluster.trust/9")).unwrap();
    barred("cannot be read");
    std::fs::rename(&record, place.path("record")).unwrap();
    place.write("record", &text);
    symlink(place.path("record"), &record).unwrap();
    barred("cannot be read");
}

#[test]
fn a_project_cannot_trust_itself() {
    let place = Place::new();
    let inside = Trusts::at(Some(&place.path("project/.state/trust"))).unwrap();
    let project = place.project();
    assert!(matches!(inside.keep(&project), Err(TrustError::Inside(_))));
    assert!(!place.path("project/.state").exists());
    std::fs::create_dir(place.path("outside")).unwrap();
    symlink(place.path("project"), place.path("link")).unwrap();
    let linked = Trusts::at(Some(&place.path("link/trust"))).unwrap();
    assert!(matches!(linked.standing(&project), Standing::Barred(_)));
    let nowhere = Surroundings { trust: None, ..place.around() };
    assert!(matches!(Sources::find(&nowhere).unwrap().project.unwrap().standing, Standing::Barred(_)));
}

#[test]
fn what_a_project_includes_is_its_own() {
    let place = Place::new();
    place.write("secret.toml", PROFILE);
    let refusals = [
        ("../secret.toml", "must be a path below"),
        ("tools/../../secret.toml", "must be a path below"),
        ("link.toml", "leads out of the folder of this file"),
        ("links/secret.toml", "leads out of the folder of this file"),
        ("missing.toml", "No such file"),
        ("tools", "it is no plain file"),
        ("huge.toml", "it is longer than 1048576 bytes"),
        ("broken.toml", "broken.toml:1"),
    ];
    symlink(place.path("secret.toml"), place.path("project/link.toml")).unwrap();
    symlink(place.path(""), place.path("project/links")).unwrap();
    place.write("project/huge.toml", &"#\n".repeat(600_000)).write("project/broken.toml", "command = [");
    for (path, reason) in refusals {
        place.write("project/pool.toml", &format!("[tools.mine]\nprofile = '{path}'\n"));
        let refusal = place.refusal();
        assert!(refusal.contains(reason), "{path}: {refusal}");
    }
    // Trust that was given to another project must not be borrowed.
    place.write("theirs.toml", TOOLS);
    std::fs::remove_file(place.path("project/pool.toml")).unwrap();
    symlink("../theirs.toml", place.path("project/pool.toml")).unwrap();
    assert!(place.refusal().contains("leads out of its folder"), "{}", place.refusal());
    place.write("theirs.toml", "retries = 2\n");
    assert_eq!(place.standing(), Standing::New, "what needs no trust may be anywhere");
}

#[test]
fn what_is_watched_has_limits() {
    let place = Place::new();
    std::fs::File::create(place.path("project/bin/tool")).unwrap().set_len((64 << 20) + 1).unwrap();
    assert!(
        place.refusal().contains("programs of the project have more than 67108864 bytes"),
        "{}",
        place.refusal()
    );
    place.write("project/bin/tool", "");
    let words: Vec<String> = (0..65)
        .map(|number| {
            place.write(&format!("project/bin/{number}"), "");
            format!("'bin/{number}'")
        })
        .collect();
    place.write("project/pool.toml", &format!("[hooks]\non_run_done = [{}]", words.join(",")));
    assert!(
        place.refusal().contains("its tools and hooks name more than 64 files of the project"),
        "{}",
        place.refusal()
    );
}

#[test]
fn a_tool_that_nobody_has_is_an_error_once_it_is_trusted() {
    let place = Place::new();
    place.write("project/pool.toml", "[tools.nobodys]\nmodel = 'm'\n");
    assert!(Config::load(&place.around()).is_ok());
    place.trust();
    let Err(ConfigError::Wrong(wrong)) = Config::load(&place.around()) else { panic!("it makes no sense") };
    assert_eq!(wrong.key, "tools.nobodys");
}
