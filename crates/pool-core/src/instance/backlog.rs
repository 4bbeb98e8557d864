//! What the pipe to a process has not taken yet.

use crate::process::Input;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Bytes that the pipe did not take yet.
#[derive(Default)]
pub(super) struct Backlog {
    bytes: Vec<u8>,
    written: usize,
    /// The pipe is to be closed behind them.
    pub(super) close: bool,
}

impl Backlog {
    /// How many bytes it is.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len() - self.written
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Everything has been written, or never will be.
    pub(super) fn clear(&mut self) {
        (self.bytes, self.written) = (Vec::new(), 0);
    }

    /// Adds what `new` holds from `from` on, without copying where it can.
    pub(super) fn add(&mut self, new: &mut Vec<u8>, from: usize) {
        if self.bytes.is_empty() {
            self.bytes = std::mem::take(new);
            self.written = from;
        } else {
            self.bytes.extend_from_slice(&new[from..]);
        }
    }

    pub(super) fn poll(
        &mut self,
        pipe: &mut dyn Input,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        while self.written < self.bytes.len() {
            let count =
                std::task::ready!(Pin::new(&mut *pipe).poll_write(context, &self.bytes[self.written..]))?;
            if count == 0 {
                return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        Poll::Ready(Ok(()))
    }
}
