//! What connects us to a tool.

/// What connects us to a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Io {
    /// Plain pipes: every byte is data.
    #[default]
    Pipes,
    /// A terminal of its own, without echo: what the tool reads is as raw as with pipes, what it prints is a terminal's.
    /// Needs [guards](crate::process::guard).
    Pty,
}

impl Io {
    /// The lines of a tool's terminal.
    pub const ROWS: u16 = 24;

    /// The columns of a tool's terminal: so many that few tools ever break a line for the want of them.
    pub const COLUMNS: u16 = 500;
}
