//! Providers act: one HTTP exchange with a model per call.
//!
//! May: encode a prompt for a wire, stream one reply, tell what a model costs, ask local servers whether they are there.
//! Never: retry, remember, choose a model, read a key from the environment, run a tool.

mod address;
pub mod anthropic;
mod arguments;
mod assemble;
mod body;
mod discovery;
mod draft;
mod endpoint;
mod faults;
mod http;
pub mod openai;
mod piece;
pub mod prices;
mod provider;
mod retry_after;
mod secret;
mod spelling;
mod sse;
mod stream;
mod tape;
mod traits;
mod turns;

pub use address::{BadAddress, is_loopback, ollama_address};
pub use assemble::{Assemble, assembler};
pub use body::RequestBody;
pub use discovery::{Candidate, Found, discover, local_candidates};
pub use endpoint::{Auth, Endpoint, Quirks, TraitsOverride, Wire};
pub use provider::{ConnectError, Exchange, ModelListing, Provider, connect};
pub use secret::Secret;
pub use sse::{EVENT_BYTES, SseEvent, SseReader, TooLong};
pub use tape::Tape;
