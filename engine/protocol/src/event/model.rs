//! Facts about model calls.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Charge, Limit, ModelFault, PlannedCall, Reply, Room};

/// Facts about a model call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ModelEvent {
    /// A call is about to be made.
    Requested {
        /// Model calls before this one in the session.
        step: u32,
        /// The tokens set aside for it: the prompt at its most and the largest reply.
        reserved: u64,
        /// The largest reply the limits leave room for, in tokens; `None` for the model's own limit.
        max_tokens: Option<u64>,
    },
    /// The whole reply arrived.
    Replied {
        /// The step it answers.
        step: u32,
        /// The reply with usage and cost.
        reply: Box<Reply>,
        /// Its calls, in order.
        calls: Vec<PlannedCall>,
        /// Milliseconds to the first byte.
        first_byte_ms: u64,
        /// Milliseconds to the end.
        total_ms: u64,
        /// What it counts for against the limits; absent in journals older than the field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charge: Option<Charge>,
        /// The answer that its text gives and that fits the wanted schema, where the model called no tool for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<Arc<str>>,
    },
    /// An attempt failed and another will be made.
    Retried {
        /// The step.
        step: u32,
        /// Failed attempts so far, this one included.
        attempt: u32,
        /// How it failed.
        fault: ModelFault,
        /// The pause before the next, in milliseconds.
        wait_ms: u64,
        /// What it counts for against the limits; absent where nothing was billed, and in older journals.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charge: Option<Charge>,
        /// What is set aside for the next attempt, where this one was charged; else it is what was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<Room>,
    },
    /// The step was given up.
    Failed {
        /// The step.
        step: u32,
        /// How the last attempt failed.
        fault: ModelFault,
        /// What it counts for against the limits; absent where nothing was billed, and in older journals.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charge: Option<Charge>,
        /// The limit that left no room for another attempt, where it would have been made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Limit>,
    },
    /// Nobody hears the call's end: the process that made it is gone, and if it is still wanted it is made again; or its
    /// turn was stopped.
    Lost {
        /// The step.
        step: u32,
        /// What it counts for against the limits: an estimate.
        charge: Charge,
    },
    /// The pause is over; the next attempt begins.
    Resumed {
        /// The step.
        step: u32,
        /// Failed attempts so far.
        attempt: u32,
    },
}
