//! A tool that is tried.

use crate::page;
use cluster::conformance::{Conformance, Feature, Kit};
use cluster::profile::{Allow, Overrides, Profile, Surroundings};
use std::path::Path;
use toml::Table;

/// A built-in profile, with prompts of ours, and where it is tried.
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    /// A table `test`; the profile's own if empty.
    pub(crate) test: &'a str,
    pub(crate) flags: Overrides,
    pub(crate) around: Surroundings,
    /// Where the tool works.
    pub(crate) folder: &'a Path,
}

/// The text of a built-in profile, with this instead of its table `test`.
pub(crate) fn profile(name: &str, test: &str) -> String {
    let path = page::root().join(format!("crates/cluster/profiles/{name}.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    if test.is_empty() {
        return text;
    }
    let mut table: Table = toml::from_str(&text).unwrap();
    table.insert("test".into(), toml::Value::Table(toml::from_str(test).unwrap()));
    table.to_string()
}

impl Subject<'_> {
    fn load(&self, allow: Allow) -> Profile {
        let flags = Overrides { allow: Some(allow), ..self.flags.clone() };
        let text = profile(self.name, self.test);
        let mut profile = Profile::parse(self.name, &text, &flags, &self.around).unwrap();
        profile.spec.cwd = Some(self.folder.to_owned());
        profile
    }

    /// Tries everything, and holds its row of the page to what was found.
    pub(crate) fn try_all(&self) {
        let (read, edits) = (self.load(Allow::Read), self.load(Allow::Edits));
        let kit = Kit { profile: &read, free: &edits, folder: self.folder, pays: true };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let found = runtime.block_on(kit.run(pool_core::process::launcher));
        for cell in &found.features {
            println!("{} {:?}: {}", cell.feature.word(), cell.is, cell.why);
        }
        self.is_whole(&found);
        page::hold(&found);
    }

    /// Nothing is left out, and something was done.
    fn is_whole(&self, found: &Conformance) {
        let features: Vec<Feature> = found.features.iter().map(|cell| cell.feature).collect();
        assert_eq!(features, Feature::ALL);
        assert!(found.prompts > 2, "{} of {}", found.prompts, self.name);
    }
}
