//! Facts about tool calls.

use serde::{Deserialize, Serialize};

use crate::{CallId, Intent, Timestamp, ToolResult};

/// Facts about a tool call. Reads have only an end: a read under way at a crash is simply run again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ToolEvent {
    /// A write is about to happen; from here until its end a crash leaves it in doubt.
    Started {
        /// Which call.
        call: CallId,
        /// What it will do.
        intent: Intent,
    },
    /// A write in doubt turned out not to have happened.
    Reopened {
        /// Which call.
        call: CallId,
    },
    /// A call ended.
    Finished {
        /// Which call.
        call: CallId,
        /// What it gave.
        result: Box<ToolResult>,
        /// When it began.
        began: Timestamp,
        /// When it ended.
        ended: Timestamp,
    },
}
