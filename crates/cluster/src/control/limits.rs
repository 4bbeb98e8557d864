//! What a pool takes from its clients, and what it keeps for them. All of it together bounds its memory, whatever comes.

use std::time::Duration;

/// The longest request, in bytes. A longer one is passed over and answered with `too_long`.
pub const LINE: usize = 16 << 20;

/// How many bytes of requests that have not ended yet are kept, of all clients together, besides [`OWN`] of each.
pub const UNFINISHED: usize = 64 << 20;

/// How many clients there may be at once.
pub const CLIENTS: usize = 256;

/// How many requests of one client may be under way; more are not read before one of them is done.
pub const IN_FLIGHT: usize = 256;

/// How many bytes of a line that has not ended a client may have for itself, whatever the others do.
pub const OWN: usize = 64 << 10;

/// How many bytes may wait for a client that does not read what it watches; with more, the connection ends.
pub const UNSENT: usize = 8 << 20;

/// How many bytes may wait for a client before streams to it pause, and its next result is made; what they would tell
/// is kept where it comes from.
pub const ROOMY: usize = 64 << 10;

/// How long a client may take for its first line, and at the end for what is still to be read.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How many prompts may be under way, or, without a record, have a result that nobody has read.
pub const TICKETS: usize = 1024;

/// How many bytes of prompts that are under way, and of results that are kept in memory, there may be.
pub const HELD: usize = 256 << 20;

/// How many bytes of that a step costs besides its text: one that says nothing is kept all the same.
pub const STEP: usize = 256;

/// The most that one `type` may carry, in bytes. More is answered with `too_long`.
pub const TYPED: usize = 16 << 10;

/// How many keys, pastes and sizes may wait for one seat; further ones are answered with `overloaded`.
pub const KEYS: usize = 256;

/// How many changes may wait for a client that watches.
pub const CHANGES: usize = 1024;
