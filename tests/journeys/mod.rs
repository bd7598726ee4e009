//! Journeys: the lives of a session, from the command line to the answer, through the real program over real HTTP.

mod answers;
mod billing;
mod demo;
mod limits;
mod projects;
mod retries;
mod sessions;
mod subagents;
mod swarm;
mod turns;
