//! What the views show, by table and by law.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod files;
mod given;
mod given_swarm;
mod last_turn;
mod laws;
mod ledger;
mod summary;
mod swarm;
mod swarm_hopeless;
mod swarm_in_vain;
mod swarm_landing;
mod swarm_report;
mod swarm_story;
mod swarm_why;
mod timeline_and_denials;
mod transcript;
