//! Effects: what the agent wishes the world to do. Never journaled; derived from state at any time.

use crate::CallId;

/// A wish. Two equal effects are the same wish: a carrier that has it under way does not start it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Ask the model for the next reply.
    CallModel {
        /// Model calls before this one in the session.
        step: u32,
        /// Failed attempts at this step before this one.
        attempt: u32,
        /// The largest reply the limits leave room for, in tokens; `None` for the model's own limit.
        max_tokens: Option<u64>,
    },
    /// Wait before the next attempt.
    Wait {
        /// The step to be tried again.
        step: u32,
        /// Failed attempts at this step so far.
        attempt: u32,
        /// Milliseconds.
        ms: u64,
    },
    /// Run a call that only reads, or bring a call that writes to the point where it holds its permit.
    RunCall {
        /// Which call.
        call: CallId,
    },
    /// Do what a permitted write intends; its start is durable by now.
    CommitCall {
        /// Which call.
        call: CallId,
    },
    /// Find out whether a write that was under way when a former process died took place.
    SettleCall {
        /// Which call.
        call: CallId,
    },
}
