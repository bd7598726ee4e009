//! Records: events with their envelope, as the journal keeps them.

use serde::{Deserialize, Serialize};

use crate::{AgentId, Event, NodeId, Seq, SessionId, Timestamp, TurnId};

/// The version of the record's form this build writes. Older ones pass an upcaster; newer ones are refused by name.
pub const RECORD_VERSION: u32 = 1;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The form's version.
    pub v: u32,
    /// Its place in the journal.
    pub seq: Seq,
    /// When it was written.
    pub at: Timestamp,
    /// Whose journal.
    pub session: SessionId,
    /// Which agent it concerns; `None` for the session as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Which node of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// Which turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// The record that led here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Seq>,
    /// What happened.
    pub event: Event,
}

/// A record before the journal gave it its place and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Which agent it concerns.
    pub agent: Option<AgentId>,
    /// Which node of the plan.
    pub node: Option<NodeId>,
    /// Which turn.
    pub turn: Option<TurnId>,
    /// The record that led here.
    pub cause: Option<Seq>,
    /// What happened.
    pub event: Event,
}

impl Draft {
    /// The record this draft becomes.
    pub fn placed(self, session: SessionId, seq: Seq, at: Timestamp) -> Record {
        let Self {
            agent,
            node,
            turn,
            cause,
            event,
        } = self;
        Record {
            v: RECORD_VERSION,
            seq,
            at,
            session,
            agent,
            node,
            turn,
            cause,
            event,
        }
    }
}
