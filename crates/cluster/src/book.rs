//! The Rust in the book and in the README is compiled and run with the documentation's own examples.

#[doc = include_str!("../../../docs/embedding.md")]
struct Embedding;

#[doc = include_str!("../../../docs/orchestrator.md")]
struct Orchestrator;

#[doc = include_str!("../../../README.md")]
struct Readme;
