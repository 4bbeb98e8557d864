//! Which job is which, from one controller to the next: by what it says, not by where it stands in the list.

use crate::batch::plan::Planned;
use pool_core::message::{Needs, Step};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Who a job is: a digest of what is sent to whom, and which it is among equal ones.
///
/// How many instances there are, limits of time, routing and output are no part of it, so that a run can be resumed
/// with other ones. A job that was edited is another job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(pub [u8; 32]);

/// Gives each job its identity, in the order of the list.
#[derive(Debug)]
pub struct Identities {
    /// The digest of what is the same for all jobs of the run.
    run: Sha256,
    seen: HashMap<[u8; 32], u32>,
}

impl Identities {
    /// For jobs of these tools: what tells one from another, such as its name, command line and model.
    #[must_use]
    pub fn new<'a>(tools: impl IntoIterator<Item = &'a str>) -> Self {
        let mut run = Sha256::new();
        tools.into_iter().for_each(|tool| text(&mut run, tool));
        text(&mut run, "");
        Self { run, seen: HashMap::new() }
    }

    /// The digest of these tools.
    #[must_use]
    pub fn of_tools(&self) -> Identity {
        Identity(self.run.clone().finalize().into())
    }

    /// The next of the list.
    pub fn of(&mut self, planned: &Planned) -> Identity {
        match &planned.job {
            Ok(job) => self.job(job.needed(), job.wanted_session(), job.steps()),
            Err(reason) => self.refused(&planned.info.id, reason),
        }
    }

    /// The next job: what it needs of an instance, its conversation, its steps.
    pub fn job(&mut self, needs: &Needs, session: Option<&str>, steps: &[Step]) -> Identity {
        let mut digest = self.run.clone();
        let (kind, name): (u8, &str) = match needs {
            Needs::Anything => (0, ""),
            Needs::Tool(tool) => (1, tool),
            Needs::Capability(capability) => (2, capability),
        };
        digest.update([kind]);
        text(&mut digest, name);
        text(&mut digest, session.unwrap_or_default());
        for step in steps {
            digest.update([u8::from(matches!(step, Step::Command(_)))]);
            text(&mut digest, step.text());
        }
        self.numbered(digest)
    }

    /// The next item that no job can be made of.
    pub fn refused(&mut self, id: &str, reason: &str) -> Identity {
        let mut digest = self.run.clone();
        digest.update([2]);
        text(&mut digest, id);
        text(&mut digest, reason);
        self.numbered(digest)
    }

    /// The ticket of this number, of a pool that stays up: whatever it says, no other one is it.
    #[must_use]
    pub fn ticket(number: u64) -> Identity {
        let mut digest = Sha256::new();
        text(&mut digest, "ticket");
        digest.update(number.to_le_bytes());
        Identity(digest.finalize().into())
    }

    fn numbered(&mut self, digest: Sha256) -> Identity {
        let content: [u8; 32] = digest.finalize().into();
        let count = self.seen.entry(content).or_default();
        *count += 1;
        if *count == 1 {
            return Identity(content);
        }
        let mut digest = Sha256::new();
        digest.update(content);
        digest.update(count.to_le_bytes());
        Identity(digest.finalize().into())
    }
}

/// With its length in front, so that no two lists of texts look the same.
fn text(digest: &mut Sha256, text: &str) {
    digest.update((text.len() as u64).to_le_bytes());
    digest.update(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn say(texts: &[&str]) -> Vec<Step> {
        texts.iter().map(|text| Step::Say((*text).to_owned())).collect()
    }

    #[test]
    fn what_differs_has_another_identity() {
        let mut all = HashSet::new();
        let mut add = |identity| assert!(all.insert(identity));
        for tools in [&["a"][..], &["b"], &["a", "b"], &["ab"]] {
            let mut jobs = Identities::new(tools.iter().copied());
            add(jobs.job(&Needs::Anything, None, &say(&["x", "y"])));
            add(jobs.job(&Needs::Anything, None, &say(&["x", "y"])));
            add(jobs.job(&Needs::Anything, None, &say(&["xy"])));
            add(jobs.job(&Needs::Anything, None, &say(&["y", "x"])));
            add(jobs.job(&Needs::Tool("a".into()), None, &say(&["x", "y"])));
            add(jobs.job(&Needs::Capability("a".into()), None, &say(&["x", "y"])));
            add(jobs.job(&Needs::Anything, Some("a"), &say(&["x", "y"])));
            add(jobs.job(&Needs::Anything, None, &[Step::Command("x".into()), Step::Say("y".into())]));
            add(jobs.refused("1", "x"));
            add(jobs.refused("2", "x"));
        }
    }

    #[test]
    fn place_in_the_list_makes_no_difference_but_among_equal_ones() {
        let run = |texts: &[&str]| {
            let mut jobs = Identities::new(["t"]);
            texts.iter().map(|text| jobs.job(&Needs::Anything, None, &say(&[text]))).collect::<Vec<_>>()
        };
        let (first, second) = (run(&["a", "b", "a"]), run(&["b", "new", "a", "a"]));
        assert_eq!((second[0], second[2], second[3]), (first[1], first[0], first[2]));
    }
}
