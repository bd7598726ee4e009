//! The calls a reply asked for, remembered until they end: later events name them only by id.

use std::collections::BTreeMap;

use protocol::{Block, CallId, PlannedCall, Reply, Text};

/// Calls under way by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct OpenCalls(BTreeMap<CallId, OpenCall>);

/// One call under way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OpenCall {
    /// The tool's canonical name.
    pub(crate) tool: String,
    /// Whether the tool writes.
    pub(crate) writes: bool,
    /// The arguments' JSON text.
    pub(crate) arguments: Text,
}

impl OpenCalls {
    /// Remembers the calls of a reply.
    pub(crate) fn open(&mut self, reply: &Reply, calls: &[PlannedCall]) {
        for planned in calls {
            let call = OpenCall {
                tool: planned.tool.clone(),
                writes: planned.writes,
                arguments: arguments_of(reply, planned.call),
            };
            self.0.insert(planned.call, call);
        }
    }

    pub(crate) fn get(&self, call: CallId) -> Option<&OpenCall> {
        self.0.get(&call)
    }

    /// Forgets a call that ended.
    pub(crate) fn close(&mut self, call: CallId) -> Option<OpenCall> {
        self.0.remove(&call)
    }
}

/// The arguments of a call as the model wrote them; an empty object if the reply does not hold it.
fn arguments_of(reply: &Reply, call: CallId) -> Text {
    let written = reply.content.iter().find_map(|block| match block {
        Block::ToolUse(written) if written.id == call => Some(written),
        Block::ToolUse(_)
        | Block::Text(_)
        | Block::Thinking { .. }
        | Block::RedactedThinking(_)
        | Block::Image { .. }
        | Block::ToolResult { .. }
        | Block::Foreign(_) => None,
    });
    written.map_or_else(|| "{}".into(), |written| written.arguments.clone())
}
