//! The program against tools: the real ones that many machines have, and one that misbehaves on request.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "real processes live in real time: every wait here has a deadline by the wall clock"
)]

mod corpus;
mod dice;
mod reference;
mod repls;
mod tool;
mod world;
