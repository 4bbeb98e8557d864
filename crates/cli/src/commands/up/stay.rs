//! The life of a pool that stays up: its clients, its signals, its end.

use super::Up;
use crate::commands::run::pool::Pool;
use crate::exit::Exit;
use crate::output::Output;
use crate::signals::{Answer, Ladder, Signals};
use cluster::control::{Controller, End};
use futures_util::StreamExt;
use std::time::Duration;

/// How long what was said last may take to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Until somebody ends it.
pub(super) async fn stay(up: Up, mut signals: Signals, output: &mut Output) -> Exit {
    let Up { controller, server, mut changes } = up;
    let mut ladder = Ladder::default();
    let (mut server, mut served) = (std::pin::pin!(server.serve()), false);
    {
        let mut life = std::pin::pin!(controller.run());
        let mut failure = std::pin::pin!(controller.pool().failure());
        let mut failed = false;
        loop {
            tokio::select! {
                biased;
                Some(heard) = signals.next() => do_about(ladder.climb(heard), &controller, output).await,
                () = &mut life => break,
                reason = &mut failure, if !failed => {
                    failed = true;
                    output.error(&format!("the pool gave up: {reason}"));
                }
                () = &mut server, if !served => served = true,
                Some(status) = changes.recv() => output.changed(&status, None),
            }
        }
    }
    if !served {
        // The last answers.
        server.await;
    }
    until_told(output).await;
    ladder.exit().unwrap_or(Exit::Ok)
}

async fn do_about(answer: Answer, controller: &Controller, output: &mut Output) {
    match answer {
        Answer::FeedNoMore => {
            output.note("finishing what was sent, taking no more; again to interrupt it");
            controller.end(End::Drain);
        }
        Answer::Cancel => {
            output.note("interrupting what runs; again to kill the tools");
            controller.end(End::Stop);
        }
        Answer::Kill => controller.end(End::Kill),
        Answer::Suspend => {
            output.note("suspended: the tools go on, and their time stands still");
            until_told(output).await;
            controller.pool().suspend().await;
        }
        Answer::Dump => {
            let dump = controller.pool().dump().await.unwrap_or_default();
            output.dump(&dump, |_| None);
        }
    }
}

/// What has been said is written; not for long, if nobody listens.
async fn until_told(output: &Output) {
    let all = async {
        while output.is_talking() {
            // Who does not listen any more is not told.
            let _ = output.moved().await;
        }
    };
    let _ = tokio::time::timeout(PATIENCE, all).await;
}
