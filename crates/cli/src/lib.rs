//! The `cluster` program as a library.
