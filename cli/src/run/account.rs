//! The account of a run: what its records add up to, for the result at the end.

use std::collections::BTreeSet;

use protocol::{
    CallId, Event, ModelEvent, Opening, PermissionEvent, Record, SessionEvent, TurnEvent, Verdict,
};
use views::{Denial, Denials, LastTurn, Ledger, TurnStanding, View};

/// What a run's records add up to.
#[derive(Default)]
pub struct Account {
    /// Tokens and money of this process.
    pub ledger: Ledger,
    /// How the session was opened, with the mode and model of the latest run.
    pub opening: Option<Opening>,
    last: LastTurn,
    round: Round,
    refused: Denials,
    /// How much of that was refused before the latest turn.
    before: usize,
}

/// The latest reply that asked for tools, and how the latest request was bounded.
#[derive(Default)]
struct Round {
    calls: BTreeSet<CallId>,
    denied: BTreeSet<CallId>,
    is_bounded: bool,
}

impl Account {
    /// Takes in a record of an earlier process: it is part of the conversation, and was paid before.
    pub fn remember(&mut self, record: &Record) {
        self.last.apply(record);
        self.refused.apply(record);
        if self.is_own(record) {
            self.take(record);
        }
    }

    /// Whether a record is not about a sub-agent: its end is not the run's.
    pub fn is_own(&self, record: &Record) -> bool {
        self.last.lineage().call_of(record).is_none()
    }

    fn take(&mut self, record: &Record) {
        match &record.event {
            Event::Session(event) => self.session(event),
            Event::Turn(TurnEvent::Submitted { .. }) => {
                self.round = Round::default();
                self.before = self.refused.list().len();
            }
            Event::Model(event) => self.round.model(event),
            Event::Permission(event) => self.round.permission(event),
            Event::Turn(
                TurnEvent::Steered { .. }
                | TurnEvent::Informed { .. }
                | TurnEvent::Nudged { .. }
                | TurnEvent::Warned { .. }
                | TurnEvent::Interrupted { .. }
                | TurnEvent::Ended { .. },
            )
            | Event::Tool(_)
            | Event::Plan(_)
            | Event::Workspace(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }

    /// Takes in a record of this process.
    pub fn apply(&mut self, record: &Record) {
        self.remember(record);
        self.ledger.apply(record);
    }

    fn session(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Opened(opening) => {
                self.opening.get_or_insert_with(|| (**opening).clone());
            }
            SessionEvent::Resumed { mode, model, .. } => {
                if let Some(opening) = &mut self.opening {
                    opening.mode = *mode;
                    opening.model = model.clone();
                }
            }
            SessionEvent::Forked(_) => {}
        }
    }

    /// The latest turn.
    pub fn turn(&self) -> Option<&TurnStanding> {
        self.last.get()
    }

    /// What permission refused in the latest turn, to its agent and to the sub-agents it called.
    pub fn denials(&self) -> &[Denial] {
        self.refused.list().get(self.before..).unwrap_or_default()
    }

    /// Whether permission denied every call of the latest reply that had any, so that the model had to answer
    /// without them.
    pub fn was_denied(&self) -> bool {
        let round = &self.round;
        !round.calls.is_empty() && round.calls.is_subset(&round.denied)
    }

    /// Whether a limit of the run, not the model's own, bounded the latest reply.
    pub fn was_bounded(&self) -> bool {
        self.round.is_bounded
    }
}

impl Round {
    fn model(&mut self, event: &ModelEvent) {
        match event {
            ModelEvent::Requested { max_tokens, .. } => self.is_bounded = max_tokens.is_some(),
            ModelEvent::Replied { calls, .. } if !calls.is_empty() => {
                self.calls = calls.iter().map(|call| call.call).collect();
                self.denied.clear();
            }
            ModelEvent::Retried {
                room: Some(room), ..
            } => self.is_bounded = room.max_tokens.is_some(),
            ModelEvent::Replied { .. }
            | ModelEvent::Retried { .. }
            | ModelEvent::Failed { .. }
            | ModelEvent::Lost { .. }
            | ModelEvent::Resumed { .. } => {}
        }
    }

    fn permission(&mut self, event: &PermissionEvent) {
        let PermissionEvent::Decided { call, verdict, .. } = event;
        match verdict {
            Verdict::Allow(_) => {}
            Verdict::Ask(_) | Verdict::Deny(_) => {
                self.denied.insert(*call);
            }
        }
    }
}
