//! Settings and instruction files, read from folders made for each test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod edits;
mod hostile;
mod instructions;
mod invalid;
mod layers;
mod place;
mod plans;
mod quantities;
