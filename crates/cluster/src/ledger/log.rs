//! What a tool really printed in the turns of an attempt, where its reply does not tell: colours, progress, what was
//! drawn over, the prompt that came back.
//!
//! Most output of most tools is its reply and a line end, byte for byte. That is not kept twice: for such a turn nothing
//! is written, and a reader gets the reply and a line end.

use pool_core::message::{JobResult, StepReply};

/// How much of a turn's output a record keeps, in bytes: its head and its tail, with a line between them that says how
/// much was cut.
pub const MAX_LOG: usize = 256 << 10;

/// Of output that was cut, so much is compared at either end: what the cut may have taken of whole characters is less.
const COMPARED: usize = MAX_LOG / 2 - 8;

/// The output of an attempt's turns, in order; nothing for one whose reply tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Log(Vec<Option<Vec<u8>>>);

impl Log {
    /// Takes it out of a result, whose job was asked to bring it home.
    #[must_use]
    pub fn take(result: &mut JobResult) -> Self {
        let steps = result.as_mut().map_or(&mut [][..], |reply| reply.steps.as_mut_slice());
        Self(steps.iter_mut().map(of_step).collect())
    }

    /// The output that is to be written down, with the place of its turn, from 0.
    pub(super) fn into_written(self) -> impl Iterator<Item = (usize, Vec<u8>)> {
        self.0.into_iter().enumerate().filter_map(|(step, output)| Some((step, output?)))
    }
}

fn of_step(step: &mut StepReply) -> Option<Vec<u8>> {
    step.raw.take().filter(|output| !tells(&step.text, output))
}

/// Whether this reply and a line end are the output, as far as that was kept.
fn tells(reply: &str, output: &[u8]) -> bool {
    let reply = reply.as_bytes();
    if output.len() <= MAX_LOG {
        return output.strip_suffix(b"\n") == Some(reply);
    }
    let (head, tail) = (&output[..COMPARED], &output[output.len() - COMPARED..]);
    reply.starts_with(head) && tail.strip_suffix(b"\n").is_some_and(|tail| reply.ends_with(tail))
}

/// The output that nothing was written down of.
pub(super) fn of_reply(reply: &str) -> Vec<u8> {
    [reply.as_bytes(), b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_reply_tells_is_not_kept_twice() {
        let table: [(&str, &[u8], bool); 7] = [
            ("", b"\n", true),
            ("", b"", false),
            ("one", b"one\n", true),
            ("one", b"one", false),
            ("one", b"one\r\n", false),
            ("one", b"\x1b[1mone\x1b[0m\n", false),
            ("one\u{fffd}", b"one\xff\n", false),
        ];
        for (reply, output, told) in table {
            assert_eq!(tells(reply, output), told, "{reply:?} {output:?}");
            if told {
                assert_eq!(of_reply(reply), output);
            }
        }
    }

    #[test]
    fn of_long_output_both_ends_are_compared() {
        let reply = "0123456789abcde\n".repeat(MAX_LOG / 8);
        let (half, mark) = (MAX_LOG / 2, "\n[… 262143 bytes cut …]\n");
        let output =
            |head: &str| [head, &reply[head.len()..half], mark, &reply[reply.len() - half..]].concat();
        let told = |output: &str| tells(reply.trim_end(), output.as_bytes());
        assert!(told(&output("")));
        assert!(!told(&output("\x1b")));
        assert!(!told(output("").trim_end()));
    }
}
