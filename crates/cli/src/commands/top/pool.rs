//! The three conversations with the pool: one that listens, one that asks, and one that follows a transcript.

use super::FRAME;
use super::model::Input;
use cluster::control::protocol::{Ask, Bytes, Event, Logged, LogsAsk, Restarted, StatusDone};
use cluster::control::{Client, ClientError, Heard, Live, Said};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::watch;
use tokio::time::sleep;

/// So many bytes of a transcript are read before the next frame: more than the pool keeps, and nobody reads faster.
const BURST: usize = 128 << 10;

/// Tells of every change, until the pool goes or nobody listens.
pub(super) async fn watch(mut client: Client, tell: Sender<Input>) {
    let watched = match client.ask(Ask::Watch {}).await {
        Ok(watched) => watched,
        Err(error) => return gone(&tell, &error).await,
    };
    loop {
        let input = match client.next().await {
            Ok(Heard { id, said: Said::Event(event) }) if id == Some(watched) => Input::Changed(event),
            Ok(Heard { said: Said::Error(fault), .. }) => return gone(&tell, &fault.into()).await,
            Ok(Heard { id, said: Said::Ok(_) }) if id == Some(watched) => {
                return gone(&tell, &ClientError::Gone).await;
            }
            Ok(_) => continue,
            Err(error) => return gone(&tell, &error).await,
        };
        if tell.send(input).await.is_err() {
            return;
        }
    }
}

/// Asks for one thing after the other, and tells what came of it.
pub(super) async fn ask(mut client: Client, mut asks: Receiver<Ask>, tell: Sender<Input>) {
    while let Some(ask) = asks.recv().await {
        let input = match one(&mut client, ask).await {
            Ok(input) => input,
            Err(ClientError::Refused(fault)) => Input::Told(fault.message),
            Err(error) => return gone(&tell, &error).await,
        };
        if tell.send(input).await.is_err() {
            return;
        }
    }
}

async fn one(client: &mut Client, ask: Ask) -> Result<Input, ClientError> {
    Ok(match ask {
        Ask::Status {} => Input::Status(Box::new(client.call::<StatusDone>(ask, |_| ()).await?)),
        Ask::Restart(what) => {
            let Restarted { restarted } = client.call(ask, |_| ()).await?;
            let comes = if restarted { "gets another life" } else { "has gone for ever" };
            Input::Told(format!("instance {} {comes}", what.index))
        }
        Ask::Cancel(ref what) => {
            let text = format!("{} is taken back", what.job);
            client.call::<serde_json::Value>(ask, |_| ()).await?;
            Input::Told(text)
        }
        ask => {
            client.call::<serde_json::Value>(ask, |_| ()).await?;
            Input::Told("done".to_owned())
        }
    })
}

/// Follows the transcript of the instance that is chosen, until another one is.
pub(super) async fn follow(live: Live, mut chosen: watch::Receiver<u32>, tell: Sender<Input>) {
    let mut is_new = chosen.changed().await;
    while is_new.is_ok() {
        let index = *chosen.borrow_and_update();
        is_new = tokio::select! {
            is_new = chosen.changed() => is_new,
            ended = transcript(&live, index, &tell) => {
                // A pool that goes says so to who listens for changes.
                if let Err(ClientError::Refused(fault)) = ended {
                    let _ = tell.send(Input::Told(fault.message)).await;
                }
                chosen.changed().await
            }
        };
    }
}

/// On a connection of its own: the pool ends what it tells a client when that goes, and not before.
async fn transcript(live: &Live, index: u32, tell: &Sender<Input>) -> Result<(), ClientError> {
    let mut client = Client::to(live).await?;
    let ask = LogsAsk { index: Some(index), follow: true };
    client.ask(Ask::Logs(ask)).await?;
    let (mut is_heard, mut read) = (tell.send(Input::Follows(index)).await.is_ok(), 0);
    while is_heard {
        match client.next().await?.said {
            Said::Event(Event::Log(piece)) => {
                read += size(&piece.what);
                is_heard = tell.send(Input::Logged(piece)).await.is_ok();
            }
            Said::Event(_) => {}
            Said::Ok(_) => break,
            Said::Error(fault) => return Err(fault.into()),
        }
        // What comes meanwhile stays with the pool, or is counted there as missing.
        if read > BURST {
            sleep(FRAME).await;
            read = 0;
        }
    }
    Ok(())
}

const fn size(what: &Logged) -> usize {
    match what {
        Logged::Said(Bytes::Text(text)) | Logged::Told(Bytes::Text(text)) | Logged::Note(text) => text.len(),
        Logged::Said(Bytes::Raw(bytes)) | Logged::Told(Bytes::Raw(bytes)) => bytes.len(),
        Logged::Missed(_) => 0,
    }
}

async fn gone(tell: &Sender<Input>, error: &ClientError) {
    let _ = tell.send(Input::Gone(error.to_string())).await;
}
