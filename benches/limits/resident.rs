//! A pool that stays up, as the program starts it, from the other side of its socket.

mod crowd;

use crate::args::Args;
use crate::sample::{Sample, micros, millis};
use crate::tool::PROMPT;
use crate::{Failure, machine};
use cluster::control::Client;
use cluster::control::protocol::{Ask, SendAsk, SendDone, StatusDone, StepAsk, To, Until};
use pool_core::supervisor::InstanceState;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The flags that decide about its record, if there are any, in one word.
const RECORD: &str = "--record";

/// After so long nothing of the work before is left.
const SETTLED: Duration = Duration::from_secs(12);

/// How long a large reply is.
const LARGE: usize = 1_000_000;

/// What is measured is `send`, `beside`, `status` or `idle`. `--tools`: how many; behind `--`: the program, and its tool in one word.
pub(crate) fn measure(what: &str, args: &Args) -> Result<Sample, Failure> {
    let resident = Resident::up(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut client = Client::connect(&resident.socket()).await?;
        match what {
            "send" => send(&mut client, args).await,
            "beside" => beside(&mut client, &resident, args).await,
            "status" => status(&mut client, &resident, args).await,
            "idle" => idle(&mut client, args).await,
            other => Err(format!("no measurement is called {other}").into()),
        }
    })
}

/// Round trips of one short line: a prompt, and everything that is told of it until its result.
async fn send(client: &mut Client, args: &Args) -> Result<Sample, Failure> {
    ready(client, 1).await?;
    let (count, warm_up) = (args.value("--count", 5_000), 200);
    let mut times = Vec::with_capacity(count);
    for trip in 0..count + warm_up {
        let start = Instant::now();
        prompt(client, None).await?;
        if trip >= warm_up {
            times.push(start.elapsed());
        }
    }
    Ok(Sample::latencies(times))
}

/// The same beside so many clients that know no better, if any; and what the controller needs for all of them.
async fn beside(client: &mut Client, resident: &Resident, args: &Args) -> Result<Sample, Failure> {
    let clients = args.value("--clients", 0);
    let large = SendAsk { steps: vec![StepAsk::Say("x".repeat(LARGE))], ..ask(None) };
    let _: SendDone = client.call(Ask::Send(large), drop).await?;
    let (over, socket) = (Arc::new(AtomicBool::new(false)), resident.socket());
    let (up, is_up) = std::sync::mpsc::channel();
    let crowd = std::thread::spawn({
        let over = over.clone();
        move || crowd::press(&socket, clients, &over, &up)
    });
    // An error ends the crowd, and with it the channel.
    let _ = is_up.recv();
    let sample = send(client, args).await;
    over.store(true, Ordering::Relaxed);
    crowd.join().map_err(|_| "the crowd panicked")??;
    Ok(sample?.with("rss_mib", machine::memory_of(client.greeting().pid)?.rss / 1024.0))
}

/// Everything that is known of a pool each of whose instances has had a prompt: over a connection, and by the program,
/// which has to be started for it.
async fn status(client: &mut Client, resident: &Resident, args: &Args) -> Result<Sample, Failure> {
    let tools = args.value("--tools", 1);
    ready(client, tools).await?;
    for slot in 0..tools {
        prompt(client, Some(To::Slot(u32::try_from(slot)?))).await?;
    }
    let (mut asked, mut shown) = (Vec::new(), Vec::new());
    for _ in 0..args.value("--count", 100) {
        let start = Instant::now();
        let status: StatusDone = client.call(Ask::Status {}, drop).await?;
        asked.push(start.elapsed());
        assert_eq!(status.snapshot.instances.len(), tools);
        let start = Instant::now();
        let lines = resident.run(&["status"])?.lines().count();
        shown.push(start.elapsed());
        assert!(lines > tools, "{lines} lines");
    }
    shown.sort_unstable();
    let shown = shown.get(shown.len() / 2).copied().unwrap_or_default();
    Ok(Sample::latencies(asked).with("program_us", micros(shown)))
}

/// The processor time of a while of nothing, of the controller and of everything below it.
async fn idle(client: &mut Client, args: &Args) -> Result<Sample, Failure> {
    let tools = args.value("--tools", 1);
    ready(client, tools).await?;
    for slot in 0..tools {
        prompt(client, Some(To::Slot(u32::try_from(slot)?))).await?;
    }
    let controller = [client.greeting().pid];
    let all = [&controller[..], &machine::below(controller[0], "")?].concat();
    // Threads that only help end when they have had nothing to do for a while.
    tokio::time::sleep(SETTLED).await;
    let (before, all_before) = (machine::times_of(&controller)?, machine::times_of(&all)?);
    tokio::time::sleep(Duration::from_secs_f64(args.value("--seconds", 20.0))).await;
    let (after, all_after) = (machine::times_of(&controller)?, machine::times_of(&all)?);
    Ok(Sample::default()
        .with("cpu_ms", millis(machine::added(&before, &after)))
        .with("all_cpu_ms", millis(machine::added(&all_before, &all_after)))
        .with("rss_kib", machine::memory_of(controller[0])?.rss))
}

async fn prompt(client: &mut Client, to: Option<To>) -> Result<(), Failure> {
    let done: SendDone = client.call(Ask::Send(ask(to)), drop).await?;
    match done.result {
        Some(result) if result.is_ok() && result.reply == PROMPT => Ok(()),
        result => Err(format!("{result:?}").into()),
    }
}

fn ask(to: Option<To>) -> SendAsk {
    let steps = vec![StepAsk::Say(PROMPT.to_owned())];
    SendAsk { steps, to, timeout_ms: None, until: Until::Completed }
}

/// Waits until so many instances can take a prompt. The status is asked for now and then.
async fn ready(client: &mut Client, tools: usize) -> Result<(), Failure> {
    loop {
        let status: StatusDone = client.call(Ask::Status {}, drop).await?;
        let instances = status.snapshot.instances.iter();
        if instances.filter(|it| it.status.state == InstanceState::Ready).count() == tools {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A pool of the program, in a place of its own. Dropped, it is told to end.
struct Resident {
    program: String,
    folder: tempfile::TempDir,
}

impl Resident {
    fn up(args: &Args) -> Result<Self, Failure> {
        let [program, tool] = args.rest() else { return Err("name a program and a tool".into()) };
        // On the disk of the build, not on one in memory; the path of a socket has to be short.
        let folder = tempfile::Builder::new().prefix("r").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let resident = Self { program: program.clone(), folder };
        let tools = args.value("--tools", 1_usize).to_string();
        let record = args.text(RECORD).into_iter().collect::<Vec<_>>();
        resident.run(&[&["up", tool, "--lines", "-n", &tools, "-q"], &record[..]].concat())?;
        Ok(resident)
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn socket(&self) -> PathBuf {
        self.folder().join("cluster/main.sock")
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).current_dir(self.folder()).stdin(Stdio::null());
        command.env("XDG_RUNTIME_DIR", self.folder()).env("XDG_STATE_HOME", self.folder());
        command
    }

    /// What it prints.
    fn run(&self, words: &[&str]) -> Result<String, Failure> {
        let mut child = self.command(words).stdout(Stdio::piped()).spawn()?;
        let mut text = String::new();
        child.stdout.take().ok_or("no output")?.read_to_string(&mut text)?;
        let status = child.wait()?;
        if status.success() { Ok(text) } else { Err(format!("{words:?}: {status}").into()) }
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        // Nothing to do about a failure in a benchmark that is over.
        let _ = self.command(&["down"]).stderr(Stdio::null()).status();
    }
}
