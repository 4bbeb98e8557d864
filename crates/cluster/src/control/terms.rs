//! On which terms a pool takes prompts: from a request to a job.

mod grown;

pub use grown::Grown;

use super::protocol::{Code, Fault, SendAsk, StepAsk, To, ToolView};
use crate::Job;
use crate::batch::plan::Settings;
use pool_core::message::{Needs, SlotId, Step};
use std::sync::Arc;
use std::time::Duration;

/// The longest name of a session, in bytes.
const SESSION: usize = 256;

/// What was settled when the pool was started. No client can change it.
pub struct Terms {
    /// The tools and their rules, in the order of their slots; no steps.
    pub settings: Settings,
    /// The same tools, as clients are told of them.
    pub tools: Vec<ToolView>,
    /// How many slots each of them has.
    pub slots: Vec<usize>,
    /// The tools of those that came later.
    pub grown: Grown,
    /// Adds what holds for every job: attempts, and what a usage limit does.
    pub finish: Box<dyn Fn(Job) -> Job + Send + Sync>,
}

impl Terms {
    /// The job that a request asks for, and how many bytes it has.
    pub(super) fn job(&self, ask: &SendAsk) -> Result<(Job, Vec<String>), Fault> {
        if ask.steps.is_empty() {
            return Err(Fault::new(Code::Usage, "no steps").help("send at least one"));
        }
        let needs = self.needs(ask.to.as_ref())?;
        let step = |step: &StepAsk| self.step(&needs, step);
        let steps = ask.steps.iter().map(step).collect::<Result<Vec<Step>, Fault>>()?;
        let prompts = steps.iter().map(|step| step.text().to_owned()).collect();
        let mut job = Job::new().with_steps(steps);
        job = match &ask.to {
            None => job,
            Some(To::Slot(slot)) => job.on_slot(SlotId(*slot)),
            Some(To::Session(name)) => job.session(name.as_str()),
            Some(To::Tool(_)) => job.needs(needs),
        };
        if let Some(timeout) = ask.timeout_ms {
            job = job.timeout(Duration::from_millis(timeout));
        }
        Ok(((self.finish)(job), prompts))
    }

    /// Whose rules hold for its steps.
    fn needs(&self, to: Option<&To>) -> Result<Needs, Fault> {
        match to {
            None => Ok(Needs::Anything),
            Some(To::Slot(slot)) => self.tool_of(*slot).map(Needs::Tool),
            Some(To::Session(name)) if name.is_empty() || name.len() > SESSION => {
                let why = format!("a session has a name of up to {SESSION} bytes");
                Err(Fault::new(Code::Usage, why))
            }
            Some(To::Session(_)) => Ok(Needs::Anything),
            Some(To::Tool(name)) => self.known_tool(name).map(Needs::Tool),
        }
    }

    fn tool_of(&self, slot: u32) -> Result<Arc<str>, Fault> {
        let owners = self.settings.tools.iter().zip(&self.slots);
        let mut owners = owners.flat_map(|((offer, _), slots)| std::iter::repeat_n(&offer.tool, *slots));
        let first = owners.nth(slot as usize).cloned();
        first
            .or_else(|| self.grown.tool_of(slot))
            .ok_or_else(|| no_such_instance(slot, self.slots.iter().sum::<usize>() + self.grown.len()))
    }

    /// What a person has typed for this tool.
    pub(super) fn typed(&self, tool: &Arc<str>, text: &str) -> Result<Step, Fault> {
        self.step(&Needs::Tool(tool.clone()), &StepAsk::Typed(text.to_owned()))
    }

    /// These slots came later, and are of the tool of this name, or of the only one.
    pub(super) fn grown(&self, tool: Option<&str>, slots: &[SlotId]) {
        let mut tools = self.settings.tools.iter().map(|(offer, _)| &offer.tool);
        let tool = tools.find(|known| tool.is_none_or(|tool| tool == known.as_ref()));
        let first = self.slots.iter().sum::<usize>();
        let new = slots.iter().filter(|slot| slot.index() >= first);
        if let Some(tool) = tool {
            self.grown.add(new.map(|slot| slot.0), tool);
        }
    }

