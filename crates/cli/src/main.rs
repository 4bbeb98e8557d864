//! The `cluster` program.
fn main() {}
