//! Structured jobs: a file with one JSON object a line.
//!
//! The whole list is read and checked before anything starts, and an error names file, line and column.

use super::duration::{BadDuration, duration};
use super::item::{ItemError, Lines, Separator};
use super::nearest::nearest;
use pool_core::message::Needs;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::BufRead;
use std::path::PathBuf;
use std::time::Duration;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "cluster.job/1")]
pub struct JobLine {
    /// Names the job in results; unique in the list. The number of the job, from 1, if absent.
    #[serde(default)]
    pub id: Option<String>,
    /// Only instances of this tool may take it. Any may if absent.
    #[serde(default)]
    pub tool: Option<String>,
    /// Only instances of tools that have this among their capabilities may take it. Not together with `tool`.
    #[serde(default)]
    pub capability: Option<String>,
    /// The steps, in order, on one instance: templates in which `{name}` stands for a variable. The steps of the
    /// command line if absent.
    #[serde(default)]
    pub steps: Option<Vec<String>>,
    /// Texts by name.
    #[serde(default)]
    pub vars: BTreeMap<String, Var>,
    /// The conversation to continue or begin; without one the tool is reset after the job.
    #[serde(default)]
    pub session: Option<String>,
    /// Affinity for the `sticky` strategy.
    #[serde(default)]
    pub key: Option<String>,
    /// Higher goes first among jobs that wait.
    #[serde(default)]
    pub priority: u8,
    /// The longest that one turn may take, such as `20m`.
    #[serde(default, deserialize_with = "timeout")]
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Duration>,
    /// Files that the job changes. Not built yet: must be empty.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Ids of jobs that must have ended well before. Not built yet: must be empty.
    #[serde(default)]
    pub after: Vec<String>,
    /// What a resumed run does with the job if nobody knows how it ended.
    #[serde(default)]
    pub on_unknown: Option<OnUnknown>,
}

/// The keys of a job, for "did you mean".
const KEYS: [&str; 12] = [
    "id",
    "tool",
    "capability",
    "steps",
    "vars",
    "session",
    "key",
    "priority",
    "timeout",
    "paths",
    "after",
    "on_unknown",
];

impl JobLine {
    /// Which instances may take it.
    #[must_use]
    pub fn needs(&self) -> Needs {
        match (&self.tool, &self.capability) {
            (Some(tool), _) => Needs::Tool(tool.as_str().into()),
            (None, Some(capability)) => Needs::Capability(capability.as_str().into()),
            (None, None) => Needs::Anything,
        }
    }
}

/// The text of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "a variable is a text, or {\"file\": \"path\"}")]
pub enum Var {
    /// This text.
    Text(String),
    /// What is in this file when the job is about to start.
    File(FileVar),
}

/// A file that holds the text of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileVar {
    /// Its path; a relative one starts at the folder of the list.
    pub file: PathBuf,
}

/// What to do with a job that was sent, and whose end nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// Ask.
    Ask,
    /// Do it again.
    Retry,
    /// Leave it.
    Skip,
}

/// Where a job stands in its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// From 1.
    pub line: u64,
    /// The job, its id filled in.
    pub job: JobLine,
}

