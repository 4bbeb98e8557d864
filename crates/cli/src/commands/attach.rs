//! `cluster attach`: sit down at the terminal of an instance.

mod key;

use super::pool::{self, PoolArg};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, Seat, seat};
use cluster::control::protocol::{Ask, AttachAsk, AttachDone, DetachAsk, Event, Left, ResizeAsk, TypeAsk};
use cluster::control::{Client, ClientError, Heard, Said};
use key::{Key, Typed};
use std::io::{IsTerminal, Read, stdin};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// How many reads of the keyboard may wait for the pool.
const READS: usize = 16;

const EXAMPLES: &str = "\
Examples:
  Sit down at instance 0, and get up again with Ctrl-]:
    cluster attach 0

  Another key to get up, and no waiting for the job at hand:
    cluster attach 0 --detach-key ctrl-a --now

While somebody sits there, the instance gets no jobs. Afterwards it has to answer, by the reset of its profile or an empty
line, before it gets the next one; one that is left in the middle of something, or does not answer, is started again.";

/// Sit down at the terminal of an instance, or type lines where it has none
///
/// The job at hand is waited for. A tool with a terminal ('--pty', or io = \"pty\" in its profile) gets every key; one on
/// pipes gets lines, and the end of input (Ctrl-D) gets up. Tools that speak a protocol have neither.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES, after_help = "See more, with examples, with '--help'.")]
pub(crate) struct AttachArgs {
    /// Its number, from 0
    #[arg(value_name = "INSTANCE")]
    index: u32,
    /// The key that gets up: 'ctrl-' and a letter, or one of '@[\]^_'
    #[arg(long, value_name = "KEY", default_value = "ctrl-]")]
    detach_key: Key,
    /// Do not wait for the job at hand: exit code 2 if there is one
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: &AttachArgs) -> Result<Exit, Failure> {
    pool::with(&args.pool, async |mut client| {
        let signals = Signals::listen()?;
        let ask = AttachAsk { index: args.index, now: args.now };
        let asked = client.ask(Ask::Attach(ask)).await.map_err(pool::refused)?;
        let typed = Typed::new(args.detach_key);
        let mut sitting = Sitting { asked, seat: None, typed, keyboard: None, unanswered: None };
        let (told, exit) = match sitting.sit(&mut client, signals).await {
            Ok((told, exit)) => (told, Ok(exit)),
            Err(failure) => (None, Err(failure)),
        };
        // The terminal first, so that what is said stands on it as it was.
        drop(sitting);
        if let Some(told) = told {
            Output::aside(&format!("{} {}", told, args.index));
        }
        exit
    })
}

/// Somebody who sits there, or waits to.
struct Sitting {
    asked: u64,
    /// Once the instance is ours.
    seat: Option<Seat>,
    typed: Typed,
    keyboard: Option<mpsc::Receiver<Vec<u8>>>,
    /// What was typed last, until the instance has taken it: nothing more is read meanwhile.
    unanswered: Option<u64>,
}

