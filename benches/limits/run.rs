//! The harness: chooses cases, runs their rounds, prints and records what came out.

mod case;
mod cases;
mod report;
mod rounds;

use crate::args::Args;
use crate::{Failure, machine};
use std::process::ExitCode;

/// The rounds of a case that is quickly measured.
const STANDARD: usize = 9;

/// Runs the cases that are named, or all.
///
/// `--rounds N`: N where the default is 9, and the other cases in proportion. `--list`: only says what there is. `--strict`: a missed
/// target is a failure of the command, too.
pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let all = cases::all()?;
    let wanted = args.words(&["--rounds"]);
    if wanted == ["readme"] {
        crate::readme::print()?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(unknown) = wanted.iter().find(|name| all.iter().all(|case| case.name != **name)) {
        return Err(format!("no case is called {unknown}; --list shows them").into());
    }
    if args.flag("--list") {
        all.iter().for_each(|case| println!("{:10} {}", case.name, case.about));
        println!("readme     by itself only: what the README says about speed, with real tools");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", machine::describe());
    let mut verdicts = Vec::new();
    for case in all.iter().filter(|case| wanted.is_empty() || wanted.contains(&case.name)) {
        let rounds = (case.rounds * args.value("--rounds", STANDARD)).div_ceil(STANDARD);
        let measured = rounds::run(case, rounds)?;
        verdicts.extend(report::print(case, &measured));
    }
    report::print_summary(&verdicts);
    let missed = verdicts.iter().any(|verdict| !verdict.passed());
    Ok(if missed && args.flag("--strict") { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
