//! Proofs over the whole house, in one binary: house rules over the source, journeys and promises through the real program.
// Every function here serves a test, so a panic is how a proof fails; clippy sees only the `#[test]` functions as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod house;
mod journeys;
mod promises;
mod stage;
