//! `fake-tool`: a scriptable line tool, the stand-in for an interactive command-line program.
//!
//! It reads lines on stdin and answers on stdout. End of input ends it with code 0, an output that
//! nobody reads any more with code 1, wrong usage with code 2, a misspelt directive with code 64.
//!
//! # Lines
//!
//! ```text
//! /end NONCE          the sentinel: answered by the line `end NONCE`, at once
//! {TAG                opens a block that ends at the line `TAG}`; TAG is ASCII letters and digits
//! [[WORDS]] TEXT      a prompt with directives, answered by TEXT (one blank after `]]` is dropped)
//! TEXT                a prompt, answered by TEXT
//! ```
//!
//! The lines of a block, joined by newlines, are one prompt: `/end` is plain text in it. Directives
//! may stand after its leading newlines, which then go with them. Without directives the answer is
//! the text as it came, leading newlines included.
//!
//! # Flags
//!
//! ```text
//! --log FILE              append {"pid","seq","t_us","line"} per line received, synced to disk
//!                         before it is acted on; {"pid","t_us","child"} per grandchild started
//! --startup-ms N          sleep first
//! --die-at-start CODE     then exit with CODE, a line on stderr
//! --never-ready           then print nothing and read nothing, but stay
//! --banner N              then print N lines about itself
//! --ready TEXT            then print this line
//! --prompt TEXT           printed without newline when ready and after every line, also in a block
//! --delay-ms N            before every answer to a prompt
//! --crash-every K         exit with code 3 instead of answering prompts K, 2K, ...
//! --reply-bytes N         answer N bytes of numbered lines, newline included, instead of the text
//! --line-bytes L          the length of those lines and of `flood`, default 64
//! --len                   answer the byte length of the prompt instead of the text
//! --exit-line TEXT        this line ends the tool with code 0
//! --ignore-term           SIGTERM does nothing
//! --sigint                every line carries `sigint`; at the prompt SIGINT prints the same line
//! --close-stdout-after K  after answer K the tool lets go of stdout and stays
//! --agent DIR             be an agent: a prompt is an item, see `agent.rs`; of the flags above only --startup-ms and
//!                         --delay-ms count, and these may follow:
//!   --faults N            of 100 attempts N crash, N hang, N are turned away
//!   --seed N              which ones
//!   --message ITEM        this one item, then exit: with code 3 if it crashed, with 1 if it was turned away
//! ```
//!
//! # Directives, for one prompt each
//!
//! Steps are taken in this order; `MS` are milliseconds.
//!
//! ```text
//! tag=ANY         nothing: a mark for the log
//! first           the other words count only the first time that this prompt is in the log (--log)
//! sigint          until the answer is complete, SIGINT ends any wait with the line `^C interrupted`
//! term-ignore     SIGTERM does nothing from now on
//! stderr=WORD     the line WORD on stderr
//! flooderr=BYTES  BYTES of numbered lines on stderr
//! closestderr     let go of stderr
//! grow=BYTES      hold BYTES more of memory, for good
//! spin=MS         use the processor for so long, without a word
//! stop            SIGSTOP to itself; SIGCONT goes on
//! grandchild      start a sleeping grandchild that holds our stdout open; for each the answer starts
//!                 with a line `child PID`
//! setsid          the same in a session of its own, without our stdout; both words: both
//! setpgid         the same in a group of its own
//! stopchild       the same, stopped
//! doublefork      the same, but its parent ends at once; PID is the parent's
//! forkbomb=N      N of what the other words describe, at most 1000
//! delay=MS        instead of --delay-ms
//! kill            SIGKILL to itself
//! signal=N        signal N to itself
//! crash[=CODE]    exit without an answer; default 3
//! hang            no answer, no reading, alive
//! ask             print `Proceed? (Y)es/(N)o [Yes]: `, take the next line whatever it is, print
//!                 `answered LINE`, go on
//! ask=strict      the same, but anything except y.., n.. and an empty line is asked again after
//!                 the line `Please answer with one of: yes, no`
//! silent          no answer, but go on
//! limit=S         the answer is `429: try again in S s`
//! flood=BYTES     BYTES of numbered lines before the answer
//! big=BYTES       one line of BYTES bytes instead of the text
//! lines=N         N numbered lines instead of the text
//! endless=BYTES   BYTES without any newline before the answer, made while they are written
//! lookalike utf8 badutf8 nul ansi cr bom
//!                 put prompt look-alikes, other scripts, invalid UTF-8, a NUL, terminal escapes
//!                 (colours, title, clipboard), a progress bar, a byte order mark before the text
//! unclosed=KIND   put the beginning of an escape sequence that never ends before the text: `osc`,
//!                 `dcs` or `csi`
//! crlf            lines of the answer end in CR LF
//! nonl            no newline after the answer
//! half            the first two of three bytes of a character instead of that newline
//! twice           the answer two times
//! slow=MS         the answer byte by byte
//! mid             half of the answer, then exit with code 0
//! late=MS         MS after the answer the line `late TEXT`
//! prompt=WORD     WORD is the prompt from now on
//! exec            when the next sentinel is answered, become a shell, which becomes this tool anew
//! closestdin      let go of stdin; lines that came before count, then stay
//! exit=CODE       exit after the answer
//! noread          after the answer no more reading, alive
//! ```
//!
//! "Alive" and "stay" mean an hour, so that nothing is left behind for ever.

#![allow(
    clippy::disallowed_methods,
    reason = "a test program: it sleeps and exits like the tools it stands in for"
)]

mod agent;
mod args;
mod children;
#[path = "../directive.rs"]
mod directive;
mod harm;
mod input;
mod oracle;
mod reply;
mod signals;
mod sleeper;
mod split;
mod tool;

use std::process::ExitCode;

use args::Job;

fn main() -> ExitCode {
    let done = match args::parse(lexopt::Parser::from_env()) {
        Ok(Job::Tool(args)) => tool::run(*args),
        Ok(Job::Sleeper(sleeper)) => sleeper.run(),
        Err(error) => {
            eprintln!("fake-tool: {error}");
            return ExitCode::from(2);
        }
    };
    done.map_or(ExitCode::FAILURE, ExitCode::from)
}
