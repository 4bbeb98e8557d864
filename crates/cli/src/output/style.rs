//! What is wanted of the output.

use super::Level;

/// What the user chose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) json: bool,
    pub(crate) level: Level,
    /// How many jobs there are, if that is known.
    pub(crate) total: Option<u64>,
    /// Whether each placement is explained.
    pub(crate) explain: bool,
}
