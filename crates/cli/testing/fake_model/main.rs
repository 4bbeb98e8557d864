//! `fake-model`: a scripted model server on the loopback, so that real clients can be run without a model and
//! without a network. It speaks the model APIs of OpenAI (two), Anthropic and Google.
//!
//! # Flags
//!
//! ```text
//! --port P        0 (the default) takes a free one; the first line on stdout is `LISTENING P`
//! --delay-ms N    before every answer of a model
//! --together N    the first N requests to a model are answered when all of them have come
//! --log FILE      one JSON line per request to a model, when it arrives: {"t_us","open","connections",
//!                 "api","mode","tag","stream","model","messages","user","answer"}; `messages` counts those
//!                 of the user, `user` is the whole last one, `answer` the text of the answer, if it is not
//!                 an error. For agents, whose `user` is without what they added, also "result", what a tool
//!                 said last, and "call": {"name","arguments"}
//! ```
//!
//! # Endpoints
//!
//! ```text
//! GET  /v1/models   GET /health   HEAD anything
//! GET  /stats       {"requests","by_mode","open","connections","max_concurrent","aborted"}; `open` are
//!                   the requests to a model being answered, `aborted` those whose client went away before
//!                   the end
//! POST /control     {"delay_ms": N, "mode": "429" | null}, each optional; answers both. A mode set here
//!                   is for requests that name none
//! POST /v1/chat/completions              `chat`: whole or, with "stream": true, as server-sent events
//! POST /v1/responses                     `responses`: OpenAI, for codex; likewise
//! POST /v1/messages                      `messages`: Anthropic, for claude; likewise
//! POST /v1/messages/count_tokens
//! POST /v1beta/models/M:generateContent  `gemini`: Google; :streamGenerateContent as server-sent events
//! POST /v1beta/models/M:countTokens
//! ```
//!
//! # What a chat is answered
//!
//! This is for aider, whose chats declare no tools. A request for a commit message gets `chore: TAG`, TAG
//! from the last added line `# edit TAG`, else a counter; a request for a summary or a title gets one line;
//! none obeys directives. Otherwise the first directive `[[WORDS]]` of the last user message decides. When a
//! client asks again by itself (an edit did not apply, files were added, the linter complained), the
//! directive of the message before counts.
//!
//! ```text
//! mode=MODE       see below; without it `edit` if there is a file=, else `plain`
//! file=F[,F...]   the files of edit, ensure, bad, new
//! tag=T           the mark in the edit; a counter if there is none
//! delay=MS        instead of --delay-ms
//! n=K             for failures: only the first K requests with this mode and tag fail, the others are
//!                 `edit` with a file=, else `plain`. For `long`: K lines, default 200
//! gap=MS          pause per character, for any mode; 20 for `drip`
//! after=S         the Retry-After of 429, default 1; `none` leaves it out. For agents also that of 503 and 529,
//!                 and when the allowance of `quota` is renewed
//! also=A[,A...]   lookalike, question, unicode, long: their text before that of the mode
//! ```
//!
//! Without a directive, `edit FILE` in the message is `mode=edit`, and the word docstring with exactly one
//! file in the chat is `docstring`; all else is `plain`.
//!
//! ```text
//! plain           `PLAIN len=BYTES hash=FNV1A: ` and the first 60 characters of the message
//! edit            a block that appends `# edit TAG` to the file
//! ensure          the same, unless that line is in the file that the chat shows: then it says so
//! new             a block that makes the file, holding `# new TAG`
//! bad             a block that does not match the file
//! badonce         bad, and edit when asked again
//! docstring       a block that puts a line of documentation at the top of the first file in the chat
//! lookalike       lines that look like prompts and reports of aider
//! question        lines that look like its questions
//! unicode         accents, CJK, emoji, combining marks, right-to-left
//! long            numbered lines
//! length          a text cut by the token limit
//! empty           nothing
//! drip            a text, one character at a time
//! 429 500 503 529 400 401         the HTTP error
//! ctx quota       that of a context window, and of an account's allowance, being exceeded
//! reset           the connection is reset without an answer
//! midreset        it is reset in the middle of the answer
//! hang            no answer until the client goes away
//! ```
//!
//! # What a coding agent is answered
//!
//! This is for the other three APIs, and for chats that declare tools. What the client added to the user's
//! words is not looked at. A turn may ask several times: the first directive of the last user message is for
//! the first request, the second for that with the first result of a tool, and so on. A directive may have a
//! text, from its first colon to its end: `[[mode=shell tag=T: touch a.txt]]`. A failure with an n= that has
//! happened K times is as if it were not written. The words are those above without also=; the modes are
//! `lookalike` and all below it, and
//!
//! ```text
//! plain           for a request that names none: `TURN K: `, K counts the user's messages in the request,
//!                 and the first 200 characters of the last one without directives
//! told            the same where a tool has answered: `TOOL K: `, K counts the results of this turn, and the
//!                 first 200 characters of the last one
//! shell: COMMAND  a call of the client's tool that runs commands
//! write: TEXT     a call of the tool that writes files, for file=PATH; codex is told to apply a patch
//! call: JSON      a call of the tool=NAME, whatever its client puts before that, with these arguments
//! say: TEXT       exactly this text
//! recall          `RECALL ` and the first 200 characters of each of the user's messages before the last
//! words           n=K words `word1 word2 ...`, default 200
//! ```
//!
//! Names and arguments of tools are taken from what the request declares. A request for JSON by a schema,
//! which a client makes for itself, gets what fits, as mode `form`. Every answer counts 100 tokens in, 10 of
//! them known already (Anthropic's are beside the 100), and 20 out, 5 of them for thought where the API says
//! so. With 429, 503 and 529 Google's answer says in its body when to ask again, the others in `Retry-After`.
//! OpenAI and Google say 503 instead of 529. A misspelling is an HTTP 400.

#![allow(
    clippy::disallowed_methods,
    reason = "a test program: it sleeps and reads the clock like the server it stands in for"
)]

mod answer;
mod api;
mod blocks;
mod chat;
mod context;
#[path = "../directive.rs"]
mod directive;
mod http;
mod mode;
mod plan;
mod reply;
mod server;
mod state;
mod text;
mod tools;

use std::process::ExitCode;

use lexopt::{Arg, Error, Parser, ValueExt};

fn main() -> ExitCode {
    let done = parse(Parser::from_env()).map_err(|error| error.to_string());
    let done = done.and_then(|options| server::run(&options).map_err(|error| error.to_string()));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fake-model: {error}");
            ExitCode::from(2)
        }
    }
}

fn parse(mut from: Parser) -> Result<server::Options, Error> {
    let mut options = server::Options::default();
    while let Some(arg) = from.next()? {
        match arg {
            Arg::Long("port") => options.port = from.value()?.parse()?,
            Arg::Long("delay-ms") => options.delay_ms = from.value()?.parse()?,
            Arg::Long("together") => options.together = from.value()?.parse()?,
            Arg::Long("log") => options.log = Some(from.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}
