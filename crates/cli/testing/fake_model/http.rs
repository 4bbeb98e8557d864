//! Just enough HTTP/1.1, on one socket, with nothing read ahead of it by anybody else.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;

/// No client of a test sends more.
const LIMIT: usize = 64 << 20;

/// A connection and what came over it so far.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) stream: TcpStream,
    pending: Vec<u8>,
}

/// One request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// The head of a request, where its body starts and how long that is.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    method: String,
    path: String,
    start: usize,
    body: usize,
    waits: bool,
}

impl Conn {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, pending: Vec::new() })
    }

    /// The next request; `None` when the client has no more.
    pub(crate) fn request(&mut self) -> io::Result<Option<Request>> {
        let head = loop {
            if let Some(head) = head(&self.pending)? {
                break head;
            }
            if !self.read_more()? {
                return Ok(None);
            }
        };
        if head.waits {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let end = head.start + head.body;
        while self.pending.len() < end {
            if !self.read_more()? {
                return Ok(None);
            }
        }
        let body = self.pending[head.start..end].to_vec();
        self.pending.drain(..end);
        Ok(Some(Request { method: head.method, path: head.path, body }))
    }

    fn read_more(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 16 << 10];
        let count = self.stream.read(&mut chunk)?;
        self.pending.extend_from_slice(&chunk[..count]);
        if self.pending.len() > LIMIT {
            return Err(invalid("the request is too long"));
        }
        Ok(count > 0)
    }

    /// Waits; an error if the client goes away meanwhile.
    pub(crate) fn pause(&self, time: Duration) -> io::Result<()> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.stream.set_read_timeout(None);
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.peek(&mut [0]) {
                Ok(0) => return Err(ErrorKind::ConnectionAborted.into()),
                // The next request is already here: there is nothing more to learn from the socket.
                Ok(_) => std::thread::sleep(left),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends a whole answer.
    pub(crate) fn json(&mut self, status: u16, headers: &str, body: &Value) -> io::Result<()> {
        let body = body.to_string();
        self.stream.write_all(format!("{}{body}", head_of(status, headers, body.len())).as_bytes())
    }

    /// Sends half of a whole answer, and resets.
    pub(crate) fn half(&mut self, body: &Value) -> io::Result<()> {
        let body = body.to_string().into_bytes();
        self.stream.write_all(head_of(200, "", body.len()).as_bytes())?;
        self.stream.write_all(&body[..body.len() / 2])?;
        self.reset_later()
    }

    /// Answers that it is there, without a body.
    pub(crate) fn nothing(&mut self) -> io::Result<()> {
        self.stream.write_all(head_of(200, "", 0).as_bytes())
    }

    /// Begins an answer of server-sent events.
    pub(crate) fn begin_events(&mut self) -> io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        self.stream.write_all(head.as_bytes())
    }

    /// Sends an event, with a name if it has one.
    pub(crate) fn event(&mut self, name: Option<&str>, data: &str) -> io::Result<()> {
        let name = name.map_or_else(String::new, |name| format!("event: {name}\n"));
        let event = format!("{name}data: {data}\n\n");
        self.stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes())
    }

    /// Ends the answer of events.
    pub(crate) fn end_events(&mut self) -> io::Result<()> {
        self.stream.write_all(b"0\r\n\r\n")
    }

    /// Closes so that the client sees a reset, after what was sent so far.
    pub(crate) fn reset_later(&self) -> io::Result<()> {
        // A reset throws away what is on its way.
        self.pause(Duration::from_millis(20))?;
        self.reset()
    }

    /// Closes so that the client sees a reset.
    pub(crate) fn reset(&self) -> io::Result<()> {
        rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO))?;
        Err(ErrorKind::ConnectionReset.into())
    }
}

/// The head of an answer; `headers` are whole lines.
fn head_of(status: u16, headers: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n",
        reason(status)
    )
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        529 => "Overloaded",
        _ => "Internal Server Error",
    }
}

fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(start) = request.parse(bytes).map_err(invalid)? else {
        return Ok(None);
    };
    let find = |name: &str| request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    let value = |name: &str| find(name).map(|header| header.value);
    if value("transfer-encoding").is_some() {
        return Err(invalid("a chunked request is not understood"));
    }
    let body = match value("content-length") {
        None => 0,
        Some(length) => std::str::from_utf8(length).map_err(invalid)?.trim().parse().map_err(invalid)?,
    };
    if body > LIMIT {
        return Err(invalid("the request is too long"));
    }
    Ok(Some(Head {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().to_owned(),
        start,
        body,
        waits: value("expect").is_some() && bytes.len() < start + body,
    }))
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn heads() {
        assert!(head(b"POST /x HTTP/1.1\r\nContent-Le").unwrap().is_none());
        let found = head(b"POST /x HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc").unwrap().unwrap();
        assert_eq!((found.method.as_str(), found.path.as_str(), found.body), ("POST", "/x", 3));
        assert_eq!(found.start, 39);
        for bad in ["x\0\r\n\r\n", "GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n"] {
            assert!(head(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(head(b"GET / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n").is_err());
    }
}
