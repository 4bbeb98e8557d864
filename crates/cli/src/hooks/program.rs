//! One run of a hook's program.

use super::Said;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How much of what a program prints is told, in bytes of each stream and in lines.
const OUTPUT: usize = 16 << 10;
pub(super) const LINES: usize = 20;

/// How long somebody whom the program has left behind may keep its output open.
const LEFT: Duration = Duration::from_millis(200);

/// A program that runs, and all that it starts in its group: gone with this value, unless it has ended by itself.
struct Running {
    child: Child,
    output: [Vec<u8>; 2],
}

/// Runs it with this on standard input; what it printed and what went wrong, a line each.
pub(super) async fn run(name: &str, argv: &[String], input: Vec<u8>, limit: Duration) -> Vec<Said> {
    let warning = |what: String| Said::Warning(format!("hook {name}: {what}"));
    let program = argv.first().map(String::as_str).unwrap_or_default();
    let mut running = match Running::start(argv) {
        Ok(running) => running,
        Err(error) => return vec![warning(format!("{program} cannot be started: {error}"))],
    };
    let ended = timeout(limit, running.talk(input)).await;
    let mut said: Vec<Said> =
        running.lines().map(|line| Said::Output(format!("hook {name}: {line}"))).collect();
    match ended {
        Ok(Ok(status)) if status.success() => {}
        Ok(Ok(status)) => said.push(warning(format!("ended with {status}"))),
        Ok(Err(error)) => said.push(warning(error.to_string())),
        Err(_) => said.push(warning(format!("took more than {limit:.0?}, and was killed"))),
    }
    said
}

impl Running {
    fn start(argv: &[String]) -> std::io::Result<Self> {
        let (program, arguments) =
            argv.split_first().ok_or_else(|| std::io::Error::new(ErrorKind::InvalidInput, "it is empty"))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        Ok(Self { child, output: Default::default() })
    }

    /// Tells it what happened, and listens until it has ended.
    async fn talk(&mut self, input: Vec<u8>) -> std::io::Result<ExitStatus> {
        let Self { child, output: [out, err] } = self;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                // It may well not care.
                let _ = stdin.write_all(&input).await;
            }
        };
        let mut talk =
            std::pin::pin!(async { tokio::join!(write, listen(stdout, out), listen(stderr, err)) });
        tokio::select! {
            status = child.wait() => {
                let _ = timeout(LEFT, &mut talk).await;
                status
            }
            _ = &mut talk => child.wait().await,
        }
    }

    /// What it printed, as far as it is told.
    fn lines(&self) -> impl Iterator<Item = String> {
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        let lines: Vec<String> = self
            .output
            .iter()
            .map(text)
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        lines.into_iter().take(LINES)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // As long as it has not been waited for, the number is its own.
        let group = self.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Reads to the end, and keeps the beginning.
async fn listen(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut from) = from else { return };
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        let room = OUTPUT.saturating_sub(into.len());
        into.extend_from_slice(&piece[..count.min(room)]);
    }
}
