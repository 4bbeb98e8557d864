//! The templates of a job that several tools may take: each reads them in its own way, and all must come to the same.

use super::{PlanError, Settings};
use crate::batch::nearest::nearest;
use crate::batch::template::{Reading, Template, ToolRules, Values};
use pool_core::message::{Needs, Offer, Step};
use std::collections::BTreeSet;

/// The steps of a job, as each tool that may take it reads them; tools of equal rules count once.
#[derive(Debug)]
pub(super) struct Mix {
    readings: Vec<OfTool>,
}

#[derive(Debug)]
struct OfTool {
    tool: String,
    rules: ToolRules,
    templates: Vec<Template>,
}

impl Mix {
    /// The one step that is the item, as it is, for whichever tool.
    pub(super) fn item() -> Self {
        let templates = vec![Template::item()];
        Self { readings: vec![OfTool { tool: String::new(), rules: ToolRules::default(), templates }] }
    }

    /// Reads `steps` as every tool of the pool does that meets the needs.
    pub(super) fn parse(
        settings: &Settings,
        needs: &Needs,
        steps: &[String],
        holes: Holes<'_>,
        place: &str,
    ) -> Result<Self, PlanError> {
        let tools = settings.tools_for(needs, place)?;
        let is_mixed = tools.len() > 1;
        let read = |(Offer { tool: name, .. }, rules): &&(Offer, ToolRules)| {
            let reading = Reading { rules, item: holes.item, allow_commands: settings.allow_commands };
            let template = |text: &String| Template::parse(text, holes.vars, &reading);
            let place = if is_mixed { format!("{place}for {name}: ") } else { place.to_owned() };
            let templates = steps.iter().map(template).collect::<Result<_, _>>();
            let templates = templates.map_err(|error| PlanError::Template { place, error })?;
            Ok(OfTool { tool: name.to_string(), rules: rules.clone(), templates })
        };
        let mix = Self { readings: tools.iter().map(read).collect::<Result<_, _>>()? };
        for (step, text) in steps.iter().enumerate() {
            mix.agree(step, text, place)?;
        }
        Ok(mix)
    }

    /// Whether a job can differ from the others.
    pub(super) fn varies(&self) -> bool {
        self.readings.iter().any(|reading| reading.templates.iter().any(Template::varies))
    }

    /// Whether its first step is a command. All of them agree on that.
    pub(super) fn makes_commands(&self) -> bool {
        self.readings.first().and_then(|reading| reading.templates.first()).is_some_and(Template::is_command)
    }

    /// The steps of one job; or why it is refused, by whom.
    pub(super) fn render(&self, values: &Values<'_>) -> Result<Vec<Step>, String> {
        let mut rendered = self.readings.iter().map(|OfTool { tool, rules, templates }| {
            let step = |template: &Template| template.render(values, rules);
            let steps: Result<Vec<_>, _> = templates.iter().map(step).collect();
            steps.map_err(|error| match self.readings.len() {
                1 => error.to_string(),
                _ => format!("for {tool}: {error}"),
            })
        });
        // All of them can, or the job could go to one that cannot. What they make is the same, since they agree.
        let first = rendered.next().unwrap_or_else(|| Ok(Vec::new()));
        rendered.try_fold(first?, |first, other| other.map(|_| first))
    }

    /// Whether one and the same text can go to all of them.
    fn agree(&self, step: usize, text: &str, place: &str) -> Result<(), PlanError> {
        let Some((first, others)) = self.readings.split_first() else { return Ok(()) };
        let is_command = |of: &OfTool| of.templates[step].is_command();
        let quoting = |of: &OfTool| of.templates[step].quoting(&of.rules);
        let (place, step) = (place.to_owned(), text.to_owned());
        if let Some(other) = others.iter().find(|other| is_command(other) != is_command(first)) {
            let (knows, lacks) = if is_command(first) { (first, other) } else { (other, first) };
            let (knows, lacks) = (knows.tool.clone(), lacks.tool.clone());
            return Err(PlanError::NoSuchCommand { place, step, knows, lacks });
        }
        match others.iter().find(|other| quoting(other) != quoting(first)) {
            None => Ok(()),
            Some(other) => {
                let (first, other) = (first.tool.clone(), other.tool.clone());
                Err(PlanError::MixedQuotes { place, step, first, other })
            }
        }
    }
}

/// What templates may have holes for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holes<'a> {
    /// What stands for the item.
    pub(super) item: Option<&'a str>,
    /// Variables.
    pub(super) vars: &'a [&'a str],
}

impl Settings {
    /// Of the tools that meet the needs, one of each set of rules.
    fn tools_for(&self, needs: &Needs, place: &str) -> Result<Vec<&(Offer, ToolRules)>, PlanError> {
        let mut tools: Vec<&(Offer, ToolRules)> = Vec::new();
        for tool in self.tools.iter().filter(|(offer, _)| offer.meets(needs)) {
            if tools.iter().all(|(_, earlier)| *earlier != tool.1) {
                tools.push(tool);
            }
        }
        if tools.is_empty() {
            return Err(PlanError::Nobody { place: place.to_owned(), reason: self.lacks(needs) });
        }
        Ok(tools)
    }

    /// That nobody meets the needs, and who would be there.
    fn lacks(&self, needs: &Needs) -> String {
        let offers = self.tools.iter().map(|(offer, _)| offer);
        let (what, wanted, names): (_, _, Vec<&str>) = match needs {
            Needs::Anything => return "the pool has no tool".to_owned(),
            Needs::Tool(tool) => ("tool", tool, offers.map(|offer| &*offer.tool).collect()),
            Needs::Capability(wanted) => {
                let words: BTreeSet<&str> =
                    offers.flat_map(|offer| &offer.capabilities).map(|word| &**word).collect();
                ("capability", wanted, words.into_iter().collect())
            }
        };
        match nearest(wanted, names.iter().copied()) {
            Some(near) => format!("the pool has no {what} {wanted:?}: did you mean {near:?}?"),
            None if names.is_empty() => format!("the pool has no {what} {wanted:?}: it has none"),
            None => format!("the pool has no {what} {wanted:?}: it has {}", names.join(", ")),
        }
    }
}
