//! What a run comes to.

use crate::exit::Exit;
use crate::output::Tally;
use crate::signals::Ladder;
use cluster::batch::run::Ending;

/// The exit code of a run.
pub(super) fn verdict(
    ladder: &Ladder,
    ending: Option<&Ending>,
    stopped: bool,
    write_error: Option<std::io::ErrorKind>,
    tally: &Tally,
) -> Exit {
    match (ladder.exit(), ending, write_error) {
        (Some(exit), _, _) => exit,
        (None, Some(Ending::PoolFailed(_)), _) => Exit::Pool,
        (None, Some(Ending::RecordFailed(_)), _) => Exit::Failed,
        (None, _, Some(std::io::ErrorKind::BrokenPipe)) => Exit::Stopped,
        (None, _, Some(_)) => Exit::Failed,
        (None, _, None) if stopped => Exit::Stopped,
        (None, Some(Ending::BadList(_)), None) if tally.all() == 0 => Exit::Usage,
        (None, Some(Ending::BadList(_)), None) => Exit::Failed,
        (None, _, None) if tally.failed() > 0 => Exit::Failed,
        (None, _, None) => Exit::Ok,
    }
}
