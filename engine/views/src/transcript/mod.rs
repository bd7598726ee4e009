//! What a person reads of a session: turns with what was said, called, refused, retried, and how they ended.

mod answer;
mod lines;

pub(crate) use answer::{Answer, structured};
pub use lines::about;

use std::sync::Arc;

use protocol::{
    AgentId, Block, CallId, Event, FaultEvent, ModelEvent, PermissionEvent, PlannedCall, Record,
    Reply, SessionEvent, Timestamp, ToolEvent, ToolResult, ToolStatus, TurnEnd, TurnEvent, TurnId,
    Verdict,
};
use serde::Serialize;

use crate::{Lineage, View};

/// A session as people read it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Transcript {
    /// Its turns, in order; those of sub-agents among them.
    pub turns: Vec<TurnLines>,
    #[serde(skip)]
    lineage: Lineage,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TurnLines {
    /// Which.
    pub id: TurnId,
    /// The call that asked for it, if it is a sub-agent's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<CallId>,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None` while it has not.
    pub ended: Option<Timestamp>,
    /// What happened, in order.
    pub items: Vec<Item>,
    /// How it ended; `None` while it has not.
    pub end: Option<TurnEnd>,
    /// The answer that fits the wanted schema, as exact JSON text.
    pub structured: Option<Arc<str>>,
    /// The text of the last reply; `None` if it has none.
    answer: Answer,
}

/// One thing of a turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// The user said this, at the turn's beginning or in its middle.
    User(String),
    /// The model said this.
    Assistant {
        /// Whose model.
        agent: Option<AgentId>,
        /// What.
        text: String,
    },
    /// formic told the model this.
    Nudge(String),
    /// A tool call.
    Call(CallLine),
    /// A model call failed and is tried again.
    Retry {
        /// Failed attempts so far.
        attempt: u32,
        /// How it failed.
        message: String,
        /// The pause before the next, in milliseconds.
        wait_ms: u64,
    },
    /// A new process took the session up.
    TakenUp,
    /// Something of formic or its disk failed.
    Fault(String),
}

/// One tool call as people read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallLine {
    /// Which.
    pub call: CallId,
    /// The tool's canonical name.
    pub tool: String,
    /// What it is about: the path, the command, the pattern.
    pub about: String,
    /// How it ended; `None` while it has not.
    pub status: Option<ToolStatus>,
    /// Why permission was refused, if it was.
    pub denied: Option<String>,
    /// The first lines of what it gave.
    pub lines: Vec<String>,
    /// How many more lines it gave.
    pub more_lines: u64,
}

impl Transcript {
    /// The turn a record belongs to; the latest if it does not say.
    fn turn_of(&mut self, record: &Record) -> Option<&mut TurnLines> {
        match record.turn {
            Some(id) => self.turns.iter_mut().rfind(|turn| turn.id == id),
            None => self.turns.last_mut(),
        }
    }

    fn begin(&mut self, id: TurnId, record: &Record, content: &[Block]) {
        self.turns.push(TurnLines {
            id,
            task: self.lineage.call_of(record),
            began: record.at,
            ended: None,
            items: vec![Item::User(lines::said(content))],
            end: None,
            structured: None,
            answer: Answer::default(),
        });
    }

    fn item(&mut self, record: &Record, item: Item) {
        if let Some(turn) = self.turn_of(record) {
            turn.items.push(item);
        }
    }

    fn turn(&mut self, record: &Record, event: &TurnEvent) {
        match event {
            TurnEvent::Submitted { turn, content, .. } => self.begin(*turn, record, content),
            TurnEvent::Steered { content } => self.item(record, Item::User(lines::said(content))),
            TurnEvent::Nudged { text }
            | TurnEvent::Informed { text }
            | TurnEvent::Warned { text } => {
                self.item(record, Item::Nudge(text.as_str().into()));
            }
            TurnEvent::Ended { end, .. } => {
                if let Some(turn) = self.turn_of(record) {
                    turn.end = Some(end.clone());
                    turn.ended = Some(record.at);
                }
            }
            // The turn's end says it.
            TurnEvent::Interrupted { .. } => {}
        }
    }

