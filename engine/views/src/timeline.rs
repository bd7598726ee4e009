//! When tools and models were at work, to see what ran at the same time.

use protocol::{AgentId, CallId, Event, ModelEvent, Record, Timestamp, ToolEvent, ToolStatus};
use serde::Serialize;

use crate::View;
use crate::calls::OpenCalls;

/// Every span of work, in the order of their ends.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Timeline {
    /// Tool calls.
    pub tools: Vec<ToolSpan>,
    /// Model calls that were answered.
    pub models: Vec<ModelSpan>,
    #[serde(skip)]
    open: OpenCalls,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToolSpan {
    /// Which.
    pub call: CallId,
    /// The tool's canonical name; empty if its reply came before the first record folded.
    pub tool: String,
    /// Whether the tool is one that writes.
    pub writes: bool,
    /// How it ended.
    pub status: ToolStatus,
    /// Whose call.
    pub agent: Option<AgentId>,
    /// When it ran.
    pub span: Span,
}

/// One answered model call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelSpan {
    /// The step.
    pub step: u32,
    /// Whose.
    pub agent: Option<AgentId>,
    /// Milliseconds until the first byte.
    pub first_byte_ms: u64,
    /// When: it ends when the reply was written down and begins as long before as the exchange took.
    pub span: Span,
}

impl Span {
    /// Whether both were going on at one moment. Touching ends do not count.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.began < other.ended && other.began < self.ended
    }
}

impl Timeline {
    /// Whether two tool calls were going on at one moment; `false` if one of them has not ended.
    pub fn overlaps(&self, a: CallId, b: CallId) -> bool {
        match (self.tool(a), self.tool(b)) {
            (Some(a), Some(b)) => a.span.overlaps(&b.span),
            (None, _) | (_, None) => false,
        }
    }

    /// The span of a tool call that ended.
    pub fn tool(&self, call: CallId) -> Option<&ToolSpan> {
        self.tools.iter().rfind(|tool| tool.call == call)
    }

    fn model(&mut self, record: &Record, event: &ModelEvent) {
        match event {
            ModelEvent::Replied {
                step,
                reply,
                calls,
                first_byte_ms,
                total_ms,
                ..
            } => {
                self.open.open(reply, calls);
                self.models.push(ModelSpan {
                    step: *step,
                    agent: record.agent,
                    first_byte_ms: *first_byte_ms,
                    span: Span {
                        began: Timestamp(record.at.0.saturating_sub(*total_ms)),
                        ended: record.at,
                    },
                });
            }
            ModelEvent::Requested { .. }
            | ModelEvent::Retried { .. }
            | ModelEvent::Lost { .. }
            | ModelEvent::Failed { .. }
            | ModelEvent::Resumed { .. } => {}
        }
    }
}

impl View for Timeline {
    fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Model(event) => self.model(record, event),
            Event::Tool(ToolEvent::Finished {
                call,
                result,
                began,
                ended,
            }) => {
                let known = self.open.close(*call);
                self.tools.push(ToolSpan {
                    call: *call,
                    writes: known.as_ref().is_some_and(|known| known.writes),
                    tool: known.map(|known| known.tool).unwrap_or_default(),
                    status: result.status,
                    agent: record.agent,
                    span: Span {
                        began: *began,
                        ended: *ended,
                    },
                });
            }
            Event::Tool(ToolEvent::Started { .. } | ToolEvent::Reopened { .. })
            | Event::Session(_)
            | Event::Turn(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}
