//! One job of a recorded run, as states. Pure: events in, the next state or a refusal out.
//!
//! ```text
//! Pending ─lease─▶ Leased ─send─▶ Sending ─end─▶ Done | Failed | DeadLetter
//!    ▲───give back───┘               │ └──────────────▶ Unknown
//!    ▲───────────put back────────────┤
//!    ▲──────────────retry── Unknown ◀┘ orphan, or an end that nobody knows
//! ```
//!
//! A lease is not written: after a crash `Leased` and `Pending` are one thing, nothing was sent. `Sending` is on disk
//! before byte 1, so a crash in it is ambiguous; what then happens is the user's choice, made as [`Event::Retry`] or
//! [`Event::Skip`].

use pool_core::message::{Generation, Outcome, SlotId};

/// Where an attempt was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// The slot.
    pub slot: SlotId,
    /// The slot's life.
    pub generation: Generation,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing was sent, or it is to be sent again.
    Pending,
    /// With the pool; nothing has been sent.
    Leased,
    /// The intent is on disk; bytes may have gone out.
    Sending(Placed),
    /// It succeeded.
    Done,
    /// It ended, not well.
    Failed(Outcome),
    /// It was sent, and nobody knows how it ended.
    Unknown,
    /// It brought down every instance that tried it: it is never sent again by itself.
    DeadLetter(Outcome),
}

impl State {
    /// Whether nothing more will happen to it unless somebody asks.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Failed(_) | Self::DeadLetter(_))
    }

    /// The word that listings use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Leased => "leased",
            Self::Sending(_) => "sending",
            Self::Done => "done",
            Self::Failed(_) => "failed",
            Self::Unknown => "unknown",
            Self::DeadLetter(_) => "dead letter",
        }
    }
}

/// What becomes of a job whose attempt has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// This was the last attempt.
    Final,
    /// It is to be kept away from instances.
    Bury,
}

/// What happens to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It goes to the pool.
    Lease,
    /// It comes back from the pool; nothing was sent.
    GiveBack,
    /// An attempt is about to be sent; another one, if the pool took back the last.
    Send(Placed),
    /// An attempt has ended.
    End {
        /// Which, from 1.
        attempt: u32,
        /// How.
        outcome: Outcome,
        /// What now.
        fate: Fate,
    },
    /// The pool gave up before it came to the next attempt, and that of the last is over.
    PutBack,
    /// It never was a job: nothing can be made of its item.
    Refuse,
    /// The controller that sent it is gone.
    Orphan,
    /// Somebody wants it sent again: an unknown, failed or buried one.
    Retry,
    /// Somebody wants it left alone: an unknown one, or one that is no longer in the list.
    Skip,
}

/// Why an event changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The end of an attempt that is not the current one, or of a job that has ended: kept, never counted.
    #[error("a late answer: the job has gone on without it")]
    Late,
    /// It makes no sense in this state.
    #[error("out of order: a job that is {} cannot take this", .0.word())]
    OutOfOrder(State),
}

/// A job: its state, and how often it was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    state: State,
    attempts: u32,
    round: u32,
}

