//! Resolve: from flags, environment and settings to what a run needs, before anything runs.

pub mod backend;
pub mod catalogue;
mod commands;
pub mod environment;
pub mod flags;
pub mod ground;
mod limits;
pub mod local;
pub mod model;
mod overrides;
pub mod permission;
pub mod place;
mod prompt;
pub mod rules;
pub mod run;
pub mod secrets;
pub mod session;
pub mod swarm;
