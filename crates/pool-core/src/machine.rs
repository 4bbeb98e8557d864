//! The pure half: everything that decides. Nothing below awaits, reads a clock, or knows actix or tokio; events and
//! the time go in, actions and the next deadline come out. `tests/invariants.rs` holds it to that.

pub mod breaker;
pub mod conversation;
pub mod dialect;
pub mod hold;
pub mod restart;
pub mod slot;
pub mod stall;
