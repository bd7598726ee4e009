//! The agent decides: a loop without IO. From state and input come events; from state alone come the effects it wishes for.
//!
//! ```text
//! input --> decide(&state) --> events --(journaled)--> apply(&mut state) --> wishes(&state) --> effects
//! ```
//!
//! May: compute. Never: await, read or write anything, look at a clock, roll dice, make an id.

mod apply;
mod charges;
mod decide;
mod delegate;
mod flow;
mod limits;
mod looping;
pub mod prompt;
mod retry;
mod state;
mod wishes;

pub use charges::lost;
pub use decide::{Illegal, decide};
pub use delegate::{Standing, standing};
pub use flow::{Flow, Phase, Setup, Slot, SlotState, Spent};
pub use limits::estimate_tokens;
pub use state::State;
pub use wishes::wishes;

/// The tool through which a run that wants a JSON answer receives it.
pub const ANSWER_TOOL: &str = "structured_output";
