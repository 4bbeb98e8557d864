//! What the same tool says to the same text, all alone: a fresh process for each item.

use crate::corpus::Item;
use crate::world::{PATIENCE, World};
use regex::Regex;
use std::io::{Read, Seek, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How one tool is asked, and what may differ.
pub(crate) struct Reference {
    /// The program and its arguments in front of the text.
    command: Vec<String>,
    /// How the text gets there.
    by: By,
    /// Whether the exit status tells how it went.
    status_counts: bool,
    /// Whether a carriage return is what it is on a terminal: what follows is written over the line.
    returns: bool,
    /// What is made equal on both sides.
    rules: Vec<(Regex, &'static str)>,
}

/// How text gets to the tool.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Argument,
    Input,
    /// Input, at prompts; its end makes the tool end the line of the last one.
    InputToItsEnd,
}

/// What the tool said to an item.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    /// Whether it went well, if the tool tells.
    pub(crate) is_ok: Option<bool>,
}

/// Prompts that can be told from everything else, an exit status that tells of an uncaught exception, and no trace of
/// this.
const PYTHON: &str = "\
import sys, os, atexit
atexit.register(lambda sys=sys, end=os._exit: hasattr(sys, 'last_type') and end(1))
sys.ps1 = sys.ps2 = '\x02'
sys.argv = ['']
del sys, os, atexit";

impl Reference {
    /// A shell for each item: `bash -c`, because that is what the profile promises.
    pub(crate) fn bash() -> Self {
        let command = ["bash", "--norc", "--noprofile", "-c", "--"];
        // The name that bash gives to the source of the text: its option there, `eval` here.
        let rules = [
            (r"(?m)^bash: (?:-c|eval): line", "bash: TEXT: line"),
            // `set -x` shows how deep in `eval` a command is.
            (r"(?m)^\++ ", "+ "),
        ];
        Self::new(&command, By::Argument, true, &rules)
    }

    /// `python3 -i -q`; `-u` for the order of output and error.
    pub(crate) fn python(world: &World) -> Self {
        // `python3` on the path may be a script that finds the real one, slowly.
        let code = "import sys; print(sys.executable)";
        let output = world.program("python3").args(["-c", code]).output().unwrap();
        let program = String::from_utf8(output.stdout).unwrap();
        // How deep a recursion gets depends on what is below it.
        let rules = [(r"\[Previous line repeated \d+ more times\]", "[Previous line repeated N more times]")];
        Self::new(&[program.trim(), "-u", "-i", "-q", "-c", PYTHON], By::InputToItsEnd, true, &rules)
    }

    /// `bc -q`. Its exit status is always 0.
    pub(crate) fn bc() -> Self {
        let rules = [
            // bc counts the lines of its whole input,
            (r"(?m)^\(standard_in\) \d+: ", "(standard_in) N: "),
            // and needs more bytes to call a function the more names it has seen.
            (r"(?m)^(Runtime (?:error|warning) \(func=[^,]*, adr=)\d+", "${1}N"),
        ];
        Self::new(&["bc", "-q"], By::Input, false, &rules)
    }

    /// `dc`. Its exit status is always 0.
    pub(crate) fn dc() -> Self {
        Self::new(&["dc"], By::Input, false, &[])
    }

    /// `sqlite3` with an empty database.
    pub(crate) fn sqlite3() -> Self {
        // It counts the lines of its whole input.
        let rules = [(r"(?m)^((?:Parse|Runtime) error near line )\d+", "${1}N")];
        Self::new(
            &["sqlite3", "-batch", "-noheader", "-init", "/dev/null", ":memory:"],
            By::Input,
            false,
            &rules,
        )
    }

    /// `gdb` with a script, since at its prompt an empty line does the last command again. Its exit status tells
    /// nothing.
    pub(crate) fn gdb() -> Self {
        let rules = [(r"/dev/stdin:\d+: Error in sourced command file:\n", "")];
        let command = ["gdb", "-q", "-nx", "-batch", "-iex", "set confirm off", "-x", "/dev/stdin"];
        Self::new(&command, By::Input, false, &rules)
    }

    /// `jq` with this filter.
    pub(crate) fn jq(filter: &str) -> Self {
        let rules = [
            // Whose fault it is: that of the input, or of a text in it.
            (r"(?s)\A(?:parse error: .*|jq: error \(at [^)]*\): .* \(while parsing '.*'\))\z", "not JSON"),
            (r"(?m)^jq: error \(at [^)]*\): ", "jq: error: "),
        ];
        Self::new(&["jq", "-c", filter], By::Input, true, &rules)
    }

    /// `tclsh` at its prompt, which shows nothing of itself. Its exit status tells nothing.
    pub(crate) fn tclsh() -> Self {
        let prompt = "set tcl_prompt1 {}; set tcl_prompt2 {}; set tcl_interactive 1; set auto_noexec 1; \
                      fconfigure stdout -buffering line";
        let script = format!("{{ echo '{prompt}'; cat; }} | exec tclsh");
        Self::new(&["sh", "-c", &script], By::Input, false, &[])
    }

