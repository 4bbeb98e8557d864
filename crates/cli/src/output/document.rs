//! What commands without a run of their own print on standard output, whole.

use super::paint::Paint;
use super::talk::{Level, Talk};
mod consent;

use super::{Output, redact, sanitize, states};
use cluster::batch::ResultRecord;
use cluster::inside::Why;
use pool_core::supervisor::InstanceStatus;
use std::io::{IsTerminal, Write, stderr, stdout};

/// What becomes of a tool's bytes on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bytes {
    /// A terminal shows them, and does not act on them.
    ForPeople,
    /// Whatever they do.
    AsTheyCame,
}

impl Output {
    /// Prints a whole text on standard output.
    pub(crate) fn document(text: &str) -> std::io::Result<()> {
        let mut out = stdout().lock();
        let text = redact::hide(text);
        let safe = if out.is_terminal() { sanitize::text(&text) } else { text.as_ref().into() };
        out.write_all(safe.as_bytes())?;
        out.flush()
    }

    /// Prints the result of what was sent to a pool: the reply, or all of it as JSON; and on standard error what is to be
    /// said about it.
    pub(crate) fn reply(record: &ResultRecord, json: bool) -> std::io::Result<()> {
        let record = redact::record(record);
        let mut out = stdout().lock();
        let mut text = match (json, out.is_terminal()) {
            (true, terminal) => {
                let json = serde_json::to_string(&record)?;
                if terminal { sanitize::json(&json).into_owned() } else { json }
            }
            (false, true) => sanitize::text(&record.reply).into_owned(),
            (false, false) => record.reply.clone(),
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        out.write_all(text.as_bytes())?;
        out.flush()?;
        let mut talk = Talk::new(Box::new(stderr()), Paint::of(&stderr()), Level::Normal);
        talk.ended_as(&record, &sanitize::line(&record.job, 60));
        Ok(())
    }

    /// Why an instance does not go on, in lines.
    pub(crate) fn why(why: &Why) -> String {
        states::why(why, None, &why.next).join("\n") + "\n"
    }

    /// An instance in one line, and what its job is called; with `verbose` also what it has done.
    pub(crate) fn instance(status: &InstanceStatus, job: Option<&str>, verbose: bool) -> String {
        if verbose { states::line(status, job) } else { states::short(status, job) }
    }

    /// Prints what a tool printed on standard output, without secrets.
    pub(crate) fn bytes(bytes: &[u8], form: Bytes) -> std::io::Result<()> {
        let mut out = stdout().lock();
        let bytes = redact::hide_bytes(bytes);
        if form == Bytes::ForPeople && out.is_terminal() {
            out.write_all(sanitize::text(&String::from_utf8_lossy(&bytes)).as_bytes())?;
        } else {
            out.write_all(&bytes)?;
        }
        out.flush()
    }
}
