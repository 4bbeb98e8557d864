//! The tool itself: reads, and does what the prompt says.

use std::{
    io::{self, StdinLock, Write},
    ops::ControlFlow,
    process::Child,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use rustix::process::{Signal, getpid, kill_process};

use crate::{
    args::Args,
    children,
    directive::Directives,
    harm,
    input::{Input, Said},
    oracle::Oracle,
    reply::{Filler, Reply},
    signals::{Signals, Wake},
    sleeper::EVER,
    split::{Prompt, split},
};

/// The exit code of a crash that asks for no other.
const CRASH: u8 = 3;
/// The exit code of a misspelt directive.
const MISSPELT: u8 = 64;

/// The prompt, for the thread that takes signals.
static PROMPT: Mutex<String> = Mutex::new(String::new());

/// Goes on, or ends with an exit code.
type Flow = ControlFlow<u8>;

struct Tool {
    args: Args,
    input: Input<StdinLock<'static>>,
    signals: Signals,
    prompts: u64,
    answers: u64,
    children: Vec<Child>,
    then: Then,
}

/// What else there is to be done, and when.
#[derive(Debug, PartialEq, Eq)]
enum Then {
    Nothing,
    /// Become another program when the next sentinel is answered.
    Exec,
    /// Stay when the input has ended.
    Stay,
}

/// Is the tool until its end; the value is the exit code.
pub(crate) fn run(args: Args) -> io::Result<u8> {
    if let Some(agent) = &args.agent {
        return agent.run(args.startup, args.delay);
    }
    args.prompt.clone_into(&mut PROMPT.lock().unwrap_or_else(PoisonError::into_inner));
    let oracle = Oracle::open(args.log.as_deref())?;
    let input = Input::new(io::stdin().lock(), oracle);
    let signals = Signals::new(|| drop(say(b"^C interrupted\n").and_then(|()| show_prompt())));
    let mut tool =
        Tool { args, input, signals, prompts: 0, answers: 0, children: Vec::new(), then: Then::Nothing };
    if let ControlFlow::Break(code) = tool.start()? {
        return Ok(code);
    }
    while let Some(said) = tool.input.said(show_prompt)? {
        if let ControlFlow::Break(code) = tool.hear(said)? {
            return Ok(code);
        }
    }
    if tool.then == Then::Stay {
        thread::sleep(EVER);
    }
    Ok(0)
}

impl Tool {
    fn start(&mut self) -> io::Result<Flow> {
        if self.args.ignore_term {
            self.signals.ignore_term()?;
        }
        self.signals.end(self.args.sigint)?;
        thread::sleep(self.args.startup);
        if let Some(code) = self.args.die_at_start {
            eprintln!("fake-tool: dying at start with code {code}");
            return Ok(Flow::Break(code));
        }
        if self.args.never_ready {
            thread::sleep(EVER);
            return Ok(Flow::Break(0));
        }
        for number in 0..self.args.banner {
            say(format!("{number}: a tool that says a lot about itself\n").as_bytes())?;
        }
        if let Some(ready) = &self.args.ready {
            say(format!("{ready}\n").as_bytes())?;
        }
        show_prompt()?;
        Ok(Flow::Continue(()))
    }

    fn hear(&mut self, said: Said) -> io::Result<Flow> {
        let flow = match said {
            Said::Line(line) if self.is_exit(&line) => Flow::Break(0),
            Said::Line(line) if line.starts_with(b"/end ") => {
                say(&[&line[1..], b"\n"].concat())?;
                if self.then == Then::Exec {
                    harm::become_another()?;
                }
                Flow::Continue(())
            }
            Said::Line(text) | Said::Block(text) => self.prompt(&text)?,
        };
        if flow.is_continue() {
            show_prompt()?;
        }
        Ok(flow)
    }

    fn is_exit(&self, line: &[u8]) -> bool {
        self.args.exit_line.as_ref().is_some_and(|exit| exit.as_bytes() == line)
    }

    fn prompt(&mut self, text: &[u8]) -> io::Result<Flow> {
        let mut prompt = match split(text) {
            Ok(prompt) => prompt,
            Err(error) => {
                eprintln!("fake-tool: {error}");
                return Ok(Flow::Break(MISSPELT));
            }
        };
        self.prompts += 1;
        if prompt.directives.has("first") && self.input.oracle.count(text)? > 1 {
            prompt.directives = Directives::default();
        }
        self.signals.begin(self.args.sigint || prompt.directives.has("sigint"))?;
        let flow = self.work(&prompt)?;
        self.signals.end(self.args.sigint)?;
        if flow.is_continue() { self.after(&prompt) } else { Ok(flow) }
    }

    /// Everything up to the last byte of the answer.
    fn work(&mut self, prompt: &Prompt) -> io::Result<Flow> {
        self.prepare(prompt)?;
        let asked = prompt.directives.number("delay").map(Duration::from_millis);
        if self.interrupted(asked.unwrap_or(self.args.delay))? {
            return Ok(Flow::Continue(()));
        }
        if let Some(code) = self.crash(prompt)? {
            return Ok(Flow::Break(code));
        }
        if prompt.directives.has("hang") {
            let interrupted = self.interrupted(EVER)?;
            return Ok(if interrupted { Flow::Continue(()) } else { Flow::Break(0) });
        }
        if prompt.directives.has("ask") {
            self.ask(prompt.directives.value("ask") == Some("strict"))?;
        }
        if prompt.directives.has("silent") {
            return Ok(Flow::Continue(()));
        }
        if let Some(seconds) = prompt.directives.number("limit") {
            say(format!("429: try again in {seconds} s\n").as_bytes())?;
            return Ok(Flow::Continue(()));
        }
        self.answer(prompt)
    }

    /// What happens before the answer is thought about.
    fn prepare(&mut self, prompt: &Prompt) -> io::Result<()> {
        let directives = &prompt.directives;
        if directives.has("term-ignore") {
            self.signals.ignore_term()?;
        }
        if let Some(word) = directives.value("stderr") {
            writeln!(io::stderr(), "{word}")?;
        }
        if let Some(bytes) = directives.number("flooderr") {
            let mut out = io::BufWriter::with_capacity(1 << 16, io::stderr());
            Filler::new(bytes, &self.args.style).write(&mut out)?;
            out.flush()?;
        }
        if directives.has("closestderr") {
            harm::close_stderr()?;
        }
        directives.number("grow").into_iter().for_each(harm::grow);
        directives.number("spin").map(Duration::from_millis).into_iter().for_each(harm::spin);
        if directives.has("stop") {
            kill_process(getpid(), Signal::STOP)?;
        }
        for child in children::start(directives)? {
            self.input.oracle.started(child.id())?;
            say(format!("child {}\n", child.id()).as_bytes())?;
            self.children.push(child);
        }
        Ok(())
    }

    /// The exit code if this prompt is the one to crash on.
    fn crash(&self, prompt: &Prompt) -> io::Result<Option<u8>> {
        if prompt.directives.has("kill") {
            kill_process(getpid(), Signal::KILL)?;
        }
        if let Some(signal) = prompt.directives.number("signal").and_then(|number| i32::try_from(number).ok())
        {
            let signal = Signal::from_named_raw(signal).ok_or(io::ErrorKind::InvalidInput)?;
            kill_process(getpid(), signal)?;
        }
        let due = self.args.crash_every.is_some_and(|every| self.prompts.is_multiple_of(every));
        let crash = due || prompt.directives.has("crash");
        Ok(crash.then(|| code(prompt, "crash").unwrap_or(CRASH)))
    }

    fn ask(&mut self, strict: bool) -> io::Result<()> {
        loop {
            say(b"Proceed? (Y)es/(N)o [Yes]: ")?;
            let Some(line) = self.input.line()? else { return say(b"answered\n") };
            if !strict || matches!(line.first(), None | Some(b'y' | b'Y' | b'n' | b'N')) {
                return say(&[b"answered ", &line[..], b"\n"].concat());
            }
            say(b"Please answer with one of: yes, no\n")?;
        }
    }

    fn answer(&mut self, prompt: &Prompt) -> io::Result<Flow> {
        let directives = &prompt.directives;
        let reply = Reply::new(prompt, &self.args.style);
        if directives.has("mid") {
            say(&reply.bytes[..reply.bytes.len() / 2])?;
            return Ok(Flow::Break(0));
        }
        let times = if directives.has("twice") { 2 } else { 1 };
        for _ in 0..times {
            let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout());
            reply.write_filler(&mut out)?;
            out.flush()?;
            match directives.number("slow") {
                Some(gap) => self.drip(&reply.bytes, Duration::from_millis(gap))?,
                None => say(&reply.bytes)?,
            }
        }
        Ok(Flow::Continue(()))
    }

    fn drip(&self, bytes: &[u8], gap: Duration) -> io::Result<()> {
        for byte in bytes {
            if self.interrupted(gap)? {
                break;
            }
            say(&[*byte])?;
        }
        Ok(())
    }

    /// What happens when the answer is out.
    fn after(&mut self, prompt: &Prompt) -> io::Result<Flow> {
        self.answers += 1;
        if self.args.close_stdout_after == Some(self.answers) {
            harm::close_stdout()?;
        }
        if let Some(prompt) = prompt.directives.value("prompt") {
            prompt.clone_into(&mut PROMPT.lock().unwrap_or_else(PoisonError::into_inner));
        }
        if prompt.directives.has("exec") {
            self.then = Then::Exec;
        }
        if prompt.directives.has("closestdin") {
            harm::close_stdin()?;
            self.then = Then::Stay;
        }
        if let Some(wait) = prompt.directives.number("late") {
            let line = [b"late ", &prompt.text[..], b"\n"].concat();
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(wait));
                drop(say(&line));
            });
        }
        if let Some(code) = code(prompt, "exit") {
            return Ok(Flow::Break(code));
        }
        if prompt.directives.has("noread") {
            thread::sleep(EVER);
            return Ok(Flow::Break(0));
        }
        Ok(Flow::Continue(()))
    }

    /// Waits; says so and is true if SIGINT ended the wait.
    fn interrupted(&self, time: Duration) -> io::Result<bool> {
        let interrupted = self.signals.wait(time) == Wake::Interrupted;
        if interrupted {
            say(b"^C interrupted\n")?;
        }
        Ok(interrupted)
    }
}

fn code(prompt: &Prompt, word: &str) -> Option<u8> {
    u8::try_from(prompt.directives.number(word)?).ok()
}

fn say(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn show_prompt() -> io::Result<()> {
    say(PROMPT.lock().unwrap_or_else(PoisonError::into_inner).as_bytes())
}
