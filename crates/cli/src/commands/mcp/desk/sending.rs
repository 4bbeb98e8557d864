//! `send` and `run`: jobs for the pool, within what the client may use.

use super::Desk;
use crate::commands::mcp::ask::{JobAsk, RunAsk};
use crate::commands::mcp::batch::{MOST, RunId};
use crate::commands::mcp::link::told;
use crate::commands::mcp::said::Said;
use cluster::control::protocol::{Ask, SendAsk, SendDone, StatusDone, TicketId};
use serde_json::json;
use tokio::time::Instant;

impl Desk {
    pub(in crate::commands::mcp) async fn send(&self, ask: JobAsk) -> Said {
        match self.take(vec![ask]).await {
            Err(said) => said,
            Ok((tickets, why)) => match (tickets.first(), why) {
                (Some(ticket), _) => Said::data(json!({ "ticket": ticket, "next": "read it" })),
                (None, why) => why.unwrap_or_else(|| Said::refused("nothing was sent", None)),
            },
        }
    }

    pub(in crate::commands::mcp) async fn run(&self, RunAsk { jobs }: RunAsk) -> Said {
        let count = jobs.len();
        if !(1..=MOST).contains(&count) {
            return Said::refused(&format!("a run has 1 to {MOST} jobs, and this one has {count}"), None);
        }
        match self.take(jobs).await {
            Err(said) => said,
            Ok((tickets, Some(why))) if tickets.is_empty() => why,
            Ok((tickets, why)) => {
                let (sent, run) = (tickets.len(), RunId(tickets).to_string());
                let why = why.map(|why| match why {
                    Said::Refused(why) => why,
                    Said::Done { text, .. } => text,
                });
                Said::data(
                    json!({ "run": run, "jobs": count, "not_sent": count - sent, "why_not_sent": why, "next": "read it" }),
                )
            }
        }
    }

    /// The tickets of as many jobs as the pool takes, in order, and why it took no more. Nothing is sent if one of them
    /// makes no sense or is not allowed.
    async fn take(&self, jobs: Vec<JobAsk>) -> Result<(Vec<TicketId>, Option<Said>), Said> {
        let status: StatusDone = self.link.status().await.map_err(|error| Said::from(told(error)))?;
        let requests = self.requests(jobs, &status)?;
        let count = requests.len() as u64;
        self.rights().take(count, status.cost_usd, Instant::now())?;
        let mut tickets = Vec::new();
        for request in requests {
            match self.link.ask::<SendDone>(Ask::Send(request)).await {
                Ok(done) => tickets.push(done.ticket),
                Err(error) => {
                    self.rights().give_back(count - tickets.len() as u64);
                    return Ok((tickets, Some(told(error).into())));
                }
            }
        }
        Ok((tickets, None))
    }

    fn requests(&self, jobs: Vec<JobAsk>, status: &StatusDone) -> Result<Vec<SendAsk>, Said> {
        let instances = &status.snapshot.instances;
        let owner = |slot: u32| Some(instances.get(slot as usize)?.status.tool_id.clone());
        let rights = self.rights();
        let request = |(place, job): (usize, JobAsk)| {
            let to = rights.target(job.whom(), &status.pool.tools, owner)?;
            job.request(to).map_err(|why| Said::refused(&format!("job {}: {why}", place + 1), None))
        };
        jobs.into_iter().enumerate().map(request).collect()
    }
}
