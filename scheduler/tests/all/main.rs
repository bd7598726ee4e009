//! What the scheduler orders, by table and by law.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admission;
mod board;
mod draft;
mod given;
mod laws;
mod moves;
mod optimum;
mod plans;
mod random;
mod run;
mod schedules;
