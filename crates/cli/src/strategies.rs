//! Routing strategies by name: the shipped ones and those that a program adds.

use crate::failure::Failure;
use cluster::batch::nearest::nearest;
use routing::strategy::{self, Strategy};

type Make = Box<dyn Fn() -> Box<dyn Strategy>>;

/// Those that a program added.
#[derive(Default)]
pub(crate) struct Strategies(Vec<(String, Make)>);

impl Strategies {
    /// Adds one. The last of a name counts.
    pub(crate) fn add(&mut self, name: String, make: Make) {
        self.0.push((name, make));
    }

    /// The strategy of this name.
    pub(crate) fn make(&self, name: &str) -> Result<Box<dyn Strategy>, Failure> {
        let added = self.0.iter().rev().find(|(known, _)| known == name);
        added.map(|(_, make)| make()).or_else(|| strategy::by_name(name)).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Failure {
        let names: Vec<&str> =
            strategy::NAMES.into_iter().chain(self.0.iter().map(|(name, _)| name.as_str())).collect();
        let failure = Failure::usage(format!("unknown routing strategy '{name}'"));
        match nearest(name, names.iter().copied()) {
            Some(near) => failure.help(format!("did you mean '{near}'?")),
            None => failure.help(format!("there are {}", names.join(", "))),
        }
    }
}
