//! Connections, each with a thread of its own.

use std::{
    io::{self, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    answer::{self, error},
    api::{self, Answer, Api, Asked, Says, Want},
    chat::Chat,
    http::{Conn, Request},
    plan::{Plan, plan},
    reply,
    state::{Entry, State},
};

/// The command line.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) delay_ms: u64,
    pub(crate) log: Option<PathBuf>,
    pub(crate) together: u64,
}

/// Serves until the process is ended from outside.
pub(crate) fn run(options: &Options) -> io::Result<()> {
    let state = Arc::new(State::new(options)?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
    let mut out = io::stdout();
    writeln!(out, "LISTENING {}", listener.local_addr()?.port())?;
    out.flush()?;
    for stream in listener.incoming() {
        let (stream, state) = (stream?, Arc::clone(&state));
        thread::spawn(move || {
            state.connected();
            // The client went away, or was to be sent away: there is nobody to tell.
            drop(serve(stream, &state));
            state.disconnected();
        });
    }
    Ok(())
}

fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    let mut conn = Conn::new(stream)?;
    while let Some(request) = conn.request()? {
        route(&mut conn, &request, state)?;
    }
    Ok(())
}

fn route(conn: &mut Conn, request: &Request, state: &State) -> io::Result<()> {
    let path = request.path.split('?').next().unwrap_or_default().trim_end_matches('/');
    match (request.method.as_str(), path) {
        ("HEAD", _) => conn.nothing(),
        ("GET", "/v1/models") => {
            let model = json!({ "id": "fake", "object": "model", "owned_by": "fake" });
            conn.json(200, "", &json!({ "object": "list", "data": [model] }))
        }
        ("GET", "/health") => conn.json(200, "", &json!({ "ok": true })),
        ("GET", "/stats") => conn.json(200, "", &state.stats()),
        ("POST", _) => match serde_json::from_slice(&request.body) {
            Ok(body) => post(conn, path, &body, state),
            Err(error) => refuse(conn, &error.to_string()),
        },
        _ => not_here(conn),
    }
}

fn post(conn: &mut Conn, path: &str, body: &Value, state: &State) -> io::Result<()> {
    match (path, api::at(path, body)) {
        ("/control", _) => answer_or_refuse(conn, state.control(body)),
        ("/v1/chat/completions", None) => chat(conn, body, state),
        (_, Some((api, want))) => agent(conn, api, want, &api.read(path, body), state),
        (_, None) => not_here(conn),
    }
}

fn not_here(conn: &mut Conn) -> io::Result<()> {
    conn.json(404, "", &error("there is no such thing here", "not_found"))
}

fn answer_or_refuse(conn: &mut Conn, answer: Result<Value, String>) -> io::Result<()> {
    match answer {
        Ok(body) => conn.json(200, "", &body),
        Err(message) => refuse(conn, &message),
    }
}

fn refuse(conn: &mut Conn, message: &str) -> io::Result<()> {
    conn.json(400, "", &error(message, "invalid_request_error"))
}

fn chat(conn: &mut Conn, body: &Value, state: &State) -> io::Result<()> {
    let chat = Chat::parse(body);
    let plan = match chat.plan(state) {
        Ok(plan) => plan,
        Err(message) => return refuse(conn, &message),
    };
    let entry = Entry {
        api: "chat",
        mode: plan.mode.name(),
        tag: plan.tag.as_deref(),
        stream: chat.stream,
        model: &chat.model,
        messages: chat.users.len(),
        user: chat.last(),
        answer: &plan.content,
        ..Entry::default()
    };
    tell(conn, state, &entry, |conn| answer::send(conn, &chat, &plan))
}

/// A request of a coding agent.
fn agent(conn: &mut Conn, api: &dyn Api, want: Want, asked: &Asked, state: &State) -> io::Result<()> {
    if want == Want::Count {
        let counted = Entry { mode: "count", ..entry(api, asked) };
        return tell(conn, state, &counted, |conn| conn.json(200, "", &api.count()));
    }
    let Plan { mode, tag, says, timing } = match plan(asked, state) {
        Ok(plan) => plan,
        Err(message) => return refuse(conn, &message),
    };
    let answer = Answer { id: state.count(), model: asked.model.clone(), says };
    let call = if let Says::Call(call) = &answer.says { Some(call) } else { None };
    let text = answer.says.text();
    let entry = Entry { mode: mode.name(), tag: tag.as_deref(), answer: text, call, ..entry(api, asked) };
    tell(conn, state, &entry, |conn| reply::send(conn, api, asked, mode, &answer, &timing))
}

fn entry<'a>(api: &dyn Api, asked: &'a Asked) -> Entry<'a> {
    Entry {
        api: api.name(),
        stream: asked.stream,
        model: &asked.model,
        messages: asked.talk.users.len(),
        user: asked.talk.last(),
        result: asked.talk.results.last().map(String::as_str),
        ..Entry::default()
    }
}

/// Answers between two entries in the books.
fn tell(
    conn: &mut Conn,
    state: &State,
    entry: &Entry<'_>,
    send: impl FnOnce(&mut Conn) -> io::Result<()>,
) -> io::Result<()> {
    state.begin(entry)?;
    let sent = wait_for_all(conn, state).and_then(|()| send(conn));
    state.end(sent.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::ConnectionReset));
    sent
}

/// Waits until as many have come as are to be answered together; an error if the client goes away meanwhile.
fn wait_for_all(conn: &Conn, state: &State) -> io::Result<()> {
    while !state.all_are_here() {
        conn.pause(Duration::from_millis(5))?;
    }
    Ok(())
}
