//! The protocols, by what agents really printed.
