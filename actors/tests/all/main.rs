//! Actors proved against a scripted model over real loopback HTTP.
// Every function here serves a test, so a panic is how a proof fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod arguments;
mod bench;
mod closing;
mod confined;
mod excess;
mod hostile;
mod interrupts;
mod replies;
mod secrets;
mod speaking;
mod subagents;
mod swarm;
mod swarm_bench;
mod swarm_board;
mod swarm_commands;
mod swarm_control;
mod swarm_failures;
mod swarm_keeping;
mod swarm_planner;
mod swarm_pool;
mod swarm_replan;
mod swarm_reviews;
mod turns;
mod watching;
mod wild;
