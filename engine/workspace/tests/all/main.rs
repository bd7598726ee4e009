//! Working trees as they come: hostile paths and real repositories.
// Every function here serves a test; clippy sees only the `#[test]` functions as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod branch;
mod deeds;
mod folder;
mod hanging;
mod keeping;
mod kinds;
mod known;
mod landing;
mod left;
mod leftover;
mod modes;
mod odd;
mod paths;
mod pool;
mod repository;
mod snapshots;
mod stage;
mod standing;
