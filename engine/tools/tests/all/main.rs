//! The tools on real trees and real processes.
// Every function here serves a test; clippy sees only the `#[test]` functions as tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bash;
mod crash;
mod edit;
mod grep;
mod hostile;
mod memory;
mod names;
mod permit;
mod read;
mod rig;
mod shells;
mod walls;
mod write;
