//! A scripted model server over real loopback HTTP, speaking both wires from the server's side.
//!
//! A [`Script`] is a list of rules: which request, which reply. A [`Server`] plays it over HTTP/1.1 to anything that
//! speaks Anthropic Messages or OpenAI Chat Completions, streamed or not, and can misbehave on purpose: statuses, cut
//! connections, stalls, garbage, slow tokens. Tests, demos and users' own automations run against it without a key.
//!
//! ```
//! use scripted::{Reply, Rule, Script, Server};
//!
//! let script = Script::new()
//!     .rule(Rule::new("greet", Reply::text("Hello.")).last_user("hi"))
//!     .otherwise(Reply::text("I only know how to greet."));
//! let server = Server::in_background(script)?;
//! assert!(server.base_url().starts_with("http://127.0.0.1:"));
//! # Ok::<(), scripted::ServerError>(())
//! ```
//!
//! May: listen on loopback, read a script file, append to one log file.
//! Never: listen on any other address, call out, print, keep a secret header, panic over what a client sends.

mod answer;
mod anthropic;
mod clock;
mod connection;
mod facts;
mod fault;
mod form;
mod listing;
mod log;
mod matching;
mod openai;
mod prefix;
mod rate;
mod reply;
mod rule;
mod script;
mod server;
mod service;
mod state;
mod stream;
mod template;
mod turn;

pub use clock::Clock;
pub use fault::{Fault, StatusFault};
pub use log::{Answered, LoggedRequest};
pub use rate::Rate;
pub use reply::{Arguments, Chunk, Content, Raw, Repeat, Reply, Step, ToolCall, Usage};
pub use rule::{Rule, When, Wire};
pub use script::{Script, ScriptError};
pub use server::{Background, Handle, Options, Server, ServerError};
pub use turn::Counts;
