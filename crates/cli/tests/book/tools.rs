//! A page for each built-in tool, made from its profile.

use crate::made::assert_made;
use crate::markdown::root;
use cluster::profile::written::Free;
use cluster::profile::{Overrides, Profile, Row, Surroundings};
use std::fmt::Write;
use toml::Value;

/// What a profile says, by key.
struct Rows(Vec<Row>);

impl Rows {
    fn value(&self, key: &str) -> Option<Value> {
        let row = self.0.iter().find(|row| row.key == key)?;
        let mut table: toml::Table = toml::from_str(&format!("value = {}", row.value)).unwrap();
        table.remove("value")
    }

    fn text(&self, key: &str) -> String {
        match self.value(key) {
            Some(Value::String(text)) => text,
            value => panic!("{key} is {value:?}"),
        }
    }

    /// As code, separated by spaces; empty if there are none.
    fn list(&self, key: &str) -> String {
        let Some(Value::Array(items)) = self.value(key) else { return String::new() };
        items.iter().map(|item| code(item.as_str().unwrap())).collect::<Vec<_>>().join(" ")
    }

    fn is(&self, key: &str, text: &str) -> bool {
        self.value(key).and_then(|value| Some(value.as_str()? == text)).unwrap_or_default()
    }
}

/// In a cell of a table, whatever it holds.
fn code(text: &str) -> String {
    let text = text.replace('\n', "\\n").replace('\0', "\\u0000").replace('|', "\\|");
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{text}{fence}")
}

fn load(name: &str) -> Profile {
    let around = Surroundings { state: Some(root()), cwd: root(), ..Surroundings::default() };
    Profile::load(name, &Overrides::default(), &around).unwrap()
}

/// The names of the built-in profiles.
fn names() -> Vec<String> {
    Profile::list(&Surroundings::default()).into_iter().map(|listed| listed.name).collect()
}

fn page(profile: &Profile) -> String {
    let (name, rows) = (&profile.name, Rows(profile.rows.clone()));
    let about = profile.about.as_deref().unwrap_or_default();
    let mut page = format!("<!-- Made from crates/cluster/profiles/{name}.toml: not to be edited. -->\n\n");
    let _ = writeln!(page, "# {name}\n\n{about}. Tried with {}.\n", profile.tested.join(", "));
    let _ = writeln!(page, "## Notes\n");
    for note in &profile.notes {
        let _ = writeln!(page, "- {note}");
    }
    let _ = writeln!(page, "\n## What holds\n\n| | |\n|---|---|");
    for (what, how) in facts(&rows) {
        let _ = writeln!(page, "| {what} | {how} |");
    }
    let shown = "Every value, and where it comes from, with your own settings on top:";
    let _ = writeln!(page, "\n{shown}\n\n```console,ignore-output\n$ cluster tools {name}\n```");
    // An agent answers its greeting, which costs nothing either, or is not ready.
    if let Some(test) = profile.test.free() {
        let _ = writeln!(page, "\n## Try it\n\n{}", attempt(name, test));
    }
    page
}

/// The profile's own test, as a command.
fn attempt(name: &str, test: Free<'_>) -> String {
    let needs = if name == "python" { "python3" } else { name };
    let expect = test.expect;
    let console = |command: &str| format!("```console,needs={needs}\n$ {command}\n…\n…{expect}…\n…\n```");
    if test.is_command {
        let job = serde_json::json!({ "steps": [test.say] });
        let file = format!("```jsonl,job,file=one.jsonl\n{job}\n```\n\n");
        return file + &console(&format!("cluster run {name}:1 --from one.jsonl -q"));
    }
    console(&format!("cluster ask {name} {} -q", shlex::try_quote(test.say).unwrap()))
}

