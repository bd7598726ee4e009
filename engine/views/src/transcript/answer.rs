//! The answer of a turn: the text of its last reply, and what a tool took as the answer that fits a schema.

use std::sync::Arc;

use protocol::{Fact, Reply, StopReason, ToolResult};
use serde::Serialize;

use super::lines;

/// The text of a turn's last reply.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Answer {
    text: Option<String>,
    /// Whether the last reply was paused, so that the next one goes on with it.
    #[serde(skip)]
    paused: bool,
}

impl Answer {
    /// Takes in the turn's next reply.
    pub(crate) fn take(&mut self, reply: &Reply) {
        self.text = match (self.text.take(), lines::spoken(reply)) {
            (Some(begun), Some(rest)) if self.paused => Some(begun + &rest),
            (Some(begun), None) if self.paused => Some(begun),
            (_, text) => text,
        };
        self.paused = reply.stop == StopReason::PauseTurn;
    }

    /// The text so far; `None` if there is none.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// The answer that fits the wanted schema, as exact JSON text, if a result holds it.
pub(crate) fn structured(result: &ToolResult) -> Option<Arc<str>> {
    result.facts.iter().rev().find_map(|fact| match fact {
        Fact::Structured(text) => Some(text.clone()),
        Fact::FileSeen { .. }
        | Fact::FileWritten { .. }
        | Fact::Cwd(_)
        | Fact::Spilled(_)
        | Fact::Exited(_)
        | Fact::Todos(_)
        | Fact::Noted(_)
        | Fact::Delegated(_)
        | Fact::Instructions { .. } => None,
    })
}
