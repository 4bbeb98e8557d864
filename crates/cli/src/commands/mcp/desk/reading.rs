//! `read`: replies, cut to size. What is not there in time goes on.

use super::{Desk, tickets};
use crate::commands::mcp::ask::ReadAsk;
use crate::commands::mcp::link::told;
use crate::commands::mcp::said::Said;
use crate::commands::mcp::spill::spill;
use crate::commands::mcp::tell::{NOTE, Told, Window, fence, is_cut, reply};
use crate::output::sanitize;
use cluster::batch::ResultRecord;
use cluster::control::protocol::{self, Ask, Code, Fault, ReadDone, TicketId};
use serde_json::{Value, json};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;
use tokio::time::Instant;

/// The longest that a call may take: clients give up after a minute.
const LONGEST: u64 = 50;

/// How much of a reply may be asked for, in characters.
const CHARS: std::ops::RangeInclusive<usize> = 100..=50_000;

/// The least that each reply of a run gets, in characters.
const LEAST: usize = 200;

impl Desk {
    pub(in crate::commands::mcp) async fn read(&self, ask: ReadAsk) -> Said {
        if ask.wait_s > LONGEST || !CHARS.contains(&ask.max_chars) {
            let why =
                format!("'wait_s' is at most {LONGEST}, 'max_chars' {} to {}", CHARS.start(), CHARS.end());
            return Said::refused(&why, Some("call again for more"));
        }
        let until = Instant::now() + Duration::from_secs(ask.wait_s);
        let window = Window { most: ask.max_chars, offset: ask.offset };
        match (&ask.ticket, &ask.run, ask.any) {
            (None, None, true) => self.one(None, until, window).await,
            (ticket, run, false) => match tickets(ticket.as_deref(), run.as_deref()) {
                Err(said) => said,
                Ok(tickets) if run.is_some() => self.several(&tickets, until, ask.max_chars).await,
                Ok(tickets) => self.one(tickets.first().copied(), until, window).await,
            },
            _ => Said::refused("one of 'ticket', 'run' and 'any' is wanted", None),
        }
    }

    async fn one(&self, ticket: Option<TicketId>, until: Instant, window: Window) -> Said {
        match self.fetch(ticket, until).await {
            Ok(record) => {
                let (told, nonce) = (self.told(&record, window), nonce());
                let mut data = value(&told);
                data["note"] = NOTE.into();
                Said::Done { text: fence(&nonce) + &told.text(&nonce), data }
            }
            Err(fault) if fault.code == Code::TimedOut => waiting(ticket, &fault),
            Err(fault) => fault.into(),
        }
    }

    async fn several(&self, tickets: &[TicketId], until: Instant, chars: usize) -> Said {
        let window = Window { most: (chars / tickets.len().max(1)).max(LEAST), offset: None };
        let (mut ended, mut goes_on, mut unknown, nonce) = (Vec::new(), Vec::new(), Vec::new(), nonce());
        let mut text = fence(&nonce);
        for ticket in tickets {
            match self.fetch(Some(*ticket), until).await {
                Ok(record) => {
                    let told = self.told(&record, window);
                    text += &told.text(&nonce);
                    ended.push(value(&told));
                }
                Err(fault) if fault.code == Code::TimedOut => goes_on.push(*ticket),
                Err(fault) if fault.code == Code::NoSuchTicket => unknown.push(*ticket),
                Err(fault) => return fault.into(),
            }
        }
        let count = tickets.len();
        text += &format!("{} of {count} are done.", ended.len());
        if !goes_on.is_empty() {
            text += &format!(" Not yet: {}; read the run again.", words(&goes_on));
        }
        if !unknown.is_empty() {
            text += &format!(" Not known: {}.", words(&unknown));
        }
        let done = goes_on.is_empty();
        let data = json!({
            "done": done, "jobs": count, "ended": ended, "not_yet": goes_on, "not_known": unknown, "note": NOTE,
        });
        Said::Done { text, data }
    }

    async fn fetch(&self, ticket: Option<TicketId>, until: Instant) -> Result<ResultRecord, Fault> {
        let left = until.saturating_duration_since(Instant::now());
        let wait_ms = Some(u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
        let ask = protocol::ReadAsk { ticket, any: ticket.is_none(), wait_ms };
        let done: ReadDone = self.link.ask(Ask::Read(ask)).await.map_err(told)?;
        Ok(done.result)
    }

    fn told(&self, record: &ResultRecord, window: Window) -> Told {
        let reply = reply(record);
        let name = || format!("{}-{}.txt", self.files, record.job);
        let path = if is_cut(&reply, window) { spill(&name(), &reply) } else { None };
        Told::new(record, window, path.as_deref())
    }
}

/// It goes on; the tool may ask something.
fn waiting(ticket: Option<TicketId>, fault: &Fault) -> Said {
    let why = sanitize::line(&fault.message, 500);
    Said::data(json!({
        "ticket": ticket, "done": false, "untrusted_state": why,
        "next": "read it again; nothing is lost meanwhile",
    }))
}

fn value(told: &Told) -> Value {
    // It has nothing in it that JSON has not.
    serde_json::to_value(told).unwrap_or_default()
}

fn words(tickets: &[TicketId]) -> String {
    tickets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A word that nobody can foresee.
fn nonce() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
