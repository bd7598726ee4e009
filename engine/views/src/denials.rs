//! What permission refused, for the result of a run.

use protocol::{
    CallId, Decider, Event, ModelEvent, PermissionEvent, Reason, Record, RuleRef, Text, ToolEvent,
    TurnId, Verdict,
};
use serde::Serialize;

use crate::View;
use crate::calls::OpenCalls;

/// Every refusal, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Denials {
    refused: Vec<Denial>,
    open: OpenCalls,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The call that was refused.
    pub call: CallId,
    /// The turn it belongs to.
    pub turn: Option<TurnId>,
    /// The tool's canonical name; empty if its reply came before the first record folded.
    pub tool: String,
    /// The arguments' JSON text.
    pub arguments: Text,
    /// Why.
    pub reason: String,
    /// The rule that decided, if one did.
    pub rule: Option<RuleRef>,
    /// Who had the last word.
    pub by: Decider,
}

impl Denials {
    /// Every refusal, in order.
    pub fn list(&self) -> &[Denial] {
        &self.refused
    }

    fn refuse(&mut self, record: &Record, call: CallId, reason: &Reason, by: Decider) {
        let known = self.open.get(call);
        self.refused.push(Denial {
            call,
            turn: record.turn,
            tool: known.map(|known| known.tool.clone()).unwrap_or_default(),
            arguments: known.map_or_else(|| "{}".into(), |known| known.arguments.clone()),
            reason: reason.text.clone(),
            rule: reason.rule.clone(),
            by,
        });
    }
}

impl View for Denials {
    fn apply(&mut self, record: &Record) {
        match &record.event {
            Event::Model(ModelEvent::Replied { reply, calls, .. }) => self.open.open(reply, calls),
            Event::Permission(PermissionEvent::Decided { call, verdict, by }) => match verdict {
                Verdict::Allow(_) => {}
                // A last word that still asks was never allowed: nobody was there to answer.
                Verdict::Deny(reason) | Verdict::Ask(reason) => {
                    self.refuse(record, *call, reason, *by);
                }
            },
            Event::Tool(ToolEvent::Finished { call, .. }) => {
                self.open.close(*call);
            }
            Event::Tool(ToolEvent::Started { .. } | ToolEvent::Reopened { .. })
            | Event::Model(
                ModelEvent::Requested { .. }
                | ModelEvent::Retried { .. }
                | ModelEvent::Lost { .. }
                | ModelEvent::Failed { .. }
                | ModelEvent::Resumed { .. },
            )
            | Event::Session(_)
            | Event::Turn(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}

impl Serialize for Denials {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.refused.serialize(serializer)
    }
}
