//! `formic demo`: the main jobs on sample repositories, played by scripted models over real HTTP: no key, no network.

pub mod chat;
mod git;
mod ground;
pub mod swarm;
