//! What the agent decides, by table and by law.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod billed;
mod calls;
mod given;
mod laws;
mod limits;
mod nudges;
mod pairs;
mod prompt;
mod resume;
mod retries;
mod stops;
mod story;
mod told;
mod turn;
mod world;
