//! Records and deltas in the shapes of Claude Code's documented stream, one JSON object a line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use actors::Source;
use protocol::{
    AgentId, Block, BlockKind, CallId, Delta, DeltaBody, Event, FaultKind, ModelEvent, ModelFault,
    Opening, Record, Reply, SessionId, ToolEvent, ToolResult, TurnEvent, WireCallId,
};
use serde_json::{Map, Value, json};
use views::{Lineage, View};

use super::{blocks, result};

/// What the stream must remember between two lines.
pub struct Stream {
    session: SessionId,
    source: Arc<dyn Source>,
    wires: BTreeMap<CallId, WireCallId>,
    retries: Option<u32>,
    lineage: Lineage,
    /// The agents with a partial message that was begun and not ended.
    open: BTreeSet<AgentId>,
}

impl Stream {
    /// A stream of one session.
    pub fn new(session: SessionId, source: Arc<dyn Source>, retries: Option<u32>) -> Self {
        Self {
            session,
            source,
            wires: BTreeMap::new(),
            retries,
            lineage: Lineage::default(),
            open: BTreeSet::new(),
        }
    }

    /// The provider's id of a call.
    pub fn wire(&self, call: CallId) -> Option<WireCallId> {
        self.wires.get(&call).cloned()
    }

    /// Learns the ids of a reply's calls.
    pub fn learn(&mut self, record: &Record) {
        self.lineage.apply(record);
        if let Event::Model(ModelEvent::Replied { reply, .. }) = &record.event {
            let calls = reply.content.iter().filter_map(|block| match block {
                Block::ToolUse(call) => Some((call.id, call.wire.clone())),
                Block::Text(_)
                | Block::Thinking { .. }
                | Block::RedactedThinking(_)
                | Block::Image { .. }
                | Block::ToolResult { .. }
                | Block::Foreign(_) => None,
            });
            self.wires.extend(calls);
        }
    }

    /// Whether a record is about a sub-agent.
    pub fn is_called(&self, record: &Record) -> bool {
        self.lineage.call_of(record).is_some()
    }

    /// Says in a line which call asked for its agent.
    fn under(&self, call: Option<CallId>, mut line: Value) -> Value {
        if let (Some(parent), Some(call)) = (line.get_mut("parent_tool_use_id"), call) {
            *parent = json!(self.wire(call));
        }
        line
    }

