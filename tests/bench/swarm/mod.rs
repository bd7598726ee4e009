//! Benches of the swarm: whole runs against the least they could take.

mod levels;
mod project;

pub use levels::{floor, measure};
