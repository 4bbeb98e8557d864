//! The arguments of `cluster run`, as meant: everything checked that can be wrong before anything starts.

use super::args::{OnLimit, RunArgs};
use super::resolve::{Tool, accounts, resolve};
use super::steps::{self, Input, Jobs};
use crate::failure::Failure;
use crate::output::{Style, jobs, redact};
use crate::report::Wanted;
use cluster::batch::halt::Halt;
use cluster::batch::plan::Settings;
use cluster::batch::run::{Order, window};
use cluster::hooks::Hooks;
use cluster::profile::Effects;
use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

/// A run that can begin.
pub(super) struct Plan {
    pub(super) tools: Vec<Tool>,
    pub(super) jobs: Jobs,
    pub(super) order: Order,
    pub(super) style: Style,
    /// The name of the routing strategy.
    pub(super) route: String,
    pub(super) on_limit: OnLimit,
    /// Further attempts at each job.
    pub(super) retries: u32,
    /// The files that are to be left.
    pub(super) report: Wanted,
    /// Programs that are told of what happens.
    pub(super) hooks: Hooks,
    /// Failures that end the run.
    pub(super) halt: Option<Halt>,
    /// After this time no more jobs are begun.
    pub(super) deadline: Option<Duration>,
    pub(super) max_cost: Option<f64>,
    /// The model that the tools are to use.
    model: Option<String>,
}

impl Plan {
    /// Checks the arguments, reads what they name, starts nothing.
    pub(super) fn new(args: &RunArgs, input: &Input) -> Result<Self, Failure> {
        let mut tools = resolve(&args.tool, args.pool.instances, &args.start, &args.framing)?;
        match args.pool.on_limit {
            OnLimit::Wait => {}
            OnLimit::Next => somewhere_else(&tools)?,
            OnLimit::Fail => tools.iter_mut().for_each(|tool| tool.profile.spec.hold = None),
        }
        let max_cost = args.bounds.max_cost;
        if max_cost.is_some() {
            tells_costs(&tools)?;
        }
        let settings = Settings {
            tools: tools
                .iter()
                .map(|Tool { profile, .. }| (profile.spec.offer(), profile.rules.clone()))
                .collect(),
            steps: steps::templates(args, input)?,
            token: args.steps.token.clone(),
            allow_commands: args.steps.allow_commands,
        };
        let jobs = Jobs::open(args, &settings, input)?;
        let out = &args.output;
        let level = out.talk.level();
        // Lines of JSON carry their index, so nobody needs to wait for their order.
        let order = if out.json || out.unordered { Order::finished() } else { Order::input() };
        let style = Style { json: out.json, level, total: jobs.total(), explain: out.explain };
        let (route, on_limit, retries) = (args.pool.route.clone(), args.pool.on_limit, args.pool.retries);
        let (halt, deadline, model) = (args.bounds.halt, args.bounds.deadline, args.start.model.clone());
        let report = Wanted { junit: out.junit.clone(), results: out.results.clone(), of: words(args) };
        let hooks = args.hooks.clone();
        Ok(Self {
            tools,
            jobs,
            order,
            style,
            route,
            on_limit,
            retries,
            report,
            hooks,
            halt,
            deadline,
            max_cost,
            model,
        })
    }

    /// How many jobs are with the pool at a time.
    pub(super) fn window(&self) -> usize {
        window(self.tools.iter().map(|tool| tool.instances).sum())
    }

    /// Whether a tool may change anything.
    pub(super) fn writes(&self) -> bool {
        self.tools.iter().any(|tool| tool.profile.effects == Effects::Write)
    }

    /// What tells each tool from others: its name and command line, and with them the model.
    pub(super) fn identities(&self) -> Vec<String> {
        identities(&self.tools, self.model.as_deref())
    }

    /// The plan in one line.
    pub(super) fn headline(&self) -> String {
        let mut parts: Vec<String> = self.tools.iter().map(Tool::headline).collect();
        parts.push(self.route.clone());
        parts.extend(self.jobs.total().map(jobs));
        parts.join(", ")
    }
}

/// What tells each tool from others: its name and command line, and with them the model.
pub(crate) fn identities(tools: &[Tool], model: Option<&str>) -> Vec<String> {
    let model = model.unwrap_or_default();
    let identity = |tool: &Tool| {
        let command = tool.profile.spec.command.join("\0");
        format!("{}\0{model}\0{command}", tool.profile.name)
    };
    tools.iter().map(identity).collect()
}

/// A bound on costs that nobody tells would never be met.
fn tells_costs(tools: &[Tool]) -> Result<(), Failure> {
    let silent = |tool: &&Tool| !tool.profile.spec.turn.tells_costs();
    let names: Vec<String> = tools.iter().filter(silent).map(|tool| tool.profile.name.to_string()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let failure = Failure::usage(format!("--max-cost: what a job costs is not told by {}", names.join(", ")));
    Err(failure.help("bound the run with --deadline or --halt, or by a budget at the provider"))
}

/// What the run does, in words: its tools, its steps and where its items come from, and nothing of how it is done, nor
/// any secret.
fn words(args: &RunArgs) -> String {
    let flag = |name: &str, value: &str| format!("--{name}={value}");
    let path = |name: &str, path: &Path| flag(name, &path.display().to_string());
    let mut words = vec![args.tool.clone()];
    words.extend(args.start.model.iter().map(|model| flag("model", model)));
    words.extend(args.start.tool_args.iter().map(|word| flag("tool-arg", word)));
    words.extend(args.steps.steps.iter().map(|step| flag("step", step)));
    words.extend(args.steps.step_files.iter().map(|file| path("step-file", file)));
    words.extend(args.input.arg_file.iter().map(|file| path("arg-file", file)));
    words.extend(args.input.from.iter().map(|file| path("from", file)));
    words.extend(args.items.iter().map(|item| item.to_string_lossy().into_owned()));
    let quoted = |word: &String| {
        shlex::try_quote(&word.replace('\0', "")).map_or_else(|_| String::new(), Cow::into_owned)
    };
    redact::hide(&words.iter().map(quoted).collect::<Vec<_>>().join(" ")).into_owned() + "\n"
}

/// Whether a job that meets a usage limit has another tool to go to.
pub(crate) fn somewhere_else(tools: &[Tool]) -> Result<(), Failure> {
    let accounts = accounts(tools);
    let [tool, others @ ..] = tools else { return Ok(()) };
    if accounts.len() > 1 {
        return Ok(());
    }
    let why = if others.is_empty() {
        format!("{} is the only one", tool.profile.name)
    } else {
        format!("all of this run share the account '{}'", tool.profile.spec.account)
    };
    let failure = Failure::usage(format!("--on-limit next needs another tool to go to: {why}"));
    Err(failure.help("name another one, as in 'aider:3,codex:2', or use --on-limit wait"))
}
