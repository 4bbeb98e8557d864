//! What tools are asked to print, as data: a statement for each family of languages, and words that nobody knows.
//!
//! None of them may change anything outside the tool, whatever language it turns out to speak: no redirection, no name
//! of a file, no word that writes. `tests` below holds them to that.

/// A statement that prints.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// Who understands it, for people.
    pub(super) of: &'static str,
    /// The line that is sent. `{nonce}` stands for what is printed, `{br}` for a line end in front of it.
    pub(super) send: &'static str,
    /// How this language writes a line end that is printed; empty if it cannot be put there.
    pub(super) br: &'static str,
    /// What ends a statement.
    pub(super) end: &'static str,
    /// A statement that prints nothing, or little.
    pub(super) nothing: &'static str,
}

/// The most trusted first: those whose answer is a line of its own, then those that show a value, then the words that
/// nobody knows, whose complaint repeats them.
pub(super) const CATALOGUE: &[Statement] = &[
    prints("a shell", r"printf '{br}%s\n' {nonce}", r"\n", "", ":"),
    prints("Python, Lua, Julia", r#"print("{br}{nonce}")"#, r"\n", "", "x = 1"),
    prints("JavaScript", r#"console.log("{br}{nonce}")"#, r"\n", "", "var x = 1"),
    prints("Tcl, Ruby, Crystal", r#"puts "{br}{nonce}""#, r"\n", "", "x = 1"),
    prints("Perl, bc, awk", r#"print "{br}{nonce}\n""#, r"\n", "", "$x = 1"),
    prints("gnuplot, Python 2", r#"print "{br}{nonce}""#, r"\n", "", "x = 1"),
    prints("PHP", r#"echo "{br}{nonce}\n";"#, r"\n", ";", "$x = 1;"),
    prints("R", r#"cat("{br}{nonce}\n")"#, r"\n", "", "x <- 1"),
    prints("Octave, Matlab", r#"printf("{br}{nonce}\n")"#, r"\n", "", "x = 1;"),
    prints("Erlang", r#"io:format("{br}{nonce}~n")."#, "~n", ".", "ok."),
    prints("Prolog", r#"format("{br}{nonce}~n")."#, "~n", ".", "true."),
    prints("Lisp", r#"(format t "{br}{nonce}~%")"#, "~%", "", "(values)"),
    prints("Scheme", r#"(begin {br}(display "{nonce}") (newline))"#, "(newline) ", "", "(if #f #f)"),
    prints("Clojure", r#"(println "{br}{nonce}")"#, r"\n", "", "nil"),
    prints("OCaml", r#"print_string "{br}{nonce}\n";;"#, r"\n", ";;", "();;"),
    prints("F#", r#"printfn "{br}{nonce}";;"#, r"\n", ";;", "();;"),
    prints("Haskell", r#"putStrLn "{br}{nonce}""#, r"\n", "", "return ()"),
    prints("Elixir", r#"IO.puts "{br}{nonce}""#, r"\n", "", "nil"),
    prints("Scala, Kotlin, Groovy, Swift", r#"println("{br}{nonce}")"#, r"\n", "", "val x = 1"),
    prints("Java", r#"System.out.println("{br}{nonce}");"#, r"\n", ";", "int x = 1;"),
    prints("Maxima", r#"printf(true, "{br}{nonce}~%")$"#, "~%", "$", "x: 1$"),
    prints("GAP", r#"Print("{br}{nonce}\n");"#, r"\n", ";", "x := 1;;"),
    prints("Forth", "{br}.( {nonce}) cr", "cr ", "", "1 drop"),
    prints("gdb", r"echo {br}{nonce}\n", r"\n", "", "set $x = 1"),
    prints("SQLite", r#".print "{br}{nonce}""#, r"\n", ";", ""),
    prints("psql", r"\echo {nonce}", "", ";", ""),
    prints("PowerShell", r#"Write-Output "{br}{nonce}""#, "`n", "", "$x = 1"),
    prints("Redis", "echo {nonce}", "", "", ""),
    prints("SQL", "SELECT '{nonce}';", "", ";", ""),
    prints("an expression", r#""{nonce}""#, "", "", ""),
    prints("an expression that is ended", r#""{nonce}";"#, "", ";", ""),
    prints("no language: an unknown word", "zz{nonce}", "", "", ""),
    prints("no language: an unknown command", "/zz{nonce}", "", "", ""),
];

/// Programs to which every line is a request or an edit, and why they are not learnt.
pub(super) const REFUSED: &[(&[&str], &str)] = &[
    (
        &[
            "aider", "claude", "codex", "copilot", "gemini", "goose", "jules", "llm", "ollama", "opencode",
            "qwen",
        ],
        "it hands what it is told to a model: each try would be a paid request that may edit files",
    ),
    (
        &["ed", "emacs", "ex", "helix", "nano", "nvim", "red", "vi", "view", "vim"],
        "it is an editor: what it is told changes a text",
    ),
    (
        &["fdisk", "gdisk", "mail", "mailx", "parted", "sfdisk", "telnet", "nc", "ncat"],
        "what it is told may reach a disk or somebody else",
    ),
];

/// Variables by which tools are asked not to put down what they are told where their user finds it.
pub(super) const HISTORIES: &[(&str, &str)] = &[
    ("CALCHISTFILE", "/dev/null"),
    ("GDBHISTFILE", ""),
    ("GFORTHHIST", "/nowhere"),
    ("HISTFILE", "/dev/null"),
    ("LESSHISTFILE", "-"),
    ("MYSQL_HISTFILE", "/dev/null"),
    ("NODE_REPL_HISTORY", ""),
    ("OCTAVE_HISTFILE", "/dev/null"),
    ("PHP_HISTFILE", "/dev/null"),
    ("PSQL_HISTORY", "/dev/null"),
    ("PYTHON_HISTORY", "/dev/null"),
    ("REDISCLI_HISTFILE", "/dev/null"),
    ("R_HISTFILE", "/dev/null"),
    ("SQLITE_HISTORY", "/dev/null"),
    ("fish_history", ""),
];

const fn prints(
    of: &'static str,
    send: &'static str,
    br: &'static str,
    end: &'static str,
    nothing: &'static str,
) -> Statement {
    Statement { of, send, br, end, nothing }
}

impl Statement {
    /// The line of a sentinel: what it prints is a line of its own. `nonce` may be the placeholder itself.
    pub(super) fn mark(&self, nonce: &str) -> String {
        self.filled(self.br, nonce)
    }

    /// The line that prints `text`.
    pub(super) fn print(&self, text: &str) -> String {
        self.filled("", text)
    }

    /// The line that prints two lines, if the language can say that in a text.
    pub(super) fn print_two(&self, first: &str, second: &str) -> Option<String> {
        let is_in_text = self.send.contains("{br}{nonce}") && self.br.starts_with(['\\', '~', '`']);
        is_in_text.then(|| self.print(&format!("{first}{}{second}", self.br)))
    }

    /// The front of [`Statement::print`]: unfinished, if there is anything behind the text.
    pub(super) fn half(&self, text: &str) -> Option<String> {
        let (front, back) = self.send.split_once("{nonce}")?;
        let is_open = back.contains(['"', '\'', ')', '}']);
        is_open.then(|| format!("{}{text}", front.replace("{br}", "")))
    }

    /// A word that cannot be known.
    pub(super) fn mistake(&self, word: &str) -> String {
        format!("zz{word}{}", self.end)
    }

    fn filled(&self, br: &str, text: &str) -> String {
        self.send.replace("{br}", br).replace("{nonce}", text)
    }
}

/// Why this program is not learnt, if it is one of those.
pub(super) fn refused(program: &str) -> Option<&'static str> {
    let name = program.rsplit('/').next().unwrap_or_default();
    REFUSED.iter().find(|(names, _)| names.contains(&name)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_only_print() {
        for statement in CATALOGUE {
            let Statement { of, send, br, end, nothing } = statement;
            assert!(send.matches("{nonce}").count() == 1 && !send.contains('\n'), "{of}");
            assert_eq!(send.contains("{br}"), !br.is_empty(), "{of}");
            let all = format!("{send}{br}{end}");
            for harm in ['>', '|', '&', '!', '`', '*'] {
                let is_meant = harm == '`' && *of == "PowerShell";
                assert!(is_meant || !all.contains(harm), "{of}: {harm}");
            }
            assert!(!nothing.contains(['>', '|', '&', '*', '`']), "{of}: {nothing}");
        }
    }

    #[test]
    fn what_a_statement_is_made_into() {
        let lisp = CATALOGUE.iter().find(|statement| statement.of == "Lisp").expect("Lisp");
        assert_eq!(lisp.mark("N"), r#"(format t "~%N~%")"#);
        assert_eq!(lisp.print("a"), r#"(format t "a~%")"#);
        assert_eq!(lisp.print_two("a", "b").as_deref(), Some(r#"(format t "a~%b~%")"#));
        assert_eq!(lisp.half("a").as_deref(), Some(r#"(format t "a"#));
        let word = CATALOGUE.last().expect("words");
        assert_eq!((word.mark("N"), word.half("a"), word.print_two("a", "b")), ("/zzN".into(), None, None));
    }

    #[test]
    fn who_is_not_learnt() {
        for (program, is_refused) in
            [("aider", true), ("/usr/bin/vim", true), ("ed", true), ("bash", false), ("sed", false)]
        {
            assert_eq!(refused(program).is_some(), is_refused, "{program}");
        }
    }
}
