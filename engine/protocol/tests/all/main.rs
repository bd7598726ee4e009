//! That names keep their meaning: on disk, as text, in arithmetic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accesses;
mod amounts;
mod events;
mod examples;
mod grown;
mod ids;
mod swarm_examples;
mod texts;
