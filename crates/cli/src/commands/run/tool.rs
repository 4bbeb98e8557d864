//! The TOOL argument: names, numbers, paths, a command line.

use crate::failure::Failure;

/// One tool of the argument, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The name or the path of a profile, or a command line.
    pub(super) tool: String,
    /// How many instances.
    pub(super) instances: usize,
}

/// Reads the argument. With a flag of framing it is one command line, whatever it looks like.
pub(super) fn parse(text: &str, default: u32, is_command_line: bool) -> Result<Vec<Named>, Failure> {
    let default = default as usize;
    if is_command_line {
        return Ok(vec![Named { tool: text.to_owned(), instances: default }]);
    }
    let tools: Vec<Named> = text.split(',').map(|one| named(one, default)).collect::<Result<_, _>>()?;
    let twice = tools
        .iter()
        .enumerate()
        .find(|(place, one)| tools[..*place].iter().any(|other| other.tool == one.tool));
    match twice {
        Some((_, one)) => {
            Err(Failure::usage(format!("'{}' is named twice", one.tool)).help("name it once, with :N"))
        }
        None => Ok(tools),
    }
}

fn named(text: &str, default: usize) -> Result<Named, Failure> {
    let (tool, instances) = match text.rsplit_once(':') {
        None => (text, default),
        Some((tool, number)) => (tool, count(text, number)?),
    };
    if tool.is_empty() {
        return Err(
            Failure::usage(format!("no tool in '{text}'")).help("name one; 'cluster tools' lists them")
        );
    }
    if tool.contains(char::is_whitespace) {
        let help = "a command line needs a flag that tells when a reply is whole, such as --until '> $'";
        return Err(Failure::usage(format!("'{tool}' is a command line, not the name of a tool")).help(help));
    }
    Ok(Named { tool: tool.to_owned(), instances })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn named(tool: &str, instances: usize) -> Named {
        Named { tool: tool.to_owned(), instances }
    }

    #[test]
    fn names_numbers_and_paths() {
        let table = [
            ("bash", vec![named("bash", 3)]),
            ("bash:5", vec![named("bash", 5)]),
            ("bash:5,aider", vec![named("bash", 5), named("aider", 3)]),
            ("./my.toml:2", vec![named("./my.toml", 2)]),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text, 3, false), Ok(expected));
        }
        for wrong in ["", "bash:0", "bash:x", "bash:-1", ":3", "bash,,", "gdb -q", "bash,bash:2"] {
            assert!(parse(wrong, 3, false).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_command_line_is_left_alone() {
        assert_eq!(parse("gdb -q 'a b,c:1'", 3, true), Ok(vec![named("gdb -q 'a b,c:1'", 3)]));
    }
}
