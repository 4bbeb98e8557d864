//! The id of a run: its tickets, as in `t3-t7,t9`. It says all there is to know, so whoever has it can read the run. Pure.

use cluster::control::protocol::TicketId;
use std::fmt;
use std::str::FromStr;

/// How many jobs a run may have.
pub(super) const MOST: usize = 100;

/// The tickets of a run, in the order of its jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunId(pub(super) Vec<TicketId>);

/// Words that name no run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotARun;

impl fmt::Display for NotARun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a run looks like t3-t7,t9 and has {MOST} tickets at most")
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.0.chunk_by(|one, next| one.0 + 1 == next.0);
        for (place, row) in rows.enumerate() {
            f.write_str(if place == 0 { "" } else { "," })?;
            match row {
                [only] => write!(f, "{only}")?,
                [first, .., last] => write!(f, "{first}-{last}")?,
                [] => {}
            }
        }
        Ok(())
    }
}

impl FromStr for RunId {
    type Err = NotARun;

    fn from_str(text: &str) -> Result<Self, NotARun> {
        let mut tickets = Vec::new();
        for row in text.split(',') {
            let (first, last) = row.split_once('-').unwrap_or((row, row));
            let ticket = |word: &str| word.parse::<TicketId>().map_err(|_| NotARun);
            let (first, last) = (ticket(first)?.0, ticket(last)?.0);
            let count = last.checked_sub(first).ok_or(NotARun)?;
            if count >= (MOST - tickets.len()) as u64 {
                return Err(NotARun);
            }
            tickets.extend((first..=last).map(TicketId));
        }
        Ok(Self(tickets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_is_its_tickets() {
        let run = |numbers: &[u64]| RunId(numbers.iter().copied().map(TicketId).collect());
        let table = [
            ("t3", run(&[3])),
            ("t3-t5", run(&[3, 4, 5])),
            ("t3-t4,t9", run(&[3, 4, 9])),
            ("t9,t3", run(&[9, 3])),
        ];
        for (text, expected) in table {
            assert_eq!(expected.to_string(), text);
            assert_eq!(text.parse(), Ok(expected));
        }
        assert_eq!("t1-t100".parse::<RunId>().unwrap().0.len(), MOST);
        for wrong in
            ["", "3", "t3-", "t5-t3", "t1-t101", "t1-t99,t200-t201", "t1-t18446744073709551615", "t1,,t2"]
        {
            assert_eq!(wrong.parse::<RunId>(), Err(NotARun), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(numbers in prop::collection::vec(1u64..40, 1..MOST)) {
            let run = RunId(numbers.into_iter().map(TicketId).collect());
            prop_assert_eq!(run.to_string().parse(), Ok(run));
        }
    }
}
