//! What the scheduler orders, by table and by law.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod board;
mod draft;
mod given;
mod laws;
mod moves;
mod plans;
