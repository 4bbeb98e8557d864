//! What a program and its tools did to files, as strace saw it.

use regex::{Captures, Regex};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// A system call that changes files.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Call {
    Create(PathBuf),
    MakeFolder(PathBuf),
    Write {
        path: PathBuf,
        at: Option<u64>,
        bytes: Vec<u8>,
    },
    Truncate {
        path: PathBuf,
        length: u64,
    },
    /// Of a file or a folder.
    Sync(PathBuf),
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove(PathBuf),
}

/// When it began and when it was over, in microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) call: Call,
}

const CALLS: &str =
    "openat,mkdir,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,rmdir";

/// The same command under strace, each thread into a file of its own in `folder`.
pub(crate) fn traced(command: &Command, folder: &Path) -> Command {
    std::fs::create_dir_all(folder).unwrap();
    let mut strace = Command::new("strace");
    strace.args(["-ff", "-qq", "-ttt", "-T", "-y", "-xx", "-s", "1000000", "-e", "signal=none"]);
    strace.arg("-e").arg(format!("trace={CALLS}")).arg("-o").arg(folder.join("trace"));
    strace.arg(command.get_program()).args(command.get_args()).env_clear();
    strace.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        strace.current_dir(folder);
    }
    strace
}

/// All that happened, in order.
pub(crate) fn read(folder: &Path) -> Vec<Event> {
    let mut events = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        events.extend(text.lines().filter_map(event));
    }
    events.sort_by_key(|event| event.start);
    events
}

/// Time, name, arguments, result, duration. What failed, or did not return, has no such line.
static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(\d+)\.(\d{6}) (\w+)\((.*)\) += (\d+)(?:<[^>]*>)? <(\d+)\.(\d{6})>$").unwrap()
});
/// A descriptor with its path, and a string: both in hexadecimal.
static HEX: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"[<"]((?:\\x[0-9a-f]{2})*)[>"]"#).unwrap());

fn event(line: &str) -> Option<Event> {
    let fields = LINE.captures(line)?;
    let micros = |whole: usize| {
        let number = |field: usize| fields[field].parse::<u64>().unwrap();
        number(whole) * 1_000_000 + number(whole + 1)
    };
    let (start, took) = (micros(1), micros(6));
    Some(Event { start, end: start + took, call: call(&fields)? })
}

fn call(fields: &Captures<'_>) -> Option<Call> {
    let arguments = &fields[4];
    let texts: Vec<Vec<u8>> = HEX.captures_iter(arguments).map(|text| bytes(&text[1])).collect();
    let path = |place: usize| Some(PathBuf::from(String::from_utf8(texts.get(place)?.clone()).ok()?));
    let last = || arguments.rsplit(", ").next()?.parse::<u64>().ok();
    Some(match &fields[3] {
        // The folder that a name is relative to is written before the name.
        "openat" if arguments.contains("O_CREAT") => Call::Create(path(0)?.join(path(1)?)),
        "mkdir" => Call::MakeFolder(path(0)?),
        "write" => Call::Write { path: path(0)?, at: None, bytes: texts.get(1)?.clone() },
        "pwrite64" => Call::Write { path: path(0)?, at: last(), bytes: texts.get(1)?.clone() },
        "ftruncate" => Call::Truncate { path: path(0)?, length: last()? },
        "fsync" | "fdatasync" => Call::Sync(path(0)?),
        "rename" => Call::Rename { from: path(0)?, to: path(1)? },
        "renameat" | "renameat2" => {
            Call::Rename { from: path(0)?.join(path(1)?), to: path(2)?.join(path(3)?) }
        }
        "unlink" | "rmdir" => Call::Remove(path(0)?),
        "unlinkat" => Call::Remove(path(0)?.join(path(1)?)),
        _ => return None,
    })
}

/// `\x61\x62` is `ab`.
fn bytes(hex: &str) -> Vec<u8> {
    hex.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// How much was written into each of these files before this moment: what others may have seen.
pub(crate) fn seen(events: &[Event], cut: u64) -> HashMap<&Path, Vec<u8>> {
    let mut seen: HashMap<&Path, Vec<u8>> = HashMap::new();
    for event in events.iter().filter(|event| event.start < cut) {
        if let Call::Write { path, at: None, bytes } = &event.call {
            seen.entry(path).or_default().extend_from_slice(bytes);
        }
    }
    seen
}

#[test]
fn what_strace_prints_is_understood() {
    let line = r#"1795271798.554632 pwrite64(12<\x2f\x61>, "\x53\x51", 2, 4096) = 2 <0.000011>"#;
    let write = Call::Write { path: "/a".into(), at: Some(4096), bytes: b"SQ".to_vec() };
    let expected = (1_795_271_798_554_632, 1_795_271_798_554_643, write);
    assert_eq!(event(line).map(|event| (event.start, event.end, event.call)), Some(expected));
    let call = |words: &str| event(&format!("1.000000 {words} <0.000001>")).map(|event| event.call);
    let table = [
        (r"fsync(3<\x2f\x61>) = 0", Some(Call::Sync("/a".into()))),
        (r#"unlinkat(3<\x2f\x61>, "\x62", 0) = 0"#, Some(Call::Remove("/a/b".into()))),
        (
            r#"openat(AT_FDCWD<\x2f\x61>, "\x2f\x62", O_RDWR|O_CREAT, 0600) = 3<\x2f\x62>"#,
            Some(Call::Create("/b".into())),
        ),
        (r#"openat(AT_FDCWD<\x2f\x61>, "\x2f\x62", O_RDONLY) = 3<\x2f\x62>"#, None),
        (r#"mkdir("\x2f\x61", 0700) = -1 EEXIST (File exists)"#, None),
        (r#"rename("\x2f\x61", "\x2f\x62") = 0"#, Some(Call::Rename { from: "/a".into(), to: "/b".into() })),
        (r"ftruncate(3<\x2f\x61>, 7) = 0", Some(Call::Truncate { path: "/a".into(), length: 7 })),
    ];
    for (words, expected) in table {
        assert_eq!(call(words), expected, "{words}");
    }
}
