//! The Rust in the book and in the README is compiled and run with the documentation's own examples.

#![allow(
    rustdoc::invalid_codeblock_attributes,
    reason = "`file=…` is for the tests of the book's other blocks"
)]

#[doc = include_str!("../../../docs/embedding.md")]
struct Embedding;

#[doc = include_str!("../../../docs/orchestrator.md")]
struct Orchestrator;

#[doc = include_str!("../../../README.md")]
struct Readme;
