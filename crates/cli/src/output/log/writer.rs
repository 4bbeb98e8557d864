//! Writes the log on a thread of its own: a disk that hangs holds nothing up.

use super::file::Files;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, mpsc};
use std::thread::Builder;
use std::time::Duration;

/// So many lines may wait; further ones are counted, not kept.
const WAITING: usize = 4096;

/// So many bytes are written at once.
const AT_ONCE: usize = 64 << 10;

/// The end of the program waits so long for the disk.
const PATIENCE: Duration = Duration::from_secs(1);

/// Hands lines to the thread.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    orders: SyncSender<Order>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Order {
    /// With its end.
    Line(Vec<u8>),
    /// Says when all before it is written.
    Tell(mpsc::Sender<()>),
}

impl Writer {
    /// Begins the thread, which ends when all handles have gone.
    pub(super) fn new(files: Files) -> io::Result<Self> {
        let (orders, to_do) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let writer = Self { orders, lost: lost.clone() };
        Builder::new().name("cluster-log".into()).spawn(move || work(&files, &to_do, &lost))?;
        Ok(writer)
    }

    /// Writes this soon, if the disk keeps up.
    pub(super) fn line(&self, line: Vec<u8>) {
        if self.orders.try_send(Order::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all is written, but not for ever.
    pub(super) fn flush(&self) {
        let (tell, told) = channel();
        if self.orders.try_send(Order::Tell(tell)).is_ok() {
            let _ = told.recv_timeout(PATIENCE);
        }
    }
}

fn work(files: &Files, to_do: &Receiver<Order>, lost: &AtomicU64) {
    while let Ok(order) = to_do.recv() {
        let (mut lines, mut count, mut waiting) = (Vec::new(), 0, Vec::new());
        let mut next = Some(order);
        while let Some(order) = next {
            match order {
                Order::Line(line) => {
                    lines.extend(line);
                    count += 1;
                }
                Order::Tell(who) => waiting.push(who),
            }
            next = if lines.len() < AT_ONCE { to_do.try_recv().ok() } else { None };
        }
        let gone = lost.swap(0, Ordering::Relaxed);
        if gone > 0 {
            let note = format!("{gone} lines are missing here: they could not be written\n");
            lines.splice(..0, note.into_bytes());
        }
        if !lines.is_empty() && files.append(&lines).is_err() {
            lost.fetch_add(gone + count, Ordering::Relaxed);
        }
        for who in waiting {
            // Who has waited for too long has gone.
            let _ = who.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::MOST;
    use super::*;

    #[test]
    fn lines_are_written_in_order_and_what_is_lost_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("log");
        let read = || std::fs::read_to_string(folder.join("cluster.log")).unwrap();
        let writer = Writer::new(Files::open(&folder, MOST).unwrap()).unwrap();
        (0..1000).for_each(|number| writer.line(format!("{number}\n").into_bytes()));
        writer.flush();
        assert_eq!(read(), (0..1000).map(|number| format!("{number}\n")).collect::<String>());
        std::fs::remove_dir_all(&folder).unwrap();
        for line in ["a\n", "b\n"] {
            writer.line(line.into());
            writer.flush();
        }
        std::fs::create_dir(&folder).unwrap();
        writer.line("c\n".into());
        writer.flush();
        assert_eq!(read(), "2 lines are missing here: they could not be written\nc\n");
    }
}
