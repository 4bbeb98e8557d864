//! Streams that may block for ever, written by threads of their own.
//!
//! Who reads us may pause for hours (a pager), and a write to a full pipe cannot be interrupted. So what goes into a
//! pipe or a file is handed to a thread, and the run goes on to hear signals. Where both streams lead to the same place,
//! one thread writes both, in the order in which things were said. A terminal is written to directly: what is shown
//! there has to fit the bar.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use tokio::sync::Notify;

/// Behind by so many bytes, no more results are taken.
const FULL: usize = 1 << 20;

/// Behind by so many, talk is dropped: nobody listens.
const DEAF: usize = 8 << 20;

/// Where bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output.
    Data,
    /// Standard error.
    Talk,
}

/// Bytes, and where they go.
type Chunk = (Stream, Vec<u8>);

/// Hands bytes to the threads that write them, which end when all handles have gone.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    data: Sender<Chunk>,
    talk: Sender<Chunk>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Bytes that have not been written yet.
    data: AtomicUsize,
    talk: AtomicUsize,
    /// Why data cannot be written any more.
    error: Mutex<Option<io::Error>>,
    /// Something was written, or failed to be.
    moved: Notify,
}

impl Outlet {
    /// Writes into these; `are_one`: they lead to the same place.
    pub(super) fn new(
        data: impl Write + Send + 'static,
        talk: impl Write + Send + 'static,
        are_one: bool,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = |data: Box<dyn Write + Send>, talk: Box<dyn Write + Send>| {
            let (chunks, to_write) = channel();
            let theirs = shared.clone();
            Builder::new()
                .name("cluster-output".into())
                .spawn(move || theirs.write(&to_write, data, talk))?;
            io::Result::Ok(chunks)
        };
        let (data, talk) = if are_one {
            let both = thread(Box::new(data), Box::new(talk))?;
            (both.clone(), both)
        } else {
            (thread(Box::new(data), Box::new(io::sink()))?, thread(Box::new(io::sink()), Box::new(talk))?)
        };
        Ok(Self { data, talk, shared })
    }

    /// Writes this after everything that was said before.
    pub(super) fn say(&self, stream: Stream, bytes: Vec<u8>) {
        if bytes.is_empty() || (stream == Stream::Talk && self.shared.talk.load(Ordering::Relaxed) > DEAF) {
            return;
        }
        self.shared.behind(stream).fetch_add(bytes.len(), Ordering::Relaxed);
        let chunks = match stream {
            Stream::Data => &self.data,
            Stream::Talk => &self.talk,
        };
        // The thread ends only after us.
        let _ = chunks.send((stream, bytes));
    }

    /// Whether some data has not been written yet, or an error has not been told.
    pub(super) fn is_behind(&self) -> bool {
        self.shared.data.load(Ordering::Acquire) > 0 || self.shared.error().is_some()
    }

    /// Whether some talk has not been written yet.
    pub(super) fn is_talking(&self) -> bool {
        self.shared.talk.load(Ordering::Acquire) > 0
    }

    /// Whether so much data has not been written that no more results should be taken.
    pub(super) fn is_full(&self) -> bool {
        self.shared.data.load(Ordering::Relaxed) > FULL
    }

    /// Resolves when something was written, with why if data cannot be.
    pub(super) async fn moved(&self) -> io::Result<()> {
        let told = self.shared.error().take();
        if let Some(error) = told {
            return Err(error);
        }
        self.shared.moved.notified().await;
        self.shared.error().take().map_or(Ok(()), Err)
    }
}

impl Shared {
    const fn behind(&self, stream: Stream) -> &AtomicUsize {
        match stream {
            Stream::Data => &self.data,
            Stream::Talk => &self.talk,
        }
    }

    fn error(&self) -> MutexGuard<'_, Option<io::Error>> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, chunks: &Receiver<Chunk>, mut data: Box<dyn Write>, mut talk: Box<dyn Write>) {
        let mut is_broken = false;
        for (stream, bytes) in chunks {
            match stream {
                // Nobody is left to be told if standard error is gone.
                Stream::Talk => drop(talk.write_all(&bytes).and_then(|()| talk.flush())),
                Stream::Data if is_broken => {}
                Stream::Data => {
                    if let Err(error) = data.write_all(&bytes).and_then(|()| data.flush()) {
                        is_broken = true;
                        *self.error() = Some(error);
                    }
                }
            }
            self.behind(stream).fetch_sub(bytes.len(), Ordering::Release);
            self.moved.notify_one();
        }
    }
}

/// A stream of an outlet, for what wants to write by itself.
#[derive(Debug)]
pub(super) struct Mouth {
    pub(super) outlet: Outlet,
    pub(super) stream: Stream,
}

impl Write for Mouth {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outlet.say(self.stream, bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever is written to one of two streams, in order.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<String>>);

    struct Pen(Page, &'static str);

    impl Write for Pen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            *self.0.0.lock().unwrap() += &format!("{}:{} ", self.1, String::from_utf8_lossy(bytes));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn all_written(outlet: &Outlet) -> io::Result<()> {
        while outlet.is_behind() || outlet.is_talking() {
            outlet.moved().await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn both_streams_keep_their_order() {
        let page = Page::default();
        let outlet = Outlet::new(Pen(page.clone(), "out"), Pen(page.clone(), "err"), true).unwrap();
        for (stream, text) in
            [(Stream::Data, "a"), (Stream::Talk, "b"), (Stream::Data, ""), (Stream::Data, "c")]
        {
            outlet.say(stream, text.into());
        }
        all_written(&outlet).await.unwrap();
        assert_eq!(*page.0.lock().unwrap(), "out:a err:b out:c ");
    }

    #[tokio::test]
    async fn a_reader_who_pauses_holds_nothing_up_and_one_who_goes_is_told() {
        let (reader, writer) = io::pipe().unwrap();
        let page = Page::default();
        let outlet = Outlet::new(writer, Pen(page.clone(), "err"), false).unwrap();
        outlet.say(Stream::Data, vec![b'x'; FULL + 1]);
        outlet.say(Stream::Talk, "heard".into());
        while outlet.is_talking() {
            outlet.moved().await.unwrap();
        }
        assert_eq!(*page.0.lock().unwrap(), "err:heard ");
        assert!(outlet.is_behind() && outlet.is_full(), "the pipe does not hold that much");
        drop(reader);
        assert_eq!(all_written(&outlet).await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        outlet.say(Stream::Data, vec![b'y']);
        all_written(&outlet).await.expect("told once");
    }
}
