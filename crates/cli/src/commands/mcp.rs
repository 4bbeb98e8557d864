//! `cluster mcp`: a pool as tools of an agent, over the Model Context Protocol.
//!
//! ```text
//! agent ── stdin, stdout ─▶ Server ─▶ Desk { Rights } ─▶ Link ── control socket ─▶ Controller
//! ```
//!
//! Jobs live under tickets in the controller, so that a client that goes away loses nothing. What a client may do is
//! settled by whoever starts the server, and kept here, in front of the socket.

pub(crate) mod args;
mod ask;
mod batch;
mod desk;
mod input;
mod link;
mod own;
mod rights;
mod said;
mod server;
mod spill;
mod tell;

use super::pool::{nowhere, refused};
use super::run::block_on;
use crate::depth::depth;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::strategies::Strategies;
use args::{McpArgs, RightsArgs};
use cluster::control::protocol::{Kind, StatusDone, ToolView};
use cluster::control::{Client, Live, Place};
use desk::Desk;
use input::Input;
use link::Link;
use rights::Rights;
use rmcp::service::ServiceExt;
use rmcp::transport::stdio;
use server::Server;
use std::io::IsTerminal;
use tokio::time::Instant;

/// Serves one client, until it has gone.
pub(crate) fn run(args: &McpArgs, strategies: &Strategies) -> Result<Exit, Failure> {
    let (depth, most) = (depth(), args.rights.max_depth);
    if depth >= most {
        let why =
            format!("this runs inside of a pool (depth {depth}), and pools inside of pools end at {most}");
        return Err(Failure::usage(why).help("--max-depth lets more of them be inside of each other"));
    }
    if std::io::stdin().is_terminal() {
        let help = "an agent starts this program and speaks to it: see 'cluster mcp --help'";
        return Err(Failure::usage("standard input is a terminal").help(help));
    }
    match &args.tools {
        Some(tools) => own::run(args, tools, strategies),
        None => join(args),
    }
}

/// Serves it with the pool that is up.
fn join(args: &McpArgs) -> Result<Exit, Failure> {
    if let Some(flag) = &args.own {
        let help = "name a tool, or give it to 'cluster up'";
        return Err(Failure::usage(format!("{flag} is for a pool of its own, and this joins one")).help(help));
    }
    let live =
        Place::current().and_then(|place| place.find(args.which.name.as_deref())).map_err(|error| {
            let failure = nowhere(error);
            let help =
                failure.help.clone().map(|help| format!("{help}; 'cluster mcp TOOL' has one of its own"));
            Failure { help, ..failure }
        })?;
    block_on(async {
        let mut client = Client::to(&live).await.map_err(refused)?;
        if client.greeting().kind == Kind::Run {
            let why = format!("{} is a batch, and takes no prompts", live.name);
            return Err(Failure::usage(why).help("'cluster up TOOL' starts a pool that does"));
        }
        let status: StatusDone =
            super::pool::call(&mut client, cluster::control::protocol::Ask::Status {}).await?;
        drop(client);
        let tools = status.pool.tools;
        if tools.is_empty() {
            return Err(Failure::pool("the pool does not say what its tools are")
                .help("use the 'cluster' that has started the pool"));
        }
        let rights = Rights::new(&args.rights, status.cost_usd, Instant::now());
        if !tools.iter().any(|tool| rights.allows(tool)) {
            return Err(interpreters(&tools));
        }
        tells_costs(&args.rights, &tools)?;
        serve(desk(&live, rights), &args.rights).await;
        Ok(Exit::Ok)
    })
}

fn desk(live: &Live, rights: Rights) -> Desk {
    let Live { name, pid, socket } = live;
    Desk::new(Link::new(socket.clone()), rights, format!("{name}-{pid}"))
}

/// Speaks with the client until that has gone.
async fn serve(desk: Desk, rights: &RightsArgs) {
    let (stdin, stdout) = stdio();
    let (input, gone) = Input::new(stdin);
    match Server::new(desk, gone, rights.allow_answers).serve((input, stdout)).await {
        Ok(service) => {
            let ended = service.waiting().await;
            tracing::debug!("the client has gone: {ended:?}");
        }
        // It went before it had said what it is.
        Err(error) => tracing::debug!("no client: {error}"),
    }
}

fn interpreters(tools: &[ToolView]) -> Failure {
    let names: Vec<&str> =
        tools.iter().filter(|tool| tool.interprets).map(|tool| tool.name.as_str()).collect();
    let why = format!(
        "{} runs what it is told as it stands: the client could do whatever you can",
        names.join(", ")
    );
    Failure::usage(why).help("--allow-interpreters allows that")
}

fn tells_costs(rights: &RightsArgs, tools: &[ToolView]) -> Result<(), Failure> {
    match tools.iter().find(|tool| rights.max_cost.is_some() && !tool.tells_costs) {
        None => Ok(()),
        Some(tool) => {
            Err(Failure::usage(format!("--max-cost: {} does not tell what a job costs", tool.name))
                .help("bound it with --max-jobs or --deadline, or by a budget at the provider"))
        }
    }
}
