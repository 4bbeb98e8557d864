//! Pools that tests look at, as they come over the socket.

use cluster::control::protocol::{Event, LogPiece, Logged, StatusDone, TicketChange, TicketId, TicketState};
use pool_core::supervisor::InstanceStatus;
use serde_json::{Value, json};

/// An instance in this state, for so long.
fn instance(index: u32, state: &str, job: Option<u64>, evidence: &str, for_ms: u64) -> Value {
    json!({
        "index": index, "tool_id": "aider", "state": state, "for_ms": for_ms, "evidence": evidence, "job": job,
        "alive": state != "backing_off", "pid": 100 + index, "generation": 1, "restarts": index, "breaker": "closed",
        "jobs": 4, "started": { "spawned_us": 1, "ready_us": 2, "warm_us": 3 }, "started_at": null, "ended_at": null,
        "return_code": null, "last_exit": null,
    })
}

fn figures(jobs: u64, busy_us: u64) -> Value {
    let times = json!({ "count": jobs, "p50_us": 1, "p99_us": 2, "max_us": 3 });
    json!({
        "in_flight": 1, "served": jobs, "outcomes": { "ok": jobs }, "busy_us": busy_us, "lives": 0, "sent": 1, "received": 2,
        "usage": { "input": 1200, "output": 340, "cost_usd": 0.011 }, "wait": times, "turn": times,
    })
}

/// Four instances: free, at work, asking, coming back; after so many jobs.
pub(super) fn status(jobs: u64, queued: u64) -> Box<StatusDone> {
    let mut instances = [
        instance(0, "ready", None, "it was reset", 4000),
        instance(1, "working", Some(7), "job 7 runs", 61_000),
        instance(2, "needs_input", Some(8), "Add file? (Y)es/(N)o \u{1b}[2J\u{202e}", 3000),
        instance(3, "backing_off", None, "it ended by signal 9; started again in 5s", 500),
    ];
    for (index, instance) in instances.iter_mut().enumerate() {
        let mut routing = figures(jobs, jobs * 2_000_000);
        let more = json!({ "slot": index, "tool": "aider", "generation": 1, "credits": 0, "queued": 0, "sessions": 0 });
        routing.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        instance["routing"] = routing;
    }
    let status = json!({
        "pool": { "name": "main", "kind": "pool", "run": null, "pid": 4711, "since": "2026-01-01T00:00:00Z",
            "plan": "4 × aider (aider …; may change anything), least_busy", "ending": false },
        "snapshot": { "schema": "cluster.snapshot/1", "health": "up", "failure": null,
            "router": { "strategy": "least_busy", "queued": queued, "limit": 64, "sessions": 0,
                "counts": { "after_panic": 0, "cancelled": 0, "chose_no_candidate": 0, "chose_nobody": 0, "failed": 0,
                    "placed": jobs, "rejected": 0, "returned": 0, "submitted": jobs },
                "total": figures(jobs, jobs * 2_000_000) },
            "total": { "instances": 4, "alive": 3, "working": 2, "not_trusted": 0, "limited": 0, "restarts": 6 },
            "instances": instances, "holds": [] },
        "tickets": { "queued": queued, "working": 2, "unread": 3 },
        "jobs": null,
        "names": { "7": "t7", "8": "t8" },
    });
    serde_json::from_value(status).unwrap()
}

/// What an instance was told and said: plain, in colours, in a long line, and in one without an end.
pub(super) fn transcript(slot: u32) -> Vec<LogPiece> {
    let said = |text: &str| Logged::Said(text.as_bytes().to_vec().into());
    let pieces = [
        Logged::Note("life 1 begins".to_owned()),
        said("Aider v0.86.2\r\nMain model: gpt-4o\r\n\r\n> "),
        Logged::Told(b"add a test of the parser, and say why\n".to_vec().into()),
        said(
            "\u{1b}[32mI add a test\u{1b}[0m that reads every file of the examples, because the parser has been changed since the last one was written\r\n",
        ),
        said("\u{1b}[2K 10%\r 50%\r100%\r\nTokens: 1.2k sent, \u{202e}340 received"),
    ];
    pieces.into_iter().map(|what| LogPiece { slot, what }).collect()
}

/// An instance that has become this.
pub(super) fn changed(index: u32, state: &str, job: Option<u64>, evidence: &str) -> Event {
    let status: InstanceStatus = serde_json::from_value(instance(index, state, job, evidence, 0)).unwrap();
    Event::Instance(Box::new(status))
}

pub(super) fn ticket(ticket: u64, state: TicketState) -> Event {
    Event::Ticket(TicketChange { ticket: TicketId(ticket), state })
}

pub(super) fn working(slot: u32, asks: Option<&str>) -> TicketState {
    TicketState::Working { slot, generation: 1, asks: asks.map(str::to_owned) }
}
