//! The Anthropic Messages wire: `POST /v1/messages`, version 2023-06-01.

mod decode;
mod encode;
mod events;

pub use decode::Assembler;
pub use encode::encode;
