//! Which instances may take a job: what it [`Needs`], against what an instance has on [`Offer`].

use std::sync::Arc;

/// Which instances may take a job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Needs {
    /// Any of the pool.
    #[default]
    Anything,
    /// Those of the tool of this name.
    Tool(Arc<str>),
    /// Those of every tool that has this among its capabilities.
    Capability(Arc<str>),
}

/// What an instance can be had for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Offer {
    /// The name of its tool.
    pub tool: Arc<str>,
    /// What its tool is able to do, in the words of whoever described it: `sql`, `edit`.
    pub capabilities: Vec<Arc<str>>,
}

impl Offer {
    /// A tool by its name alone.
    #[must_use]
    pub fn of(tool: impl Into<Arc<str>>) -> Self {
        Self { tool: tool.into(), capabilities: Vec::new() }
    }

    /// Whether a job that needs this may go there.
    #[must_use]
    pub fn meets(&self, needs: &Needs) -> bool {
        match needs {
            Needs::Anything => true,
            Needs::Tool(tool) => *tool == self.tool,
            Needs::Capability(wanted) => self.capabilities.contains(wanted),
        }
    }

    /// Everything that a job can need and find here, but for [`Needs::Anything`]: first the tool.
    pub fn met(&self) -> impl Iterator<Item = Needs> + '_ {
        let capabilities = self.capabilities.iter().cloned().map(Needs::Capability);
        std::iter::once(Needs::Tool(self.tool.clone())).chain(capabilities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_meets_its_tool_and_its_capabilities() {
        let offer = Offer { tool: "sqlite3".into(), capabilities: vec!["sql".into(), "files".into()] };
        for (needs, met) in [
            (Needs::Anything, true),
            (Needs::Tool("sqlite3".into()), true),
            (Needs::Tool("sql".into()), false),
            (Needs::Capability("sql".into()), true),
            (Needs::Capability("sqlite3".into()), false),
        ] {
            assert_eq!(offer.meets(&needs), met, "{needs:?}");
        }
        assert!(offer.met().all(|needs| offer.meets(&needs)));
        assert_eq!(offer.met().count(), 3);
    }
}
