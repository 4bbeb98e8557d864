//! What settings say of tools, by name: what they add to profiles, which profiles they bring along, and which they would.

use super::layer::Origin;
use super::project::{Given, Project, Standing};
use crate::profile::Overrides;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What settings say of tools.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    /// What is added to a profile, each with its place.
    pub(super) settled: BTreeMap<String, Vec<(Overrides, Origin)>>,
    /// Profiles of a project that is trusted.
    pub(super) given: BTreeMap<String, Given>,
    pub(super) withheld: Option<Withheld>,
}

/// What a project says of programs, and is not believed.
#[derive(Debug, Clone)]
pub(crate) struct Withheld {
    pub(crate) file: PathBuf,
    pub(crate) standing: Standing,
    pub(super) names: Vec<String>,
    pub(super) has_hooks: bool,
}

impl Withheld {
    /// What does not hold of a project.
    pub(super) fn of(project: Project) -> Option<Self> {
        if !project.needs_trust() || project.standing == Standing::Trusted {
            return None;
        }
        let names = project.tools().keys().cloned().collect();
        let has_hooks = !project.hooks().is_empty();
        Some(Self { names, has_hooks, file: project.file.path, standing: project.standing })
    }
}

impl Tools {
    /// What is added to the profile of this name, each with its place.
    #[must_use]
    pub fn settled(&self, name: &str) -> &[(Overrides, Origin)] {
        self.settled.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// For people: that there is something which does not hold, and how it would.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let Withheld { file, standing, names, has_hooks } = self.withheld.as_ref()?;
        let what = match (names.is_empty(), has_hooks) {
            (false, true) => "tools and hooks",
            (false, false) => "tools",
            (true, _) => "hooks",
        };
        Some(format!("{}: its {what} are passed over: {}", file.display(), standing.advice()))
    }

    /// The profile of this name that a project brings along.
    pub(crate) fn given(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }

    /// The names of those.
    pub(crate) fn all_given(&self) -> impl Iterator<Item = (&String, &Given)> {
        self.given.iter()
    }

    /// Whether a project that is not trusted says how this one is started.
    pub(crate) fn withheld(&self, name: &str) -> Option<&Withheld> {
        self.withheld.as_ref().filter(|withheld| withheld.names.iter().any(|it| it == name))
    }
}

impl Standing {
    /// What is the matter, and what to do.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::New => "it is not trusted, 'cluster trust' shows what it says and asks".to_owned(),
            Self::Changed => {
                "it has changed since you trusted it, 'cluster trust' shows how and asks".to_owned()
            }
            Self::Barred(reason) => format!("it cannot be trusted, {reason}"),
            Self::Trusted => "it is trusted".to_owned(),
        }
    }
}
