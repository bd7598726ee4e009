//! What a run has been through as a whole.

use protocol::{Event, FaultKind, NodeId, PlanEvent, Record, SessionEvent, TurnEvent};

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
        if let Event::Turn(TurnEvent::Ended { end, .. }) = &record.event {
            let node = record.node.and_then(|id| self.node(id));
            let node = node.filter(|node| node.agent == record.agent);
            if let Some((node, fault)) = node.zip(end.no_model()) {
                let text = format!("the model of {}: {}", node.name(), fault.message);
                let kind = fault.kind;
                let id = node.id();
                self.course.no_model = Some((id, NoModel { kind, text }));
            }
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
}
