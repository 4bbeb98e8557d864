//! What is done about each call.

mod reading;
mod sending;

use super::ask::{AnswerAsk, CancelAsk};
use super::batch::RunId;
use super::link::{Link, told};
use super::rights::Rights;
use super::said::Said;
use crate::output::sanitize;
use cluster::control::protocol::{self, Ask, Code, StatusDone, TicketId, ToolView};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// How many instances are shown one by one.
const SHOWN: usize = 64;

/// A pool, and what one client may do with it.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) link: Link,
    rights: Mutex<Rights>,
    /// Begins the names of files with long replies.
    pub(super) files: String,
}

impl Desk {
    pub(super) const fn new(link: Link, rights: Rights, files: String) -> Self {
        Self { link, rights: Mutex::new(rights), files }
    }

    fn rights(&self) -> MutexGuard<'_, Rights> {
        self.rights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn status(&self) -> Said {
        let StatusDone { pool, snapshot, tickets, names, cost_usd, .. } = match self.link.status().await {
            Ok(status) => status,
            Err(error) => return told(error).into(),
        };
        let instance = |view: &cluster::snapshot::InstanceView| {
            let status = &view.status;
            let ticket = status.job.and_then(|job| names.get(&job));
            json!({
                "instance": status.index, "tool": status.tool_id, "state": status.state, "for_ms": status.for_ms,
                "ticket": ticket,
            })
        };
        let instances: Vec<Value> = snapshot.instances.iter().take(SHOWN).map(instance).collect();
        let left = self.rights().left(cost_usd, Instant::now());
        Said::data(json!({
            "pool": pool.name, "health": snapshot.health, "failure": snapshot.failure.map(|why| sanitize::line(&why, 300)),
            "ending": pool.ending, "jobs": tickets, "cost_usd": cost_usd, "you_may_still_use": left,
            "instances": instances, "instances_in_all": snapshot.total.instances,
        }))
    }

    pub(super) async fn tools(&self) -> Said {
        let StatusDone { pool, snapshot, .. } = match self.link.status().await {
            Ok(status) => status,
            Err(error) => return told(error).into(),
        };
        let rights = self.rights();
        let tool = |tool: &ToolView| {
            let instances = snapshot.instances.iter().filter(|view| view.status.tool_id == tool.name).count();
            json!({
                "tool": tool.name, "about": tool.about, "instances": instances, "effects": tool.effects,
                "commands": tool.commands, "runs_what_it_is_told_as_code": tool.interprets,
                "you_may_send_to_it": rights.allows(tool),
            })
        };
        Said::data(json!({ "pool": pool.name, "tools": pool.tools.iter().map(tool).collect::<Vec<Value>>() }))
    }

    pub(super) async fn cancel(&self, ask: &CancelAsk) -> Said {
        let tickets = match tickets(ask.ticket.as_deref(), ask.run.as_deref()) {
            Ok(tickets) => tickets,
            Err(said) => return said,
        };
        let (mut cancelled, mut ended) = (Vec::new(), Vec::new());
        for ticket in &tickets {
            let ask = protocol::CancelAsk { job: ticket.to_string() };
            match self.link.ask::<Value>(Ask::Cancel(ask)).await.map_err(told) {
                Ok(_) => cancelled.push(ticket),
                // What has ended cannot be taken back, and that is no mistake of who takes back a whole run.
                Err(fault) if fault.code == Code::Refused => ended.push(ticket),
                Err(fault) => return fault.into(),
            }
        }
        Said::data(json!({ "cancelled": cancelled, "had_ended": ended }))
    }

    pub(super) async fn answer(&self, AnswerAsk { ticket, text }: AnswerAsk) -> Said {
        let ticket: TicketId = match ticket.parse() {
            Ok(ticket) => ticket,
            Err(error) => return Said::refused(&protocol::NotATicket::to_string(&error), None),
        };
        match self.link.ask::<Value>(Ask::Answer(protocol::Reply { ticket, text })).await {
            Ok(_) => Said::data(json!({ "ticket": ticket, "answered": true })),
            Err(error) => told(error).into(),
        }
    }
}

/// The tickets that a call names.
fn tickets(ticket: Option<&str>, run: Option<&str>) -> Result<Vec<TicketId>, Said> {
    match (ticket, run) {
        (Some(ticket), None) => match ticket.parse() {
            Ok(ticket) => Ok(vec![ticket]),
            Err(error) => Err(Said::refused(&protocol::NotATicket::to_string(&error), None)),
        },
        (None, Some(run)) => match run.parse() {
            Ok(RunId(tickets)) => Ok(tickets),
            Err(error) => Err(Said::refused(&super::batch::NotARun::to_string(&error), None)),
        },
        _ => Err(Said::refused("one of 'ticket' and 'run' is wanted", None)),
    }
}
