//! The limit programs: the least that any program must do for the same effect, on the bare system calls.

mod epoll;
mod pingpong;
mod reader;
mod record;
mod restart;
mod spawn;
mod sync;
mod wall;

pub(crate) use epoll::throughput;

use crate::Failure;
use crate::args::Args;
use crate::sample::Sample;

/// Runs one limit program.
pub(crate) fn measure(what: &str, args: &Args) -> Result<Sample, Failure> {
    let sample = match what {
        "pingpong" => pingpong::measure(args),
        "prompt" => pingpong::measure_prompt(args),
        "loop" => epoll::measure(args),
        "reader" => reader::measure(args),
        "record" => record::measure(args),
        "restart" => restart::measure(args),
        "spawn" => spawn::measure(args),
        "sync" => sync::measure(args),
        "wall" => wall::measure(args),
        other => return Err(format!("no limit program is called {other}").into()),
    };
    Ok(sample?)
}
