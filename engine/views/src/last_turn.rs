//! The latest turn as the result of a run needs it: when it ran, how it ended and its answer, without what was said on
//! the way.

use std::sync::Arc;

use protocol::{Event, ModelEvent, Record, Timestamp, ToolEvent, TurnEnd, TurnEvent, TurnId};

use crate::transcript::{Answer, structured};
use crate::{Lineage, View};

/// The latest turn that is no sub-agent's. It stays as small as it begins, however long the turn is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LastTurn {
    turn: Option<TurnStanding>,
    /// The latest turn of all, which may be a sub-agent's: what names no turn belongs to it.
    latest: Option<TurnId>,
    lineage: Lineage,
}

/// How a turn stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnStanding {
    /// Which.
    pub id: TurnId,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None` while it has not.
    pub ended: Option<Timestamp>,
    /// How it ended; `None` while it has not.
    pub end: Option<TurnEnd>,
    /// The answer that fits the wanted schema, as exact JSON text.
    pub structured: Option<Arc<str>>,
    answer: Answer,
}

impl LastTurn {
    /// How it stands; `None` before the first.
    pub fn get(&self) -> Option<&TurnStanding> {
        self.turn.as_ref()
    }

    /// Whose sub-agents the agents seen so far are.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The turn, if a record belongs to it.
    fn of(&mut self, record: &Record) -> Option<&mut TurnStanding> {
        let id = record.turn.or(self.latest)?;
        self.turn.as_mut().filter(|turn| turn.id == id)
    }

    fn begin(&mut self, id: TurnId, record: &Record) {
        self.latest = Some(id);
        if self.lineage.call_of(record).is_none() {
            self.turn = Some(TurnStanding {
                id,
                began: record.at,
                ended: None,
                end: None,
                structured: None,
                answer: Answer::default(),
            });
        }
    }
}

impl TurnStanding {
    /// The text of its last reply; `None` if it has none.
    pub fn answer(&self) -> Option<&str> {
        self.answer.text()
    }
}

impl View for LastTurn {
    fn apply(&mut self, record: &Record) {
        self.lineage.apply(record);
        match &record.event {
            Event::Turn(TurnEvent::Submitted { turn, .. }) => self.begin(*turn, record),
            Event::Turn(TurnEvent::Ended { end, .. }) => {
                if let Some(turn) = self.of(record) {
                    turn.end = Some(end.clone());
                    turn.ended = Some(record.at);
                }
            }
            Event::Model(ModelEvent::Replied { reply, answer, .. }) => {
                if let Some(turn) = self.of(record) {
                    turn.answer.take(reply);
                    turn.structured = answer.clone().or(turn.structured.take());
                }
            }
            Event::Tool(ToolEvent::Finished { result, .. }) => {
                if let (Some(turn), Some(text)) = (self.of(record), structured(result)) {
                    turn.structured = Some(text);
                }
            }
            Event::Turn(
                TurnEvent::Steered { .. }
                | TurnEvent::Informed { .. }
                | TurnEvent::Nudged { .. }
                | TurnEvent::Warned { .. }
                | TurnEvent::Interrupted { .. },
            )
            | Event::Model(
                ModelEvent::Requested { .. }
                | ModelEvent::Resumed { .. }
                | ModelEvent::Retried { .. }
                | ModelEvent::Lost { .. }
                | ModelEvent::Failed { .. },
            )
            | Event::Tool(ToolEvent::Started { .. } | ToolEvent::Reopened { .. })
            | Event::Session(_)
            | Event::Permission(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}
