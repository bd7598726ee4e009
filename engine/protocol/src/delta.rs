//! Deltas: what streams by for people to watch. Never journaled, may be dropped.

use std::sync::Arc;

use serde::Serialize;

use crate::{AgentId, CallId, Record};

/// What subscribers receive.
#[derive(Debug, Clone)]
pub enum Notice {
    /// A record that is written.
    Record(Arc<Record>),
    /// Something in passing.
    Delta(Delta),
}

/// Something in passing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delta {
    /// Whose.
    pub agent: AgentId,
    /// What.
    pub body: DeltaBody,
}

/// What streams by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeltaBody {
    /// A new attempt at a reply begins; what streamed before it is void.
    ReplyBegins {
        /// The step.
        step: u32,
    },
    /// A block of the reply begins.
    BlockBegins {
        /// Its place in the reply.
        index: u32,
        /// `text`, `thinking` or `tool_use`.
        kind: BlockKind,
        /// The tool's name as written, for `tool_use`.
        name: Option<String>,
    },
    /// More of the answer's text.
    Text {
        /// The block's place.
        index: u32,
        /// The piece.
        text: String,
    },
    /// More of the reasoning.
    Thinking {
        /// The block's place.
        index: u32,
        /// The piece.
        text: String,
    },
    /// More of a call's arguments.
    Arguments {
        /// The block's place.
        index: u32,
        /// The piece of JSON text.
        json: String,
    },
    /// A block ended.
    BlockEnds {
        /// Its place.
        index: u32,
    },
    /// A tool began to run.
    ToolBegins {
        /// Which call.
        call: CallId,
        /// The tool.
        tool: String,
    },
    /// Live output of a running tool.
    ToolOutput {
        /// Which call.
        call: CallId,
        /// The piece.
        text: String,
    },
}

/// The kind of a streamed block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The answer.
    Text,
    /// Reasoning.
    Thinking,
    /// A tool call.
    ToolUse,
}
