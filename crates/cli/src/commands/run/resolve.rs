//! From the names of tools to what is run.

use super::args::RunArgs;
use super::tool::Named;
use crate::failure::Failure;
use crate::output::sanitize;
use cluster::batch::template::ToolRules;
use pool_core::spec::ToolSpec;

/// A tool that can be run.
pub(super) struct Tool {
    pub(super) spec: ToolSpec,
    pub(super) rules: ToolRules,
    pub(super) instances: usize,
    /// What a turn may change, in words.
    pub(super) effects: String,
    /// Variables of our environment that the tool does not get.
    pub(super) dropped: Vec<String>,
}

impl Tool {
    /// In a few words.
    pub(super) fn headline(&self) -> String {
        let mut words = self.spec.command.iter().map(|word| sanitize::line(word, 24));
        let mut command = words.by_ref().take(4).collect::<Vec<_>>().join(" ");
        if words.next().is_some() {
            command.push_str(" …");
        }
        format!("{} × {} ({command}; {})", self.instances, self.spec.tool, self.effects)
    }
}
pub(super) fn resolve(args: &RunArgs) -> Result<Vec<Tool>, Failure> {
    use pool_core::spec::*;
    let mut v = Vec::new();
    for n in super::tool::parse(args)? {
        match n {
            Named::CommandLine { words, instances } => {
                let rule = TurnRule::Sentinel {
                    send: "echo end {nonce}".into(),
                    expect: regex::RegexBuilder::new("^end (?P<nonce>[0-9a-f]{16})$")
                        .multi_line(true)
                        .build()
                        .unwrap(),
                    before: None,
                    begin: false,
                };
                let mut spec = ToolSpec::new("bash", words, TurnSpec::new(rule));
                spec.env = std::env::vars().collect();
                v.push(Tool {
                    spec,
                    rules: ToolRules { quote: cluster::batch::template::Quote::Shell, ..Default::default() },
                    instances,
                    effects: "may write".into(),
                    dropped: vec![],
                });
            }
            Named::Profile { .. } => return Err(Failure::usage("not yet")),
        }
    }
    Ok(v)
}
