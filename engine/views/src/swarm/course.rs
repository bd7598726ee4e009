//! What a run has been through as a whole.

use protocol::{
    Event, FailureClass, FaultKind, ModelEvent, ModelFault, NodeId, PlanEvent, Record,
    SessionEvent, TurnEnd, TurnEvent,
};

use super::{Phase, PlanChange, RunStatus, Swarm};

/// What the run has been through.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Course {
    /// Why it was given up.
    pub cancelled: Option<String>,
    /// Whether nobody wanted that, but it could not succeed.
    pub has_failed: bool,
    /// Whether a check did not go as the plan declares before any of the work.
    pub is_unfounded: bool,
    /// Whether its plan was ever agreed to.
    pub is_agreed: bool,
    /// Milliseconds in which no process had the run, or a person thought about its plan.
    pub idle: u64,
    pub changes: Vec<PlanChange>,
    /// The node whose model could not be asked, and what was said.
    no_model: Option<(NodeId, NoModel)>,
    silence: Silence,
}

/// A model of which nothing is heard. It is as if there were none to ask only where the run pauses for it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Silence {
    /// Whose it is, and what was said last.
    last: Option<(NodeId, NoModel)>,
    /// Whether an attempt has just ended for it.
    is_due: bool,
}

/// There is no model to ask, for any node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoModel {
    /// What is to be mended: the key or the server.
    pub kind: FaultKind,
    /// Whose model, and what was said.
    pub text: String,
}

impl Swarm {
    /// Whether it was given up because it could not succeed, and not because somebody wanted that.
    pub fn has_failed(&self) -> bool {
        // Older journals say so only of checks that did not go as the plan declares before any of the work.
        let has_failed = self.course.has_failed || self.course.is_unfounded;
        has_failed && self.course.cancelled.is_some()
    }

    /// Whether a node of it that was not done may be tried again: its plan was agreed to, and its checks held.
    pub fn is_retryable(&self) -> bool {
        self.course.is_agreed && !self.course.is_unfounded
    }

    /// Why there is no model to ask, as long as nobody has had the run go on since.
    pub fn no_model(&self) -> Option<&NoModel> {
        self.course.no_model.as_ref().map(|(_, no_model)| no_model)
    }

    /// Why the run as a whole goes no further, where no node of it says so.
    pub(super) fn why(&self) -> Option<String> {
        if let Phase::Rejected(why) = &self.phase {
            return Some(why.clone());
        }
        let given_up = self.course.cancelled.as_ref();
        let is_told = self.has_failed() || self.status() != RunStatus::Success;
        if let Some(why) = given_up.filter(|_| is_told) {
            return Some(why.clone());
        }
        let no_model = self.no_model().filter(|_| !self.is_over());
        no_model.map(|no_model| format!("there is no model to ask: {}", no_model.text))
    }

    /// Takes in whether there is a model to ask.
    pub(super) fn asks(&mut self, record: &Record) {
        self.hears(record);
        if let Event::Turn(TurnEvent::Ended { end, .. }) = &record.event
            && let Some(fault) = end.no_model()
        {
            let found = self.unasked(record, fault);
            self.course.no_model = found.or(self.course.no_model.take());
        }
        let is_taken_up = matches!(record.event, Event::Session(SessionEvent::Resumed { .. }))
            && record.agent.is_none();
        // In older journals such a run did not pause.
        let whose = self.course.no_model.as_ref().map(|(node, _)| *node);
        let is_tried_again = whose.is_some_and(|refused| {
            matches!(&record.event, Event::Plan(PlanEvent::NodeStarted { node, .. }) if *node == refused)
        });
        let is_unpaused = matches!(record.event, Event::Plan(PlanEvent::Unpaused));
        if is_taken_up || is_unpaused || is_tried_again {
            self.course.no_model = None;
        }
    }

    /// Whose model it is that could not be asked; only of an agent that a node has.
    fn unasked(&self, record: &Record, fault: &ModelFault) -> Option<(NodeId, NoModel)> {
        let node = record.node.and_then(|id| self.node(id));
        let node = node.filter(|node| node.agent == record.agent)?;
        let text = format!("the model of {}: {}", node.name(), fault.message);
        let kind = fault.kind;
        Some((node.id(), NoModel { kind, text }))
    }

    /// Takes in whether anything is heard of models.
    fn hears(&mut self, record: &Record) {
        match &record.event {
            Event::Model(ModelEvent::Replied { .. }) => self.course.silence.last = None,
            Event::Model(ModelEvent::Retried { fault, .. } | ModelEvent::Failed { fault, .. }) => {
                let last = fault.is_mute().then(|| self.unasked(record, fault));
                self.course.silence.last = last.flatten();
            }
            Event::Turn(TurnEvent::Ended { end, .. }) => {
                let is_mute = matches!(end, TurnEnd::Failed(fault) if fault.is_mute());
                self.course.silence.is_due = is_mute;
            }
            Event::Plan(event) => self.course.pauses(event),
            Event::Model(_)
            | Event::Turn(_)
            | Event::Tool(_)
            | Event::Session(_)
            | Event::Workspace(_)
            | Event::Permission(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }
}

impl Course {
    /// A run that pauses because nothing is heard does so at once when an attempt has ended for it.
    fn pauses(&mut self, event: &PlanEvent) {
        let is_due = std::mem::take(&mut self.silence.is_due);
        let whose = self.silence.last.as_ref().map(|(node, _)| *node);
        if let PlanEvent::NodeReturned { node, failure, .. } = event {
            self.silence.is_due = failure.class == FailureClass::Deadline && whose == Some(*node);
        }
        if is_due && matches!(event, PlanEvent::Paused) {
            self.no_model = self.silence.last.clone().or(self.no_model.take());
        }
    }
}
