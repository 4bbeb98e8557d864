//! A slot that is somebody else's for a while.

use super::{Slot, SlotAction, SlotState, Wish};
use crate::machine::hold::Hold;
use std::time::Instant;

impl Slot {
    /// Somebody waits for its terminal. It is theirs at once, or when the job at hand, the start, the next life has come
    /// to that; a credit that is out is to be revoked. `None` if it will not live again, or somebody else has it.
    // ## (Open | Limited) => Attached
    pub fn attach(&mut self) -> Option<SlotAction> {
        match self.state {
            SlotState::Draining | SlotState::Failed(_) | SlotState::Gone | SlotState::Attached => None,
            _ if self.wish == Wish::Recycle => None,
            SlotState::Open(_) | SlotState::Limited(_) => Some(self.hand_over()),
            SlotState::Waiting
            | SlotState::Starting(_)
            | SlotState::Ready(_)
            | SlotState::Working
            | SlotState::BackingOff(_) => {
                self.wish = Wish::Attach;
                Some(SlotAction::Nothing)
            }
        }
    }

    /// Nobody waits any more: it goes on as if nobody had.
    // ## Attached => (Ready | Open | Limited)
    pub fn decline(&mut self, hold: &Hold, now: Instant) -> SlotAction {
        self.forget_wish();
        if self.state == SlotState::Attached { self.free(hold, now) } else { SlotAction::Nothing }
    }

    /// Free, and theirs.
    // ## (Starting | Ready | Working | Open | Limited) => Attached
    pub(super) fn hand_over(&mut self) -> SlotAction {
        self.forget_wish();
        self.state = SlotState::Attached;
        SlotAction::HandOver
    }

    /// They have gone; it answers by becoming free.
    // ## Attached => Working
    pub(super) fn detached(&mut self) -> SlotAction {
        if self.state == SlotState::Attached {
            self.state = SlotState::Working;
        }
        SlotAction::Nothing
    }

    fn forget_wish(&mut self) {
        if self.wish == Wish::Attach {
            self.wish = Wish::GoOn;
        }
    }
}