/// What its users may want to know, in words.
fn facts(rows: &Rows) -> Vec<(&'static str, String)> {
    let changes = if rows.is("effects", "read") { "nothing" } else { "anything" };
    let mut facts = vec![("A turn may change", changes.to_owned()), ("A reply ends", ends(rows))];
    let io = if rows.is("io", "pty") { "a terminal of its own" } else { "pipes" };
    facts.push(("It talks through", io.to_owned()));
    facts.push(("Item text in a step is quoted", rows.text("quote").replace("none", "not at all")));
    let lists = [
        ("Capabilities", "capabilities"),
        ("Its own commands that steps may use", "commands"),
        ("Those that take prose", "prose"),
        ("Other steps that begin so stop the run", "command_marks"),
        ("Passed on from the environment, too", "env.inherit"),
        ("Between jobs it is told", "reset.say"),
        ("Exit codes after which it is not started again", "restart.no_restart_on"),
    ];
    for (what, key) in lists.into_iter().filter(|(_, key)| rows.value(key).is_some()) {
        let list = match key {
            "restart.no_restart_on" => rows.value(key).unwrap().to_string().replace(['[', ']'], ""),
            "reset.say" => shortened(&rows.list(key)),
            _ => rows.list(key),
        };
        facts.push((what, list));
    }
    facts.push(("A turn that is taken back", cancel(rows)));
    facts.push(("It is stopped by", stop(rows)));
    let times = [rows.text("limits.turn"), rows.text("start.timeout"), rows.text("limits.stall")];
    let [turn, start, stall] = times;
    facts.push(("Limits", format!("a turn {turn}, a start {start}; shown as stalled after {stall}")));
    let outcomes = outcomes(rows);
    if !outcomes.is_empty() {
        facts.push(("Outcomes told from its words", outcomes));
    }
    facts
}

fn ends(rows: &Rows) -> String {
    match rows.text("turn.by").as_str() {
        "sentinel" => {
            let (send, expect) = (code(&rows.text("turn.send")), code(&rows.text("turn.expect")));
            format!("when {send} makes it print {expect}, with a fresh number for `{{nonce}}` each time")
        }
        "prompt" => format!("when its prompt is at the end: {}", code(&rows.text("turn.until"))),
        "lines" => "after one line".to_owned(),
        "quiet" => format!("after {} of silence: a guess", rows.text("turn.quiet_for")),
        "stream_json" => "by its message `result`".to_owned(),
        "app_server" => "by its message `turn/completed` for our turn".to_owned(),
        "acp" => "by its answer to our `session/prompt`".to_owned(),
        "remote" => "when its service says so: its state is asked for, then the result is fetched".to_owned(),
        other => panic!("say how {other} ends a reply"),
    }
}

fn cancel(rows: &Rows) -> String {
    if rows.is("turn.by", "remote") {
        return "by an end of whatever was asked of the service; the instance stays".to_owned();
    }
    match rows.text("cancel.by").as_str() {
        "interrupt" => {
            format!("by one SIGINT; replaced if that does not end it in {}", rows.text("cancel.within"))
        }
        "message" => {
            format!("by a message; replaced if that does not end it in {}", rows.text("cancel.within"))
        }
        _ => "by a restart of the instance".to_owned(),
    }
}

fn stop(rows: &Rows) -> String {
    let first =
        rows.value("stop.say").map_or("the end of its input".to_owned(), |say| code(say.as_str().unwrap()));
    format!("{first}, SIGTERM after {}, SIGKILL {} later", rows.text("stop.after"), rows.text("stop.term"))
}

/// The outcomes that rules of the profile tell, each once.
fn outcomes(rows: &Rows) -> String {
    let Some(Value::Array(rules)) = rows.value("outcome") else { return String::new() };
    let mut words: Vec<String> = rules.iter().map(|rule| code(rule["is"].as_str().unwrap())).collect();
    words.sort();
    words.dedup();
    words.join(" ")
}

/// Long lines are not read in a table.
fn shortened(text: &str) -> String {
    const MOST: usize = 80;
    if text.len() <= MOST { text.to_owned() } else { "a line that empties what jobs left".to_owned() }
}

#[test]
fn every_tool_has_a_page_made_from_its_profile() {
    let names = names();
    assert!(names.len() > 10, "{names:?}");
    for name in &names {
        assert_made(&format!("docs/tools/{name}.md"), &page(&load(name)));
    }
}

#[test]
fn the_list_of_tools_is_made_from_the_profiles() {
    let mut page =
        "<!-- Made from crates/cluster/profiles/*.toml: not to be edited. -->\n\n# The tools\n\n".to_owned();
    page +=
        "These are built in. Each is data: a [profile](../profiles.md), which you can copy and change.\n\n";
    page += "| tool | what it is | tried with | a turn may change |\n|---|---|---|---|\n";
    for name in names() {
        let profile = load(&name);
        let changes = if Rows(profile.rows.clone()).is("effects", "read") { "nothing" } else { "anything" };
        let (about, tested) = (profile.about.unwrap_or_default(), profile.tested.join(", "));
        let _ =
            writeln!(page, "| [{name}]({name}.md) | {} | {tested} | {changes} |", about.replace('|', "\\|"));
    }
    page += "\n`cluster tools` lists these and your own; `cluster tools NAME` shows one. What works with which of them has a\n[page of its own](../conformance.md).\n";
    assert_made("docs/tools/index.md", &page);
}
