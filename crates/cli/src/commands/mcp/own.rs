//! A pool that ends with its client.

use super::args::McpArgs;
use super::{desk, interpreters, rights::Rights, serve, tells_costs};
use crate::commands::pool::nowhere;
use crate::commands::run::{block_on, launch, no_pool};
use crate::commands::up::{headline, resolved, terms};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::{Answer, Ladder, Signals};
use crate::strategies::Strategies;
use cluster::ClusterManager;
use cluster::control::limits::TICKETS;
use cluster::control::{About, Controller, End, Live, Place, Server};
use futures_util::StreamExt;
use pool_core::supervisor::InstanceStatus;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

/// Starts the pool, and serves the client meanwhile: clients do not wait long for the first word.
pub(super) fn run(args: &McpArgs, tools: &str, strategies: &Strategies) -> Result<Exit, Failure> {
    let route = strategies.make_of(&args.pool.route, args.pool.route_origin.as_ref())?;
    let tools = resolved(tools, &args.pool, &args.start, &args.framing)?;
    let terms = terms(&args.pool, &tools);
    let rights = Rights::new(&args.rights, 0.0, Instant::now());
    if !terms.tools.iter().all(|tool| rights.allows(tool)) {
        return Err(interpreters(&terms.tools));
    }
    tells_costs(&args.rights, &terms.tools)?;
    let pid = std::process::id();
    let place = Place::current().map_err(nowhere)?;
    let claimed = place.claim_client(pid).map_err(nowhere)?;
    let name = claimed.name().to_owned();
    let live = Live { socket: place.socket(&name), name: name.clone(), pid };
    let about = About { name, run: None, plan: headline(&tools, &args.pool.route) };
    block_on(async {
        let signals = Signals::listen().map_err(|error| no_pool(&error))?;
        let (pool, changes) = launch(route.install(ClusterManager::builder()), tools, TICKETS).await?;
        let controller = Controller::of_pool(about, pool, terms, None);
        let server = Server::bind(claimed, controller.clone()).map_err(nowhere)?;
        let client = serve(desk(&live, rights), &args.rights);
        Ok(attend(&controller, server, changes, signals, client).await)
    })
}

/// Until the client has gone, or a signal ends it, and then until the tools have gone.
async fn attend(
    controller: &Controller,
    server: Server,
    mut changes: Receiver<InstanceStatus>,
    mut signals: Signals,
    client: impl Future<Output = ()>,
) -> Exit {
    let mut ladder = Ladder::default();
    let (mut server, mut served) = (std::pin::pin!(server.serve()), false);
    let (mut client, mut gone) = (std::pin::pin!(client), false);
    let mut life = std::pin::pin!(controller.run());
    let (mut failure, mut failed) = (std::pin::pin!(controller.pool().failure()), false);
    loop {
        tokio::select! {
            biased;
            Some(heard) = signals.next() => match ladder.climb(heard) {
                Answer::FeedNoMore | Answer::Cancel => controller.end(End::Stop),
                Answer::Kill => controller.end(End::Kill),
                Answer::Suspend | Answer::Dump => {}
            },
            () = &mut life => break,
            reason = &mut failure, if !failed => {
                failed = true;
                Output::aside(&format!("the pool gave up: {reason}"));
            }
            () = &mut client, if !gone => {
                gone = true;
                controller.end(End::Stop);
            }
            () = &mut server, if !served => served = true,
            // Whoever wants to know asks for the status.
            Some(_) = changes.recv() => {}
        }
    }
    ladder.exit().unwrap_or(Exit::Ok)
}