/// Why a list of jobs cannot be used; nothing has started.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// A line is not what a job looks like.
    #[error("{list} line {line} column {column}: {reason}")]
    Malformed {
        /// The file.
        list: String,
        /// From 1.
        line: u64,
        /// In bytes, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A line makes no sense as a whole.
    #[error("{list} line {line}: {reason}")]
    Senseless {
        /// The file.
        list: String,
        /// From 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ItemError),
}

/// Reads the whole list and checks it; errors call it `list`. Empty lines are skipped.
///
/// # Errors
/// [`ListError`] for the first line that is wrong.
pub fn read(from: impl BufRead, list: &str) -> Result<Vec<Listed>, ListError> {
    let mut jobs = Vec::new();
    let mut ids: BTreeMap<String, u64> = BTreeMap::new();
    for (line, text) in (1..).zip(Lines::new(from, list, Separator::Line)) {
        let text = text?;
        if text.trim().is_empty() {
            continue;
        }
        let mut job = parse(&text).map_err(|(column, reason)| ListError::Malformed {
            list: list.to_owned(),
            line,
            column,
            reason,
        })?;
        let senseless = |reason| ListError::Senseless { list: list.to_owned(), line, reason };
        check(&job).map_err(senseless)?;
        let id = job.id.take().unwrap_or_else(|| (jobs.len() + 1).to_string());
        match ids.entry(id.clone()) {
            Entry::Occupied(first) => {
                return Err(senseless(format!("the id {id:?} is taken: line {} has it too", first.get())));
            }
            Entry::Vacant(place) => place.insert(line),
        };
        job.id = Some(id);
        jobs.push(Listed { line, job });
    }
    Ok(jobs)
}

fn check(job: &JobLine) -> Result<(), String> {
    if job.steps.as_ref().is_some_and(Vec::is_empty) {
        return Err("steps is empty: give at least one, or leave the key out and use --step".to_owned());
    }
    if job.tool.is_some() && job.capability.is_some() {
        return Err("it has both a tool and a capability: leave one out".to_owned());
    }
    for (key, used) in [("paths", !job.paths.is_empty()), ("after", !job.after.is_empty())] {
        if used {
            return Err(format!("{key:?} is not built yet: leave it out"));
        }
    }
    match job.vars.keys().find(|name| !is_name(name)) {
        Some(name) => Err(format!("{name:?} is no name of a variable: use letters, digits, _ and -")),
        None => Ok(()),
    }
}

/// Whether `{name}` is sure to be no other hole.
fn is_name(name: &str) -> bool {
    let fine = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    !name.is_empty() && name.chars().all(fine)
}

/// The job on one line; or the column and what is wrong there.
fn parse(text: &str) -> Result<JobLine, (usize, String)> {
    let blank = text.len() - text.trim_start().len();
    if !text[blank..].starts_with('{') {
        return Err((
            blank + 1,
            "a job is a JSON object, such as {\"id\":\"a\",\"steps\":[\"hello\"]}".to_owned(),
        ));
    }
    serde_json::from_str(text).map_err(|error| explain(text, &error))
}

fn explain(text: &str, error: &serde_json::Error) -> (usize, String) {
    let whole = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let reason = whole.strip_suffix(&place).unwrap_or(&whole);
    let unknown = reason.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    match unknown {
        Some(key) => (begin_of_key(text, key, error.column()), unknown_key(key)),
        None => (error.column(), reason.to_owned()),
    }
}

fn unknown_key(key: &str) -> String {
    match nearest(key, KEYS) {
        Some(known) => format!("unknown key {key:?}: did you mean {known:?}?"),
        None => format!("unknown key {key:?}: a job has {}", KEYS.join(", ")),
    }
}

/// Where the key that ends near `column` begins.
fn begin_of_key(text: &str, key: &str, column: usize) -> usize {
    let head = text.get(..column.min(text.len())).unwrap_or(text);
    head.rfind(&format!("\"{key}\"")).map_or(column, |at| at + 1)
}

fn timeout<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| duration(&text).map_err(|error: BadDuration| serde::de::Error::custom(error))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        read(text.as_bytes(), "jobs.jsonl").unwrap_err().to_string()
    }

    #[test]
    fn a_whole_job() {
        let text = r#"{"id":"sec-1","tool":"claude","steps":["Review:\n{diff}"],"vars":{"diff":{"file":"pr.diff"},"a":"b"},"session":null,"paths":[],"after":[],"timeout":"20m","on_unknown":"retry","priority":3}"#;
        let jobs = read(text.as_bytes(), "list").unwrap();
        let vars = [
            ("a".to_owned(), Var::Text("b".into())),
            ("diff".to_owned(), Var::File(FileVar { file: "pr.diff".into() })),
        ];
        let job = JobLine {
            id: Some("sec-1".into()),
            tool: Some("claude".into()),
            steps: Some(vec!["Review:\n{diff}".into()]),
            vars: vars.into(),
            priority: 3,
            timeout: Some(Duration::from_secs(1200)),
            on_unknown: Some(OnUnknown::Retry),
            ..JobLine::default()
        };
        assert_eq!(jobs, [Listed { line: 1, job }]);
    }

    #[test]
    fn ids_are_numbers_unless_given() {
        let jobs = read(&b"{}\n\n{\"id\":\"x\"}\n{}"[..], "list").unwrap();
        let seen: Vec<_> =
            jobs.iter().map(|listed| (listed.line, listed.job.id.as_deref().unwrap())).collect();
        assert_eq!(seen, [(1, "1"), (3, "x"), (4, "3")]);
    }

    #[test]
    fn errors_name_the_place() {
        let table = [
            (
                "{}\n{\"id\":\"a\",\"tols\":1}",
                r#"jobs.jsonl line 2 column 11: unknown key "tols": did you mean "tool"?"#,
            ),
            (
                "{\"colour\":1}",
                r#"jobs.jsonl line 1 column 2: unknown key "colour": a job has id, tool, capability, steps, vars, session, key, priority, timeout, paths, after, on_unknown"#,
            ),
            ("{\"id\":\"a\"\n", "jobs.jsonl line 1 column 9: EOF while parsing an object"),
            (
                " []",
                "jobs.jsonl line 1 column 2: a job is a JSON object, such as {\"id\":\"a\",\"steps\":[\"hello\"]}",
            ),
            (
                "{\"vars\":{\"a\":1}}",
                "jobs.jsonl line 1 column 15: a variable is a text, or {\"file\": \"path\"}",
            ),
            (
                "{\"steps\":\"x\"}",
                "jobs.jsonl line 1 column 12: invalid type: string \"x\", expected a sequence",
            ),
            (
                "{\"timeout\":\"20\"}",
                "jobs.jsonl line 1 column 16: \"20\" is no duration: write a number with a unit, such as 250ms, 90s, 30m or 1h 30m",
            ),
            ("{\"id\":\"\\ud800\"}", "jobs.jsonl line 1 column 14: unexpected end of hex escape"),
            (
                "{\"id\":\"1\"}\n\n{\"id\":\"1\"}",
                "jobs.jsonl line 3: the id \"1\" is taken: line 1 has it too",
            ),
            ("{\"id\":\"2\"}\n{}", "jobs.jsonl line 2: the id \"2\" is taken: line 1 has it too"),
            (
                "{\"steps\":[]}",
                "jobs.jsonl line 1: steps is empty: give at least one, or leave the key out and use --step",
            ),
            (
                "{\"tool\":\"bash\",\"capability\":\"sql\"}",
                "jobs.jsonl line 1: it has both a tool and a capability: leave one out",
            ),
            ("{\"after\":[\"a\"]}", "jobs.jsonl line 1: \"after\" is not built yet: leave it out"),
            (
                "{\"vars\":{\"#\":\"\"}}",
                "jobs.jsonl line 1: \"#\" is no name of a variable: use letters, digits, _ and -",
            ),
        ];
        for (text, message) in table {
            assert_eq!(error(text), message, "{text}");
        }
        let bad = read(&b"{}\n\xff\n"[..], "l").unwrap_err().to_string();
        assert!(bad.starts_with("l line 2 is not UTF-8"), "{bad}");
    }

    #[test]
    fn the_keys_are_those_of_the_type() {
        let schema = schemars::schema_for!(JobLine);
        let mut keys: Vec<_> =
            schema.get("properties").unwrap().as_object().unwrap().keys().cloned().collect();
        keys.sort();
        let mut known = KEYS.map(str::to_owned);
        known.sort();
        assert_eq!(keys, known);
    }
}
