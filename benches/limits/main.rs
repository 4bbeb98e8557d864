//! The benchmark: how far the pool is from what the machine allows.
//!
//! Absolute times say little about a program on somebody else's busy machine; ratios taken in one run do. So each
//! case has a *limit program*, the least that any program could do for the same effect (a blocking write and read, a
//! bare epoll loop), and the pool is measured against it: a fresh process for every measurement, all of them
//! interleaved in random order inside rounds, and the median of the ratios of the rounds as the result.
//!
//! This one program is everything: without a word of its own it is the [harness](run), which starts itself again as
//! a [limit program](limit), as a [subject](subject) (our pool, or a plain one for comparison), and those start it
//! once more as the [tool](child) that all of them talk to.
//!
//! `benches/README.md` says how to read the result.

#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock and sleeps; that is what it is for"
)]

mod args;
mod child;
mod limit;
mod machine;
mod readme;
mod resident;
mod run;
mod sample;
mod subject;
mod tool;

use args::Args;
use pool_core::process::guard;
use std::process::ExitCode;

/// What goes wrong in a benchmark ends it; nothing is recovered from.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let mut args = Args::of_this_process();
    // Guards are this program, too; pools are to have them only where a case says so.
    if args.flag("--guarded") || args.flag(guard::ARGUMENT) {
        guard::init();
    }
    let done = match args.next_word().as_deref() {
        Some("child") => child::run(&args).map_err(Failure::from).map(|()| ExitCode::SUCCESS),
        Some("limit") => measure(args, limit::measure),
        Some("plain") => measure(args, subject::measure::<subject::plain::Plain>),
        Some("ours") => measure(args, subject::ours::measure),
        Some("resident") => measure(args, resident::measure),
        // `cargo bench` adds the flag, behind the words of the user.
        _ if Args::of_this_process().flag("--bench") => run::run(&Args::of_this_process()),
        _ => {
            println!("limits: nothing to test; measure with `cargo bench --bench limits -- [CASE...]`");
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|failure| {
        eprintln!("limits: {failure}");
        ExitCode::FAILURE
    })
}

/// One measurement in a process of its own: its sample is the one line on standard output.
fn measure(
    mut args: Args,
    kind: impl FnOnce(&str, &Args) -> Result<sample::Sample, Failure>,
) -> Result<ExitCode, Failure> {
    let what = args.next_word().ok_or("say what to measure")?;
    if args.flag("--pin") {
        machine::pin_to_one_processor()?;
    }
    machine::raise_descriptor_limit()?;
    println!("{}", kind(&what, &args)?.to_json());
    Ok(ExitCode::SUCCESS)
}
