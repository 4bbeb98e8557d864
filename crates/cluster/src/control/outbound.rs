//! What goes to one client: a queue with a bound, and one task that writes it.

use super::limits::{ROOMY, UNSENT};
use super::protocol::{Answer, Body, Code, Fault};
use super::tickets::Claim;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The way to a client. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Outbound(Arc<Shared>);

/// The right to make something large for a client.
#[derive(Debug)]
pub(super) struct Turn(
    #[expect(dead_code, reason = "it is given back when it is dropped")] OwnedSemaphorePermit,
);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// Who may make something large.
    turn: Arc<Semaphore>,
    /// Something has been put in, or nothing more will be.
    moved: Notify,
    /// Something has been written.
    written: Notify,
    /// The client was cut off.
    cut: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<(Vec<u8>, Option<Claim>)>,
    bytes: usize,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    /// What is in it is still written.
    Ended,
    /// As [`State::Ended`], because the client did not read.
    CutOff,
}

impl Default for Outbound {
    fn default() -> Self {
        Self(Arc::new(Shared {
            queue: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
            moved: Notify::new(),
            written: Notify::new(),
            cut: Notify::new(),
        }))
    }
}

impl Outbound {
    /// Waits until something large may be made for the client: it has read most of what was made before, so that one that
    /// does not read costs neither memory nor time. Resolves to nothing only if the client has gone.
    pub(super) async fn turn(&self) -> Option<Turn> {
        let turn = self.0.turn.clone().acquire_owned().await.ok()?;
        self.roomy().await;
        Some(Turn(turn))
    }

    /// Puts a message in; nothing if the client has gone.
    pub(super) fn tell(&self, id: Option<u64>, body: Body) {
        self.tell_claimed(id, body, None);
    }

    /// The same with a result, which is read when it has been written.
    pub(super) fn tell_claimed(&self, id: Option<u64>, body: Body, claim: Option<Claim>) {
        self.push(line(&Answer { id, body }), claim);
    }

    /// Puts a line in, whatever it says.
    pub(super) fn push(&self, line: Vec<u8>, claim: Option<Claim>) {
        let mut queue = self.queue();
        if queue.state != State::Open {
            return;
        }
        if queue.bytes >= UNSENT {
            self.cut_off(queue);
        } else {
            queue.bytes += line.len();
            queue.lines.push_back((line, claim));
        }
        self.0.moved.notify_one();
    }

    /// Resolves when so little waits for the client that more of a stream may follow.
    pub(super) async fn roomy(&self) {
        loop {
            // Before the look, so that what is written after it is heard.
            let mut written = std::pin::pin!(self.0.written.notified());
            written.as_mut().enable();
            if self.is_roomy() {
                return;
            }
            written.await;
        }
    }

    fn is_roomy(&self) -> bool {
        let queue = self.queue();
        queue.state != State::Open || queue.bytes <= ROOMY
    }

    /// Nothing more is put in.
    pub(super) fn end(&self) {
        let mut queue = self.queue();
        if queue.state == State::Open {
            queue.state = State::Ended;
        }
        drop(queue);
        self.0.moved.notify_one();
    }

    /// Resolves when the client was cut off.
    pub(super) async fn cut(&self) {
        let cut = self.0.cut.notified();
        if self.queue().state != State::CutOff {
            cut.await;
        }
    }

    /// Writes what is put in, until the end of it.
    ///
    /// # Errors
    /// The client has gone.
    pub(super) async fn write_to(&self, mut writer: impl AsyncWrite + Unpin) -> std::io::Result<()> {
        loop {
            let next = {
                let mut queue = self.queue();
                match queue.lines.pop_front() {
                    None if queue.state != State::Open => break,
                    next => next,
                }
            };
            match next {
                Some((line, claim)) => {
                    writer.write_all(&line).await?;
                    claim.into_iter().for_each(Claim::told);
                    let mut queue = self.queue();
                    queue.bytes = queue.bytes.saturating_sub(line.len());
                    drop(queue);
                    self.0.written.notify_waiters();
                }
                None => self.0.moved.notified().await,
            }
        }
        writer.shutdown().await
    }

    /// What it has not read is thrown away, but for the reason.
    fn cut_off(&self, mut queue: MutexGuard<'_, Queue>) {
        let fault = Fault::new(Code::TooSlow, "too many answers have not been read")
            .help("read faster, or ask for less; results can be read again by ticket");
        let reason = line(&Answer { id: None, body: Body::Error(fault) });
        let dropped = std::mem::take(&mut queue.lines);
        queue.lines.push_back((reason, None));
        queue.state = State::CutOff;
        drop(queue);
        // Outside of the lock: claims go back to their tickets.
        drop(dropped);
        self.0.cut.notify_waiters();
        self.0.written.notify_waiters();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As it goes out. A message is plain data: it always has a text.
pub(super) fn line(message: &impl serde::Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::AsyncReadExt;

    fn big() -> Vec<u8> {
        vec![b'x'; UNSENT / 4]
    }

    #[tokio::test]
    async fn what_is_put_in_comes_out_in_order() {
        let out = Outbound::default();
        out.push(b"a\n".to_vec(), None);
        out.push(b"b\n".to_vec(), None);
        out.end();
        out.push(b"late\n".to_vec(), None);
        let (ours, mut theirs) = tokio::io::duplex(64);
        out.write_to(ours).await.unwrap();
        let mut text = String::new();
        theirs.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "a\nb\n");
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_is_made_when_the_client_has_read_the_last() {
        let out = Outbound::default();
        let first = out.turn().await;
        out.push(big(), None);
        let (next, ()) = tokio::join!(tokio::time::timeout(Duration::from_secs(1), out.turn()), async {
            drop(first);
        });
        assert!(next.is_err());
        let (ours, theirs) = tokio::io::duplex(big().len());
        let write = async { out.write_to(ours).await.unwrap() };
        let turn = async {
            let turn = out.turn().await;
            out.end();
            turn.is_some()
        };
        assert!(tokio::join!(write, turn).1);
        drop(theirs);
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_cut_off_with_a_reason() {
        let out = Outbound::default();
        (0..5).for_each(|_| out.push(big(), None));
        out.cut().await;
        assert!(out.queue().lines.len() == 1 && out.queue().bytes <= UNSENT + big().len());
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        out.write_to(ours).await.unwrap();
        let mut text = String::new();
        theirs.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("too_slow"), "{text}");
    }
}
