//! Golden transcripts: what a real tool once said, replayed against a [`ToolSpec`] whole, byte by byte and cut at
//! random places.
//!
//! A transcript is a text file. Each line begins with a word:
//!
//! | line | meaning |
//! |---|---|
//! | `# …`, empty | ignored |
//! | `say TEXT` · `command LINE` | a step begins |
//! | `answer TEXT` · `interrupt` | the question is answered; the turn is interrupted |
//! | `>>> BYTES` | what must be written to the tool, for the action above or for the start |
//! | `<<< BYTES` | what the tool prints; lines in a row belong together and are cut anywhere |
//! | `... 500ms` | so much time passes in silence (`ms` or `s`) |
//! | `=== ready` | the start is over |
//! | `=== question LINE` | the tool asks this |
//! | `=== throttled LINE` | the tool was turned away and tries again |
//! | `=== violation PART` | the output breaks the rule; the reason has this part in it |
//! | `=== ok sentinel` | the turn ends, with this outcome, by this rule |
//! | `\|\|\| TEXT` | the text of the reply that has just ended |
//! | `!!! TEXT` | the reason of the outcome that has just been told |
//! | `### IN OUT` | the tokens that the turn took, `-` where nothing is told |
//!
//! `TEXT`, `LINE` and `BYTES` are escaped: `\n \r \t \e \\ \{` and `\xNN`; several lines of the same word are joined
//! as they are, so a line end is always written `\n`. Where a nonce was sent, `>>>` has `{nonce}` (a second one in the
//! same action is `{nonce2}`), where a tag was, `{tag}`; what the tool printed of them is written the same way.
//! [`escape`] makes such lines of recorded bytes.
//!
//! ```text
//! >>> printf '%s\\n' {nonce}\n
//! <<< {nonce}\n
//! === ready
//! say echo hi
//! >>> echo hi\nprintf '%s\\n' {nonce}\n
//! <<< hi\n{nonce}\n
//! === ok sentinel
//! ||| hi
//! ```
//!
//! Where the tool speaks JSON, what is written is compared as messages, not as text.
//!
//! What comes in one piece with the end of a turn belongs to no turn; for a tool of lines write the `===` of the turn
//! before the `<<<` that breaks the rule.
//!
//! After the last `<<<` before a `===` time passes until something is found: at most [`PATIENCE`].

mod play;
mod record;
mod script;

use crate::spec::ToolSpec;
use play::Player;
pub use record::{Recorder, Sink};
pub use script::escape;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the replay waits for what the transcript announces; no real time passes.
pub const PATIENCE: Duration = Duration::from_secs(3600);

/// How many times the transcript is cut at random places.
const RANDOM_RUNS: u64 = 50;

/// Replays `transcript` against `spec`: whole, byte by byte, and cut at random places. `now` is any moment.
///
/// # Errors
/// The first thing that went otherwise, with the line of the transcript and how its output was cut.
pub fn replay(spec: &Arc<ToolSpec>, transcript: &str, now: Instant) -> Result<(), String> {
    let script = script::parse(transcript)?;
    let cuts = [Cuts::Whole, Cuts::Bytes].into_iter().chain((1..=RANDOM_RUNS).map(Cuts::Random));
    for cuts in cuts {
        Player::new(spec, cuts, now).play(&script).map_err(|error| format!("{error} (cut: {cuts:?})"))?;
    }
    Ok(())
}

/// How the output of the tool is cut into reads.
#[derive(Debug, Clone, Copy)]
enum Cuts {
    Whole,
    Bytes,
    /// Reads of 1 to 64 bytes, by a seed.
    Random(u64),
}
