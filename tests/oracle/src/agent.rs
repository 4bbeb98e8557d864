//! The agent's side, by the protocol's own library. A prompt says what the agent does.

use agent_client_protocol::v1::schema::{
    AgentCapabilities, CancelNotification, ContentBlock, ContentChunk, Cost, Implementation,
    InitializeRequest, InitializeResponse, LoadSessionRequest, LoadSessionResponse, NewSessionRequest,
    NewSessionResponse, PermissionOption, PermissionOptionKind, PromptRequest, PromptResponse,
    ReadTextFileRequest, RequestPermissionOutcome, RequestPermissionRequest, SessionNotification,
    SessionUpdate, SetSessionModeRequest, SetSessionModeResponse, StopReason, TextContent, ToolCall,
    ToolCallUpdate, ToolCallUpdateFields, ToolKind, UsageUpdate,
};
use agent_client_protocol::v1::{ConnectionTo, Responder};
use agent_client_protocol::{Agent, ByteStreams, Client, Error, Result};
use std::sync::{Arc, Mutex};
use tokio::io::DuplexStream;
use tokio::sync::Notify;
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

/// What the agent keeps.
#[derive(Default)]
struct State {
    sessions: Mutex<usize>,
    mode: Mutex<String>,
    cancelled: Notify,
}

/// Serves the client at the other end of the pipe until it goes.
pub(crate) async fn run(pipe: DuplexStream) {
    let (read, write) = tokio::io::split(pipe);
    let state = Arc::new(State::default());
    let [new, mode, cancel, prompt] = [(); 4].map(|()| state.clone());
    let served = Agent
        .v1()
        .on_receive_request(
            async move |request: InitializeRequest, responder, _| {
                let can = AgentCapabilities::new().load_session(true);
                let greeting = InitializeResponse::new(request.protocol_version).agent_capabilities(can);
                responder.respond(greeting.agent_info(Implementation::new("oracle", "5.0")))
            },
            agent_client_protocol::on_receive_request!(),
        )
        .on_receive_request(
            async move |request: NewSessionRequest, responder, _| {
                assert!(request.cwd.is_absolute());
                let mut sessions = new.sessions.lock().expect("no panic");
                *sessions += 1;
                responder.respond(NewSessionResponse::new(sessions.to_string()))
            },
            agent_client_protocol::on_receive_request!(),
        )
        .on_receive_request(
            async move |request: LoadSessionRequest, responder, connection: ConnectionTo<Client>| {
                if &*request.session_id.0 != "old" {
                    return responder.respond_with_error(Error::invalid_params());
                }
                // All that was said is told again.
                say(&connection, &request.session_id.0, "old words")?;
                responder.respond(LoadSessionResponse::new())
            },
            agent_client_protocol::on_receive_request!(),
        )
        .on_receive_request(
            async move |request: SetSessionModeRequest, responder, _| {
                *mode.mode.lock().expect("no panic") = request.mode_id.0.to_string();
                responder.respond(SetSessionModeResponse::new())
            },
            agent_client_protocol::on_receive_request!(),
        )
        .on_receive_notification(
            async move |_: CancelNotification, _| {
                cancel.cancelled.notify_one();
                Ok(())
            },
            agent_client_protocol::on_receive_notification!(),
        )
        .on_receive_request(
            async move |request: PromptRequest, responder, connection: ConnectionTo<Client>| {
                let turn = turn(prompt.clone(), request, responder, connection.clone());
                connection.spawn(turn)
            },
            agent_client_protocol::on_receive_request!(),
        )
        .connect_to(ByteStreams::new(write.compat_write(), read.compat()))
        .await;
    served.expect("the client's side keeps to the protocol");
}

fn say(connection: &ConnectionTo<Client>, session: &str, text: &str) -> Result<()> {
    let chunk = ContentChunk::new(ContentBlock::Text(TextContent::new(text)));
    update(connection, session, SessionUpdate::AgentMessageChunk(chunk))
}

fn update(connection: &ConnectionTo<Client>, session: &str, update: SessionUpdate) -> Result<()> {
    connection.send_notification(SessionNotification::new(session.to_owned(), update))
}

async fn turn(
    state: Arc<State>,
    request: PromptRequest,
    responder: Responder<PromptResponse>,
    connection: ConnectionTo<Client>,
) -> Result<()> {
    let session = &*request.session_id.0;
    let [ContentBlock::Text(prompt)] = &request.prompt[..] else { panic!("{request:?}") };
    let say = |text: &str| say(&connection, session, text);
    let words: Vec<&str> = prompt.text.split(' ').collect();
    let mut reason = StopReason::EndTurn;
    match words[..] {
        ["chunks"] => ["Hello ", "wor", "ld"].into_iter().try_for_each(say)?,
        ["long"] => say(&"é\"\\".repeat(1 << 18))?,
        ["tool"] => {
            say("I look.")?;
            update(&connection, session, SessionUpdate::ToolCall(ToolCall::new("c", "ls")))?;
            say("Done.")?;
        }
        ["files"] => {
            let read = ReadTextFileRequest::new(session.to_owned(), "/etc/hostname");
            match connection.send_request(read).block_task().await {
                Ok(_) => say("files: granted")?,
                Err(error) => say(&format!("files: {error}"))?,
            }
        }
        ["session"] => {
            let mode = state.mode.lock().expect("no panic").clone();
            say(&format!("session {session} in the mode {mode}"))?;
        }
        ["stop", why] => reason = serde_json::from_value(why.into()).expect("a reason"),
        ["fail", code] => {
            return responder.respond_with_error(Error::new(code.parse::<i32>().expect("a code"), "no luck"));
        }
        ["usage", input, output] => {
            let cost = Cost::new(0.25, "USD");
            update(&connection, session, SessionUpdate::UsageUpdate(UsageUpdate::new(1, 2).cost(cost)))?;
            let number = |text: &str| text.parse().expect("a number");
            let usage = agent_client_protocol::v1::schema::Usage::new(0, number(input), number(output));
            return responder.respond(PromptResponse::new(reason).usage(usage));
        }
        ["permission", kind] => {
            let chosen = permission(&connection, session, kind).await?;
            if chosen == "cancelled" {
                reason = StopReason::Cancelled;
            }
            say(&chosen)?;
        }
        ["wait"] => {
            state.cancelled.notified().await;
            reason = StopReason::Cancelled;
        }
        _ => panic!("{}", prompt.text),
    }
    responder.respond(PromptResponse::new(reason))
}

/// What was chosen, of options in an order that nobody expects.
async fn permission(connection: &ConnectionTo<Client>, session: &str, kind: &str) -> Result<String> {
    let kind: ToolKind = serde_json::from_value(kind.into()).expect("a kind");
    let call = ToolCallUpdate::new("c", ToolCallUpdateFields::new().title("touch x".to_owned()).kind(kind));
    let options = [
        ("yes-always", PermissionOptionKind::AllowAlways),
        ("no-always", PermissionOptionKind::RejectAlways),
        ("no-once", PermissionOptionKind::RejectOnce),
        ("yes-once", PermissionOptionKind::AllowOnce),
    ];
    let options = options.map(|(id, kind)| PermissionOption::new(id, id, kind)).to_vec();
    let request = RequestPermissionRequest::new(session.to_owned(), call, options);
    match connection.send_request(request).block_task().await?.outcome {
        RequestPermissionOutcome::Selected(selected) => Ok(selected.option_id.0.to_string()),
        _ => Ok("cancelled".to_owned()),
    }
}
