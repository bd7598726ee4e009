//! The `formic` binary from outside: what people and programs see of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

mod asked;
mod changed;
mod edited;
mod formic;
mod headless;
mod help;
mod input;
mod invalid;
mod leftovers;
mod piped;
mod runs;
mod sessions;
mod settings;
mod stands;
mod stops;
mod swarm;
mod terminal;
mod wanted;
