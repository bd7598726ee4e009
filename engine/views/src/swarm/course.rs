//! What a run has been through as a whole.

use std::collections::BTreeMap;

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

/// Models of which nothing is heard. It is as if there were none to ask only where the run pauses for it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Silence {
    /// How often any model was heard.
    heard: u64,
    calls: BTreeMap<NodeId, Call>,
    /// For whom an attempt has ended, and no other begun since.
    due: Option<(NodeId, NoModel)>,
}

/// A node's newest call.
#[derive(Debug, Clone, Default, PartialEq)]
struct Call {
    /// How often any model had been heard when it was made, or first came to nothing.
    heard: u64,
    /// What was said of its last try, if nothing was heard of its model.
    mute: Option<NoModel>,
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
            Event::Model(event) => self.calls(record, event),
            Event::Turn(TurnEvent::Ended { end, .. }) => {
                let is_mute = matches!(end, TurnEnd::Failed(fault) if is_mute(fault));
                if let Some(node) = record.node.filter(|_| is_mute) {
                    let silence = &mut self.course.silence;
                    silence.due = silence.of(node).or(silence.due.take());
                }
            }
            Event::Plan(event) => self.course.pauses(event),
            Event::Turn(_)
            | Event::Tool(_)
            | Event::Session(_)
            | Event::Workspace(_)
            | Event::Permission(_)
            | Event::Memory(_)
            | Event::Fault(_) => {}
        }
    }

    fn calls(&mut self, record: &Record, event: &ModelEvent) {
        let Some(node) = record.node else {
            return;
        };
        let said = match event {
            ModelEvent::Retried { fault, .. } | ModelEvent::Failed { fault, .. } => {
                self.unasked(record, fault).filter(|_| is_mute(fault))
            }
            ModelEvent::Requested { .. }
            | ModelEvent::Replied { .. }
            | ModelEvent::Lost { .. }
            | ModelEvent::Resumed { .. } => None,
        };
        let silence = &mut self.course.silence;
        match event {
            ModelEvent::Requested { .. } => {
                let heard = silence.heard;
                silence.calls.insert(node, Call { heard, mute: None });
            }
            ModelEvent::Replied { .. } => {
                silence.heard += 1;
                silence.calls.remove(&node);
            }
            ModelEvent::Retried { fault, .. } | ModelEvent::Failed { fault, .. } => {
                silence.heard += u64::from(fault.heard.is_some());
                let heard = silence.heard;
                let call = silence.calls.entry(node).or_default();
                let is_first = said.is_some() && call.mute.is_none();
                // What others heard before its first try came to nothing says nothing of the tries since.
                if is_first && matches!(event, ModelEvent::Retried { .. }) {
                    call.heard = heard;
                }
                call.mute = said.map(|(_, no_model)| no_model);
            }
            ModelEvent::Lost { .. } | ModelEvent::Resumed { .. } => {}
        }
    }
}

/// Whether nothing was heard of the model, or there is none.
fn is_mute(fault: &ModelFault) -> bool {
    fault.is_mute() || fault.meets_every_call()
}

impl Silence {
    /// What was said of a node's model if nothing was heard of any since it was asked.
    fn of(&self, node: NodeId) -> Option<(NodeId, NoModel)> {
        let call = self.calls.get(&node)?;
        let mute = call.mute.clone().filter(|_| call.heard == self.heard);
        mute.map(|no_model| (node, no_model))
    }
}

impl Course {
    /// A run that pauses because nothing is heard does so once an attempt has ended for it, before another begins.
    fn pauses(&mut self, event: &PlanEvent) {
        let silence = &mut self.silence;
        if let PlanEvent::NodeReturned { node, failure, .. } = event {
            let is_late = failure.class == FailureClass::Deadline;
            let late = silence.of(*node).filter(|_| is_late);
            let others = silence.due.take().filter(|(whose, _)| whose != node);
            silence.due = late.or(others);
        }
        if matches!(event, PlanEvent::NodeStarted { .. }) {
            silence.due = None;
        }
        if matches!(event, PlanEvent::Paused) {
            self.no_model = silence.due.take().or(self.no_model.take());
        }
    }
}