impl Machine {
    /// A job that nothing has happened to.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Pending, attempts: 0, round: 0 }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(self) -> State {
        self.state
    }

    /// How many attempts were sent, or about to be.
    #[must_use]
    pub const fn attempts(self) -> u32 {
        self.attempts
    }

    /// How often somebody asked for it again; a job has one terminal result in each round.
    #[must_use]
    pub const fn round(self) -> u32 {
        self.round
    }

    /// Whether [`Event::Retry`] makes sense.
    #[must_use]
    pub const fn can_be_retried(self) -> bool {
        matches!(self.state, State::Unknown | State::Failed(_) | State::DeadLetter(_))
    }

    /// As it would be read back after a crash: a lease leaves no trace.
    #[must_use]
    pub const fn on_disk(self) -> Self {
        match self.state {
            State::Leased => Self { state: State::Pending, ..self },
            _ => self,
        }
    }

    /// What it becomes.
    ///
    /// # Errors
    /// [`Rejected`] if the event changes nothing; a terminal state never changes but by [`Event::Retry`].
    pub const fn after(self, event: Event) -> Result<Self, Rejected> {
        let state = match (self.state, event) {
            (State::Pending, Event::Lease) => State::Leased,
            (State::Leased, Event::GiveBack) | (State::Sending(_), Event::PutBack) => State::Pending,
            // From `Sending`: the pool took the attempt back (a usage limit, an instance that went away) and places it
            // anew. It has one attempt at a job at a time.
            (State::Pending | State::Leased | State::Sending(_), Event::Send(placed)) => {
                return Ok(Self { state: State::Sending(placed), attempts: self.attempts + 1, ..self });
            }
            (State::Pending | State::Leased, Event::Refuse) => State::Failed(Outcome::Refused),
            (State::Sending(_), Event::End { attempt, outcome, fate }) if attempt == self.attempts => {
                ended(outcome, fate)
            }
            (_, Event::End { .. }) => return Err(Rejected::Late),
            (State::Sending(_), Event::Orphan) => State::Unknown,
            (State::Unknown, Event::Skip) => State::Failed(Outcome::Unknown),
            (State::Pending, Event::Skip) => State::Failed(Outcome::Cancelled),
            (State::Unknown | State::Failed(_) | State::DeadLetter(_), Event::Retry) => {
                return Ok(Self { state: State::Pending, round: self.round + 1, ..self });
            }
            (state, _) => return Err(Rejected::OutOfOrder(state)),
        };
        Ok(Self { state, ..self })
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

const fn ended(outcome: Outcome, fate: Fate) -> State {
    match (outcome, fate) {
        (Outcome::Ok, _) => State::Done,
        (outcome, Fate::Bury) => State::DeadLetter(outcome),
        // Taken back, or lost, after its intent: what the tool made of it is anybody's guess.
        (Outcome::Cancelled | Outcome::Lost | Outcome::Unknown, Fate::Final) => State::Unknown,
        (outcome, Fate::Final) => State::Failed(outcome),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    const HERE: Placed = Placed { slot: SlotId(1), generation: 2 };

    const fn end(attempt: u32, outcome: Outcome, fate: Fate) -> Event {
        Event::End { attempt, outcome, fate }
    }

    fn play(events: &[Event]) -> Result<Machine, Rejected> {
        events.iter().try_fold(Machine::new(), |machine, event| machine.after(*event))
    }

    #[test]
    fn what_becomes_of_a_job() {
        use Event::{GiveBack, Lease, Orphan, PutBack, Refuse, Retry, Send, Skip};
        let ok = end(1, Outcome::Ok, Fate::Final);
        let crash = end(1, Outcome::Crashed, Fate::Final);
        let taken = end(1, Outcome::Cancelled, Fate::Final);
        let table: &[(&[Event], State, u32)] = &[
            (&[], State::Pending, 0),
            (&[Lease, GiveBack], State::Pending, 0),
            (&[Lease, Send(HERE)], State::Sending(HERE), 1),
            (&[Lease, Send(HERE), ok], State::Done, 1),
            (&[Send(HERE), crash], State::Failed(Outcome::Crashed), 1),
            (&[Send(HERE), end(1, Outcome::Crashed, Fate::Bury)], State::DeadLetter(Outcome::Crashed), 1),
            (&[Send(HERE), taken], State::Unknown, 1),
            (&[Send(HERE), PutBack], State::Pending, 1),
            (&[Send(HERE), PutBack, Lease, Send(HERE)], State::Sending(HERE), 2),
            (&[Send(HERE), Orphan], State::Unknown, 1),
            (&[Send(HERE), Send(HERE)], State::Sending(HERE), 2),
            (&[Send(HERE), Orphan, Retry, Send(HERE)], State::Sending(HERE), 2),
            (&[Send(HERE), Orphan, Skip], State::Failed(Outcome::Unknown), 1),
            (&[Send(HERE), crash, Retry], State::Pending, 1),
            (&[Skip], State::Failed(Outcome::Cancelled), 0),
            (&[Refuse], State::Failed(Outcome::Refused), 0),
        ];
        for (events, state, attempts) in table {
            let machine = play(events).unwrap();
            assert_eq!((machine.state(), machine.attempts()), (*state, *attempts), "{events:?}");
        }
    }

    #[test]
    fn what_comes_late_or_out_of_order_changes_nothing() {
        use Event::{GiveBack, Lease, Orphan, PutBack, Retry, Send, Skip};
        let ok = end(1, Outcome::Ok, Fate::Final);
        let late: &[&[Event]] = &[
            &[ok],
            &[Lease, ok],
            &[Send(HERE), ok, ok],
            &[Send(HERE), Orphan, ok],
            // The first attempt answers after the second was sent.
            &[Send(HERE), Orphan, Retry, Send(HERE), ok],
            &[Send(HERE), Send(HERE), ok],
            &[Send(HERE), end(2, Outcome::Ok, Fate::Final)],
            &[Send(HERE), PutBack, ok],
        ];
        for events in late {
            assert_eq!(play(events), Err(Rejected::Late), "{events:?}");
        }
        let disorder: &[&[Event]] = &[
            &[GiveBack],
            &[PutBack],
            &[Send(HERE), ok, PutBack],
            &[Orphan],
            &[Retry],
            &[Lease, Skip],
            &[Send(HERE), Lease],
            &[Send(HERE), ok, Retry],
        ];
        for events in disorder {
            assert!(matches!(play(events), Err(Rejected::OutOfOrder(_))), "{events:?}");
        }
    }

    /// Any event, with attempts around those that exist.
    pub(crate) fn any_event() -> impl Strategy<Value = Event> {
        let outcomes = prop::sample::select(vec![
            Outcome::Ok,
            Outcome::Error,
            Outcome::Crashed,
            Outcome::Cancelled,
            Outcome::Lost,
        ]);
        let fates = prop::sample::select(vec![Fate::Final, Fate::Bury]);
        let placed =
            (0..4u32, 0..3u32).prop_map(|(slot, generation)| Placed { slot: SlotId(slot), generation });
        prop_oneof![
            2 => Just(Event::Lease),
            1 => Just(Event::GiveBack),
            1 => Just(Event::PutBack),
            4 => placed.prop_map(Event::Send),
            4 => (1..4u32, outcomes, fates).prop_map(|(attempt, outcome, fate)| end(attempt, outcome, fate)),
            1 => Just(Event::Refuse),
            1 => Just(Event::Orphan),
            2 => Just(Event::Retry),
            1 => Just(Event::Skip),
        ]
    }

    proptest! {
        /// A terminal job never changes but by request; attempts and rounds only grow; success is for ever.
        #[test]
        fn terminal_is_terminal(events in prop::collection::vec(any_event(), 0..100)) {
            let mut machine = Machine::new();
            for event in events {
                let Ok(next) = machine.after(event) else { continue };
                prop_assert!(!machine.state().is_terminal() || event == Event::Retry);
                prop_assert!(machine.state() != State::Done);
                prop_assert!(next.attempts() >= machine.attempts() && next.round() >= machine.round());
                let sent = matches!(event, Event::Send(_));
                prop_assert_eq!(next.attempts() - machine.attempts(), u32::from(sent));
                machine = next;
            }
        }
    }
}
