//! A folder with a list, an agent and its log; a rival that runs there; and what came of it.

use crate::rivals::{PATIENT, PROFILE, Rival, path};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often what failed is run again.
pub(crate) const ROUNDS: usize = 3;

/// For how long a process of the agent may outlive its runner without being an orphan.
const GRACE: Duration = Duration::from_secs(1);

/// The agent.
const AGENT: &str = env!("CARGO_BIN_EXE_fake-tool");

/// What every rival gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) items: usize,
    /// Of a hundred attempts so many crash, as many hang, and as many are turned away.
    pub(crate) faults: u64,
    pub(crate) seed: u64,
    /// How long a start takes.
    pub(crate) start: Duration,
    /// How long an item takes then.
    pub(crate) reply: Duration,
    /// How long an attempt may take.
    pub(crate) timeout: Duration,
    /// Whether what it says on standard error is shown.
    pub(crate) talk: bool,
}

/// What came of it, by the agent's own log.
#[derive(Debug)]
pub(crate) struct Row {
    /// Items whose file is as it should be.
    pub(crate) right: usize,
    /// Items whose file was written more than once.
    pub(crate) repeated: usize,
    /// Items whose file was never written.
    pub(crate) lost: usize,
    /// Processes of the agent that outlived the runner.
    pub(crate) orphans: usize,
    pub(crate) wall: Duration,
}

/// The folder.
pub(crate) struct Lab {
    dir: tempfile::TempDir,
    terms: Terms,
    items: Vec<String>,
}

impl Lab {
    pub(crate) fn new(terms: Terms) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let items: Vec<String> = (1..=terms.items).map(|number| format!("i{number:03}")).collect();
        let lab = Self { dir, terms, items };
        for folder in ["work", "log", "pueue"] {
            fs::create_dir(lab.path(folder)).unwrap();
        }
        fs::write(lab.path("items"), lab.items.join("\n") + "\n").unwrap();
        let words = lab.agent();
        fs::write(lab.path("agent"), format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "))).unwrap();
        fs::set_permissions(lab.path("agent"), fs::Permissions::from_mode(0o755)).unwrap();
        let command: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let plain = PROFILE.replace("COMMAND", &command.join(", "));
        fs::write(lab.path("agent.toml"), plain.replace("[turn]", &format!("{PATIENT}[turn]"))).unwrap();
        fs::write(lab.path("plain.toml"), plain).unwrap();
        let pueue = lab.path("pueue");
        let shared = format!("shared:\n  pueue_directory: {0:?}\n  runtime_directory: {0:?}\n", pueue);
        fs::write(lab.path("pueue.yml"), shared + "client: {}\ndaemon: {}\n").unwrap();
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        // As /proc names it.
        self.dir.path().canonicalize().unwrap().join(name)
    }

    /// The command line of the agent, without an item.
    fn agent(&self) -> Vec<String> {
        let Terms { faults, seed, start, reply, .. } = self.terms;
        let mut words = vec![AGENT.to_owned(), "--agent".into(), self.path("").display().to_string()];
        let numbers = [
            ("--faults", u128::from(faults)),
            ("--seed", u128::from(seed)),
            ("--startup-ms", start.as_millis()),
            ("--delay-ms", reply.as_millis()),
        ];
        words.extend(numbers.into_iter().flat_map(|(flag, number)| [flag.to_owned(), number.to_string()]));
        words
    }

    /// Lets it run the list; none if it is not installed.
    pub(crate) fn measure(&self, rival: &Rival) -> Option<Row> {
        rival.version()?;
        let began = Instant::now();
        let mut done = self.shell(rival.first);
        if let Some(again) = rival.again {
            (0..ROUNDS).for_each(|_| done = done || self.shell(again));
        }
        let wall = began.elapsed();
        self.shell("test ! -e pueue/pid && test ! -e pueue/pueue.pid || pueue shutdown");
        let orphans = orphans(&self.path(""));
        let mut row = Row { right: 0, repeated: 0, lost: 0, orphans, wall };
        for item in &self.items {
            let text = fs::read_to_string(self.path("work").join(item));
            row.right +=
                usize::from(text.as_ref().is_ok_and(|text| *text == format!("the work of {item}\n")));
            row.lost += usize::from(text.is_err());
            let log = fs::read_to_string(self.path("log").join(item)).unwrap_or_default();
            row.repeated += usize::from(log.lines().filter(|line| *line == "edit").count() > 1);
        }
        Some(row)
    }

    /// True if it ended with 0.
    fn shell(&self, script: &str) -> bool {
        let script = script.replace("{timeout}", &self.terms.timeout.as_secs().to_string());
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(self.path("")).env_clear();
        shell.env("PATH", path()).env("HOME", self.path("")).env("PUEUE_CONFIG_PATH", self.path("pueue.yml"));
        shell.stdin(Stdio::null()).stdout(Stdio::null());
        if !self.terms.talk {
            shell.stderr(Stdio::null());
        }
        shell.status().unwrap().success()
    }
}

/// How many processes of the agent there are in this folder when the grace is over. They are ended then.
fn orphans(folder: &Path) -> usize {
    let deadline = Instant::now() + GRACE;
    let mut left = agents(folder);
    left.retain(|process| {
        let time = Timespec::try_from(deadline.saturating_duration_since(Instant::now())).unwrap();
        poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&time)).unwrap() == 0
    });
    for process in &left {
        let _ = pidfd_send_signal(process, Signal::KILL);
    }
    left.len()
}

fn agents(folder: &Path) -> Vec<OwnedFd> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let is_ours = |process: &Path| {
        let leads_to = |name: &str| fs::read_link(process.join(name)).ok();
        leads_to("exe").is_some_and(|exe| exe == Path::new(AGENT))
            && leads_to("cwd").is_some_and(|cwd| cwd == folder)
    };
    let handle = |process: PathBuf| {
        let pid = process.file_name()?.to_str()?.parse().ok()?;
        let handle = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
        is_ours(&process).then_some(handle)
    };
    processes.filter_map(|process| handle(process.path())).collect()
}
