//! The scripted server over real loopback TCP, spoken to by a hand-written client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod anthropic;
mod client;
mod faults;
mod load;
mod log;
mod matching;
mod openai;
mod rate;
mod script;
