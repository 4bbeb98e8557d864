//! From the body of a chat request to the plan of its answer.

use std::time::Duration;

use serde_json::Value;

use crate::{
    blocks,
    directive::Directives,
    mode::Mode,
    state::State,
    text::{self, Shown},
};

/// A chat request, as far as it matters.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) stream: bool,
    pub(crate) usage_wanted: bool,
    pub(crate) model: String,
    pub(crate) size: usize,
    system: String,
    pub(crate) users: Vec<String>,
}

/// How it is answered.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) tag: Option<String>,
    pub(crate) content: String,
    pub(crate) delay: Duration,
    pub(crate) gap: Option<Duration>,
    pub(crate) retry_after: Option<String>,
}

impl Chat {
    /// Reads the body.
    pub(crate) fn parse(body: &Value) -> Self {
        let messages = body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of = |role: &str| messages.iter().filter(|m| m["role"] == role).map(content).collect::<Vec<_>>();
        Self {
            stream: body["stream"] == true,
            usage_wanted: body["stream_options"]["include_usage"] == true,
            model: body["model"].as_str().unwrap_or("fake").to_owned(),
            size: messages.iter().map(|message| content(message).len()).sum(),
            system: of("system").join("\n"),
            users: of("user"),
        }
    }

    /// The whole last user message.
    pub(crate) fn last(&self) -> &str {
        self.users.last().map_or("", String::as_str)
    }

    /// Decides on the answer; an error is a misspelling in a test.
    pub(crate) fn plan(&self, state: &State) -> Result<Plan, String> {
        if self.system.contains("commit message") {
            let tag = text::edit_in_diff(self.last()).map(str::to_owned);
            let name = tag.clone().unwrap_or_else(|| state.count().to_string());
            return Ok(Plan { tag, ..Plan::new(Mode::Commit, format!("chore: {name}"), state.delay()) });
        }
        if self.system.contains("summarize this partial conversation") {
            let content = "I asked you to change some files.".to_owned();
            return Ok(Plan::new(Mode::Summary, content, state.delay()));
        }
        if self.system.contains("title generator") {
            return Ok(Plan::new(Mode::Summary, "A title".to_owned(), state.delay()));
        }
        Scene::new(self)?.plan(state)
    }
}

impl Plan {
    fn new(mode: Mode, content: String, delay: Duration) -> Self {
        Self { mode, tag: None, content, delay, gap: None, retry_after: None }
    }
}

/// What the answer depends on.
struct Scene<'a> {
    directives: Directives,
    /// What the user said, without the directive.
    said: String,
    reflection: bool,
    shown: Vec<Shown<'a>>,
}

impl<'a> Scene<'a> {
    fn new(chat: &'a Chat) -> Result<Self, String> {
        let last = text::said(chat.last());
        let reflection = text::is_reflection(last);
        let mut found = text::directive(last)?;
        if found.is_none() && reflection {
            let mut before = chat.users.iter().rev().map(|user| text::said(user));
            found = before.find_map(|user| text::directive(user).transpose()).transpose()?;
        }
        let (directives, said) = found.unwrap_or_else(|| (Directives::default(), last.trim().to_owned()));
        let has_files = |user: &&String| user.starts_with("I have *added these files to the chat*");
        let shown = chat.users.iter().rfind(has_files).map_or_else(Vec::new, |user| text::files(user));
        Ok(Self { directives, said, reflection, shown })
    }

    fn plan(&self, state: &State) -> Result<Plan, String> {
        let mode = self.mode(state)?;
        let tag = self.directives.value("tag");
        let number = state.count();
        let content = self.content(mode, &tag.map_or_else(|| number.to_string(), str::to_owned))?;
        let millis = |word| self.directives.number(word).map(Duration::from_millis);
        let drip = (mode == Mode::Drip).then_some(Duration::from_millis(20));
        let after = self.directives.value("after").unwrap_or("1");
        Ok(Plan {
            mode,
            tag: tag.map(str::to_owned),
            content,
            delay: millis("delay").unwrap_or_else(|| state.delay()),
            gap: millis("gap").or(drip),
            retry_after: (after != "none").then(|| after.to_owned()),
        })
    }

