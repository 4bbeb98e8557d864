//! `cluster top`: a pool at a glance, as it goes, and keys for what is done about it.
//!
//! Everything that is shown is a fold (`model`) of what the pool says, and drawn (`view`) when it has changed, at most ten
//! times a second. Nothing is asked for while nothing happens.

mod model;
mod pool;
mod series;
#[cfg(test)]
mod testing;
mod view;

use super::pool::{PoolArg, nowhere, refused};
use super::run::{block_on, no_pool};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{Heard, Signals};
use cluster::batch::clock::local;
use cluster::control::protocol::Ask;
use cluster::control::{Client, Place};
use futures_util::StreamExt;
use model::{Effect, Input, Key, Model};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, read};
use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use view::{Clock, Colours};

/// It is drawn so often at most.
const FRAME: Duration = Duration::from_millis(100);

/// So much waits to be taken in.
const INPUTS: usize = 256;

/// Watch a pool, or a batch that runs, on the whole terminal
///
/// Keys choose the instance whose transcript is shown, restart it, cancel what it works on, and answer what its tool asks;
/// '?' lists them. The pool goes on when you quit.
#[derive(Debug, clap::Args)]
pub(crate) struct TopArgs {
    #[command(flatten)]
    pool: PoolArg,
}

pub(crate) fn run(args: &TopArgs) -> Result<Exit, Failure> {
    if !(stdin().is_terminal() && stdout().is_terminal()) {
        return Err(Failure::usage("'cluster top' needs a terminal")
            .help("'cluster status --watch' prints every change as a line"));
    }
    let live = Place::current().and_then(|place| place.find(args.pool.name.as_deref())).map_err(nowhere)?;
    let colours = Colours(crate::output::paint::colours());
    block_on(async {
        let signals = Signals::listen().map_err(|error| no_pool(&error))?;
        let watched = Client::to(&live).await.map_err(refused)?;
        let asked = Client::to(&live).await.map_err(refused)?;
        let (input, inputs) = channel(INPUTS);
        let (ask, asks) = channel(INPUTS);
        let (chosen, follows) = watch::channel(0);
        tokio::spawn(pool::watch(watched, input.clone()));
        tokio::spawn(pool::ask(asked, asks, input.clone()));
        tokio::spawn(pool::follow(live, follows, input.clone()));
        let screen = Screen::enter()?;
        std::thread::spawn(move || keys(&input));
        show(screen, inputs, Orders { ask, chosen }, signals, colours).await
    })
}

/// The whole terminal, which is left as it was, even by a panic.
struct Screen(DefaultTerminal);

impl Screen {
    fn enter() -> Result<Self, Failure> {
        let terminal = ratatui::try_init();
        terminal.map(Self).map_err(|error| Failure::usage(format!("the terminal cannot be used: {error}")))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
        ratatui::restore();
    }
}

/// What is wanted of the pool.
struct Orders {
    ask: Sender<Ask>,
    /// Whose transcript is followed.
    chosen: watch::Sender<u32>,
}

async fn show(
    mut screen: Screen,
    mut inputs: Receiver<Input>,
    orders: Orders,
    mut signals: Signals,
    colours: Colours,
) -> Result<Exit, Failure> {
    let begun = Instant::now().into_std();
    let (mut model, clock) = (Model::new(begun), Clock { at: begun, shows: local() });
    // Listening has begun before looking, so that no change is missed.
    let _ = orders.ask.send(Ask::Status {}).await;
    let mut drawn: Option<Instant> = None;
    let mut has_changed = true;
    loop {
        let now = Instant::now();
        let due = drawn.map_or(now, |drawn| drawn + FRAME);
        if has_changed && due <= now {
            let draw =
                |frame: &mut ratatui::Frame<'_>| view::draw(frame, &model, now.into_std(), &clock, colours);
            screen.0.draw(draw).map_err(Failure::from)?;
            (drawn, has_changed) = (Some(now), false);
        }
        let look =
            if has_changed { Some(due) } else { model.deadline(now.into_std()).map(Instant::from_std) };
        let input = tokio::select! {
            input = inputs.recv() => input.unwrap_or(Input::Look),
            () = wait(look) => Input::Look,
            heard = signals.next() => match heard {
                Some(Heard::Terminate) => return Ok(Exit::Terminated),
                Some(Heard::HangUp) | None => return Ok(Exit::HungUp),
                Some(Heard::Interrupt) => return Ok(Exit::Interrupted),
                Some(Heard::Suspend | Heard::Dump) => continue,
            },
        };
        for effect in model.handle(input, Instant::now().into_std()) {
            match effect {
                Effect::Quit => return Ok(Exit::Ok),
                // Who cannot be asked any more says so by itself.
                Effect::Ask(wanted) => drop(orders.ask.try_send(wanted)),
                Effect::Follow(index) => drop(orders.chosen.send(index)),
            }
        }
        has_changed = true;
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Reads keys, on a thread of its own: nothing else waits for a terminal on every system.
fn keys(input: &Sender<Input>) {
    while let Ok(event) = read() {
        let heard = match event {
            Event::Key(key) if key.kind == KeyEventKind::Press => {
                let is_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
                match key.code {
                    KeyCode::Char('c') if is_ctrl => Input::Key(Key::Interrupt),
                    KeyCode::Char(letter) if !is_ctrl => Input::Key(Key::Char(letter)),
                    KeyCode::Enter => Input::Key(Key::Enter),
                    KeyCode::Esc => Input::Key(Key::Escape),
                    KeyCode::Backspace => Input::Key(Key::Backspace),
                    KeyCode::Up => Input::Key(Key::Up),
                    KeyCode::Down => Input::Key(Key::Down),
                    _ => continue,
                }
            }
            Event::Resize(..) => Input::Look,
            _ => continue,
        };
        if input.blocking_send(heard).is_err() {
            return;
        }
    }
}
