//! A terminal of tmux, in its control mode: it tells when there is output, so that nobody looks again and again.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Nothing here takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal with a folder to work in.
pub(crate) struct Terminal {
    dir: tempfile::TempDir,
    tmux: Child,
    orders: ChildStdin,
    news: Receiver<String>,
}

impl Terminal {
    /// Runs a script of bash, which finds `cluster`, on a terminal of 80 columns and 24 rows. At its end the screen has
    /// `status N`. `gates` are named pipes in its folder.
    pub(crate) fn run(gates: &[&str], script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for gate in gates {
            assert!(Command::new("mkfifo").arg(dir.path().join(gate)).status().unwrap().success());
        }
        // Keys reach the whole group; the shell stays to tell the status.
        let text = format!("trap : INT\n{script}\necho \"status $?\"\nexec cat\n");
        std::fs::write(dir.path().join("script"), text).unwrap();
        let program = PathBuf::from(env!("CARGO_BIN_EXE_cluster"));
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("tmux");
        command.args(["-u", "-L", "t", "-f", "/dev/null", "-C", "new-session", "-x", "80", "-y", "24"]);
        command.arg("bash script").current_dir(dir.path()).env_clear();
        command.env("PATH", format!("{}:{path}", program.parent().unwrap().display()));
        command.env("HOME", dir.path()).env("LANG", "C.UTF-8").env("TMUX_TMPDIR", dir.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut tmux = command.spawn().unwrap();
        let orders = tmux.stdin.take().unwrap();
        let (send, news) = channel();
        let output = BufReader::new(tmux.stdout.take().unwrap());
        std::thread::spawn(move || {
            output
                .split(b'\n')
                .map_while(Result::ok)
                .try_for_each(|line| send.send(String::from_utf8_lossy(&line).into_owned()).map_err(drop))
        });
        let mut terminal = Self { dir, tmux, orders, news };
        // The session's own beginning.
        terminal.answer(Instant::now() + PATIENCE);
        terminal.order("set-option -g window-size manual");
        terminal
    }

    /// Lets who reads this pipe go on, with a line for it.
    pub(crate) fn open(&self, gate: &str) {
        File::create(self.dir.path().join(gate)).unwrap().write_all(b"through\n").unwrap();
    }

    /// Types a key, by its name.
    pub(crate) fn key(&mut self, name: &str) {
        self.order(&format!("send-keys {name}"));
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.order(&format!("resize-window -x {columns} -y {rows}"));
    }

    /// What can be seen, with colours as escape sequences.
    pub(crate) fn colours(&mut self) -> String {
        self.order("capture-pane -p -e")
    }

    /// Everything that is and was on the screen.
    pub(crate) fn everything(&mut self) -> String {
        self.order("capture-pane -p -S -")
    }

    /// Waits until the screen shows all of these.
    pub(crate) fn shows(&mut self, wanted: &[&str]) -> String {
        self.is(&format!("{wanted:?}"), |screen| wanted.iter().all(|part| screen.contains(part)))
    }

    /// Waits until the screen is so.
    pub(crate) fn is(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.order("capture-pane -p");
            if is_so(&screen) {
                return screen;
            }
            while !self
                .next(deadline)
                .unwrap_or_else(|| panic!("never {what}, but\n{screen}"))
                .starts_with("%output")
            {}
        }
    }

    fn order(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.answer(Instant::now() + PATIENCE)
    }

    /// The lines between `%begin` and `%end`.
    fn answer(&mut self, deadline: Instant) -> String {
        while !self.next(deadline).expect("tmux answers").starts_with("%begin ") {}
        let mut answer = String::new();
        loop {
            let line = self.next(deadline).expect("tmux answers");
            assert!(!line.starts_with("%error "), "{answer}");
            if line.starts_with("%end ") {
                return answer;
            }
            answer += &format!("{line}\n");
        }
    }

    /// The next line that tmux says.
    fn next(&self, deadline: Instant) -> Option<String> {
        match self.news.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("tmux has gone"),
        }
    }
}

/// The server ends with its last session, and takes the terminal along.
impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = writeln!(self.orders, "kill-server");
        let _ = self.tmux.wait();
    }
}
