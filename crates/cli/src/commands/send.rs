//! `cluster send`: a prompt for a pool.

use super::pool::{self, PoolArg};
use super::run::steps::{Input, whole};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Level, Output};
use crate::signals::Signals;
use cluster::batch::duration::duration;
use cluster::control::protocol::{Ask, Event, SendAsk, SendDone, StepAsk, TicketId, To, Until};
use cluster::control::{Client, ClientError};
use pool_core::message::Outcome;
use std::path::{Path, PathBuf};
use std::time::Duration;

const EXAMPLES: &str = "\
Examples:
  A question to whoever is free; the reply is on standard output:
    cluster send 'print(6*7)'

  A command of the tool and a question, in this order, on instance 0, whose conversation is kept:
    cluster send --to 0 '/add src/lib.rs'
    cluster send --to 0 'Which functions have no tests?'

  Work for later: the ticket is on standard output, and the reply can be read by it:
    ticket=$(cluster send --no-wait --session review 'Review the last commit')
    cluster read \"$ticket\"

  A prompt that is in no list of processes, because it comes on standard input:
    pass show db | cluster send -

A prompt on the command line or in a file of -S is what a person has typed: if it begins like a command that the tool's
profile lists, it is one. What comes on standard input is text, whatever it looks like.

Ctrl-C ends the waiting, and not the work: standard error says how to read the reply.";

/// Send a prompt to a pool, and wait for the reply
///
/// Standard error tells when it is accepted, delivered and completed. Exit codes: 0 it succeeded, 1 it did not, 2 nothing
/// was sent, 3 the pool has gone or cannot record it, 124 its turn has not ended in time.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES, after_help = "See more, with examples, with '--help'.")]
pub(crate) struct SendArgs {
    /// The prompt; '-' is standard input
    #[arg(value_name = "PROMPT", required_unless_present = "files")]
    prompt: Option<String>,
    /// A step whose text is in this file; may be repeated, and goes after the prompt
    #[arg(short = 'S', long = "step-file", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// To this instance, whose conversation is kept; numbers count from 0
    #[arg(long = "to", value_name = "INSTANCE", group = "whom")]
    slot: Option<u32>,
    /// In the conversation of this name, on whichever instance has it
    #[arg(long, value_name = "NAME", group = "whom")]
    session: Option<String>,
    /// To an instance of this tool
    #[arg(long, value_name = "TOOL", group = "whom")]
    tool: Option<String>,
    /// The longest that the turn may take [default: the tool's own]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Print the ticket when the prompt has been accepted, and do not wait for the reply
    #[arg(long)]
    no_wait: bool,
    /// The result as JSON ('cluster schema result')
    #[arg(long)]
    json: bool,
    /// Say nothing but what went wrong
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: SendArgs) -> Result<Exit, Failure> {
    let steps = steps(args.prompt.as_deref(), &args.files)?;
    let to = match (args.slot, args.session, args.tool) {
        (Some(slot), ..) => Some(To::Slot(slot)),
        (_, Some(session), _) => Some(To::Session(session)),
        (_, _, tool) => tool.map(To::Tool),
    };
    let timeout_ms = args.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let until = if args.no_wait { Until::Accepted } else { Until::Completed };
    let ask = SendAsk { steps, to, timeout_ms, until };
    let level = Level::of(args.quiet, 0);
    pool::with(&args.pool, async |client| send(client, ask, level, args.json).await)
}

fn steps(prompt: Option<&str>, files: &[PathBuf]) -> Result<Vec<StepAsk>, Failure> {
    let prompt = match prompt {
        Some("-") => Some(whole(Path::new("-"), &Input::Direct).map(StepAsk::Say)),
        prompt => prompt.map(|prompt| Ok(StepAsk::Typed(prompt.to_owned()))),
    };
    let files = files.iter().map(|file| whole(file, &Input::Direct).map(StepAsk::Typed));
    prompt.into_iter().chain(files).collect()
}

async fn send(mut client: Client, ask: SendAsk, level: Level, json: bool) -> Result<Exit, Failure> {
    let mut signals = Signals::listen().map_err(|error| super::run::no_pool(&error))?;
    let mut sent = Sent { ticket: None, level, waits: ask.until == Until::Completed };
    let done: SendDone = tokio::select! {
        done = client.call(Ask::Send(ask), |event| sent.tell(event)) => {
            done.map_err(|error| sent.failure(error))?
        }
        exit = super::run::until_signal(&mut signals) => {
            if let Some(ticket) = sent.ticket {
                Output::aside(&format!("{ticket} goes on: 'cluster read {ticket}' waits for its reply"));
            }
            return Ok(exit);
        }
    };
    let Some(result) = done.result else {
        Output::document(&format!("{}\n", done.ticket))?;
        return Ok(Exit::Ok);
    };
    sent.say("completed");
    Output::reply(&result, json)?;
    Ok(match result.outcome {
        Outcome::Ok => Exit::Ok,
        Outcome::TimedOut => Exit::TimedOut,
        _ => Exit::Failed,
    })
}

/// What has been told of a prompt.
struct Sent {
    ticket: Option<TicketId>,
    level: Level,
    waits: bool,
}

impl Sent {
    fn tell(&mut self, event: Event) {
        match event {
            Event::Accepted { ticket } => {
                self.ticket = Some(ticket);
                self.say("accepted");
            }
            Event::Delivered { slot, .. } => self.say(&format!("delivered to instance {slot}")),
            Event::Asks { ticket, question } => {
                self.say(&format!("the tool asks: {question} ('cluster answer {ticket} TEXT')"));
            }
            // Of other requests.
            _ => {}
        }
    }

    /// Why there is no result. What was accepted is no longer wrong usage.
    fn failure(&self, error: ClientError) -> Failure {
        let failure = pool::refused(error);
        match (self.ticket, failure.exit) {
            (Some(ticket), Exit::Usage) => {
                let help = format!("'cluster read {ticket}' reads its reply, if there is one");
                Failure { exit: Exit::Failed, ..failure }.help(help)
            }
            _ => failure,
        }
    }

    fn say(&self, what: &str) {
        if let Some(ticket) = self.ticket.filter(|_| self.waits && self.level > Level::Quiet) {
            Output::aside(&format!("{ticket} {what}"));
        }
    }
}
