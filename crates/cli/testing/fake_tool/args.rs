//! The command line.

use std::{path::PathBuf, str::FromStr, time::Duration};

use lexopt::{Arg, Error, Parser, ValueExt};

use crate::{agent::Agent, reply::Style, sleeper::Sleeper};

/// What this process is to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// Be the tool.
    Tool(Box<Args>),
    /// Be the grandchild of a tool.
    Sleeper(Sleeper),
}

/// The flags of the tool, see the top of `main.rs`.
#[derive(Debug, Default)]
pub(crate) struct Args {
    pub(crate) log: Option<PathBuf>,
    pub(crate) startup: Duration,
    pub(crate) die_at_start: Option<u8>,
    pub(crate) never_ready: bool,
    pub(crate) banner: u64,
    pub(crate) ready: Option<String>,
    pub(crate) prompt: String,
    pub(crate) delay: Duration,
    pub(crate) crash_every: Option<u64>,
    pub(crate) style: Style,
    pub(crate) exit_line: Option<String>,
    pub(crate) ignore_term: bool,
    pub(crate) sigint: bool,
    pub(crate) close_stdout_after: Option<u64>,
    pub(crate) agent: Option<Agent>,
}

/// Reads the command line.
pub(crate) fn parse(mut from: Parser) -> Result<Job, Error> {
    let mut args = Args::default();
    let mut sleeper = None;
    while let Some(arg) = from.next()? {
        match arg {
            Arg::Long("sleeper") => sleeper = Some(Sleeper::default()),
            Arg::Long("own-session") => {
                sleeper.get_or_insert_with(Sleeper::default).own_session = true;
            }
            Arg::Long("own-group") => {
                sleeper.get_or_insert_with(Sleeper::default).own_group = true;
            }
            Arg::Long("stopped") => {
                sleeper.get_or_insert_with(Sleeper::default).stopped = true;
            }
            Arg::Long("twice") => {
                sleeper.get_or_insert_with(Sleeper::default).twice = true;
            }
            Arg::Long(flag) => {
                let flag = flag.to_owned();
                set(&mut args, &flag, &mut from)?;
            }
            other => return Err(other.unexpected()),
        }
    }
    Ok(sleeper.map_or_else(|| Job::Tool(Box::new(args)), Job::Sleeper))
}

fn set(args: &mut Args, flag: &str, from: &mut Parser) -> Result<(), Error> {
    match flag {
        "log" => args.log = Some(from.value()?.into()),
        "startup-ms" => args.startup = millis(from)?,
        "die-at-start" => args.die_at_start = Some(value(from)?),
        "never-ready" => args.never_ready = true,
        "banner" => args.banner = value(from)?,
        "ready" => args.ready = Some(from.value()?.string()?),
        "prompt" => args.prompt = from.value()?.string()?,
        "delay-ms" => args.delay = millis(from)?,
        "crash-every" => args.crash_every = Some(value(from)?),
        "reply-bytes" => args.style.reply_bytes = Some(value(from)?),
        "line-bytes" => args.style.line_bytes = value(from)?,
        "len" => args.style.len = true,
        "exit-line" => args.exit_line = Some(from.value()?.string()?),
        "ignore-term" => args.ignore_term = true,
        "sigint" => args.sigint = true,
        "agent" => args.agent = Some(Agent { folder: from.value()?.into(), ..Agent::default() }),
        "close-stdout-after" => args.close_stdout_after = Some(value(from)?),
        _ => return set_agent(args.agent.as_mut(), flag, from),
    }
    Ok(())
}

/// The flags that make sense after `--agent`.
fn set_agent(agent: Option<&mut Agent>, flag: &str, from: &mut Parser) -> Result<(), Error> {
    match (flag, agent) {
        ("faults", Some(agent)) => agent.faults = value(from)?,
        ("seed", Some(agent)) => agent.seed = value(from)?,
        ("message", Some(agent)) => agent.message = Some(from.value()?.string()?),
        _ => return Err(Arg::Long(flag).unexpected()),
    }
    Ok(())
}

fn value<T: FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>>>(
    from: &mut Parser,
) -> Result<T, Error> {
    from.value()?.parse()
}

fn millis(from: &mut Parser) -> Result<Duration, Error> {
    Ok(Duration::from_millis(value(from)?))
}

#[cfg(test)]
mod tests {
    use super::{Args, Job, Parser, parse};

    fn tool(words: &[&str]) -> Args {
        match parse(Parser::from_args(words)) {
            Ok(Job::Tool(args)) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_are_read() {
        let args = tool(&["--prompt", "> ", "--crash-every=3", "--len", "--delay-ms", "5"]);
        assert_eq!(args.prompt, "> ");
        assert_eq!(args.crash_every, Some(3));
        assert_eq!(args.delay.as_millis(), 5);
        assert!(args.style.len);
    }

    #[test]
    fn an_unknown_flag_is_refused() {
        for words in [&["--nope"][..], &["word"], &["-p"], &["--crash-every", "x"], &["--faults", "1"]] {
            assert!(parse(Parser::from_args(words)).is_err(), "{words:?}");
        }
    }

    #[test]
    fn the_sleeper_is_a_job_of_its_own() {
        let job = parse(Parser::from_args(["--sleeper", "--own-session"]));
        assert!(matches!(job, Ok(Job::Sleeper(sleeper)) if sleeper.own_session));
    }
}
