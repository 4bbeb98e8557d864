//! The TOOL argument: names, numbers, paths, command lines.

use super::args::RunArgs;
use crate::failure::Failure;

/// One tool of the argument, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// A profile, by name or path.
    Profile {
        /// The name, or the path.
        name: String,
        /// How many instances.
        instances: usize,
    },
    /// A command line, split into words.
    CommandLine {
        /// The argument vector.
        words: Vec<String>,
        /// How many instances.
        instances: usize,
    },
}

/// Reads the argument. With a flag of framing it is a command line, whatever it looks like.
pub(super) fn parse(args: &RunArgs) -> Result<Vec<Named>, Failure> {
    let default = args.pool.instances as usize;
    if args.framing.is_given() {
        return Ok(vec![Named::CommandLine { words: words(&args.tool)?, instances: default }]);
    }
    args.tool.split(',').map(|one| profile(one, default)).collect()
}

fn profile(text: &str, default: usize) -> Result<Named, Failure> {
    let (name, instances) = match text.rsplit_once(':') {
        None => (text, default),
        Some((name, number)) => (name, count(text, number)?),
    };
    if name.is_empty() {
        return Err(
            Failure::usage(format!("no tool in '{text}'")).help("name one; 'cluster tools' lists them")
        );
    }
    if name.contains(char::is_whitespace) {
        let help = "a command line needs a flag that tells when a reply is whole, such as --until '> $'";
        return Err(Failure::usage(format!("'{name}' is a command line, not the name of a tool")).help(help));
    }
    Ok(Named::Profile { name: name.to_owned(), instances })
}

fn count(text: &str, number: &str) -> Result<usize, Failure> {
    match number.parse() {
        Ok(0) => Err(Failure::usage(format!("'{text}' asks for no instances")).help("ask for 1 or more")),
        Ok(count) => Ok(count),
        Err(_) => {
            let failure = Failure::usage(format!("'{number}' in '{text}' is no number of instances"));
            Err(failure.help("write TOOL:N, such as bash:4"))
        }
    }
}

/// Splits by the quoting rules of a shell; no shell ever runs.
fn words(line: &str) -> Result<Vec<String>, Failure> {
    match shlex::split(line) {
        Some(words) if !words.is_empty() => Ok(words),
        Some(_) => Err(Failure::usage("the command line of the tool is empty")),
        None => Err(Failure::usage(format!("the command line '{line}' ends inside a quote"))
            .help("quote it as for a shell; it is split, but no shell runs")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(tool: &str, lines: bool) -> RunArgs {
        let mut args = RunArgs { tool: tool.to_owned(), ..RunArgs::default() };
        args.pool.instances = 3;
        args.framing.lines = lines;
        args
    }

    #[test]
    fn names_numbers_and_paths() {
        let profile = |name: &str, instances| Named::Profile { name: name.to_owned(), instances };
        let table = [
            ("bash", vec![profile("bash", 3)]),
            ("bash:5", vec![profile("bash", 5)]),
            ("bash:5,aider", vec![profile("bash", 5), profile("aider", 3)]),
            ("./my.toml:2", vec![profile("./my.toml", 2)]),
        ];
        for (text, expected) in table {
            assert_eq!(parse(&args(text, false)), Ok(expected));
        }
        for wrong in ["", "bash:0", "bash:x", "bash:-1", ":3", "bash,,", "gdb -q"] {
            assert!(parse(&args(wrong, false)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn with_framing_it_is_a_command_line() {
        let command = |words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            Ok(vec![Named::CommandLine { words, instances: 3 }])
        };
        assert_eq!(parse(&args("gdb -q 'a b,c:1'", true)), command(&["gdb", "-q", "a b,c:1"]));
        assert!(parse(&args("gdb 'x", true)).is_err());
        assert!(parse(&args("  ", true)).is_err());
    }
}
