//! How a run stands.

/// How far the list of a run was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListEnd {
    /// How many jobs it has, if it was read to its end.
    pub total: Option<u64>,
    /// Jobs of it that were never sent.
    pub unsent: u64,
}

/// How a run stands when its controller lets go of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Jobs that ended, well or not.
    pub settled: u64,
    /// Jobs that were sent, and whose end nobody knows.
    pub unknown: u64,
    /// Jobs of the list that were not sent, as far as it was read.
    pub pending: u64,
    /// Some job was sent at some time.
    pub is_begun: bool,
    /// Every job of the list has been settled.
    pub is_finished: bool,
}