    fn known_tool(&self, name: &str) -> Result<Arc<str>, Fault> {
        let names = || self.settings.tools.iter().map(|(offer, _)| &offer.tool);
        names().find(|tool| tool.as_ref() == name).cloned().ok_or_else(|| {
            let known: Vec<&str> = names().map(AsRef::as_ref).collect();
            Fault::new(Code::Usage, format!("this pool has no tool {name:?}, but {}", known.join(", ")))
        })
    }

    fn step(&self, needs: &Needs, step: &StepAsk) -> Result<Step, Fault> {
        let typed = |text: &str| {
            self.settings.as_typed(needs, text).map_err(|error| Fault::new(Code::Usage, error.to_string()))
        };
        match step {
            StepAsk::Say(text) => Ok(Step::Say(text.clone())),
            StepAsk::Typed(text) => typed(text),
            StepAsk::Command(text) => match typed(text)? {
                Step::Say(_) => {
                    let why = format!("{text:?} is no command that the tool's profile lists");
                    Err(Fault::new(Code::Usage, why).help("say it as text"))
                }
                command @ Step::Command(_) => Ok(command),
            },
        }
    }
}

/// There are only so many.
pub(super) fn no_such_instance(slot: u32, all: usize) -> Fault {
    let known = match all {
        1 => "0 is the only one".to_owned(),
        all => format!("they are 0 to {}", all.saturating_sub(1)),
    };
    Fault::new(Code::NoSuchInstance, format!("no instance {slot}: {known}"))
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms")
            .field("settings", &self.settings)
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::template::ToolRules;
    use pool_core::message::Offer;

    fn terms() -> Terms {
        let rules = ToolRules {
            commands: vec!["/add".into(), "/ask".into()],
            command_prefixes: vec!["/".into()],
            ..ToolRules::default()
        };
        let tools = vec![(Offer::of("aider"), rules), (Offer::of("bash"), ToolRules::default())];
        Terms {
            settings: Settings { tools, ..Settings::default() },
            tools: Vec::new(),
            slots: vec![2, 1],
            grown: Grown::default(),
            finish: Box::new(|job| job),
        }
    }

    fn ask(step: StepAsk, to: Option<To>) -> Result<Vec<Step>, Code> {
        let ask = SendAsk { steps: vec![step], to, timeout_ms: None, until: Default::default() };
        terms().job(&ask).map(|(job, _)| job.steps().to_vec()).map_err(|fault| fault.code)
    }

    #[test]
    fn what_was_typed_is_a_command_only_where_it_is_one_of_the_tool() {
        let typed = |text: &str| StepAsk::Typed(text.to_owned());
        let say = |text: &str| Ok(vec![Step::Say(text.to_owned())]);
        let add = || Ok(vec![Step::Command("/add {#} f.py".to_owned())]);
        let aider = || Some(To::Slot(1));
        assert_eq!(ask(typed("/add {#} f.py"), aider()), add());
        assert_eq!(ask(StepAsk::Command("/add {#} f.py".into()), Some(To::Tool("aider".into()))), add());
        assert_eq!(ask(typed("/add f.py"), Some(To::Slot(2))), say("/add f.py"));
        assert_eq!(ask(typed("print {#} {}"), aider()), say("print {#} {}"));
        assert_eq!(ask(StepAsk::Say("/add f.py".into()), aider()), say("/add f.py"));
        for wrong in
            [StepAsk::Typed("/exit".into()), StepAsk::Command("/exit".into()), StepAsk::Command("hi".into())]
        {
            assert_eq!(ask(wrong, aider()), Err(Code::Usage));
        }
        // One tool would take it for a command, and the other one for text.
        assert_eq!(ask(typed("/add f.py"), None), Err(Code::Usage));
    }

    #[test]
    fn whoever_is_named_is_there() {
        let say = || StepAsk::Say("x".into());
        assert!(ask(say(), Some(To::Slot(2))).is_ok());
        assert_eq!(ask(say(), Some(To::Slot(3))), Err(Code::NoSuchInstance));
        assert_eq!(ask(say(), Some(To::Tool("gdb".into()))), Err(Code::Usage));
        assert_eq!(ask(say(), Some(To::Session(String::new()))), Err(Code::Usage));
        let nothing = SendAsk { steps: Vec::new(), to: None, timeout_ms: None, until: Default::default() };
        assert_eq!(terms().job(&nothing).unwrap_err().code, Code::Usage);
    }
}