    /// Node's prompt. Its exit status tells nothing.
    pub(crate) fn node() -> Self {
        let prompt = "require('repl').start({ prompt: '\\x02', terminal: false, ignoreUndefined: true })";
        // What was typed has a number, and may have been one line of several.
        let rules = [(r"REPL\d+:\d+:\d+", "REPL"), (r"async_id_symbol\)\]: \d+", "async_id_symbol)]: N")];
        Self::new(&["node", "-e", prompt], By::Input, false, &rules)
    }

    fn new(command: &[&str], by: By, status_counts: bool, rules: &[(&str, &'static str)]) -> Self {
        let rules = rules.iter().map(|(pattern, instead)| (Regex::new(pattern).unwrap(), *instead));
        Self {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            by,
            status_counts,
            returns: false,
            rules: rules.collect(),
        }
    }

    /// For a tool on a terminal.
    pub(crate) fn on_a_terminal(self) -> Self {
        Self { returns: true, ..self }
    }

    /// Asks about each item, a few at a time.
    pub(crate) fn answers(&self, world: &World, items: &[Item]) -> Vec<Answer> {
        let ask = |items: &[Item]| items.iter().map(|item| self.ask(world, item)).collect::<Vec<_>>();
        let halves = items.split_at(items.len() / 2);
        std::thread::scope(|scope| {
            let first = scope.spawn(|| ask(halves.0));
            let second = ask(halves.1);
            first.join().unwrap().into_iter().chain(second).collect()
        })
    }

    fn ask(&self, world: &World, item: &Item) -> Answer {
        let began = Instant::now();
        let mut command = self.command(world, item);
        let (mut output, end) = std::io::pipe().unwrap();
        let mut child = command.stdout(end.try_clone().unwrap()).stderr(end).spawn().unwrap();
        drop(command);
        let mut said = Vec::new();
        output.read_to_end(&mut said).unwrap();
        let status = child.wait().unwrap();
        assert!(began.elapsed() < PATIENCE, "no answer in time to {item:?}");
        if self.by == By::InputToItsEnd && !ends_itself(&item.text) {
            let last_prompt = said.iter().rposition(|byte| *byte == 2).unwrap();
            assert_eq!(said.remove(last_prompt + 1), b'\n', "{item:?}");
            said = without_line_end_of_half_statement(&said);
        }
        let said = if self.returns { written_over(&said) } else { said };
        let text = self.comparable(&harmless(&said));
        Answer { text, is_ok: self.status_counts.then_some(status.success()) }
    }

    fn command(&self, world: &World, item: &Item) -> Command {
        let mut command = world.program("timeout");
        command.arg(PATIENCE.as_secs().to_string()).args(&self.command).env("BC_LINE_LENGTH", "0");
        command.env("DC_LINE_LENGTH", "0");
        if self.by == By::Argument {
            command.args([item.typed(), "bash"]);
        } else {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(item.typed().as_bytes()).unwrap();
            file.write_all(b"\n\n").unwrap();
            file.rewind().unwrap();
            command.stdin(Stdio::from(file));
        }
        command
    }

    /// A text with what may differ made equal.
    pub(crate) fn comparable(&self, text: &str) -> String {
        self.rules.iter().fold(text.to_owned(), |text, (pattern, instead)| {
            pattern.replace_all(&text, *instead).into_owned()
        })
    }
}

/// A statement that is still open at the end of the input: Python ends the line of the prompt that asked for more, and
/// then says what is wrong, which otherwise follows a prompt directly.
fn without_line_end_of_half_statement(said: &[u8]) -> Vec<u8> {
    let (found, instead) = (&b"\x02\n  File \"<stdin>\""[..], &b"\x02  File \"<stdin>\""[..]);
    match memchr::memmem::find(said, found) {
        Some(at) => [&said[..at], instead, &said[at + found.len()..]].concat(),
        None => said.to_vec(),
    }
}

/// Whether the text ends Python before the end of the input does.
fn ends_itself(text: &str) -> bool {
    ["exit(", "quit(", "SystemExit"].iter().any(|word| text.contains(word))
}

/// Each line as it looks in the end.
fn written_over(said: &[u8]) -> Vec<u8> {
    let over = |line: Vec<char>, again: &str| {
        let rest = line.into_iter().skip(again.chars().count());
        again.chars().chain(rest).collect()
    };
    let text = String::from_utf8_lossy(said);
    let line = |line: &str| line.split('\r').fold(Vec::new(), over).into_iter().collect::<String>();
    text.split('\n').map(line).collect::<Vec<_>>().join("\n").into_bytes()
}

/// What replies are promised to be: text without escape sequences and control characters, lines ended by LF, and the
/// end of the last line is not part of it.
fn harmless(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = Regex::new("\x1b\\[[0-9;?]*[A-Za-z]").unwrap().replace_all(&text, "");
    let text = Regex::new("\r+\n?").unwrap().replace_all(&text, "\n");
    let mut text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    if text.ends_with('\n') {
        text.pop();
    }
    text
}
