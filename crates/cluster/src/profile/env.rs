//! The environment of a tool: an allow-list, never what the controller happens to have.

use std::ffi::OsString;

/// What every tool gets, if it is there. `*` at an end stands for anything.
pub const ALLOWED: [&str; 18] = [
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "LANG",
    "LC_*",
    "TERM",
    "TZ",
    "TMPDIR",
    "XDG_*",
    "*_PROXY",
    "*_proxy",
    "SSL_CERT_*",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "VIRTUAL_ENV",
    "CARGO_HOME",
    "RUSTUP_HOME",
];

/// What a tool gets, and what it does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// Names and values, by name.
    pub passed: Vec<(String, String)>,
    /// Names that are in the controller's environment but not passed on, by name.
    pub dropped: Vec<String>,
}

impl Environment {
    /// Chooses from `inherited` what [`ALLOWED`] and `inherit` allow, and then sets `set`. Values that are not UTF-8
    /// are dropped.
    pub(super) fn choose<'a>(
        inherited: impl IntoIterator<Item = (OsString, OsString)>,
        inherit: &[String],
        set: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Self {
        let mut chosen = Self::default();
        for (name, value) in inherited {
            let name = name.to_string_lossy().into_owned();
            let allowed = || ALLOWED.into_iter().chain(inherit.iter().map(String::as_str));
            match value.into_string() {
                Ok(value) if allowed().any(|pattern| matches(pattern, &name)) => {
                    chosen.passed.push((name, value));
                }
                _ => chosen.dropped.push(name),
            }
        }
        for (name, value) in set {
            chosen.passed.retain(|(passed, _)| passed != name);
            chosen.dropped.retain(|dropped| dropped != name);
            chosen.passed.push((name.clone(), value.clone()));
        }
        chosen.passed.sort();
        chosen.dropped.sort();
        chosen
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), _) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allow_list() {
        let table = [
            ("PATH", true),
            ("HOME", true),
            ("LC_ALL", true),
            ("XDG_CONFIG_HOME", true),
            ("https_proxy", true),
            ("HTTPS_PROXY", true),
            ("SSL_CERT_FILE", true),
            ("VIRTUAL_ENV", true),
            ("OPENAI_API_KEY", true),
            ("EXACT", true),
            ("EXACTLY", false),
            ("MYPATH", false),
            ("PATHS", false),
            ("PROXY", false),
            ("SSH_AUTH_SOCK", false),
            ("LD_PRELOAD", false),
            ("GIT_DIR", false),
            ("BASH_ENV", false),
            ("PYTHONSTARTUP", false),
            ("CLUSTER_POOL", false),
            ("ANTHROPIC_API_KEY", false),
        ];
        let inherit = ["OPENAI_*".to_owned(), "EXACT".to_owned()];
        for (name, allowed) in table {
            let chosen = Environment::choose([(name.into(), "v".into())], &inherit, []);
            assert_eq!(chosen.passed.len() == 1, allowed, "{name}");
            assert_eq!(chosen.dropped.len() == 1, !allowed, "{name}");
        }
    }

    #[test]
    fn what_is_set_wins() {
        let set = [("LANG".to_owned(), "C".to_owned()), ("SECRET".to_owned(), "x".to_owned())];
        let inherited = [("LANG", "de"), ("SECRET", "y"), ("OTHER", "z")].map(|(n, v)| (n.into(), v.into()));
        let chosen = Environment::choose(inherited, &[], set.iter().map(|(name, value)| (name, value)));
        assert_eq!(chosen.passed, set);
        assert_eq!(chosen.dropped, ["OTHER"]);
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_dropped() {
        use std::os::unix::ffi::OsStringExt;
        let inherited = [("LANG".into(), OsString::from_vec(vec![0xff]))];
        assert_eq!(Environment::choose(inherited, &[], []).dropped, ["LANG"]);
    }
}
