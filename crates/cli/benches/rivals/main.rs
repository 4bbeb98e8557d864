//! Ours beside what people run a list of agents with: xargs, GNU parallel, pueue; an agent that fails now and then.
//!
//! ```text
//! just rivals
//! just rivals --items 50 --faults 10 --only ours
//! ```
//!
//! The agent is the fake tool (`testing/fake_tool/agent.rs`). Each *attempt* at an item draws its own lot, from the seed,
//! the item and the number of the attempt: a fault that struck only first attempts would be healed by any second one,
//! and an agent's faults are not like that. So a runner that tries again meets what every other would meet there.
//! What is counted comes from the agent's own log and files, not from what a runner says of itself.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]

mod lab;
mod rivals;

use clap::Parser;
use lab::{Lab, Row, Terms};
use rivals::Rival;
use std::time::Duration;

/// How the rivals are compared
#[derive(Debug, Parser)]
struct Args {
    /// How many items there are
    #[arg(long, default_value_t = 200)]
    items: usize,
    /// Of 100 attempts so many crash, as many hang, and as many meet a 429; may be given several times
    #[arg(long, default_values_t = [1, 10])]
    faults: Vec<u64>,
    /// Which attempts
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long the agent takes to start, in ms
    #[arg(long, default_value_t = 300)]
    start: u64,
    /// How long its model takes, in ms
    #[arg(long, default_value_t = 200)]
    reply: u64,
    /// After how many seconds an attempt is given up
    #[arg(long, default_value_t = 5)]
    timeout: u64,
    /// Show what the rivals say on standard error
    #[arg(long)]
    talk: bool,
    /// Only rivals whose name begins so
    #[arg(long, default_value = "")]
    only: String,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let args = Args::parse();
    let rivals: Vec<Rival> =
        Rival::all().into_iter().filter(|rival| rival.name.starts_with(&args.only)).collect();
    println!(
        "An agent starts in {} ms and takes {} ms an item. Five at a time, {} s an attempt.",
        args.start, args.reply, args.timeout
    );
    for faults in &args.faults {
        println!(
            "\n## {} items; {faults} % of all attempts crash, {faults} % hang, {faults} % meet a 429\n",
            args.items
        );
        println!("{:16}{:>8}{:>10}{:>6}{:>9}{:>9}", "", "right", "repeated", "lost", "orphans", "wall");
        for rival in &rivals {
            let terms = Terms {
                items: args.items,
                faults: *faults,
                seed: args.seed,
                start: Duration::from_millis(args.start),
                reply: Duration::from_millis(args.reply),
                timeout: Duration::from_secs(args.timeout),
                talk: args.talk,
            };
            match Lab::new(terms).measure(rival) {
                Some(row) => print(rival.name, &row),
                None => println!("{:16}is not installed: {}", rival.name, rival.install),
            }
        }
    }
    println!(
        "\nright: the file of the item is as it should be. repeated: it was written more than once. lost: it was not"
    );
    println!("written. orphans: processes of the agent a second after the runner had ended.");
    called(&rivals, args.timeout);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!("\n(load {} at the end, {processors} processors)", load.split(' ').next().unwrap_or_default());
}

fn print(name: &str, row: &Row) {
    println!(
        "{name:16}{:>8}{:>10}{:>6}{:>9}{:>7.1} s",
        row.right,
        row.repeated,
        row.lost,
        row.orphans,
        row.wall.as_secs_f64()
    );
}

/// What each was called with.
fn called(rivals: &[Rival], timeout: u64) {
    let lines = |word: &str, script: &str| {
        let script = script.replace("{timeout}", &timeout.to_string());
        script.trim().lines().for_each(|line| println!("  {word:8}{line}"));
    };
    for rival in rivals {
        println!("\n{}: {}", rival.name, rival.version().unwrap_or_else(|| "not installed".into()));
        lines("", rival.first);
        if let Some(again) = rival.again {
            lines("again", again);
        }
    }
    let show = |text: &str| text.lines().for_each(|line| println!("          {line}"));
    println!("\nplain.toml, the agent as a tool of ours:");
    show(rivals::PROFILE);
    println!("\nagent.toml, the same and this, for tools that end often:");
    show(rivals::PATIENT);
    println!("\n'again' is run up to {} times while the command before it fails.", lab::ROUNDS);
}
