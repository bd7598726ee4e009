//! What the scheduler orders, by table and by law.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admission;
mod board;
mod draft;
mod given;
mod laws;
mod ledger;
mod moves;
mod normals;
mod optimum;
mod pace;
mod patches;
mod plans;
mod problems;
mod random;
mod run;
mod schedules;
mod scopes;
mod subagents;
