//! What the store promises, tried on real disks with real damage.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ahead;
mod blobs;
mod board;
mod crash;
mod damage;
mod given;
mod index;
mod journal;
mod lock;
mod runs;
mod sessions;
mod versions;
