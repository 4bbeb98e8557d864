//! Standard input, and the word that it has ended: then nobody is there who could be told anything.

use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::watch;

/// What the client says.
#[derive(Debug)]
pub(super) struct Input<R> {
    from: R,
    gone: watch::Sender<bool>,
}

/// Whether the client has gone.
#[derive(Debug, Clone)]
pub(super) struct Gone(watch::Receiver<bool>);

impl<R> Input<R> {
    pub(super) fn new(from: R) -> (Self, Gone) {
        let (gone, is_gone) = watch::channel(false);
        (Self { from, gone }, Gone(is_gone))
    }
}

impl Gone {
    /// Resolves when it has.
    pub(super) async fn happens(&self) {
        // Who does not read any more hears no more either.
        let _ = self.0.clone().wait_for(|gone| *gone).await;
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Input<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.from).poll_read(context, into);
        if read.is_ready() && into.filled().len() == before {
            self.gone.send_replace(true);
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn the_end_is_told_and_not_before() {
        let (mut input, gone) = Input::new(&b"ab"[..]);
        let mut text = [0; 2];
        input.read_exact(&mut text).await.unwrap();
        assert!(gone.happens().now_or_never().is_none());
        assert_eq!(input.read(&mut text).await.unwrap(), 0);
        assert!(gone.happens().now_or_never().is_some());
    }
}
