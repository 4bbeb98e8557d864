//! Decides what a coding agent is answered.

use std::time::Duration;

use crate::{
    api::{Asked, Says},
    blocks,
    directive::Directives,
    mode::Mode,
    state::State,
    tools,
};

/// The words that a directive may have.
const KNOWN: &str = "mode file tool tag delay n gap after";

/// Characters of a message, or of what a tool said, that an answer repeats.
const ECHO: usize = 200;

/// How a request is answered.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) tag: Option<String>,
    /// Nothing for failures.
    pub(crate) says: Says,
    pub(crate) timing: Timing,
}

/// When it is answered.
#[derive(Debug)]
pub(crate) struct Timing {
    pub(crate) delay: Duration,
    /// Between characters.
    pub(crate) gap: Option<Duration>,
    pub(crate) retry_after: Option<String>,
}

/// Decides on the answer; an error is a misspelling in a test.
pub(crate) fn plan(asked: &Asked, state: &State) -> Result<Plan, String> {
    if let Some(schema) = &asked.form {
        let text = tools::fill(schema).to_string();
        return Ok(Plan::new(Mode::Form, &Order::default(), Says::Text(text), state));
    }
    let (orders, said) = orders(asked.talk.last())?;
    let mut live = Vec::new();
    for order in &orders {
        if !order.is_used_up(state)? {
            live.push(order);
        }
    }
    let unnamed = Order::default();
    let order = live.get(asked.talk.results.len()).copied().unwrap_or(&unnamed);
    let mode = order.mode()?.or_else(|| state.mode());
    let mode = mode.unwrap_or(if asked.talk.results.is_empty() { Mode::Plain } else { Mode::Told });
    if mode.is_failure() {
        state.failed(mode, order.tag());
    }
    let says = order.says(mode, asked, &said)?;
    let tags = [order].into_iter().chain(&orders).map(Order::tag);
    let tag = tags.filter(|tag| !tag.is_empty()).map(str::to_owned).next();
    Ok(Plan { tag, ..Plan::new(mode, order, says, state) })
}

impl Plan {
    fn new(mode: Mode, order: &Order, says: Says, state: &State) -> Self {
        let millis = |word| order.words.number(word).map(Duration::from_millis);
        let drip = (mode == Mode::Drip).then_some(Duration::from_millis(20));
        let after = order.words.value("after").unwrap_or("1");
        let timing = Timing {
            delay: millis("delay").unwrap_or_else(|| state.delay()),
            gap: millis("gap").or(drip),
            retry_after: (after != "none").then(|| after.to_owned()),
        };
        Self { mode, tag: None, says, timing }
    }
}

/// One directive: words, and the text behind their colon.
#[derive(Debug, Default, PartialEq, Eq)]
struct Order {
    words: Directives,
    text: String,
}

impl Order {
    fn parse(inside: &str) -> Result<Self, String> {
        let (words, text) = inside.split_once(':').unwrap_or((inside, ""));
        let words = Directives::parse(words);
        if let Some(word) = words.unknown(KNOWN) {
            return Err(format!("unknown directive: {word}"));
        }
        Ok(Self { words, text: text.strip_prefix(' ').unwrap_or(text).to_owned() })
    }

    fn mode(&self) -> Result<Option<Mode>, String> {
        self.words.value("mode").map(str::parse).transpose()
    }

    fn tag(&self) -> &str {
        self.words.value("tag").unwrap_or_default()
    }

    /// Whether it is a failure that has happened as often as it was to.
    fn is_used_up(&self, state: &State) -> Result<bool, String> {
        let Some(mode) = self.mode()?.filter(|mode| mode.is_failure()) else { return Ok(false) };
        Ok(self.words.number("n").is_some_and(|limit| state.failures(mode, self.tag()) >= limit))
    }

    fn says(&self, mode: Mode, asked: &Asked, said: &str) -> Result<Says, String> {
        let results = &asked.talk.results;
        let text = match mode {
            Mode::Plain | Mode::MidReset => format!("TURN {}: {}", asked.talk.users.len(), start(said)),
            Mode::Told => {
                format!("TOOL {}: {}", results.len(), start(results.last().map_or("", |last| last)))
            }
            Mode::Shell => return tools::shell(&asked.tools, &self.text).map(Says::Call),
            Mode::Write => {
                let file = self.words.value("file").ok_or("mode=write needs a file=")?;
                return tools::write(&asked.tools, file, &self.text).map(Says::Call);
            }
            Mode::Call => {
                let tool = self.words.value("tool").ok_or("mode=call needs a tool=")?;
                return tools::named(&asked.tools, tool, &self.text).map(Says::Call);
            }
            Mode::Say => self.text.clone(),
            Mode::Words => words(self.words.number("n").unwrap_or(200)),
            Mode::Recall => recall(&asked.talk.users),
            Mode::Http(_) | Mode::Reset | Mode::Hang => String::new(),
            Mode::Length => return Ok(Says::Cut(blocks::LENGTH.to_owned())),
            _ => blocks::fixed(mode, self.words.number("n")).ok_or_else(|| not_for_agents(mode))?,
        };
        Ok(Says::Text(text))
    }
}

