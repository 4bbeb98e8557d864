//! One client: its lines in, its answers out, and the end of it.

use super::controller::Controller;
use super::limits::{IN_FLIGHT, PATIENCE};
use super::lines::{Line, Lines, Room};
use super::outbound::{self, Outbound};
use super::protocol::{Body, Code, Fault, request};
use super::seats::Seats;
use super::serve::serve;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use tokio::io::{AsyncReadExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How much is read at a time.
const READ: usize = 16 << 10;

/// Serves a client until it has gone, or the pool has.
pub(super) async fn converse(stream: UnixStream, controller: Controller, room: Room) {
    // Told apart from one that has only stopped asking by a descriptor of its own.
    let Ok(other) = stream.as_fd().try_clone_to_owned() else { return };
    let (read, write) = stream.into_split();
    let out = Outbound::default();
    out.push(outbound::line(&controller.greeting()), None);
    let mut client = Client {
        controller,
        out: out.clone(),
        tasks: JoinSet::new(),
        lines: Lines::new(room),
        seats: Seats::default(),
    };
    let mut writer = std::pin::pin!(out.write_to(write));
    tokio::select! {
        // It has gone: what it waits for is dropped with the tasks.
        _ = &mut writer => return,
        () = client.listen(read, other) => {}
    }
    out.end();
    // What is in the way of a client that does not read is dropped after a while.
    let _ = timeout(PATIENCE, writer).await;
}

struct Client {
    controller: Controller,
    out: Outbound,
    tasks: JoinSet<()>,
    lines: Lines,
    seats: Seats,
}

impl Client {
    /// Until it has nothing more to ask, and everything has been answered.
    async fn listen(&mut self, mut read: OwnedReadHalf, other: OwnedFd) {
        let controller = self.controller.clone();
        let out = self.out.clone();
        let mut first_line = std::pin::pin!(sleep(PATIENCE));
        let (mut bytes, mut was_heard) = (vec![0; READ], false);
        loop {
            was_heard |= self.begin();
            tokio::select! {
                () = out.cut() => return,
                () = controller.over() => break,
                Some(_) = self.tasks.join_next() => {}
                () = &mut first_line, if !was_heard => return self.silent(),
                read = read.read(&mut bytes), if self.tasks.len() < IN_FLIGHT => match read {
                    Ok(0) | Err(_) => break,
                    Ok(read) => self.lines.feed(&bytes[..read]),
                },
            }
        }
        tokio::select! {
            () = hung_up(other) => {}
            () = out.cut() => {}
            () = self.until_answered() => {}
        }
    }

    /// Begins what has been asked for, as far as there is room; true if something was.
    fn begin(&mut self) -> bool {
        let mut was_heard = false;
        while self.tasks.len() < IN_FLIGHT
            && let Some(line) = self.lines.next()
        {
            was_heard = true;
            match line {
                Line::Whole(line) => self.ask(&line),
                Line::TooLong => self.refuse(Code::TooLong, "a request is longer than 16 MiB"),
                Line::NoRoom => self.refuse(Code::Overloaded, "too many requests are unfinished"),
            }
        }
        was_heard
    }

    fn ask(&mut self, line: &[u8]) {
        match request(line) {
            Ok(request) => {
                if let Some(request) = self.seats.pass(request, &self.out) {
                    let (controller, out) = (self.controller.clone(), self.out.clone());
                    self.tasks.spawn(serve(controller, request, out, self.seats.clone()));
                }
            }
            Err((id, fault)) => self.out.tell(id, Body::Error(fault)),
        }
    }

    fn refuse(&self, code: Code, why: &str) {
        self.out.tell(None, Body::Error(Fault::new(code, why)));
    }

    fn silent(&self) {
        self.refuse(Code::Silent, "nothing was asked for");
    }

    async fn until_answered(&mut self) {
        loop {
            self.begin();
            if self.tasks.join_next().await.is_none() {
                return;
            }
        }
    }
}

/// Resolves when the client has gone, other than one that only asks for nothing more.
async fn hung_up(socket: OwnedFd) {
    let Ok(socket) = UnixStream::from_std(socket.into()) else { return };
    while let Ok(ready) = socket.ready(Interest::WRITABLE).await {
        if ready.is_write_closed() {
            return;
        }
        // That it can be written to is no news, and is forgotten until there is some.
        let _ = socket.try_io(Interest::WRITABLE, || Err::<(), _>(ErrorKind::WouldBlock.into()));
    }
}
