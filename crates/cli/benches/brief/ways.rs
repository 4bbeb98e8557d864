//! The ways to have files edited that are compared.

use crate::files::Files;
use crate::lab::Lab;
use crate::measure::{self, Cost};
use crate::warm::Warm;
use std::process::Command;
use std::time::Duration;

/// How files are edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// `cluster run aider` with so many instances.
    Pool(usize),
    /// `aider --message`, five at a time by GNU parallel.
    Parallel,
    /// `aider --message`, one after the other.
    EachAlone,
}

/// What it came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edited {
    pub(crate) cost: Cost,
    /// How many files are as they should be.
    pub(crate) files: usize,
    /// A file's time once all instances were warm; none if there are none that stay.
    pub(crate) warm: Option<Duration>,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Pool(1), Self::Pool(5), Self::Parallel, Self::EachAlone];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Pool(instances) => format!("cluster run aider -n {instances}"),
            Self::Parallel => "parallel -j5 aider --message".to_owned(),
            Self::EachAlone => "aider --message, one after the other".to_owned(),
        }
    }

    /// How many of them work at a time.
    pub(crate) fn at_once(self) -> usize {
        match self {
            Self::Pool(instances) => instances,
            Self::Parallel => 5,
            Self::EachAlone => 1,
        }
    }

    /// Makes these files in the lab's repository and has them edited.
    pub(crate) fn edit(self, lab: &Lab, files: Files) -> Edited {
        files.make(lab);
        let cost = measure::cost(&self.command(lab), lab.folder());
        let warm = matches!(self, Self::Pool(_))
            .then(|| measure::records(lab.folder()))
            .and_then(|all| Warm::of(&all));
        Edited { cost, files: files.edited(lab), warm: warm.map(|warm| warm.a_job()) }
    }

    fn command(self, lab: &Lab) -> Command {
        let list = lab.folder().join("list");
        let list = list.to_str().unwrap();
        match self {
            Self::Pool(instances) => {
                let instances = instances.to_string();
                lab.batch(&["-n", &instances, "-q", "-a", list, "-s", "/add {}", "-s", Files::PROMPT])
            }
            Self::Parallel => {
                let mut parallel = lab.command("parallel");
                parallel.args(["--will-cite", "--quote", "-j5", "-a", list]).args(one_file(lab));
                parallel
            }
            Self::EachAlone => {
                let mut xargs = lab.command("xargs");
                xargs.args(["-a", list, "-I", "{}"]).args(one_file(lab));
                xargs
            }
        }
    }
}

/// An aider that does one file, `{}`, and ends. It is told all that a pool's is told, so that it has no more to do.
fn one_file(lab: &Lab) -> Vec<String> {
    let flags = "--yes-always --no-auto-commits --no-dirty-commits --no-check-update --no-analytics --no-gitignore \
                 --no-show-release-notes --no-show-model-warnings --no-pretty --no-fancy-input --no-stream \
                 --no-detect-urls --no-suggest-shell-commands";
    let mut words = vec!["env".to_owned(), "LITELLM_LOCAL_MODEL_COST_MAP=True".to_owned()];
    words.extend([lab.aider.to_str().unwrap().to_owned(), "--model=openai/fake".to_owned()]);
    words.extend(flags.split_whitespace().map(str::to_owned));
    words.extend(lab.words());
    words.extend(["--message", Files::PROMPT, "{}"].map(str::to_owned));
    words
}
