//! Secrets of the environment and of `--env`, kept out of what is said, shown and written down. Only the ledger has them.

use aho_corasick::{AhoCorasick, MatchKind};
use cluster::batch::ResultRecord;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// What the name of a variable with a secret has in it.
const NAMES: [&str; 6] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE"];

/// A shorter value is no secret that could be told from common text.
const SHORTEST: usize = 8;

/// What this process knows: its environment, its own words, and those of the run that it is about.
static KNOWN: LazyLock<RwLock<Arc<Redactor>>> = LazyLock::new(|| RwLock::new(Arc::new(of(&[]))));

/// The secrets in these words of a command line are secrets from now on, too.
pub(crate) fn learn(words: &[OsString]) {
    *KNOWN.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(of(words));
}

/// The text without secrets.
pub(crate) fn hide(text: &str) -> Cow<'_, str> {
    known().hide(text)
}

/// The bytes without secrets.
pub(crate) fn hide_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    known().hide_bytes(bytes)
}

/// The result without secrets.
pub(crate) fn record(record: &ResultRecord) -> Cow<'_, ResultRecord> {
    let known = known();
    if known.0.is_none() {
        return Cow::Borrowed(record);
    }
    let mut hidden = record.clone();
    for text in hidden.texts_mut() {
        if let Cow::Owned(without) = known.hide(text) {
            *text = without;
        }
    }
    Cow::Owned(hidden)
}

fn known() -> Arc<Redactor> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn of(words: &[OsString]) -> Redactor {
    let own: Vec<OsString> = std::env::args_os().skip(1).collect();
    Redactor::new(std::env::vars_os().chain(set_in(&own)).chain(set_in(words)))
}

/// What `--env NAME=VALUE` and `--env=NAME=VALUE` set among these words.
fn set_in(words: &[OsString]) -> Vec<(OsString, OsString)> {
    let mut set = Vec::new();
    let mut follows = false;
    for word in words {
        let joined = word.as_bytes().strip_prefix(b"--env=").map(OsStr::from_bytes);
        if let Some(setting) = joined.or(follows.then_some(word.as_os_str())) {
            let mut halves = setting.as_bytes().splitn(2, |byte| *byte == b'=').map(<[u8]>::to_vec);
            if let (Some(name), Some(value)) = (halves.next(), halves.next()) {
                set.push((OsString::from_vec(name), OsString::from_vec(value)));
            }
        }
        follows = word == "--env";
    }
    set
}

/// Puts the names of variables in the place of their values.
#[derive(Debug, Default)]
pub(crate) struct Redactor(Option<(AhoCorasick, Vec<String>)>);

impl Redactor {
    /// Of those among these variables whose names look like secrets.
    pub(crate) fn new(env: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let (mut values, mut instead) = (Vec::new(), Vec::new());
        for (name, value) in env {
            let (name, value) = (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned());
            if !is_secret(&name) {
                continue;
            }
            for form in forms(&value) {
                values.push(form);
                instead.push(format!("<{name}>"));
            }
        }
        // The longest first: a secret may begin as another does.
        let search = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&values).ok();
        Self(search.filter(|_| !values.is_empty()).map(|search| (search, instead)))
    }

    /// The text without secrets.
    pub(crate) fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.0 {
            Some((search, instead)) if search.is_match(text) => search.replace_all(text, instead).into(),
            _ => text.into(),
        }
    }

    /// The bytes without secrets.
    fn hide_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.0 {
            Some((search, instead)) if search.is_match(bytes) => {
                search.replace_all_bytes(bytes, instead).into()
            }
            _ => bytes.into(),
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.into_iter().any(|word| name.contains(word))
}

/// What a value may look like in a log: as it is, quoted, and, if it has several lines, each of them.
fn forms(value: &str) -> Vec<String> {
    let quoted = |form: &str| [form.escape_debug().to_string(), form.escape_default().to_string()];
    let lines = value.lines().map(str::trim).map(str::to_owned);
    let mut forms: Vec<String> =
        lines.chain([value.to_owned()]).filter(|form| form.len() >= SHORTEST).collect();
    forms.extend(forms.clone().iter().flat_map(|form| quoted(form)));
    forms.sort();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hide(env: &[(&str, &str)], text: &str) -> String {
        let env = env.iter().map(|(name, value)| (name.into(), value.into()));
        Redactor::new(env).hide(text).into_owned()
    }

    #[test]
    fn values_of_secrets_are_named_instead() {
        let table = [
            ("OPENAI_API_KEY", "sk-12345", "key sk-12345!", "key <OPENAI_API_KEY>!"),
            ("gh_token", "abcdefgh", "abcdefghabcdefgh", "<gh_token><gh_token>"),
            ("DB_PASSWORD", "p\"w\\d\n12345678", r#"said "p\"w\\d\n12345678""#, r#"said "<DB_PASSWORD>""#),
            ("CLIENT_SECRET", "-----BEGIN-----\nAAAABBBBCCCC\n", "line AAAABBBBCCCC", "line <CLIENT_SECRET>"),
            ("API_KEY", "1234567", "1234567 is too short", "1234567 is too short"),
            ("API_KEY", "", "nothing", "nothing"),
            ("EDITOR", "sk-12345", "sk-12345", "sk-12345"),
            ("A_KEY", "gr\u{fc}\u{df}e-12", r"gr\u{fc}\u{df}e-12", "<A_KEY>"),
        ];
        for (name, value, text, expected) in table {
            assert_eq!(hide(&[(name, value)], text), expected, "{name}");
        }
        assert_eq!(hide(&[("A_KEY", "12345678"), ("B_KEY", "123456789")], "x123456789"), "x<B_KEY>");
        assert_eq!(hide(&[], "text"), "text");
    }

    #[test]
    fn what_env_flags_set_is_found() {
        let words = ["run", "--env", "A_KEY=a=b", "--env=B_TOKEN=c", "--env", "C_KEY", "D_KEY=d"];
        let set = set_in(&words.map(OsString::from));
        let pair = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        assert_eq!(set, [pair("A_KEY", "a=b"), pair("B_TOKEN", "c")]);
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        use std::os::unix::ffi::OsStringExt;
        let env = [("A_KEY".into(), OsString::from_vec(b"\xff\xfe1234567".to_vec()))];
        assert_eq!(Redactor::new(env).hide("fine"), "fine");
    }
}
