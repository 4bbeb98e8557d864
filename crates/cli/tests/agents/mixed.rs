//! Agents of several vendors in one pool, as the program runs them.

mod batch;
mod homes;
mod limits;
mod race;

use crate::agent::{Agent, Lab};
use crate::server::Server;
use crate::world::{MARK, Running, World};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Agents that share a home.
struct Vendors {
    world: World,
    /// The model of codex, and of all others but claude.
    codex: Server,
    claude: Server,
    env: Vec<(&'static str, String)>,
    /// Who is here besides codex and claude.
    others: Vec<Agent>,
}

impl Vendors {
    /// None if codex or claude is not here. Their models get these flags.
    fn new(codex: &[&str], claude: &[&str]) -> Option<Self> {
        let claude_program = Agent::Claude.program()?;
        let lab = Lab::with(Agent::Codex, codex)?;
        let mut env = lab.environment();
        let folder = |name: &str| {
            let path = lab.home.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let claude = Server::start(&folder("claude"), claude);
        env.push(("ANTHROPIC_BASE_URL", claude.base.clone()));
        let bin = folder("bin");
        let link = |agent: Agent, program: PathBuf| {
            std::os::unix::fs::symlink(program, bin.join(agent.profile())).unwrap();
        };
        link(Agent::Codex, lab.program);
        link(Agent::Claude, claude_program);
        let gemini = Agent::Gemini.program().map(|program| link(Agent::Gemini, program));
        env.push(("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())));
        let others = gemini.map(|()| Agent::Gemini).into_iter().collect();
        Some(Self { world: World::within(lab.home), codex: lab.server, claude, env, others })
    }

    /// The program with a verb and these words, where only what is said here is around it.
    fn command(&self, verb: &str, words: &[&str]) -> Command {
        let mut command = self.world.program(env!("CARGO_BIN_EXE_cluster"));
        command.env_clear().envs(self.env.iter().map(|(name, value)| (name, value)));
        command.args([verb, "--env", MARK, "--env", "FAKE_KEY", "--cwd", "work"]).args(words);
        self.world.marked(&mut command);
        command
    }

    /// Begins a run that takes its jobs from standard input, as JSON.
    fn start(&self, words: &[&str]) -> (Running, std::process::ChildStdin) {
        let words = [words, &["--from", "-", "--json"]].concat();
        let mut child = self.command("run", &words).stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        (self.world.follow(child), input)
    }

    /// Begins a verb. At its end nothing of the tools may be left.
    fn begin(&self, verb: &str, words: &[&str]) -> Running {
        self.world.follow(self.command(verb, words).spawn().unwrap())
    }
}

/// A job for an agent, or for whoever is free, as a line.
fn job(agent: Option<Agent>, prompt: &str) -> String {
    let mut job = json!({"steps": [prompt]});
    if let Some(agent) = agent {
        job["tool"] = agent.profile().into();
    }
    format!("{job}\n")
}

/// Whether a result is the answer to this prompt, by an agent that knows nothing of others.
fn is_answer(result: &Value, prompt: &str) -> bool {
    // With claude's `/clear` three messages of its own begin a new conversation.
    let turns: &[u8] = if result["instance"]["tool"] == "claude" { &[1, 4] } else { &[1] };
    let answers = turns.iter().any(|turn| result["reply"] == format!("TURN {turn}: {prompt}"));
    answers && result["outcome"] == "ok"
}
