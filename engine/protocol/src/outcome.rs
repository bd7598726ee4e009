//! Outcomes: how the world answered a wish.

use std::sync::Arc;

use crate::{
    CallId, Command, Decider, Intent, ModelFault, PlannedCall, Reply, Timestamp, ToolResult,
    Verdict,
};

/// Whatever makes an agent decide.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A wish from outside.
    Command(Command),
    /// An answer to one of the agent's own wishes.
    Outcome(Outcome),
}

/// The answer to an effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The model replied.
    Replied {
        /// The step it answers.
        step: u32,
        /// The reply.
        reply: Box<Reply>,
        /// Its calls, matched to tools, in order.
        calls: Vec<PlannedCall>,
        /// Milliseconds to the first byte and to the end.
        took: (u64, u64),
        /// The answer its text gives, if the run wants one and it fits the schema.
        answer: Option<Arc<str>>,
    },
    /// The model call failed.
    ModelFailed {
        /// The step it answers.
        step: u32,
        /// The attempt it answers.
        attempt: u32,
        /// How.
        fault: ModelFault,
        /// A random number in 0..1000 for the jitter of the pause, so that deciding needs no dice.
        dice: u16,
    },
    /// The pause is over.
    Waited {
        /// The step.
        step: u32,
        /// The attempt it was for.
        attempt: u32,
    },
    /// A write holds its permit and waits for its start to be durable.
    Permitted {
        /// Which call.
        call: CallId,
        /// What it will do.
        intent: Intent,
        /// Why it may.
        verdict: Verdict,
        /// Who said so.
        by: Decider,
    },
    /// Permission was refused.
    Refused {
        /// Which call.
        call: CallId,
        /// Why.
        verdict: Verdict,
        /// Who said so.
        by: Decider,
    },
    /// A call ended.
    Finished {
        /// Which call.
        call: CallId,
        /// What it gave.
        result: Box<ToolResult>,
        /// When it began and ended.
        span: (Timestamp, Timestamp),
    },
    /// A write in doubt turned out not to have happened: it may be run as if never started.
    NotDone {
        /// Which call.
        call: CallId,
    },
}
