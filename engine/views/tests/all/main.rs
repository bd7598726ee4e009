//! What the views show, by table and by law.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod board_and_files;
mod given;
mod laws;
mod ledger;
mod summary;
mod timeline_and_denials;
mod transcript;
