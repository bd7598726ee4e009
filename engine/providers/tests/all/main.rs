//! One exchange at a time over real loopback: the wires, their broken servers, and the laws of the assemblers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must stop"
)]

mod chat_cases;
mod encoding;
mod fault_cases;
mod happy;
mod heard;
mod laws;
mod listing;
mod messages_cases;
mod server;
mod stream_cases;