fn not_for_agents(mode: Mode) -> String {
    format!("mode={} is for chats without tools", mode.name())
}

/// All directives of a message, in order, and the rest of the message.
fn orders(message: &str) -> Result<(Vec<Order>, String), String> {
    let (mut orders, mut said, mut rest) = (Vec::new(), String::new(), message);
    while let Some((before, from)) = rest.split_once("[[") {
        let Some((inside, after)) = from.split_once("]]") else { break };
        orders.push(Order::parse(inside)?);
        said.push_str(before);
        rest = after;
    }
    said.push_str(rest);
    Ok((orders, said.trim().to_owned()))
}

/// The messages before the last.
fn recall(users: &[String]) -> String {
    let before = users.split_last().map_or(&[][..], |(_, before)| before);
    format!("RECALL {}", before.iter().map(|said| start(said)).collect::<Vec<_>>().join(" | "))
}

fn start(text: &str) -> String {
    text.chars().take(ECHO).collect()
}

fn words(count: u64) -> String {
    (1..=count).map(|number| format!("word{number}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Asked, Mode, Plan, Says, State, plan};
    use crate::tools::{Call, Tool};

    fn asked(users: &[&str], results: &[&str]) -> Asked {
        let mut asked = Asked::default();
        let schema = json!({"properties": {"command": {}, "file_path": {}, "content": {}}});
        asked.tools =
            vec![Tool { name: "Bash".into(), schema: schema.clone() }, Tool { name: "Write".into(), schema }];
        users.iter().for_each(|text| asked.talk.user(&json!(text)));
        results.iter().for_each(|text| asked.talk.result((*text).to_owned()));
        asked
    }

    fn text(plan: &Plan) -> &str {
        plan.says.text()
    }

    fn says(users: &[&str], results: &[&str]) -> Says {
        plan(&asked(users, results), &State::default()).unwrap().says
    }

    #[test]
    fn texts() {
        let table: [(&[&str], &[&str], &str); 7] = [
            (&["hello"], &[], "TURN 1: hello"),
            (&["one", "two [[tag=x]]"], &[], "TURN 2: two"),
            (&["[[mode=say: exactly:\n this ]]"], &[], "exactly:\n this "),
            (&["one", "two", "[[mode=recall]]"], &[], "RECALL one | two"),
            (&["[[mode=words n=3]]"], &[], "word1 word2 word3"),
            (&["[[mode=shell: ls]]"], &["a.txt"], "TOOL 1: a.txt"),
            (&["[[mode=shell: ls]] [[mode=say: done]]"], &["a.txt"], "done"),
        ];
        for (users, results, expected) in table {
            assert_eq!(says(users, results), Says::Text(expected.to_owned()), "{users:?}");
        }
    }

    #[test]
    fn calls() {
        let call = |name: &str, arguments| Says::Call(Call { name: name.to_owned(), arguments });
        let shell = says(&["do [[mode=shell: echo a: b]]"], &[]);
        assert_eq!(shell, call("Bash", json!({"command": "echo a: b"})));
        let write = says(&["[[mode=write file=/w/a: text]]"], &[]);
        assert_eq!(write, call("Write", json!({"file_path": "/w/a", "content": "text"})));
        let second = says(&["[[mode=shell: a]][[mode=shell: b]]"], &["said"]);
        assert_eq!(second, call("Bash", json!({"command": "b"})));
    }

    #[test]
    fn failures_stop_after_n_and_leave_the_rest() {
        let state = State::default();
        let ask = |results: &[&str]| {
            let asked = asked(&["[[mode=429 n=2 tag=a after=0]] [[mode=shell: ls]]"], results);
            plan(&asked, &state).unwrap()
        };
        assert_eq!(ask(&[]).tag.as_deref(), Some("a"));
        let modes = [ask(&[]).mode, ask(&[]).mode, ask(&["x"]).mode];
        assert_eq!(ask(&["x"]).tag.as_deref(), Some("a"));
        assert_eq!(modes.map(Mode::name), ["429", "shell", "told"]);
        let always = || plan(&asked(&["[[mode=503 tag=a]]"], &[]), &state).unwrap();
        assert_eq!([always().mode.name(), always().mode.name()], ["503", "503"]);
        assert_eq!(always().timing.retry_after.as_deref(), Some("1"));
    }

    #[test]
    fn a_form_is_filled_whatever_the_message_says() {
        let mut asked = asked(&["[[mode=429]]"], &[]);
        asked.form = Some(json!({"type": "object", "properties": {"score": {"type": "integer"}}}));
        let plan = plan(&asked, &State::default()).unwrap();
        assert_eq!((plan.mode, text(&plan)), (Mode::Form, r#"{"score":1}"#));
    }

    #[test]
    fn misspellings_are_errors() {
        for text in ["[[mode=exit]]", "[[mod=say]]", "[[mode=edit file=a]]", "[[mode=write: x]]"] {
            assert!(plan(&asked(&[text], &[]), &State::default()).is_err(), "{text}");
        }
    }
}
