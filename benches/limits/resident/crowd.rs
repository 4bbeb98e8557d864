//! Clients that know no better, beside one that is measured: some do not read what they have asked for, some do not end
//! their requests, some talk nonsense, and some come and go in the middle of a word.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Duration;

/// How much of a request that never ends is sent.
static HALF: [u8; 1 << 20] = [b'x'; 1 << 20];

/// How long those that talk and those that come pause: so many a second that are no pool's business are enough.
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps so many at it until it is over; tells when all of them are there. Ticket `t1` has a large result.
pub(super) fn press(socket: &Path, clients: usize, over: &AtomicBool, up: &Sender<()>) -> io::Result<()> {
    let connect = |_| UnixStream::connect(socket);
    let many = clients / 4;
    let mut slow = (0..many).map(connect).collect::<io::Result<Vec<_>>>()?;
    for client in &mut slow {
        client.write_all("{\"id\":1,\"do\":\"read\",\"ticket\":\"t1\"}\n".repeat(50).as_bytes())?;
    }
    let mut endless = (0..many).map(connect).collect::<io::Result<Vec<_>>>()?;
    for client in &mut endless {
        client.write_all(b"{\"id\":1,\"do\":\"status\"}\n")?;
        client.write_all(&HALF)?;
    }
    let mut talkers = (0..many).map(connect).collect::<io::Result<Vec<_>>>()?;
    // Nobody listens any more if the measurement has failed.
    let _ = up.send(());
    let mut heard = [0; 1 << 12];
    while !over.load(Ordering::Relaxed) {
        for client in &mut talkers {
            client.write_all(b"nonsense\n")?;
            let _ = client.read(&mut heard)?;
        }
        for mut client in (0..many).map(connect).collect::<io::Result<Vec<_>>>()? {
            client.write_all(b"{\"id\":1,\"do\":\"se")?;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}