    fn mode(&self, state: &State) -> Result<Mode, String> {
        let named = self.directives.value("mode").map(str::parse).transpose()?;
        let mode = named.or_else(|| state.mode()).unwrap_or_else(|| self.unnamed());
        if mode.is_for_agents() {
            return Err(format!("mode={} is for agents", mode.name()));
        }
        let tag = self.directives.value("tag").unwrap_or_default();
        let limit = self.directives.number("n").filter(|_| mode.is_failure());
        Ok(match limit {
            Some(limit) if state.failed(mode, tag) > limit => self.unnamed(),
            _ => mode,
        })
    }

    /// The mode when no name is given.
    fn unnamed(&self) -> Mode {
        if self.directives.has("file") || text::file_to_edit(&self.said).is_some() {
            Mode::Edit
        } else if self.said.to_lowercase().contains("docstring") && self.shown.len() == 1 {
            Mode::Docstring
        } else {
            Mode::Plain
        }
    }

    fn content(&self, mode: Mode, tag: &str) -> Result<String, String> {
        let also = self.directives.value("also").unwrap_or_default();
        let mut parts = Vec::new();
        for name in also.split(',').filter(|name| !name.is_empty()) {
            parts.push(self.part(name.parse()?, tag));
        }
        parts.push(self.part(mode, tag));
        Ok(parts.join("\n\n"))
    }

    fn part(&self, mode: Mode, tag: &str) -> String {
        let named = self.directives.value("file").or_else(|| text::file_to_edit(&self.said));
        let files = named.unwrap_or("f.py").split(',');
        match mode {
            Mode::Edit => blocks::append(files, &format!("# edit {tag}")),
            Mode::BadOnce if self.reflection => blocks::append(files, &format!("# edit {tag}")),
            Mode::Ensure => self.ensure(named.unwrap_or("f.py"), &format!("# edit {tag}")),
            Mode::New => blocks::append(files, &format!("# new {tag}")),
            Mode::Bad | Mode::BadOnce => blocks::bad(files, tag),
            Mode::Docstring => {
                let file = self.shown.first();
                file.map_or_else(|| blocks::plain(&self.said), blocks::docstring)
            }
            _ => {
                let fixed = blocks::fixed(mode, self.directives.number("n"));
                fixed.unwrap_or_else(|| blocks::plain(&self.said))
            }
        }
    }

    /// What a model says that looks at the file first: a job that is done again changes nothing.
    fn ensure(&self, file: &str, line: &str) -> String {
        let is_there = |shown: &Shown<'_>| shown.name == file && shown.lines.contains(&line);
        if self.shown.iter().any(is_there) {
            format!("{file} has that line already.")
        } else {
            blocks::append([file].into_iter(), line)
        }
    }
}

