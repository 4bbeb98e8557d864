//! `fake-model`: a scripted chat-completions server on the loopback, so that real clients can be run
//! without a model and without a network.
//!
//! # Flags
//!
//! ```text
//! --port P        0 (the default) takes a free one; the first line on stdout is `LISTENING P`
//! --delay-ms N    before every answer to a chat request
//! --together N    the first N chat requests are answered when all of them have come
//! --log FILE      one JSON line per chat request, when it arrives: {"t_us","mode","tag","stream","open",
//!                 "connections","model","messages","user","answer"}; `user` is the whole last user
//!                 message, `answer` the text of the answer, if it is not an error
//! ```
//!
//! # Endpoints
//!
//! ```text
//! GET  /v1/models   GET /health
//! GET  /stats       {"requests","by_mode","open","connections","max_concurrent","aborted"}; `open` are
//!                   the chat requests being answered, `aborted` those whose client went away before
//!                   the end
//! POST /control     {"delay_ms": N, "mode": "429" | null}, each optional; answers both. A mode set here
//!                   is for chat requests that name none
//! POST /v1/chat/completions   whole or, with "stream": true, as server-sent events
//! ```
//!
//! # What is answered
//!
//! A request for a commit message gets `chore: TAG`, TAG from the last added line `# edit TAG`, else
//! a counter; a request for a summary gets one line; neither obeys directives. Otherwise the first
//! directive `[[WORDS]]` of the last user message decides. When a client asks again by itself (an edit
//! did not apply, files were added, the linter complained), the directive of the message before counts.
//!
//! ```text
//! mode=MODE       see below; without it `edit` if there is a file=, else `plain`
//! file=F[,F...]   the files of edit, ensure, bad, new
//! tag=T           the mark in the edit; a counter if there is none
//! delay=MS        instead of --delay-ms
//! n=K             for failures: only the first K requests with this mode and tag fail, the others are
//!                 `edit` with a file=, else `plain`. For `long`: K lines, default 200
//! gap=MS          pause per character, for any mode; 20 for `drip`
//! after=S         the Retry-After of 429, default 1; `none` leaves it out
//! also=A[,A...]   lookalike, question, unicode, long: their text before that of the mode
//! ```
//!
//! Without a directive, `edit FILE` in the message is `mode=edit`, and the word docstring with exactly
//! one file in the chat is `docstring`; all else is `plain`.
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
//! 429 500 400 401 ctx     the HTTP error; ctx is the context window being exceeded
//! reset           the connection is reset without an answer
//! midreset        it is reset in the middle of the answer
//! hang            no answer until the client goes away
//! ```

#![allow(
    clippy::disallowed_methods,
    reason = "a test program: it sleeps and reads the clock like the server it stands in for"
)]

mod answer;
mod blocks;
mod chat;
#[path = "../directive.rs"]
mod directive;
mod http;
mod mode;
mod server;
mod state;
mod text;

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
