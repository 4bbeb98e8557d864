//! Prompts that are hard to carry, through pipes and on a terminal: each arrives to the byte, or is refused by name and
//! nothing of it is sent.

use crate::missing::is_missing;
use crate::world::World;
use serde_json::json;
use std::fmt::Write;

/// Keeps what comes before each mark in a file of its own, and answers with the number of that file.
const WITNESS: &str = r#"
import os, re
got, number = bytearray(), 0
while data := os.read(0, 1 << 16):
    got += data
    while mark := re.search(rb"^/end (\w+)\n", bytes(got[-100:]), re.M):
        end = len(got) - min(len(got), 100)
        text, got, number = got[:end + mark.start()], got[end + mark.end():], number + 1
        open("got-%d" % number, "wb").write(text)
        os.write(1, b"%d\nend %s\n" % (number, mark.group(1)))
"#;

/// What becomes of a prompt.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Arrives,
    Refused(&'static str),
}
use Fate::{Arrives, Refused};

/// What it is called, the prompt, its fate in pipes and on a terminal.
fn corpus() -> Vec<(&'static str, String, Fate, Fate)> {
    let mut corpus = vec![
        ("empty", String::new(), Arrives, Arrives),
        ("a blank", " ".into(), Arrives, Arrives),
        ("tab", "\ta\t".into(), Arrives, Arrives),
        ("5,000 bytes", "x".repeat(5000), Arrives, Arrives),
        ("10 MB", "0123456789abcde\n".repeat(10 << 16), Arrives, Arrives),
        ("10 MB in one line", "y".repeat(10 << 20), Arrives, Arrives),
        ("LF", "a\nb\n\nc\n".into(), Arrives, Arrives),
        ("CR LF", "a\r\nb\r\n".into(), Arrives, Arrives),
        ("CR", "a\rb\r".into(), Arrives, Arrives),
        ("byte order mark", "\u{feff}a\u{feff}".into(), Arrives, Arrives),
        ("the end of a paste", "a\x1b[201~rm -rf x\n".into(), Arrives, Refused("the end of a paste")),
        ("the beginning of one", "\x1b[200~a".into(), Arrives, Refused("the Escape key")),
        ("a lone brace", "{tag".into(), Arrives, Arrives),
        ("braces", "{} {tag} {nonce} {text:shell} {{".into(), Arrives, Arrives),
        ("what ends a reply", "end 0123456789abcdef\nsay /end 0".into(), Arrives, Arrives),
        ("NUL", "a\0b".into(), Refused("the prompt holds a NUL byte"), Refused("Ctrl-@ (NUL)")),
        ("C1", "a\u{9b}2Jb".into(), Arrives, Refused("a control character")),
        ("Delete", "a\x7fb".into(), Arrives, Refused("the Delete key")),
        ("other scripts", "ä 漢字 🚀 \u{202e}abc\u{2028}".into(), Arrives, Arrives),
    ];
    for byte in (1..32_u8).filter(|byte| !matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b)) {
        corpus.push((
            "a control byte",
            format!("a{}b", char::from(byte)),
            Arrives,
            Refused("on a terminal Ctrl-"),
        ));
    }
    corpus
}

fn try_all(flags: &[&str], fate: impl Fn(&(&'static str, String, Fate, Fate)) -> Fate) {
    if is_missing("python3") {
        return;
    }
    let world = World::new();
    let corpus = corpus();
    let mut list = String::new();
    for (name, text, ..) in &corpus {
        let job = json!({"id": name, "steps": ["{text}"], "vars": {"text": text}});
        // Several have the same name.
        let mut job = job;
        if *name == "a control byte" {
            job["id"] = format!("{name} {}", text.as_bytes()[1]).into();
        }
        let _ = writeln!(list, "{job}");
    }
    world.file("witness.py", WITNESS).file("jobs.jsonl", list);
    let words = ["python3 witness.py", "--sentinel", "/end {nonce}=^end {nonce}$", "-n", "1", "--json", "-q"];
    let ran = world.run(&[&words[..], &["--from", "jobs.jsonl"], flags].concat());
    let results = ran.results();
    assert_eq!(results.len(), corpus.len(), "{}", ran.stderr);
    let mut arrived = 0;
    for (result, case) in results.iter().zip(&corpus) {
        let (name, text, ..) = case;
        let said =
            format!("{name}: {:.300} {:.300}", result["outcome"].to_string(), result["error"].to_string());
        match fate(case) {
            Arrives => {
                arrived += 1;
                let number = result["reply"].as_str().unwrap();
                let got =
                    std::fs::read(world.path(&format!("got-{number}"))).unwrap_or_else(|_| panic!("{said}"));
                let sent = [text.as_bytes(), b"\n"].concat();
                let start =
                    |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(100)]).into_owned();
                assert!(got == sent, "{said}: {} bytes, {:?}", got.len(), start(&got));
            }
            Refused(why) => {
                assert_eq!(result["outcome"], "refused", "{said}");
                assert!(result["error"].as_str().unwrap().contains(why), "{said}");
            }
        }
    }
    let files = std::fs::read_dir(world.path("."))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("got-"));
    // The first one is from before the first job: the tool has shown that it is there.
    assert_eq!(files.count(), arrived + 1, "nothing of what was refused was sent");
}

#[test]
fn prompts_in_pipes() {
    try_all(&[], |case| case.2);
}

#[test]
fn prompts_on_a_terminal() {
    try_all(&["--pty"], |case| case.3);
}

#[test]
fn bytes_that_are_no_text_and_the_frames_of_a_list() {
    let world = World::new();
    let list = b"\xef\xbb\xbfecho one\r\n\r\necho \xff\xfe\necho \xef\xbb\xbfx\n";
    for flags in [&[][..], &["--pty"]] {
        let ran = world.run_with(list, &[&["bash", "-n", "1", "--json", "-q"], flags].concat());
        let seen: Vec<_> =
            ran.results().iter().map(|result| (result["item"].clone(), result["reply"].clone())).collect();
        let expected = [
            (json!("echo one"), json!("one")),
            (json!(""), json!("")),
            (json!(null), json!("")),
            (json!("echo \u{feff}x"), json!("\u{feff}x")),
        ];
        assert_eq!((seen.as_slice(), ran.status), (&expected[..], 1), "{ran}");
        assert_eq!(ran.stderr.matches("standard input line 3 is not UTF-8 text").count(), 1, "{ran}");
    }
}