    /// A line of the stream: what every line has, and its own fields.
    pub fn line(&self, own: Value) -> Value {
        let mut line = match own {
            Value::Object(own) => own,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        line.insert("session_id".to_owned(), json!(self.session));
        line.insert("uuid".to_owned(), json!(self.source.uuid()));
        Value::Object(line)
    }

    /// The first line.
    pub fn init(&self, opening: &Opening, key_source: &str) -> Value {
        self.line(json!({
            "type": "system",
            "subtype": "init",
            "cwd": opening.cwd,
            "tools": opening.tools,
            "mcp_servers": [],
            "model": opening.model.model,
            "provider": opening.model.provider,
            "permissionMode": opening.mode.name(),
            "apiKeySource": key_source,
            "slash_commands": [],
            "agents": [],
            "output_style": "default",
            "formic_version": env!("CARGO_PKG_VERSION"),
        }))
    }

    /// The lines a record makes; most make none.
    pub fn record(&mut self, record: &Record) -> Vec<Value> {
        let call = self.lineage.call_of(record);
        let lines = self.lines(record, call.is_some());
        lines
            .into_iter()
            .map(|line| self.under(call, line))
            .collect()
    }

    fn lines(&mut self, record: &Record, is_called: bool) -> Vec<Value> {
        match &record.event {
            Event::Model(event) => self.model(record.agent, event),
            Event::Tool(ToolEvent::Finished { call, result, .. }) => {
                vec![self.finished(*call, result)]
            }
            // What the user says opens no line; what a sub-agent is told does.
            Event::Turn(TurnEvent::Submitted { content, .. }) if is_called => {
                vec![self.user(&blocks::content(content), false)]
            }
            Event::Turn(TurnEvent::Steered { content }) => {
                vec![self.user(&blocks::content(content), false)]
            }
            Event::Turn(
                TurnEvent::Nudged { text }
                | TurnEvent::Informed { text }
                | TurnEvent::Warned { text },
            ) => {
                let content = json!([{"type": "text", "text": text.as_str()}]);
                vec![self.user(&content, true)]
            }
            Event::Tool(ToolEvent::Started { .. } | ToolEvent::Reopened { .. })
            | Event::Turn(
                TurnEvent::Submitted { .. }
                | TurnEvent::Interrupted { .. }
                | TurnEvent::Ended { .. },
            )
            | Event::Session(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => Vec::new(),
        }
    }

    fn model(&mut self, agent: Option<AgentId>, event: &ModelEvent) -> Vec<Value> {
        match event {
            ModelEvent::Replied { reply, .. } => {
                let mut lines = self.close(agent, reply);
                lines.push(self.assistant(reply));
                lines
            }
            ModelEvent::Retried {
                attempt,
                fault,
                wait_ms,
                ..
            } => vec![self.line(json!({
                "type": "system",
                "subtype": "api_retry",
                "attempt": attempt,
                "max_retries": self.retries,
                "retry_delay_ms": wait_ms,
                "error_status": fault.status,
                "error": error_name(fault),
                "message": fault.message,
            }))],
            ModelEvent::Requested { .. }
            | ModelEvent::Failed { .. }
            | ModelEvent::Lost { .. }
            | ModelEvent::Resumed { .. } => Vec::new(),
        }
    }

    fn assistant(&self, reply: &Reply) -> Value {
        self.line(json!({
            "type": "assistant",
            "message": {
                "id": self.message_id(),
                "type": "message",
                "role": "assistant",
                "model": reply.model,
                "content": blocks::content(&reply.content),
                "stop_reason": blocks::stop_reason(&reply.stop),
                "stop_sequence": null,
                "usage": reply.usage.as_ref().map(result::usage),
            },
            "parent_tool_use_id": null,
        }))
    }

    fn message_id(&self) -> String {
        format!("msg_{}", self.source.uuid().simple())
    }

    fn finished(&self, call: CallId, result: &ToolResult) -> Value {
        let content = json!([{
            "type": "tool_result",
            "tool_use_id": self.wire(call),
            "content": blocks::result(&result.content),
            "is_error": result.status.is_error(),
        }]);
        self.user(&content, false)
    }

    fn user(&self, content: &Value, is_synthetic: bool) -> Value {
        let mut line = json!({
            "type": "user",
            "message": {"role": "user", "content": content},
            "parent_tool_use_id": null,
        });
        if is_synthetic {
            line["isSynthetic"] = json!(true);
        }
        self.line(line)
    }

    /// The line of a delta, if it has one.
    pub fn delta(&mut self, delta: &Delta) -> Option<Value> {
        let event = match &delta.body {
            DeltaBody::ReplyBegins { .. } => {
                self.open.insert(delta.agent);
                json!({"type": "message_start", "message": {
                    "id": self.message_id(), "type": "message", "role": "assistant", "content": [],
                    "stop_reason": null, "stop_sequence": null,
                }})
            }
            DeltaBody::BlockBegins { index, kind, name } => json!({
                "type": "content_block_start", "index": index, "content_block": empty(*kind, name.as_deref()),
            }),
            DeltaBody::Text { index, text } => {
                piece(*index, &json!({"type": "text_delta", "text": text}))
            }
            DeltaBody::Thinking { index, text } => {
                piece(*index, &json!({"type": "thinking_delta", "thinking": text}))
            }
            DeltaBody::Arguments { index, json } => piece(
                *index,
                &json!({"type": "input_json_delta", "partial_json": json}),
            ),
            DeltaBody::BlockEnds { index } => json!({"type": "content_block_stop", "index": index}),
            DeltaBody::ToolBegins { .. } | DeltaBody::ToolOutput { .. } => return None,
        };
        let call = self.lineage.call_of_agent(delta.agent);
        Some(self.under(call, self.event(&event)))
    }

    fn event(&self, event: &Value) -> Value {
        self.line(json!({"type": "stream_event", "event": event, "parent_tool_use_id": null}))
    }

    /// Ends the partial message of a reply that has arrived whole.
    fn close(&mut self, agent: Option<AgentId>, reply: &Reply) -> Vec<Value> {
        if !agent.is_some_and(|agent| self.open.remove(&agent)) {
            return Vec::new();
        }
        let delta = json!({"stop_reason": blocks::stop_reason(&reply.stop), "stop_sequence": null});
        let usage = reply.usage.as_ref().map(result::usage);
        vec![
            self.event(&json!({"type": "message_delta", "delta": delta, "usage": usage})),
            self.event(&json!({"type": "message_stop"})),
        ]
    }
}

fn piece(index: u32, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn empty(kind: BlockKind, name: Option<&str>) -> Value {
    match kind {
        BlockKind::Text => json!({"type": "text", "text": ""}),
        BlockKind::Thinking => json!({"type": "thinking", "thinking": ""}),
        BlockKind::ToolUse => json!({"type": "tool_use", "name": name, "input": {}}),
    }
}

/// The documented words for a failed call.
fn error_name(fault: &ModelFault) -> &'static str {
    match fault.kind {
        FaultKind::Authentication => "authentication_failed",
        FaultKind::RateLimited => "rate_limit",
        FaultKind::BadRequest | FaultKind::ContextTooLong => "invalid_request",
        FaultKind::Overloaded => "server_error",
        FaultKind::Unreachable | FaultKind::Broken | FaultKind::Garbled | FaultKind::Reported => {
            "unknown"
        }
    }
}