    fn model(&mut self, record: &Record, event: &ModelEvent) {
        match event {
            ModelEvent::Replied {
                reply,
                calls,
                answer,
                ..
            } => {
                if let Some(turn) = self.turn_of(record) {
                    turn.reply(record.agent, reply, calls);
                    turn.structured = answer.clone().or(turn.structured.take());
                }
            }
            ModelEvent::Retried {
                attempt,
                fault,
                wait_ms,
                ..
            } => {
                let message = fault.message.clone();
                let (attempt, wait_ms) = (*attempt, *wait_ms);
                let retry = Item::Retry {
                    attempt,
                    message,
                    wait_ms,
                };
                self.item(record, retry);
            }
            ModelEvent::Requested { .. }
            | ModelEvent::Resumed { .. }
            | ModelEvent::Lost { .. }
            // The turn's end says it.
            | ModelEvent::Failed { .. } => {}
        }
    }

    fn tool(&mut self, record: &Record, event: &ToolEvent) {
        match event {
            ToolEvent::Finished { call, result, .. } => {
                if let Some(turn) = self.turn_of(record) {
                    turn.finish(*call, result);
                }
            }
            ToolEvent::Started { .. } | ToolEvent::Reopened { .. } => {}
        }
    }

    fn permission(&mut self, record: &Record, event: &PermissionEvent) {
        let PermissionEvent::Decided { call, verdict, .. } = event;
        let reason = match verdict {
            Verdict::Allow(_) => return,
            Verdict::Ask(reason) | Verdict::Deny(reason) => &reason.text,
        };
        if let Some(line) = self.turn_of(record).and_then(|turn| turn.call(*call)) {
            line.denied = Some(reason.clone());
        }
    }

    fn fault(&mut self, record: &Record, event: &FaultEvent) {
        let text = match event {
            FaultEvent::JournalCut {
                lost_bytes, reason, ..
            } => format!("{lost_bytes} bytes at the journal's end were set aside: {reason}"),
            FaultEvent::ActorFailed { actor, message } => format!("{actor} failed: {message}"),
        };
        self.item(record, Item::Fault(text));
    }
}

impl TurnLines {
    fn reply(&mut self, agent: Option<AgentId>, reply: &Reply, calls: &[PlannedCall]) {
        for item in lines::items(agent, reply, calls) {
            self.items.push(item);
        }
        self.answer.take(reply);
    }

    fn finish(&mut self, call: CallId, result: &ToolResult) {
        if let Some(text) = structured(result) {
            self.structured = Some(text);
        }
        if let Some(line) = self.call(call) {
            line.status = Some(result.status);
            (line.lines, line.more_lines) = lines::first(result);
        }
    }

    fn call(&mut self, id: CallId) -> Option<&mut CallLine> {
        self.items.iter_mut().rev().find_map(|item| match item {
            Item::Call(line) if line.call == id => Some(line),
            Item::Call(_)
            | Item::User(_)
            | Item::Assistant { .. }
            | Item::Nudge(_)
            | Item::Retry { .. }
            | Item::TakenUp
            | Item::Fault(_) => None,
        })
    }
}

impl View for Transcript {
    fn apply(&mut self, record: &Record) {
        self.lineage.apply(record);
        match &record.event {
            Event::Turn(event) => self.turn(record, event),
            Event::Model(event) => self.model(record, event),
            Event::Tool(event) => self.tool(record, event),
            Event::Permission(event) => self.permission(record, event),
            Event::Fault(event) => self.fault(record, event),
            Event::Session(SessionEvent::Resumed { .. }) => self.item(record, Item::TakenUp),
            Event::Session(SessionEvent::Opened(_) | SessionEvent::Forked(_))
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_) => {}
        }
    }
}
