//! A tool of another version than its profile was recorded with: said once, with the first answer that tells its version.

use super::Output;
use cluster::batch::ResultRecord;
use cluster::doctor::is_tested;
use cluster::profile::Profile;

/// How much of a version is shown.
const WIDTH: usize = 60;

/// The tools whose version has not been looked at, and the versions that their profiles were recorded with.
#[derive(Debug, Default)]
pub(super) struct Versions(Vec<(String, Vec<String>)>);

impl Versions {
    /// What is to be said because of this answer.
    fn differ(&mut self, record: &ResultRecord) -> Option<String> {
        let instance = record.instance.as_ref()?;
        let version = instance.version.as_deref()?;
        let at = self.0.iter().position(|(tool, _)| *tool == instance.tool)?;
        let (tool, tested) = self.0.swap_remove(at);
        if is_tested(Some(version), &tested) != Some(false) {
            return None;
        }
        let (tool, version) = (super::sanitize::line(&tool, WIDTH), super::sanitize::line(version, WIDTH));
        Some(format!(
            "warning: {tool} is {version} here, its profile was recorded with {}: \
             if something is odd, --record FOLDER makes a transcript",
            tested.join(", ")
        ))
    }
}

impl Output {
    /// Looks at what versions these are, from now on.
    pub(crate) fn recorded<'a>(&mut self, profiles: impl IntoIterator<Item = &'a Profile>) {
        let known = |profile: &Profile| (profile.name.to_string(), profile.tested.clone());
        self.versions = Versions(profiles.into_iter().map(known).collect());
    }

    pub(super) fn look_at_version(&mut self, record: &ResultRecord) {
        let said = self.versions.differ(record);
        self.lines(said.into_iter().collect());
    }
}