type End = (Option<&'static str>, Exit);

impl Sitting {
    async fn sit(&mut self, client: &mut Client, signals: Signals) -> Result<End, Failure> {
        let Signals { mut resized, ended: mut endings } = signals;
        loop {
            let happened = tokio::select! {
                heard = client.next() => Happened::Heard(heard),
                bytes = read(&mut self.keyboard), if self.unanswered.is_none() => Happened::Typed(bytes),
                _ = resized.recv() => Happened::Resized,
                exit = ended(&mut endings) => return Ok((None, exit)),
            };
            match happened {
                Happened::Heard(heard) => {
                    if let Some(end) = self.heard(heard.map_err(pool::refused)?, client).await? {
                        return Ok(end);
                    }
                }
                Happened::Typed(bytes) => self.typed(bytes, client).await.map_err(pool::refused)?,
                Happened::Resized => self.resize(client).await.map_err(pool::refused)?,
            }
        }
    }

    async fn heard(&mut self, heard: Heard, client: &mut Client) -> Result<Option<End>, Failure> {
        match heard {
            Heard { id: None, said: Said::Error(fault) } => Err(pool::refused(fault.into())),
            Heard { id, said } if id.is_some() && id == self.unanswered => {
                self.answered(said)?;
                Ok(None)
            }
            // Sizes are answered, too.
            Heard { id, .. } if id != Some(self.asked) => Ok(None),
            Heard { said, .. } => self.told(said, client).await,
        }
    }

    /// What was typed last is with the instance, or never will be.
    fn answered(&mut self, said: Said) -> Result<(), Failure> {
        self.unanswered = None;
        match (said, &self.seat) {
            (Said::Error(_), Some(Seat::Terminal(_))) => self.show(b"\x07"),
            (Said::Error(_), _) => {
                Output::aside("what was typed last was not taken");
                Ok(())
            }
            (Said::Ok(_) | Said::Event(_), _) => Ok(()),
        }
    }

    async fn told(&mut self, said: Said, client: &mut Client) -> Result<Option<End>, Failure> {
        match said {
            Said::Event(Event::Attached(to)) => {
                self.sit_down(to.terminal)?;
                // Its prompt, where a person is to type behind it; what frames turns is no sight.
                if to.terminal {
                    self.show(&Vec::from(to.before))?;
                }
                self.resize(client).await.map_err(pool::refused)?;
            }
            Said::Event(Event::Output(bytes)) => self.show(&Vec::from(bytes))?,
            Said::Event(Event::Unshown { bytes }) => {
                self.show(format!("\r\n[{bytes} bytes are missing here]\r\n").as_bytes())?;
            }
            Said::Event(_) => {}
            Said::Error(fault) => return Err(pool::refused(fault.into())),
            Said::Ok(done) => {
                let done: AttachDone = serde_json::from_value(done)
                    .map_err(|error| pool::refused(ClientError::Foreign(error)))?;
                let told = match done.left {
                    Left::Detached => "detached from instance",
                    Left::Ended => "the tool has ended; detached from instance",
                };
                return Ok(Some((Some(told), Exit::Ok)));
            }
        }
        Ok(None)
    }

    fn sit_down(&mut self, terminal: bool) -> Result<(), Failure> {
        let seat = if terminal {
            let failure = || {
                Failure::usage("the instance has a terminal, and standard input and output are none")
                    .help("run it on a terminal; 'cluster send --to' and 'cluster logs' need none")
            };
            Seat::raw().ok_or_else(failure)?
        } else {
            if stdin().is_terminal() {
                Output::aside("lines go to the instance as they are; Ctrl-D gets up");
            }
            self.typed = Typed::lines();
            Seat::lines()
        };
        self.seat = Some(seat);
        self.keyboard = Some(keyboard());
        Ok(())
    }

    fn show(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.seat {
            Some(seat) => Ok(seat.show(bytes)?),
            None => Ok(()),
        }
    }

    /// Nothing more than this is the end of input.
    async fn typed(&mut self, bytes: Vec<u8>, client: &mut Client) -> Result<(), ClientError> {
        let to = self.asked;
        let (bytes, leaves) = if bytes.is_empty() { (bytes, true) } else { self.typed.take(bytes) };
        if !bytes.is_empty() {
            self.unanswered = Some(client.ask(Ask::Type(TypeAsk { to, bytes: bytes.into() })).await?);
        }
        if leaves {
            self.keyboard = None;
            client.ask(Ask::Detach(DetachAsk { to })).await?;
        }
        Ok(())
    }

    async fn resize(&self, client: &mut Client) -> Result<(), ClientError> {
        if let (Some(Seat::Terminal(_)), Some((rows, columns))) = (&self.seat, seat::size()) {
            client.ask(Ask::Resize(ResizeAsk { to: self.asked, rows, columns })).await?;
        }
        Ok(())
    }
}

enum Happened {
    Heard(Result<Heard, ClientError>),
    Typed(Vec<u8>),
    Resized,
}

/// What is typed, in the order in which it comes; an empty one is the end of input.
fn keyboard() -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel(READS);
    // Nothing waits for this thread: a read of a terminal cannot be interrupted.
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        loop {
            let read = stdin().lock().read(&mut bytes).unwrap_or(0);
            if send.blocking_send(bytes[..read].to_vec()).is_err() || read == 0 {
                return;
            }
        }
    });
    receive
}

async fn read(keyboard: &mut Option<mpsc::Receiver<Vec<u8>>>) -> Vec<u8> {
    match keyboard {
        Some(keyboard) => match keyboard.recv().await {
            Some(bytes) => bytes,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// Signals that mean something here.
struct Signals {
    resized: Signal,
    ended: [(Signal, Exit); 3],
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let of = |kind, exit| Ok::<_, std::io::Error>((signal(kind)?, exit));
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            ended: [
                of(SignalKind::interrupt(), Exit::Interrupted)?,
                of(SignalKind::terminate(), Exit::Terminated)?,
                of(SignalKind::hangup(), Exit::HungUp)?,
            ],
        })
    }
}

async fn ended([interrupt, terminate, hang_up]: &mut [(Signal, Exit); 3]) -> Exit {
    tokio::select! {
        _ = interrupt.0.recv() => interrupt.1,
        _ = terminate.0.recv() => terminate.1,
        _ = hang_up.0.recv() => hang_up.1,
    }
}
