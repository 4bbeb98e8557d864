//! A job from its submission until its result may be told: with the pool, then on its way to the disk.

use super::super::plan::JobInfo;
use super::super::result::{self, ResultRecord};
use super::ahead::Kind;
use crate::ledger::log::Log;
use crate::ledger::{LedgerError, Recorder};
use jiff::Timestamp;
use pool_core::JobError;
use pool_core::message::JobHandle;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A job that is with the pool.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) handle: JobHandle,
    pub(super) info: Option<JobInfo>,
    pub(super) submitted: Timestamp,
    /// Whom it waits for.
    pub(super) kind: Kind,
}

/// A job that has left the pool.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) record: ResultRecord,
    /// What its tool printed, if that was asked for.
    pub(super) log: Log,
    /// It is still to be done: nothing of its last attempt was sent.
    pub(super) is_back: bool,
    /// The pool takes no more jobs, and why.
    pub(super) given_up: Option<String>,
}

/// A result that may be told.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) record: ResultRecord,
    /// As of [`Ended`].
    pub(super) given_up: Option<String>,
    /// It could not be put on disk, and tells nothing.
    pub(super) error: Option<Arc<LedgerError>>,
}

/// A result on its way to the disk.
pub(super) type Keeping = Pin<Box<dyn Future<Output = Kept> + Send>>;

impl Future for Running {
    type Output = (Kind, Ended);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<(Kind, Ended)> {
        let mut result = ready!(Pin::new(&mut self.handle).poll(context));
        let given_up = match &result {
            Err(JobError::GivenUp(reason)) => Some(reason.clone()),
            _ => None,
        };
        let is_back = result::is_back(&result);
        let log = Log::take(&mut result);
        let (info, attempts) = (self.info.take().unwrap_or_default(), self.handle.attempts());
        let record = ResultRecord::new(info, result, self.submitted, attempts);
        Poll::Ready((self.kind.clone(), Ended { record, log, is_back, given_up }))
    }
}

/// Puts a result on disk. What could not be kept is not told either.
pub(super) fn keep(recorder: Recorder, ended: Ended) -> Keeping {
    let Ended { record, log, is_back, given_up } = ended;
    Box::pin(async move {
        let untold = record.untold();
        let kept = if is_back { recorder.put_back(record).await } else { recorder.keep(record, log).await };
        let (record, error) = match kept {
            Ok(record) => (record, None),
            Err(error) => (untold, Some(error)),
        };
        Kept { record, given_up, error }
    })
}
