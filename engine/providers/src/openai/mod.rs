//! The OpenAI Chat Completions wire: `POST /v1/chat/completions`, as OpenAI and most local servers speak it.

mod calls;
mod decode;
mod encode;
mod events;
mod think;

pub use decode::Assembler;
pub use encode::encode;