/// The text of a message: a string, or the text parts of a list.
fn content(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Chat, Mode, Plan, State};

    fn plan_of(state: &State, users: &[&str]) -> Plan {
        let users: Vec<_> = users.iter().map(|text| json!({"role": "user", "content": text})).collect();
        Chat::parse(&json!({ "messages": users })).plan(state).unwrap()
    }

    fn plan(users: &[&str]) -> Plan {
        plan_of(&State::default(), users)
    }

    #[test]
    fn the_last_message_decides() {
        assert_eq!(plan(&["[[mode=edit]]", "[[mode=plain]] hi"]).mode, Mode::Plain);
        assert_eq!(plan(&["[[mode=edit]]", "hi"]).mode, Mode::Plain);
        assert_eq!(plan(&["[[file=a.py]]"]).mode, Mode::Edit);
        assert_eq!(plan(&["please edit a.py"]).mode, Mode::Edit);
    }

    #[test]
    fn a_second_try_keeps_the_directive() {
        let again = "# 1 SEARCH/REPLACE block failed to match!\n";
        let first = plan(&["[[mode=badonce tag=T file=a.py]]"]);
        assert!(first.content.contains("no file has"));
        let second = plan(&["[[mode=badonce tag=T file=a.py]]", again]);
        assert!(second.content.contains("SEARCH\n=======\n# edit T\n"));
    }

    #[test]
    fn failures_stop_after_n() {
        let state = State::default();
        let ask = || plan_of(&state, &["[[mode=429 n=2 tag=a file=f.py after=0]]"]);
        assert_eq!([ask().mode.name(), ask().mode.name(), ask().mode.name()], ["429", "429", "edit"]);
        assert_eq!(plan_of(&state, &["[[mode=429 n=1 tag=b]]"]).mode.name(), "429");
        assert_eq!(plan_of(&state, &["[[mode=429 n=1 tag=b]] hi"]).mode, Mode::Plain);
        assert_eq!(ask().retry_after.as_deref(), Some("0"));
    }

    #[test]
    fn more_text_before_an_edit() {
        let content = plan(&["[[mode=edit also=lookalike,unicode tag=T]]"]).content;
        assert!(content.starts_with("These lines are text:") && content.ends_with("REPLACE\n```\n"));
    }

    #[test]
    fn a_docstring_needs_one_file() {
        let one = "I have *added these files to the chat* so\n\na.py\n```\nx = 1\n```\n";
        let two = "I have *added these files to the chat* so\n\na.py\n```\nx\n```\n\nb.py\n```\ny\n```\n";
        let wish = "add a docstring\n\n# *SEARCH/REPLACE block* Rules:\n";
        assert_eq!(plan(&[one, wish]).mode, Mode::Docstring);
        assert_eq!(plan(&[two, wish]).mode, Mode::Plain);
        assert_eq!(plan(&[wish]).mode, Mode::Plain);
        assert_eq!(plan(&[one, "hi\n\n# *SEARCH/REPLACE block* Rules:\ndocstrings"]).mode, Mode::Plain);
    }

    #[test]
    fn what_is_there_is_not_done_again() {
        let wish = "[[mode=ensure tag=T file=a.py]]";
        let shown = |name: &str, line: &str| {
            format!("I have *added these files to the chat* so\n\n{name}\n```\nx = 1\n{line}\n```\n")
        };
        for (name, line) in [("a.py", "# edit U"), ("b.py", "# edit T")] {
            let content = plan(&[&shown(name, line), wish]).content;
            assert!(content.contains("a.py\n```\n<<<<<<< SEARCH\n=======\n# edit T\n"), "{content}");
        }
        assert_eq!(plan(&[&shown("a.py", "# edit T"), wish]).content, "a.py has that line already.");
    }

    #[test]
    fn the_chores() {
        let ask = |system: &str, user: &str| {
            let system = json!({"role": "system", "content": system});
            let user = json!({"role": "user", "content": [{"type": "text", "text": user}]});
            Chat::parse(&json!({ "messages": [system, user] })).plan(&State::default()).unwrap()
        };
        let commit = ask("write a commit message", "USER: [[mode=429]]\n# Diffs:\n+# edit T\n");
        assert_eq!((commit.mode, commit.content.as_str()), (Mode::Commit, "chore: T"));
        assert_eq!(ask("write a commit message", "+x").content, "chore: 1");
        let summary = ask("*Briefly* summarize this partial conversation", "[[mode=500]]");
        assert_eq!(summary.mode, Mode::Summary);
        assert_eq!(ask("You are a title generator", "[[mode=shell: ls]]").content, "A title");
    }

    #[test]
    fn misspellings_are_errors() {
        for text in ["[[mode=exit]]", "[[mod=edit]]", "[[also=nothing]]", "[[mode=shell]]"] {
            let body = json!({"messages": [{"role": "user", "content": text}]});
            assert!(Chat::parse(&body).plan(&State::default()).is_err(), "{text}");
        }
    }
}
