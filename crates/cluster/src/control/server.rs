//! The listener: one socket, its clients, and nobody else's.

use super::connection::converse;
use super::controller::Controller;
use super::limits::CLIENTS;
use super::lines::Room;
use super::outbound::line;
use super::place::{Claimed, PlaceError};
use super::protocol::{Answer, Body, Code, Fault};
use crate::ledger::folder::FolderError;
use rustix::fs::Mode;
use std::io::{ErrorKind, Write};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long to wait before the next client, when the system has no descriptor for one.
const AGAIN: Duration = Duration::from_millis(100);

/// How long clients may take for the last answers.
const LAST: Duration = Duration::from_secs(1);

/// A socket that is bound. Dropped, it is removed.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    controller: Controller,
    claimed: Claimed,
}

impl Server {
    /// Binds the socket of a name that is ours, in place of one that a killed pool has left. Within a runtime only.
    ///
    /// # Errors
    /// [`PlaceError::Folder`] if the system refuses.
    pub fn bind(claimed: Claimed, controller: Controller) -> Result<Self, PlaceError> {
        let path = claimed.socket.clone();
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(FolderError::system(&path)(error).into());
            }
            _ => {}
        }
        // The folder lets nobody else in, whatever the socket's own mode is for a moment.
        let listener = UnixListener::bind(&path).map_err(FolderError::system(&path))?;
        rustix::fs::chmod(&path, Mode::RUSR | Mode::WUSR)
            .map_err(|error| FolderError::system(&path)(error.into()))?;
        Ok(Self { listener, controller, claimed })
    }

    /// Serves clients until the pool is over, and a moment longer, for the last answers.
    pub async fn serve(self) {
        let (mut clients, room) = (JoinSet::new(), Room::default());
        loop {
            tokio::select! {
                () = self.controller.over() => break,
                Some(_) = clients.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) if !is_ours(&stream) => tracing::warn!("another user was turned away"),
                    Ok((stream, _)) if clients.len() >= CLIENTS => turn_away(stream),
                    Ok((stream, _)) => {
                        clients.spawn(converse(stream, self.controller.clone(), room.clone()));
                    }
                    Err(error) => {
                        tracing::warn!("no client can be accepted: {error}");
                        sleep(AGAIN).await;
                    }
                },
            }
        }
        let _ = timeout(LAST, async { while clients.join_next().await.is_some() {} }).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The name is still ours, and so is the socket.
        let _ = std::fs::remove_file(&self.claimed.socket);
    }
}

/// Whether the other side is the same user.
fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}

/// Says so, if that can be said at once: by the system, because the runtime has not heard yet that it can.
fn turn_away(stream: UnixStream) {
    let fault =
        Fault::new(Code::Overloaded, format!("{CLIENTS} clients are connected")).help("try again later");
    let _ = stream
        .into_std()
        .and_then(|mut stream| stream.write_all(&line(&Answer { id: None, body: Body::Error(fault) })));
}
