//! `cluster status`: what a pool and its instances do.

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use cluster::control::Client;
use cluster::control::protocol::{Ask, Event, Outcomes, StatusDone, TicketChange, TicketState};
use cluster::control::{Heard, Said};
use cluster::snapshot::Health;

/// Show what a pool, or a batch that runs, and its instances do
#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pool: PoolArg,
    /// Then show every change, until the pool goes
    #[arg(long)]
    watch: bool,
    /// Show nothing: exit code 0 if an instance can take a job, 1 if none can for now, 3 if none ever will
    #[arg(long, conflicts_with_all = ["watch", "verbose", "json"])]
    check: bool,
    /// Also show what each instance has done
    #[arg(short, long)]
    verbose: bool,
    /// As JSON, one object a line ('cluster schema control')
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &StatusArgs) -> Result<Exit, Failure> {
    pool::with(&args.pool, async |mut client| {
        if args.json && !args.watch {
            let status: serde_json::Value = pool::call(&mut client, Ask::Status {}).await?;
            Output::document(&format!("{status}\n"))?;
            return Ok(Exit::Ok);
        }
        // Listening begins before looking, so that no change is missed.
        let watched =
            if args.watch { Some(client.ask(Ask::Watch {}).await.map_err(pool::refused)?) } else { None };
        let status: StatusDone = pool::call(&mut client, Ask::Status {}).await?;
        if args.check {
            return Ok(check(&status));
        }
        show(&status, args)?;
        match watched {
            Some(watched) => watch(client, watched, args).await,
            None => Ok(Exit::Ok),
        }
    })
}

fn check(status: &StatusDone) -> Exit {
    let snapshot = &status.snapshot;
    match snapshot.health {
        Health::Failed | Health::Gone => Exit::Pool,
        Health::Starting => Exit::Failed,
        Health::Up if snapshot.total.alive > 0 => Exit::Ok,
        Health::Up => Exit::Failed,
    }
}

fn show(status: &StatusDone, args: &StatusArgs) -> Result<(), Failure> {
    if args.json {
        let status = serde_json::to_string(status).unwrap_or_default();
        return Ok(Output::document(&format!("{status}\n"))?);
    }
    let mut text = headline(status);
    for instance in &status.snapshot.instances {
        let job = instance.status.job.and_then(|job| status.names.get(&job));
        text.push_str(&Output::instance(&instance.status, job.map(String::as_str), args.verbose));
        text.push('\n');
    }
    for hold in &status.snapshot.holds {
        let left = std::time::Duration::from_millis(hold.left_ms);
        text.push_str(&format!("account {} is limited for {left:.0?} more: {}\n", hold.account, hold.reason));
    }
    Ok(Output::document(&text)?)
}

fn headline(status: &StatusDone) -> String {
    let pool = &status.pool;
    let ending = if pool.ending { ", about to end" } else { "" };
    let work = match (&status.tickets, &status.jobs) {
        (Some(tickets), _) => {
            format!("{} queued, {} working, {} unread", tickets.queued, tickets.working, tickets.unread)
        }
        (None, Some(jobs)) => of_batch(jobs),
        (None, None) => String::new(),
    };
    format!("{} (pid {}): {}{ending}\n{work}\n", pool.name, pool.pid, pool.plan)
}

fn of_batch(jobs: &Outcomes) -> String {
    let ended = jobs.ended.iter().map(|(outcome, count)| format!(", {count} {outcome}"));
    format!("{} queued, {} working{}", jobs.queued, jobs.working, ended.collect::<String>())
}

async fn watch(mut client: Client, watched: u64, args: &StatusArgs) -> Result<Exit, Failure> {
    loop {
        let Heard { id, said } = match client.next().await {
            Ok(heard) => heard,
            Err(cluster::control::ClientError::Gone) => return Ok(Exit::Ok),
            Err(error) => return Err(pool::refused(error)),
        };
        let event = match said {
            Said::Event(event) if id == Some(watched) => event,
            Said::Error(fault) => return Err(pool::refused(fault.into())),
            Said::Ok(_) if id == Some(watched) => return Ok(Exit::Ok),
            Said::Ok(_) | Said::Event(_) => continue,
        };
        let line =
            if args.json { serde_json::to_string(&event).unwrap_or_default() } else { line(&event, args) };
        Output::document(&format!("{line}\n"))?;
    }
}

fn line(event: &Event, args: &StatusArgs) -> String {
    match event {
        Event::Instance(status) => Output::instance(status, None, args.verbose),
        Event::Ticket(TicketChange { ticket, state }) => match state {
            TicketState::Queued => format!("{ticket} is queued"),
            TicketState::Working { slot, asks: None, .. } => {
                format!("{ticket} is at work on instance {slot}")
            }
            TicketState::Working { asks: Some(question), .. } => format!("{ticket} asks: {question}"),
            TicketState::Ended { outcome } => format!("{ticket} has ended: {outcome}"),
        },
        Event::Missed { changes } => format!("{changes} changes were missed"),
        // Of other requests.
        _ => String::new(),
    }
}
